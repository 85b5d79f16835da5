"""What can be told of a model by reading its files; each check is one question and yields what it finds."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ...client.packages import version_of
from ...frames.signature import parse_signature
from ...render.format import plural, size
from .environment import Environment, read_environment, version
from .findings import Finding
from .no_code import NEEDED, SCRIPTED, no_code_findings

if TYPE_CHECKING:
    from ...client.models import ModelFiles

__all__ = ["AZURE_FILES", "CHECKS", "Subject"]

AZURE_FILES = 1500  # files a model version may have (resource-limits-capacity.md)
# When a Python stopped getting fixes: https://devguide.python.org/versions
END_OF_LIFE = {
    (3, 6): date(2021, 12, 23),
    (3, 7): date(2023, 6, 27),
    (3, 8): date(2024, 10, 7),
    (3, 9): date(2025, 10, 31),
    (3, 10): date(2026, 10, 31),
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
}
UNBUILDABLE = (3, 7)  # and older: Azure ML's image builds fail (mslearn-mlops#60)
NAMES = 6  # named in one sentence


@dataclass(frozen=True)
class Subject:
    """A model to be checked: ``target`` is where it is to be deployed, None for nowhere yet; ``is_azure`` whether
    Azure Machine Learning keeps it or serves it."""

    files: ModelFiles
    environment: Environment
    target: str | None
    is_azure: bool

    @classmethod
    def of(cls, files: ModelFiles, target: str | None, *, is_azure: bool) -> Subject:
        """The subject, with its environment read."""
        return cls(files, read_environment(files.path), target, is_azure)

    @property
    def is_run_here(self) -> bool:
        """Whether it is to run with the packages of this kernel, or may be."""
        return self.target in (None, "local")


Check = Callable[[Subject], Iterator[Finding]]


def _flavor(subject: Subject) -> Iterator[Finding]:
    if not subject.files.servable:
        flavors = ", ".join(map(str, subject.files.flavors)) or "none"
        yield Finding(
            "bad" if subject.target else "warn",
            f"it has no python_function, only {flavors}: it can be kept, not served",
            "log it with a flavor that has a predict, or as mlflow.pyfunc.PythonModel",
        )


def _signature(subject: Subject) -> Iterator[Finding]:
    try:
        signature = parse_signature(subject.files.signature)
    except (ValueError, TypeError, AttributeError):
        yield Finding("bad", "its signature cannot be read", "log it again with input_example=X[:3]")
        return
    if signature is None or not signature.inputs:
        yield Finding(
            "warn",
            "it has no signature: requests are not checked, and nobody knows what it takes",
            "log it with input_example=X[:3]",
        )
    else:
        outputs = f", {plural(len(signature.outputs), 'output')}" if signature.outputs else ""
        yield Finding("good", f"signature of {plural(len(signature.inputs), 'input')}{outputs}")


def _example(subject: Subject) -> Iterator[Finding]:
    if subject.files.input_example is None and subject.files.serving_example is None:
        yield Finding("info", "it has no input example: scoring is not tried", "log it with input_example=X[:3]")


def _requirements(subject: Subject) -> Iterator[Finding]:
    environment = subject.environment
    for name in environment.unreadable:
        yield Finding("bad" if subject.target else "warn", f"its {name} cannot be read", "log it again")
    if not environment.packages and not environment.unreadable:
        remote = subject.target not in (None, "local")
        yield Finding(
            "bad" if remote else "warn",
            "it names no requirements: no environment can be made for it elsewhere",
            "log it again with mlflow, which writes them",
        )
        return
    loose = [name for name, asked in environment.packages.items() if not asked.specifier and not asked.path]
    if loose:
        yield Finding(
            "warn",
            f"{environment.source} names no version of {_some(loose)}: an environment made later has another one",
            "register it with --fix, which takes the versions of this kernel",
        )
    yield from _from_paths(subject)
    yield from _disagree(environment)


def _from_paths(subject: Subject) -> Iterator[Finding]:
    """Wheels that mlflow packed into the model are relative to it, and there."""
    folder = subject.files.path
    asked = (asked.path for asked in subject.environment.packages.values() if asked.path)
    gone = [path for path in asked if "://" not in path.replace("file://", "") and not (folder / path).exists()]
    if gone:
        yield Finding(
            "warn" if subject.is_run_here else "bad",
            f"it requires {_some(gone)}, which no other machine has",
            "log it with code_paths=[…], or require a package of an index",
        )


def _disagree(environment: Environment) -> Iterator[Finding]:
    both = environment.packages.keys() & environment.other.keys()
    differ = [name for name in sorted(both) if environment.packages[name].pin != environment.other[name].pin]
    lacking = sorted(environment.other.keys() - environment.packages.keys())
    if differ or lacking:
        yield Finding(
            "warn",
            f"conda.yaml and requirements.txt disagree about {_some([*differ, *lacking])}: "
            "Azure ML follows the one, mlflow's own servers the other",
            "log it again",
        )


def _kernel(subject: Subject) -> Iterator[Finding]:
    """The packages here against those of the model, which tell whether what was tried here holds there."""
    differ = []
    for name, asked in subject.environment.packages.items():
        here, wanted = version(version_of(name)), version(asked.pin)
        if here is not None and wanted is not None and here.release[:2] != wanted.release[:2]:
            differ.append(f"{name} {wanted} in the model, {here} here")
        elif here is not None and wanted is None and not asked.allows(str(here)):
            differ.append(f"{name} {asked.specifier} in the model, {here} here")
    if differ:
        fix = "--isolated makes the model's own environment" if subject.target == "local" else ""
        yield Finding("warn" if subject.is_run_here else "info", _some(differ, "; "), fix)
    asked_for = subject.environment.packages.items()
    absent = [n for n, asked in asked_for if not asked.path and n not in NEEDED and not version_of(n)]
    if absent and subject.is_run_here:
        yield Finding("warn", f"not installed here: {_some(absent)}", f"%pip install {' '.join(absent[:NAMES])}")


def _python(subject: Subject) -> Iterator[Finding]:
    text = subject.environment.python
    wanted = version(text)
    if wanted is None:
        return
    minor = (wanted.major, wanted.minor)
    ended = END_OF_LIFE.get(minor)
    if minor <= UNBUILDABLE and subject.target in SCRIPTED:
        yield Finding("bad", f"Azure ML builds no image with Python {text}", "log it from a newer Python")
    elif minor < (3, 6) or (ended is not None and ended < date.today()):
        since = f" since {ended:%B %Y}" if ended else ""
        yield Finding("warn", f"its Python {text} has had no fixes{since}", "log it from a newer Python")
    here = version(platform.python_version())
    if here is not None and minor != (here.major, here.minor) and subject.is_run_here:
        yield Finding(
            "warn", f"Python {text} in the model, {here} here: what is pickled may not load", "log it from this Python"
        )


def _amount(subject: Subject) -> Iterator[Finding]:
    files = subject.files
    amount = f"{size(files.size)} in {plural(files.files, 'file')}"
    if files.files > AZURE_FILES and subject.is_azure:
        yield Finding(
            "bad",
            f"{amount}: Azure Machine Learning takes at most {AZURE_FILES:,}",
            "pack what belongs together into one file",
        )
    else:
        yield Finding("good", amount)


def _no_code(subject: Subject) -> Iterator[Finding]:
    may_be = subject.target is None and subject.is_azure
    if subject.target in SCRIPTED or may_be:
        yield from no_code_findings(subject.environment, is_certain=not may_be)


def _some(names: list[str], between: str = ", ") -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return between.join(names[:NAMES]) + more


CHECKS: Mapping[str, Check] = {
    "flavor": _flavor,
    "signature": _signature,
    "input example": _example,
    "requirements": _requirements,
    "packages of this kernel": _kernel,
    "Python": _python,
    "size": _amount,
    "deployment without code": _no_code,
}
