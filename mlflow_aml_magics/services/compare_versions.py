"""Two versions of a model side by side: what differs, and what is likely to break where the second replaces the first.

`VersionComparison.data()` is the same as plain JSON, for a panel:

    {"a": {"name", "version", "label", "run_id", "aliases": [..], "stage"}, "b": the same,
     "sections": {SECTION: [{"name", "a", "b", "change": "added" | "removed" | "changed", "risk"}, ..], ..},
     "same": {SECTION: how many are the same in both, ..},
     "hints": [what is likely to break, ..],
     "notes": [what could not be read, ..]}

SECTION is metrics, params, signature, environment, files or tags, in this order, each always there. A metric's line has
a fifth key "delta", "+0.02 (+2 %)" of b against a. All values are texts as they are to be shown.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AmlMagicsError, ModelNotFound, NotFound, UsageError
from ..frames.signature import Signature, parse_signature
from ..frames.version_diff import Line, changed_lines, environment_lines, signature_lines
from ..render.document import Block, Document, Note, Shown, Table
from ..render.format import delta, number, one_line, plural, size
from .preflight.environment import read_environment

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..client.models import ModelVersion, Remote, RemoteFile

__all__ = ["SECTIONS", "VersionComparison", "are_versions", "compare_versions"]

SECTIONS = ("metrics", "params", "signature", "environment", "files", "tags")
SMALL = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
READ_BELOW = 100 << 20  # bytes: of a larger model behind a network the sizes of the files are compared, not the bytes
OURS = "aml."  # tags that we keep on versions: history, digests
ROWS = 40  # of a section, shown


@dataclass(frozen=True)
class VersionComparison(Shown):
    """What differs from ``a`` to ``b``, by section; the module's text tells the shape of `data`."""

    a: ModelVersion
    b: ModelVersion
    sections: Mapping[str, tuple[Line, ...]]
    same: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """What is likely to break where ``b`` takes the place of ``a``."""
        return tuple(line.risk for lines in self.sections.values() for line in lines if line.risk)

    def data(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "a": _about(self.a),
            "b": _about(self.b),
            "sections": {name: [_plain(name, line) for line in lines] for name, lines in self.sections.items()},
            "same": dict(self.same),
            "hints": list(self.hints),
            "notes": list(self.notes),
        }

    def _document(self) -> Document:
        a, b = _label(self.a), _label(self.b)
        blocks: list[Block] = [Note(f"likely to break: {hint}", "warn") for hint in self.hints]
        blocks += [Note(note, "warn") for note in self.notes]
        for name, lines in self.sections.items():
            same = f", {plural(self.same[name], 'other')} the same" if self.same[name] else ""
            if lines:
                columns = ("", a, b, "change") if name == "metrics" else ("", a, b)
                rows = tuple(_cells(name, line) for line in lines[:ROWS])
                blocks.append(Table(columns, rows, total=len(lines), title=f"{name}: {len(lines)} differ{same}"))
        equal = [name for name, lines in self.sections.items() if not lines and self.same[name]]
        if equal:
            blocks.append(Note(f"the same in both: {', '.join(equal)}", "good"))
        return Document(f"{a} and {b}", tuple(blocks))


def compare_versions(conn: Connection, a: str, b: str, *, progress: Progress | None = None) -> VersionComparison:
    """Compare two versions, of one model or of two.

    Args:
        a, b: wine:3, wine@champion, wine. What breaks is told for ``b`` in the place of ``a``.
        progress: told what is read.

    Raises:
        ModelNotFound
        UsageError: they are one and the same version.
    """
    from ..client.models import resolve, with_details

    say = progress or (lambda _: None)
    versions = [with_details(conn, resolve(conn, ref)) for ref in (a, b)]
    if versions[0].uri == versions[1].uri:
        raise UsageError(f"{a} and {b} are one version, {_label(versions[0])}", hint="%aml_models lists the others")
    read = []
    for version in versions:
        say(f"reading {_label(version)}")
        read.append(_read(conn, version))
    return _compared(versions, read)


def are_versions(conn: Connection, words: Sequence[str]) -> bool:
    """Whether each word names a version that there is, with its number or an alias: a run may have such a name too.

    Raises:
        ModelNotFound: one of them does, and another one not.
    """
    from ..client.models import resolve

    if len(words) < 2 or not all(re.fullmatch(r"(models:/)?[^:@/]+[:@/][^:@/]+", word) for word in words):
        return False
    missed: list[ModelNotFound | UsageError] = []
    for word in words:
        try:
            resolve(conn, word)
        except (ModelNotFound, UsageError) as exc:
            missed.append(exc)
    if missed and len(missed) < len(words):
        raise missed[0]
    return not missed


@dataclass(frozen=True)
class _Read:
    """What was read of a version: ``files`` are paths with what tells their content, ``shown`` the same for people."""

    params: Mapping[str, str]
    notes: tuple[str, ...] = ()
    is_whole: bool = False
    signature: Signature | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)


