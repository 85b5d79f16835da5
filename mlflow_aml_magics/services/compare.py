"""Runs side by side: read from the store together, then laid out line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from ..errors import RunNotFound, UsageError
from .run_facts import CELLS, facts_of_files, facts_of_run
from .run_files import RunFiles, all_at_once

if TYPE_CHECKING:
    from ..client.bulk.history import How
    from ..client.connection import Connection, Progress
    from ..contract import ComparisonInfo
    from ..frames.compared_files import FileFact
    from ..frames.runtable import RunTable

__all__ = ["MOST", "check_count", "compare_runs"]

MOST = 20  # runs side by side: more columns nobody reads
READ = 200_000  # bytes of a model's own small files; the beginnings of compared files are as long
DIGESTED = 200_000  # bytes of a file that is read to see whether two of one size are the same
DIGESTS = 300  # files that are read for that, the smallest first: each is a request on a server
LEFT_OUT = 3  # runs that a note names


def compare_runs(
    files: RunFiles,
    connection: Connection,
    run_ids: Sequence[str],
    *,
    baseline: str = "",
    metrics_at: str = "last",
    progress: Progress | None = None,
) -> ComparisonInfo:
    """Two to twenty runs side by side: what differs, and by how much from the baseline.

    Params, metrics and tags are read anew; what artifacts a run has, its model's signature and its environment are not
    read again for a minute. A run that was deleted is said to be; artifacts that cannot be read are a note.

    Args:
        files: the artifacts of the connection's runs.
        run_ids: in the order of the columns; of one that is named twice the first counts.
        baseline: one of them; "" is the first.
        metrics_at: "last", "min", "max", or "step:10" for the value at step 10.
        progress: told how many runs are read.

    Raises:
        UsageError: fewer than two runs, or more than twenty; a metrics_at or baseline that is none.
        RunNotFound: fewer than two of the runs are there still.
    """
    from ..client.runs_by_id import runs_by_id
    from ..frames.compared_files import file_rows
    from ..frames.comparison import compare

    wanted = _checked(run_ids, baseline)
    how, step = _how(metrics_at)
    table, deleted = runs_by_id(connection, wanted)
    rows = {str(row["run_id"]): row for row in map(table.row, range(len(table)))}
    gone = [run_id for run_id in wanted if run_id not in rows]
    if len(rows) < 2:
        raise RunNotFound(
            f"{len(gone)} of {len(wanted)} runs are not in {connection.label} any more", hint="%aml_runs lists them"
        )
    jobs = [partial(_beside, files, row) for row in rows.values()]
    beside = dict(zip(rows, all_at_once(jobs, progress, "reading runs"), strict=True))
    facts = _with_digests(files, {run_id: found.files for run_id, found in beside.items()}, progress)
    notes = []
    if gone:
        named = ", ".join(gone[:LEFT_OUT]) + (" and more" if len(gone) > LEFT_OUT else "")
        notes.append(f"not there any more: {named}")
    notes += [found.note for found in beside.values() if found.note]
    info = compare(
        table if how == "last" else _at(connection, table, how, step, progress),
        {run_id: found.facts for run_id, found in beside.items()},
        baseline=baseline,
        metrics_at=metrics_at,
        files=file_rows(list(rows), facts),
        deleted=deleted,
        notes=notes,
    )
    for section in info["sections"]:
        for row in section["rows"]:
            if section["title"] == "Source" and row["key"] == "executed cells":
                row["path"] = CELLS
    return info


def check_count(runs: Sequence[object]) -> None:
    """See that so many runs can be set side by side.

    Raises:
        UsageError: fewer than two, or more than twenty.
    """
    if len(runs) < 2:
        raise UsageError("one run cannot be compared", hint="name two runs, or none for the explorer")
    if len(runs) > MOST:
        raise UsageError(
            f"{len(runs):,} runs do not fit side by side: {MOST} at most",
            hint="name fewer, or none for the explorer, which shows all",
        )


def _checked(run_ids: Sequence[str], baseline: str) -> list[str]:
    wanted = list(dict.fromkeys(run_ids))
    if len(wanted) < 2 <= len(run_ids):
        raise UsageError("that is the same run twice", hint="name two runs, or none for the explorer")
    check_count(wanted)
    if baseline and baseline not in wanted:
        raise UsageError(f"the baseline '{baseline}' is not among the runs", hint="name one of them")
    return wanted


def _how(metrics_at: str) -> tuple[How, int | None]:
    word, _, number = metrics_at.partition(":")
    if word in ("last", "min", "max") and not number:
        return cast("How", word), None
    if word == "step" and number.removeprefix("-").isdecimal() and len(number) < 19:
        return "step", int(number)
    raise UsageError(f"metrics are not compared at '{metrics_at}'", hint="last, min, max or step:10")


@dataclass(frozen=True)
class _Beside:
    """What is beside a run's numbers; ``note`` says why its files could not be read."""

    facts: Mapping[str, Mapping[str, str]]
    files: tuple[FileFact, ...] = ()
    note: str = ""


