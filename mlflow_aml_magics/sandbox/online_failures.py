"""Which models do not come up in a no-code deployment, and how the service says so: one table, with its sources.

Only what the model's own files say is judged (conda.yaml, else requirements.txt and python_env.yaml): the sandbox runs
every model in its own Python, where it would work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

__all__ = ["CRASHED", "MAX_FILES", "Environment", "Failure", "failure", "is_servable"]

MAX_FILES = 1500  # of a model version (how-to-manage-quotas.md)
_BAD_MLFLOW = [f"3.{minor}.{patch}" for minor in range(7, 18) for patch in range(3)]  # 3.6.0 is good: examples#3873
_BAD_SERVERS = [f"1.3.{patch}" for patch in range(5)]
_SERVER = "azureml-inference-server-http"
_TSG = "Please see troubleshooting guide, available here: https://aka.ms/oe-tsg"
# The words of 2026 (azureml-examples#3983); before, the code was ResourceNotReady (mlops-v2#120).
CRASHED = (
    "BadArgument",
    "User container has crashed or terminated: Liveness probe failed: HTTP probe failed with statuscode: 502. "
    f"{_TSG}#error-resourcenotready",
)
_BUILD = (
    "ImageBuildFailure",
    f"The image of the model's environment could not be built. {_TSG}#error-imagebuildfailure",
)
_BOOT = "gunicorn: Worker failed to boot. Reason: Worker failed to boot."


@dataclass(frozen=True)
class Environment:
    """What a model's files ask for: a requirement's versions by package ("" for any), and a Python (major, minor)."""

    packages: dict[str, str]
    python: tuple[int, int] | None


@dataclass(frozen=True)
class Failure:
    """How a deployment fails: in which step, with which error, and what its log says."""

    step: str  # "build" or "start"
    code: str
    message: str
    log: str


@dataclass(frozen=True)
class _Rule:
    applies: Callable[[Environment], bool]
    step: str
    error: tuple[str, str]
    log: str


_RULES = (
    # EOL Pythons: mslearn-azure-ml#41 shows the words of pip; azureml-examples#3926 the code
    _Rule(
        lambda found: found.python is not None and found.python < (3, 8),
        "build",
        _BUILD,
        "Pip subprocess error:\nERROR: Package 'setuptools' requires a different Python: 3.7.13 not in '>=3.8'\n\n"
        "failed\n\nCondaEnvException: Pip failed",
    ),
    # the generated script imports it unconditionally: azureml-examples#3904, #4008, #4031; mslearn-mlops#60
    _Rule(
        lambda found: "azureml-ai-monitoring" not in found.packages,
        "start",
        CRASHED,
        'Traceback (most recent call last):\n'
        '  File "/var/mlflow_resources/mlflow_score_script.py", line 20, in <module>\n'
        "    from azureml.ai.monitoring import Collector\nModuleNotFoundError: No module named 'azureml'\n" + _BOOT,
    ),
    # azureml-examples#4004, #4009; the words are a guess
    _Rule(
        lambda found: _SERVER not in found.packages,
        "start",
        CRASHED,
        "bash: azmlinfsrv: command not found\n"
        "ModuleNotFoundError: No module named 'azureml_inference_server_http'\n" + _BOOT,
    ),
    # these import a package that is nowhere: azureml-examples#3926, #4009; an installer takes 1.4 where it may
    _Rule(
        lambda found: _takes(_BAD_SERVERS, found.packages[_SERVER]) and not _takes(["1.4.0"], found.packages[_SERVER]),
        "start",
        CRASHED,
        "    from azureml.contrib.services.aml_request import AMLRequest\n"
        "ModuleNotFoundError: No module named 'azureml.contrib'\n" + _BOOT,
    ),
    # azureml-examples#3873: an installer takes the newest that it may; the words are a guess
    _Rule(
        lambda found: _takes(_BAD_MLFLOW, found.packages.get("mlflow", found.packages.get("mlflow-skinny"))),
        "start",
        CRASHED,
        "Exception in worker process: mlflow_score_script.py cannot be imported with this version of mlflow\n" + _BOOT,
    ),
)  # fmt: skip


def failure(model: Path) -> Failure | None:
    """How a deployment of the model in a folder fails on the service, as far as it is known; None if it comes up."""
    found = _environment(model)
    for rule in _RULES:
        if rule.applies(found):
            return Failure(rule.step, *rule.error, log=rule.log)
    return None


def is_servable(model: Path) -> bool:
    """Whether it is an MLflow model with the flavor python_function: only those are deployed without code."""
    flavors = _read(model / "MLmodel").get("flavors")
    return isinstance(flavors, dict) and "python_function" in flavors


def _environment(model: Path) -> Environment:
    conda = _read(model / "conda.yaml")
    lines: list[str] = []
    python = ""
    for each in _list(conda.get("dependencies")):
        if isinstance(each, dict):
            lines += [str(line) for line in _list(each.get("pip"))]
        elif re.match(r"python\s*[=<>]", str(each)):
            python = str(each)
        else:
            lines.append(str(each))
    if not conda:
        python = str(_read(model / "python_env.yaml").get("python") or "")
        file = model / "requirements.txt"
        lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    version = re.search(r"(\d+)\.(\d+)", python)
    return Environment(_packages(lines), (int(version[1]), int(version[2])) if version else None)


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _packages(lines: list[str]) -> dict[str, str]:
    """Name in lower case -> which versions."""
    found = {}
    for line in lines:
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)", line)
        if match:
            found[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[2].strip()
    return found


def _takes(versions: Sequence[str], asked: str | None) -> bool:
    """Whether a requirement allows one of them."""
    try:
        allowed = SpecifierSet(re.sub(r"^=(?!=)", "==", asked or ""))
    except InvalidSpecifier:
        return False
    return asked is not None and any(version in allowed for version in versions)


def _read(file: Path) -> dict[str, Any]:
    """A file of a model as YAML; {} if it is none, which the service finds too late to say so."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