def _read(conn: Connection, version: ModelVersion) -> _Read:
    from ..client.models import open_files, save_all

    params, notes = _params(conn, version)
    try:
        with conn.guard(f"reading the files of {_label(version)}"), tempfile.TemporaryDirectory() as scratch:
            remote = open_files(conn, version.uri)
            listed = remote.files()
            if not listed:
                return _Read(params, (*notes, f"the files of {_label(version)} are gone: they are not compared"))
            folder = Path(scratch)
            save_all(remote, [file for file in listed if file.path in SMALL], folder)
            signature = _signature(folder)
            environment = read_environment(folder)
            asked = {name: a.pin or a.specifier or a.path for name, a in environment.packages.items()}
            if environment.python:
                asked["python"] = environment.python
            files, shown = _contents(conn, version, remote, listed)
    except AmlMagicsError as exc:
        return _Read(params, (*notes, f"the files of {_label(version)} were not read: {exc.message}"))
    return _Read(params, notes, True, signature, asked, files, shown)


def _params(conn: Connection, version: ModelVersion) -> tuple[Mapping[str, str], tuple[str, ...]]:
    from ..client.runs import get_run

    if version.run_id is None:
        return {}, (f"{_label(version)} has no source run: neither metrics nor params of it are known",)
    try:
        return dict(get_run(conn, version.run_id).data.params), ()
    except NotFound:
        return {}, (f"the source run {version.run_id} of {_label(version)} is gone",)


def _signature(folder: Path) -> Signature | None:
    from ..client.models import read_model

    try:
        return parse_signature(read_model(folder).signature)
    except (AmlMagicsError, ValueError, TypeError, AttributeError):
        return None  # a model of another type, or a signature that nobody can read


def _contents(
    conn: Connection, version: ModelVersion, remote: Remote, listed: list[RemoteFile]
) -> tuple[dict[str, str], dict[str, str]]:
    """Of each file what tells its content, and its size for people; the content of what is here or small."""
    from ..client.models import fetch, file_digests, local_path, location, model_size

    here = local_path(location(conn, version.uri))
    if here is None and any(file.path == "MLmodel" for file in listed):
        bytes_ = model_size(conn, version.uri)
        here = fetch(conn, version.uri) if bytes_ is not None and bytes_ <= READ_BELOW else None
    if here is not None and here.is_dir():
        digests = file_digests(here)
        return digests, {path: size((here / path).stat().st_size) for path in digests}
    sizes = {file.path: "" if file.size is None else size(file.size) for file in listed}
    return sizes, sizes


def _compared(versions: list[ModelVersion], read: list[_Read]) -> VersionComparison:
    if not all(each.is_whole for each in read):  # what one of them lacks would look like a difference
        read = [_Read(each.params, each.notes) for each in read]
    a, b = read
    metrics = _metric_texts(versions[0].metrics, versions[1].metrics)
    tags = [{k: v for k, v in version.tags.items() if not k.startswith(OURS)} for version in versions]
    files = tuple(
        replace(line, a=a.shown.get(line.name, ""), b=b.shown.get(line.name, ""))
        for line in changed_lines(a.files, b.files)
    )
    sections = {
        "metrics": tuple(_with_delta(line, versions[0], versions[1]) for line in changed_lines(*metrics)),
        "params": changed_lines(a.params, b.params),
        "signature": signature_lines(a.signature, b.signature),
        "environment": environment_lines(a.environment, b.environment),
        "files": files,
        "tags": changed_lines(*tags),
    }
    rows = [dict.fromkeys(_rows(read_.signature), "") for read_ in read]
    pairs: list[tuple[Mapping[Any, str], Mapping[Any, str]]] = [
        (metrics[0], metrics[1]),
        (a.params, b.params),
        (rows[0], rows[1]),
        (a.environment, b.environment),
        (a.files, b.files),
        (tags[0], tags[1]),
    ]
    same = {name: _same(*pair) for name, pair in zip(SECTIONS, pairs, strict=True)}
    return VersionComparison(versions[0], versions[1], sections, same, (*a.notes, *b.notes))


def _metric_texts(a: Mapping[str, float], b: Mapping[str, float]) -> tuple[dict[str, str], dict[str, str]]:
    """The values as they are shown; with all digits where the first few are the same and the values are not."""
    close = {name for name in a.keys() & b.keys() if a[name] != b[name] and number(a[name]) == number(b[name])}
    first, second = ({k: repr(x) if k in close else number(x) for k, x in each.items()} for each in (a, b))
    return first, second


@dataclass(frozen=True)
class _MetricLine(Line):
    delta: str = ""


def _with_delta(line: Line, a: ModelVersion, b: ModelVersion) -> Line:
    before, after = a.metrics.get(line.name), b.metrics.get(line.name)
    far = "" if before is None or after is None else delta(after, before)
    return _MetricLine(**asdict(line), delta=far)


def _rows(signature: Signature | None) -> list[tuple[str, str, str]]:
    return signature.rows() if signature else []


def _same(a: Mapping[Any, str], b: Mapping[Any, str]) -> int:
    return sum(key in b and b[key] == value for key, value in a.items())


def _cells(section: str, line: Line) -> tuple[str, ...]:
    is_other = section == "files" and line.change == "changed" and line.a == line.b
    texts = [line.name, line.a, f"{line.b}, other content" if is_other else line.b]
    if section == "metrics":
        texts.append(getattr(line, "delta", ""))
    return tuple(one_line(text, 80) for text in texts)


def _plain(section: str, line: Line) -> dict[str, str]:
    plain = asdict(line)
    return plain | {"delta": getattr(line, "delta", "")} if section == "metrics" else plain


def _label(version: ModelVersion) -> str:
    return f"{version.name}:{version.version}"


def _about(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "label": _label(version),
        "run_id": version.run_id or "",
        "aliases": list(version.aliases),
        "stage": version.stage,
    }