def _beside(files: RunFiles, row: Mapping[str, object]) -> _Beside:
    from ..frames.compared_files import FileFact
    from ..frames.status import ENDED

    run_id, facts = str(row["run_id"]), facts_of_run(row)
    try:
        listed = files.listed(run_id, anew=row["status"] not in ENDED)
        own = facts_of_files([file.path for file in listed], lambda path: _bytes(files, run_id, path))
    except Exception as exc:  # noqa: BLE001 -- whatever a storage raises, the numbers can still be compared
        why = files.why_not(exc)
        return _Beside(facts, note=f"the artifacts of {row['run_name'] or run_id} cannot be read: {why}")
    for title, lines in own.items():
        facts[title] = {**facts.get(title, {}), **lines}
    return _Beside(facts, tuple(FileFact(file.path, file.size) for file in listed))


def _bytes(files: RunFiles, run_id: str, path: str) -> bytes | None:
    found = files.head(run_id, path, READ)
    return None if found is None else found.data


def _at(connection: Connection, table: RunTable, how: How, step: int | None, progress: Progress | None) -> RunTable:
    """The table with other values of its metrics."""
    from ..frames.columns import kind_of, name_of
    from ..frames.runtable import RunTable
    from .histories import values

    keys = [key for key in table.table.column_names if kind_of(key) == "metric"]
    jobs = [partial(values, connection, table, name_of(key), how, step) for key in keys]
    columns = table.table
    for key, found in zip(keys, all_at_once(jobs, progress, "reading metrics"), strict=True):
        columns = columns.set_column(columns.column_names.index(key), key, found)
    return RunTable(columns)


def _with_digests(
    files: RunFiles, facts: Mapping[str, Sequence[FileFact]], progress: Progress | None
) -> dict[str, list[FileFact]]:
    """The files with a digest where only that tells whether they are the same, and sizes where a list has none."""
    from ..frames.compared_files import FileFact, same_sized

    unclear = same_sized(facts)
    wanted = [
        (run_id, fact)
        for run_id, own in facts.items()
        for fact in own
        if fact.path in unclear and (fact.size or 0) <= DIGESTED
    ]
    wanted = sorted(wanted, key=lambda each: (each[1].size or 0, each[1].path))[:DIGESTS]

    def digested(run_id: str, fact: FileFact) -> FileFact:
        try:
            head = files.head(run_id, fact.path, DIGESTED)
        except Exception:  # noqa: BLE001 -- it is listed without a digest, and opening it tells why
            return fact
        if head is None:
            return fact
        digest = hashlib.sha256(head.data).hexdigest() if head.whole else None
        return FileFact(fact.path, head.size if fact.size is None else fact.size, digest)

    jobs = [partial(digested, run_id, fact) for run_id, fact in wanted]
    done = {
        (run_id, fact.path): fact
        for (run_id, _), fact in zip(wanted, all_at_once(jobs, progress, "comparing files"), strict=True)
    }
    return {run_id: [done.get((run_id, fact.path), fact) for fact in own] for run_id, own in facts.items()}
