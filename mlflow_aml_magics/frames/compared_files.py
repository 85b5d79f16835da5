"""The artifacts of several runs, line by line: who has which, how large, and whether it is the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..contract import ComparedRow
from .comparison import compared_row
from .numerals import size

__all__ = ["FileFact", "file_rows", "paths_at", "same_sized", "series_of"]

# mlflow's log_image(key, step): "+" between the parts since 2.x, "%" before; "/" in the key is written "~".
_LOGGED = re.compile(
    r"(?P<name>images/.+?)[+%]step[+%](?P<step>\d+)[+%]timestamp[+%]\d+[+%][0-9a-f-]+(?P<small>[+%]compressed)?\.\w+"
)
_NUMBERED = re.compile(
    r"(?P<name>.*?)[-_. ]?(?:step|epoch|iteration|iter)[-_=]?(?P<step>\d{1,15})\.(?:png|jpe?g|gif|webp)", re.IGNORECASE
)


@dataclass(frozen=True)
class FileFact:
    """A file of a run: ``size`` in bytes and ``digest`` of the content, None where they are not known."""

    path: str
    size: int | None = None
    digest: str | None = None


def series_of(path: str) -> tuple[str, int] | None:
    """The series of images that a file belongs to, and its step in it; None for any other file.

    >>> series_of("plots/confusion_epoch_004.png")
    ('plots/confusion', 4)
    """
    match = _LOGGED.fullmatch(path) or _NUMBERED.fullmatch(path)
    if match is None:
        return None
    name = match["name"].replace("~", "/") if match.re is _LOGGED else match["name"].rstrip("/")
    return (name, int(match["step"])) if name else None


def paths_at(paths: Iterable[str], key: str, step: int | None) -> list[str]:
    """The paths that a line of `file_rows` means at a step, the best first: mlflow keeps a small copy of an image."""
    if step is None:
        return [path for path in paths if path == key]
    found = [path for path in paths if series_of(path) == (key, step)]
    return sorted(found, key=lambda path: ("compressed." in path, path))


def same_sized(files: Mapping[str, Sequence[FileFact]]) -> set[str]:
    """The paths of which sizes do not tell whether the content is the same: several runs have one of that size."""
    sizes: dict[str, list[int | None]] = {}
    for facts in files.values():
        for fact in facts:
            sizes.setdefault(fact.path, []).append(fact.size)
    return {
        path
        for path, known in sizes.items()
        if len(known) > 1 and (None in known or len(set(known)) < len(known)) and series_of(path) is None
    }


def file_rows(run_ids: Sequence[str], files: Mapping[str, Sequence[FileFact]]) -> list[ComparedRow]:
    """A line for each path that any of the runs has, and for each series of images, by name.

    Args:
        run_ids: the columns.
        files: of each run; one that is not there has none that are known.
    """
    single: dict[str, dict[str, FileFact]] = {}
    series: dict[str, dict[str, set[int]]] = {}
    for run_id in run_ids:
        for fact in files.get(run_id, ()):
            if (found := series_of(fact.path)) is not None:
                series.setdefault(found[0], {}).setdefault(run_id, set()).add(found[1])
            else:
                single.setdefault(fact.path, {})[run_id] = fact
    lines = [_file_row(path, [had.get(run_id) for run_id in run_ids]) for path, had in single.items()]
    lines += [_series_row(name, [had.get(run_id) for run_id in run_ids]) for name, had in series.items()]
    return sorted(lines, key=lambda line: line["key"])


def _file_row(path: str, facts: Sequence[FileFact | None]) -> ComparedRow:
    line = compared_row(path, [None if fact is None else size(fact.size) or "there" for fact in facts], path=path)
    there = [fact for fact in facts if fact is not None]
    sizes = {fact.size for fact in there}
    digests = {fact.digest for fact in there}
    line["differs"] = len(there) < len(facts) or len(sizes - {None}) > 1 or len(digests - {None}) > 1
    if len(there) == len(facts) > 1 and not line["differs"]:
        known = None not in digests
        line["note"] = "" if known else "same size, content not compared" if None not in sizes else "not compared"
    elif len(sizes) == 1 and len(there) > 1 and len(digests - {None}) > 1:
        line["note"] = "same size, other content"
    return line


def _series_row(name: str, steps: Sequence[set[int] | None]) -> ComparedRow:
    values = [None if own is None else f"{len(own):,} image{'' if len(own) == 1 else 's'}" for own in steps]
    line = compared_row(name, values, path=name)
    line["differs"] = len({frozenset(own or ()) for own in steps}) > 1
    line["steps"] = sorted(set().union(*(own for own in steps if own)))
    line["note"] = "" if line["differs"] else "same steps, images not compared"
    return line
