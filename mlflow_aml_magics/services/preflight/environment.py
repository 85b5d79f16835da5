"""What environment a model asks for: its Python and its requirements, as conda.yaml, python_env.yaml and
requirements.txt say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...client.paths import redacted

__all__ = ["Asked", "Environment", "from_conda", "parsed", "read_environment", "version"]

FILES = ("conda.yaml", "python_env.yaml", "requirements.txt")
_PATH = re.compile(r"^(-e\s|--editable|file:|[./~]|[A-Za-z]:\\)|@\s*file:|\.whl$|\.tar\.gz$")


@dataclass(frozen=True)
class Asked:
    """One package that a model requires. ``path`` is set where it is to be had from a path and not from an index."""

    name: str
    specifier: str = ""
    path: str = ""

    @property
    def pin(self) -> str:
        """The one version that is allowed, or ""."""
        match = re.fullmatch(r"={2,3}\s*([^,*\s]+)", self.specifier)
        return match[1] if match else ""

    def allows(self, number: str) -> bool:
        """Whether a version will do."""
        try:
            return not self.specifier or Requirement(f"x{self.specifier}").specifier.contains(number, prereleases=True)
        except InvalidRequirement:
            return True


@dataclass(frozen=True)
class Environment:
    """``python`` is "" where nothing says it; ``packages`` are by their canonical names.

    ``source`` is the file that they are from: conda.yaml, which Azure ML builds from, else requirements.txt;
    ``other`` what requirements.txt says where both are there; ``unreadable`` the files that could not be read.
    """

    python: str
    packages: Mapping[str, Asked]
    source: str
    other: Mapping[str, Asked]
    unreadable: tuple[str, ...] = ()
    present: tuple[str, ...] = ()

    def pin(self, name: str) -> Version | None:
        """The version that a package is held at, if it is."""
        asked = self.packages.get(canonicalize_name(name))
        return version(asked.pin) if asked else None


def read_environment(folder: Path) -> Environment:
    """Read what a model's folder says about its environment; nothing is raised for files that are wrong or absent."""
    unreadable: list[str] = []
    conda = _yaml(folder / "conda.yaml", unreadable)
    python_env = _yaml(folder / "python_env.yaml", unreadable)
    lines = _text(folder / "requirements.txt", unreadable).splitlines()
    plain = _packages(lines)
    python, of_conda = _from_conda(conda)
    present = tuple(name for name in FILES if (folder / name).is_file())
    python = python or str(python_env.get("python") or "")
    if of_conda:
        return Environment(python, of_conda, "conda.yaml", plain, tuple(unreadable), present)
    return Environment(python, plain, "requirements.txt", {}, tuple(unreadable), present)


def version(text: str) -> Version | None:
    """A version that can be compared, or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _yaml(file: Path, unreadable: list[str]) -> dict[str, Any]:
    text = _text(file, unreadable)
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        unreadable.append(file.name)
        return {}
    if read is not None and not isinstance(read, dict):
        unreadable.append(file.name)
    return read if isinstance(read, dict) else {}


def _text(file: Path, unreadable: list[str]) -> str:
    if not file.is_file():
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        unreadable.append(file.name)
        return ""


def _from_conda(conda: Mapping[str, Any]) -> tuple[str, dict[str, Asked]]:
    """Python's version and the packages, conda's own among them."""
    python, lines = "", list[str]()
    dependencies = conda.get("dependencies")
    for entry in dependencies if isinstance(dependencies, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("pip"), list):
            lines += map(str, entry["pip"])
        elif isinstance(entry, str) and (match := re.fullmatch(r"(?:[\w-]+::)?python\s*[=<>~!]*\s*([\d.]*).*", entry)):
            python = match[1].strip(".")
        elif isinstance(entry, str) and not re.match(r"(?:[\w-]+::)?pip\b", entry):
            lines.append(from_conda(entry))
    return python, _packages(lines)


def from_conda(entry: str) -> str:
    """conda writes scikit-learn=1.5.0=build where pip writes scikit-learn==1.5.0."""
    name = entry.partition("::")[2] or entry
    match = re.fullmatch(r"\s*([\w.-]+)\s*=\s*([\w.*+!]+)(?:=.*)?", name)
    return f"{match[1]}=={match[2]}" if match else name


def _packages(lines: Iterable[str]) -> dict[str, Asked]:
    return {asked.name: asked for asked in _read(lines)}


def _read(lines: Iterable[str]) -> Iterator[Asked]:
    yield from filter(None, map(parsed, lines))


def parsed(line: str) -> Asked | None:
    """What a line of requirements.txt asks for; None for an option such as --index-url, whose address may hold a
    token as that of a repository may, which is left out, and for what is no requirement."""
    text = re.sub(r"(^|\s)#.*$", "", line).strip()
    if _PATH.search(text):
        return Asked(redacted(text), path=redacted(text))
    try:
        found = Requirement(text.partition(" --")[0])  # without the --hash that may follow
    except InvalidRequirement:
        return None
    return Asked(canonicalize_name(found.name), str(found.specifier), path=redacted(found.url or ""))
