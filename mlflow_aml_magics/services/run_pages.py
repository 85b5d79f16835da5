"""From a run to where else it can be seen, and to a cell that makes it again."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..contract import LinkResult

__all__ = ["reproducing_cell", "run_page"]

LONGEST = 200_000  # characters of source that go into one cell


def run_page(connection: Connection, run_id: str) -> LinkResult:
    """The run's page in the studio or in MLflow's own UI, or, for a store without one, how to start it.

    Raises:
        RunNotFound: it was deleted, or never there.
    """
    from ..client.paths import redacted
    from ..client.runs import get_run

    if connection.azure is not None:
        url = connection.azure.studio.run(run_id)
        return {"url": url, "how": "" if url else f"there is no studio for {connection.label}"}
    info = get_run(connection, run_id).info
    page = f"#/experiments/{quote(info.experiment_id, safe='')}/runs/{quote(run_id, safe='')}"
    if connection.uri.startswith(("http://", "https://")):
        parts = urlsplit(connection.uri)
        base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # a link holds nobody's password
        return {"url": f"{base.rstrip('/')}/{page}", "how": ""}
    start = f"mlflow ui --backend-store-uri {shlex.quote(redacted(connection.uri))}"
    return {"url": "", "how": f"{start}\n# then open http://127.0.0.1:5000/{page}"}


def reproducing_cell(connection: Connection, run_id: str) -> str:
    """Code for a cell that makes a run again: the cells that made it, else its params and where its source is.

    Raises:
        RunNotFound: it was deleted, or never there.
    """
    from ..client.runs import get_run

    run = get_run(connection, run_id)
    tags = run.data.tags
    head = f"# Reproduces run {_line(run.info.run_name or run_id)} ({run_id})"
    cells = _kept_cells(connection, run_id)
    if cells is not None:
        return f"{head}: the cells that were executed up to it\n{cells}"
    name, commit = _line(tags.get("mlflow.source.name", "")), _line(tags.get("mlflow.source.git.commit", ""))
    said = f"# Its cells were not kept. Source: {name or 'unknown'}{f', git commit {commit}' if commit else ''}"
    params = "".join(f"    {key!r}: {_literal(value)},\n" for key, value in sorted(run.data.params.items()))
    code = f"{head}\n{said}\nparams = {{\n{params}}}\n"
    if name.endswith(".py") and tags.get("mlflow.source.type") == "LOCAL":
        code += f"# !python {shlex.quote(name)}\n"
    return code


def _kept_cells(connection: Connection, run_id: str) -> str | None:
    from ..client.artifacts import open_files
    from ..client.cells import PATH

    folder, _, name = PATH.rpartition("/")
    with connection.guard(f"reading the cells of the run {run_id}"):
        remote = open_files(connection, f"runs:/{run_id}/{folder}")
        found = [file for file in remote.files() if file.path == name]
        if not found:
            return None
        text = remote.head(found[0], LONGEST).data.decode("utf-8", "replace")
    return text if len(text) < LONGEST else f"{text}\n# … the rest is in {PATH} of the run\n"


def _literal(value: str) -> str:
    """A param as it was before it was logged as text: a number where it reads as one."""
    return value if re.fullmatch(r"[+-]?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?", value, re.ASCII) else repr(value)


def _line(text: str) -> str:
    """What stays within a comment: a name may hold the end of a line, and then code."""
    return " ".join(re.sub(r"[^\x20-\x7e\u00a0-\U0010ffff]|[\u2028\u2029]", " ", text).split())
