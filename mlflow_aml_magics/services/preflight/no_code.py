"""What Azure ML's deployment without code trips over: it adds a scoring script of its own to the model's environment.

All of it was reported by users and by Microsoft's own examples, in the pull requests that are named; facts about the
service that nobody else states. Each check yields what it finds.
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from .environment import Asked, Environment, version
from .findings import Finding, Level

__all__ = ["NEEDED", "SCRIPTED", "is_too_new", "no_code_findings"]

SCRIPTED = ("online", "kubernetes")  # the targets whose scoring script it is
MONITORING = "azureml-ai-monitoring"
SERVER = "azureml-inference-server-http"
NEEDED = (MONITORING, SERVER)
# azureml-inference-server-http 1.3.0 to 1.3.4 import azureml.contrib.services; 1.4 needs Python 3.9 or later.
BROKEN_SERVERS = ("1.3.0", "1.3.1", "1.3.2", "1.3.3", "1.3.4")
GOOD_SERVERS = ("1.2.2", "1.4.0", "1.4.1", "1.5.0", "2.0.0")  # before and after; one that is allowed is enough
LAST_MLFLOW = Version("3.6.0")  # the last that azureml-examples#3873 found to answer
NEWER_MLFLOWS = tuple(f"3.{minor}.0" for minor in range(7, 40))  # one that is allowed is enough: pip takes the newest


def no_code_findings(environment: Environment, *, is_certain: bool) -> Iterator[Finding]:
    """What will fail when that environment is deployed without code.

    Args:
        is_certain: it is to be deployed so now; False where it only may be, some day.
    """
    level: Level = "bad" if is_certain else "warn"
    if not environment.present:
        return  # said elsewhere: there is no environment at all
    yield from _missing(environment, level)
    yield from _server(environment, level)
    yield from _mlflow(environment, level)


def _missing(environment: Environment, level: Level) -> Iterator[Finding]:
    """azureml-examples#3904, #3923, #4008, #4031: since May 2026 the generated script imports them in any case."""
    missing = [name for name in NEEDED if name not in environment.packages]
    if missing:
        names = " and ".join(missing)
        listed = ", ".join(repr(name) for name in missing)
        yield Finding(
            level,
            f"{environment.source} lacks {names}, which Azure ML's scoring script imports: a deployment without code "
            "answers 502 (No module named 'azureml')",
            f"register it with --fix, or log it with extra_pip_requirements=[{listed}]",
        )


def _server(environment: Environment, level: Level) -> Iterator[Finding]:
    """azureml-examples#3926, #4009, #4022."""
    asked = environment.packages.get(SERVER)
    if asked is None:
        return
    if not any(map(asked.allows, GOOD_SERVERS)) and any(map(asked.allows, BROKEN_SERVERS)):
        yield Finding(
            level,
            f"{SERVER} {asked.specifier} imports azureml.contrib.services, which is not there: 502",
            f"require {SERVER}>=1.4",
        )
    python = version(environment.python)
    if python is not None and python < Version("3.9") and not _allows_old(asked):
        yield Finding(
            level,
            f"{SERVER} {asked.specifier or '(the newest)'} does not install on Python {environment.python}",
            f"require {SERVER}<1.3, or a newer Python",
        )


def _allows_old(asked: Asked) -> bool:
    return bool(asked.specifier) and asked.allows("1.2.2") and not asked.allows("1.3.0")


def _mlflow(environment: Environment, level: Level) -> Iterator[Finding]:
    """azureml-examples#3873, the one report there is."""
    asked = environment.packages.get("mlflow") or environment.packages.get("mlflow-skinny")
    if asked is None:
        yield Finding(
            "warn", f"{environment.source} does not require mlflow, with which the model is loaded", "log it again"
        )
    elif is_too_new(asked):
        yield Finding(
            level,
            f"{asked.name}{asked.specifier or ' of any version'} in the model's environment: newer than {LAST_MLFLOW} "
            "was reported to answer 502 on Azure ML (azureml-examples#3873)",
            "register it with --fix, or log the model with mlflow 3.6",
        )


def is_too_new(asked: Asked) -> bool:
    """Whether what is asked for mlflow installs one that Azure's scoring script was not seen to start with."""
    pinned = version(asked.pin)
    return pinned > LAST_MLFLOW if pinned is not None else any(map(asked.allows, NEWER_MLFLOWS))
