"""What is to be known of a run beside its params, metrics and tags: where it came from, its model, its environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..render.format import duration

__all__ = ["CELLS", "facts_of_files", "facts_of_run", "model_folders", "requirement"]

Read = Callable[[str], bytes | None]

CELLS = "notebook/cells.py"  # where `%aml_track` keeps the executed cells
MLMODEL = "MLmodel"
_SOURCE = {
    "mlflow.source.git.commit": "git commit",
    "aml.git.dirty": "uncommitted changes",
    "mlflow.source.git.branch": "git branch",
    "mlflow.source.git.repoURL": "repository",
    "mlflow.source.name": "entry point",
    "mlflow.source.type": "source type",
    "mlflow.project.entryPoint": "project entry point",
}


def facts_of_run(row: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """The sections Run and Source, from a row of the run table."""
    facts = {"experiment": str(row["experiment"] or row["experiment_id"])}
    start, end = row["start_time"], row["end_time"]
    if isinstance(start, datetime) and isinstance(end, datetime):
        facts["duration"] = duration((end - start).total_seconds())
    if row["user"]:
        facts["user"] = str(row["user"])
    source = {words: str(value) for tag, words in _SOURCE.items() if (value := row.get(f"tags.{tag}"))}
    return {"Run": facts, "Source": source}


def facts_of_files(paths: Sequence[str], read: Read) -> dict[str, dict[str, str]]:
    """The sections Source, Model, Signature and Environment, from the run's files.

    Args:
        paths: of all of them.
        read: the beginning of one, None where that fails.
    """
    facts: dict[str, dict[str, str]] = {"Source": {}, "Model": {}, "Signature": {}, "Environment": {}}
    if CELLS in paths and (cells := read(CELLS)) is not None:
        lines = cells.count(b"\n") + 1
        facts["Source"]["executed cells"] = f"{lines:,} lines ({hashlib.sha256(cells).hexdigest()[:8]})"
    folders = model_folders(paths)
    if not folders:
        return facts
    folder = folders[-1]

    def inside(name: str) -> bytes | None:
        path = f"{folder}/{name}" if folder else name
        return read(path) if path in paths else None

    facts["Model"]["name"] = folder or "(top folder)"
    if len(folders) > 1:
        facts["Model"]["models of the run"] = ", ".join(folders)
    meta = _yaml(inside(MLMODEL))
    facts["Model"] |= _about_model(meta)
    facts["Signature"] = _signature(meta)
    facts["Environment"] = _environment(
        _yaml(inside("python_env.yaml")), _yaml(inside("conda.yaml")), inside("requirements.txt")
    )
    return facts


def model_folders(paths: Sequence[str]) -> list[str]:
    """The folders that hold a model, in the order of the paths; "" is the top. Those inside a model are part of it."""
    found = [path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == MLMODEL]
    return [
        folder
        for folder in found
        if not any(other != folder and f"{folder}/".startswith(f"{other}/" if other else "") for other in found)
    ]


def requirement(line: str) -> tuple[str, str] | None:
    """A line of requirements.txt as package and version: its name in the one spelling that PyPI compares by.

    >>> requirement("scikit_learn[alldeps]==1.7.2  # pinned")
    ('scikit-learn', '1.7.2')
    """
    from ..client.paths import redacted

    text = line.partition(" #")[0].strip()
    match = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)", text)
    if match is None or text.startswith(("-", "#")):
        return None
    version = match[2].strip().removeprefix("==").strip()
    return re.sub(r"[-_.]+", "-", match[1]).lower(), redacted(version) or "any"


def _yaml(data: bytes | None) -> Mapping[str, Any]:
    import yaml

    if data is None:
        return {}
    try:
        found = yaml.safe_load(data.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _about_model(meta: Mapping[str, Any]) -> dict[str, str]:
    facts = {}
    if isinstance(flavors := meta.get("flavors"), dict):
        facts["flavors"] = ", ".join(sorted(map(str, flavors)))
    if isinstance(version := meta.get("mlflow_version"), str):
        facts["written by mlflow"] = version
    return facts


def _signature(meta: Mapping[str, Any]) -> dict[str, str]:
    from ..frames.signature import parse_signature

    told = meta.get("signature")
    if not isinstance(told, dict) or not all(isinstance(part, (str, type(None))) for part in told.values()):
        return {}  # mlflow writes its parts as JSON text; nested YAML may be a bomb of aliases
    try:
        signature = parse_signature(told)
        return {f"{way} {name}": kind for way, name, kind in signature.rows()} if signature else {}
    except (ValueError, TypeError, KeyError, AttributeError):  # somebody wrote that MLmodel by hand
        return {"signature": "not readable"}


def _environment(python: Mapping[str, Any], conda: Mapping[str, Any], pins: bytes | None) -> dict[str, str]:
    facts: dict[str, str] = {}
    if isinstance(version := python.get("python"), (str, float)):
        facts["python"] = str(version)
    listed = conda.get("dependencies")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, str) and (match := re.match(r"\s*([\w.-]+)\s*(.*)", entry)):
            name, version = match[1], match[2].lstrip("= ").strip() or "any"
            facts.setdefault("python" if name == "python" else f"conda {name}", version)
    lines = (pins or b"").decode("utf-8", errors="replace").splitlines()
    return facts | dict(sorted(found for line in lines if (found := requirement(line)) is not None))
