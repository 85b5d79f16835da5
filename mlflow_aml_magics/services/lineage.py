"""Where a version came from and where it went: data → run → model → endpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RunNotFound
from ..render.document import Document, Note, Shown, Table
from ..render.format import one_line
from .deployed import deployed
from .models import stage_of

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion
    from .deploy import Deployment

__all__ = ["Data", "Lineage", "SourceRun", "lineage_of", "source_run"]


@dataclass(frozen=True)
class Data:
    """A dataset that the run said it read: ``context`` is "training" and the like, ``where`` its path or address."""

    name: str
    digest: str
    context: str
    where: str


@dataclass(frozen=True)
class SourceRun:
    """The run that logged a model. ``commit`` and ``user`` are "" where nobody kept them, ``link`` where no page is."""

    run_id: str
    name: str = ""
    experiment: str = ""
    user: str = ""
    commit: str = ""
    link: str = ""
    is_gone: bool = False
    data: tuple[Data, ...] = ()


@dataclass(frozen=True)
class Lineage(Shown):
    """The chain of one version; ``notes`` says which of its parts could not be asked for."""

    version: ModelVersion
    run: SourceRun | None
    deployments: tuple[Deployment, ...]
    notes: tuple[str, ...] = ()

    def _document(self) -> Document:
        v, run = self.version, self.run
        rows = [("data", d.name, _about(d.context, d.where, d.digest)) for d in (run.data if run else ())]
        if not rows:
            rows.append(("data", "unknown", "mlflow.log_input(mlflow.data.from_pandas(frame), …) in the run keeps it"))
        if run is None:
            rows.append(("run", "unknown", "the version names none"))
        else:
            told = "it was deleted" if run.is_gone else _about(run.run_id, run.experiment, run.user, run.commit)
            rows.append(("run", run.name or run.run_id, told))
        rows.append(("model", v.label, _about(stage_of(v), *v.aliases)))
        rows += [("endpoint", d.name, _about(d.target, d.state, d.url)) for d in self.deployments]
        if not self.deployments:
            rows.append(("endpoint", "none", f"%aml_deploy {v.label}"))
        table = Table(("", "name", "about"), tuple((k, one_line(n, 80), one_line(a, 200)) for k, n, a in rows))
        return Document(f"lineage of {v.name} version {v.version}", (table, *(Note(n, "warn") for n in self.notes)))


def lineage_of(conn: Connection, ref: str) -> Lineage:
    """The chain of a version. On Azure ML asking for its deployments costs some requests.

    Args:
        ref: "wine:3", "wine@champion", "wine" for the newest.

    Raises:
        ModelNotFound: with what there is.
    """
    from ..client.models import resolve

    version = resolve(conn, ref)
    served, notes = deployed(conn, version.name, version.version)
    return Lineage(version, source_run(conn, version), served, notes)


def source_run(conn: Connection, version: ModelVersion) -> SourceRun | None:
    """The run that made a version, with the data it read; None where the version names no run."""
    from ..client.runs import experiments_by_id, get_run
    from .run_pages import run_page

    if version.run_id is None:
        return None
    try:
        run = get_run(conn, version.run_id)
        experiment = experiments_by_id(conn, [run.info.experiment_id])[0].name
        link = run_page(conn, version.run_id)["url"]
    except RunNotFound:
        return SourceRun(version.run_id, is_gone=True)
    tags = run.data.tags
    return SourceRun(
        run_id=version.run_id,
        name=run.info.run_name or "",
        experiment=experiment,
        user=tags.get("mlflow.user") or run.info.user_id or "",
        commit=tags.get("mlflow.source.git.commit", ""),
        link=link,
        is_gone=run.info.lifecycle_stage == "deleted",
        data=tuple(map(_data, getattr(getattr(run, "inputs", None), "dataset_inputs", None) or ())),
    )


def _data(given: Any) -> Data:
    """mlflow's dataset input: its tags say what it was for, its source is JSON of the source type's own."""
    tags = {tag.key: tag.value for tag in given.tags or ()}
    try:
        source = json.loads(given.dataset.source)
    except (TypeError, ValueError):
        source = {}
    told = source if isinstance(source, dict) else {}
    where = next((str(told[key]) for key in ("uri", "url", "path", "table_name") if told.get(key)), "")
    return Data(
        given.dataset.name, given.dataset.digest or "", tags.get("mlflow.data.context", ""), _without_secret(where)
    )


def _without_secret(address: str) -> str:
    """An address without what may be a key in it: a SAS, a password."""
    from ..client.paths import redacted

    return redacted(address).partition("?")[0]


def _about(*facts: str) -> str:
    return ", ".join(fact for fact in facts if fact)
