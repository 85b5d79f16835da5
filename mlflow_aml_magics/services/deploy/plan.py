"""What a deployment would do, without doing it: the steps, and the same as Python, az CLI and YAML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.scoring import HOST
from ...errors import ModelError
from ...render.document import Block, Code, Document, Facts, Note, Shown
from ...render.format import one_line
from . import ON_AZURE, docker_books, model_to_serve, records, target, unprefixed
from .checking import findings_of
from .costs import cost_hint
from .docker_engine import Engine, check_image, find_engine
from .docker_image import context_of, default_image
from .endpoint_names import endpoint_and_deployment
from .options import DeployOptions
from .state import check_name
from .traffic import worded

if TYPE_CHECKING:
    from ...client.connection import Connection
    from .target import ModelToServe

__all__ = ["Plan", "plan"]


@dataclass(frozen=True)
class Plan(Shown):
    """``steps`` in words; ``python`` is our call, ``sdk`` a program of azure-ai-ml, ``cli`` commands.

    ``yaml`` is file name -> text, which ``cli`` reads; ``warnings`` what the check of the model's files found.
    """

    title: str
    steps: tuple[str, ...]
    python: str
    sdk: str = ""
    cli: str = ""
    yaml: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Note, ...] = ()

    def _document(self) -> Document:
        blocks: list[Block] = [Facts(tuple((str(n), step) for n, step in enumerate(self.steps, 1)))]
        blocks += self.warnings
        blocks.append(Code(self.python, "python", title="Python"))
        if self.sdk:
            blocks.append(Code(self.sdk, "python", title="azure-ai-ml"))
        if self.cli:
            blocks.append(Code(self.cli, "bash", title="commands"))
        blocks += [Code(text, "yaml", title=name) for name, text in self.yaml]
        blocks.append(Note("nothing was done: the same without --dry-run does it"))
        return Document(self.title, tuple(blocks))


def plan(conn: Connection, ref: str | Path, *, to: str, name: str | None, options: DeployOptions) -> Plan:
    """What `deploy` would do with the same arguments. Looks things up, changes nothing, downloads no model.

    Raises:
        ModelNotFound, UsageError: as `deploy` would.
    """
    from ..copy_as import copied_deploy

    target(conn, to)  # knows that it is none, or needs a workspace
    model, default = model_to_serve(conn, ref, lambda _: None)
    called = unprefixed(name, to) or default
    names: list[str] | None = None
    if to == "batch":
        options, names, steps = _batch(conn, model, called, options)
    elif to in ON_AZURE:
        options, names, steps = _online(conn, model, called, to, options)
    elif to == "docker":
        steps = tuple(_docker(model, check_name(called), options))
    else:
        steps = tuple(_local(model, check_name(called), options))
    copied = copied_deploy(conn, model, to=to, name=called, options=options, there=names)
    warned = tuple(_warnings(conn, model, to, options)) if to in ON_AZURE else ()
    return Plan(f"deploy {model.label} to {to}", steps, copied.python, copied.sdk, copied.cli, copied.files, warned)


def _warnings(conn: Connection, model: ModelToServe, to: str, options: DeployOptions) -> Iterator[Note]:
    """What `deploy` would refuse the model for, or tell."""
    try:
        findings = findings_of(conn, model, to)
    except ModelError as exc:
        yield Note(one_line(f"would be refused: {exc}", 600), "bad")
        return
    for finding in findings:
        if finding.level == "bad" and not options.force:
            yield replace(finding.note, text=f"would be refused: {finding.note.text}")
        elif finding.level in ("bad", "warn"):
            yield finding.note


def _local(model: ModelToServe, name: str, options: DeployOptions) -> Iterator[str]:
    options.check("local", "port", "isolated")
    yield f"take the files of {model.label}"
    if options.isolated:
        yield "make an environment of its own requirements, or take the one made before of the same"
    where = f"port {options.port}" if options.port else "a free port"
    yield f"start mlflow's scoring server on {HOST}, {where}, behind a new key, and wait until it answers"
    if (old := records.read(name)) is not None:
        yield f"stop the one before it: {old.model}, process {old.process.pid}"


def _docker(model: ModelToServe, name: str, options: DeployOptions) -> Iterator[str]:
    options.check("docker", "port", "image")
    image = check_image(options.image or default_image(model, name))
    old, engine = docker_books.read(name), find_engine()
    folder = context_of(name, old, force=options.force)
    yield f"write ./{folder.name}: mlflow's Dockerfile, and the files of {model.label}"
    if not isinstance(engine, Engine):
        yield f"no more: no Docker engine answers here ({engine.why})"
        return
    yield f"build the image {image}"
    yield f"run it on {HOST}, {f'port {options.port}' if options.port else 'a free port'}, and wait until it answers"
    if old is not None and old.ran:
        yield "remove the container before it"


_Seen = tuple[DeployOptions, list[str] | None, tuple[str, ...]]  # options as they turn out, what is there, the steps


def _online(conn: Connection, model: ModelToServe, called: str, to: str, options: DeployOptions) -> _Seen:
    from .online import OnlineTarget
    from .online_steps import Steps
    from .online_watch import Watch

    place = target(conn, to)
    assert isinstance(place, OnlineTarget)
    options.check(to, *place.takes)
    endpoint, wanted = endpoint_and_deployment(called, options.deployment)
    watch = Watch(place.points, _silent, 0.0)
    looking = Steps(watch, to, endpoint, wanted, model, options, place.machine)
    point, served, name = looking.looked_up()
    options = looking.options  # with the cluster that was found
    old = next((each for each in served if each.name == name), None)
    if old is not None:  # it keeps what is not asked for
        machine, count = options.instance_type or old.machine or None, options.instance_count or old.count
        options = replace(options, instance_type=machine, instance_count=count)
    if point is not None:
        steps = [f"the endpoint {endpoint} is there"]
    else:
        on = f" on the cluster {options.compute}" if options.compute else ""
        steps = [f"create the {to} endpoint {endpoint}{on}, which asks for {options.auth or 'key'}"]
    number, size = options.instance_count or 1, options.instance_type or place.machine
    costs = cost_hint(size, number) if to == "online" else ""
    where = f"{number} × {size or 'default size'}{f', {costs}' if costs else ''}"
    steps.append(f"{'update' if old else 'create'} the deployment {endpoint}/{name}: {model.label} on {where}")
    if options.traffic is not None:
        steps.append(f"share the traffic: {worded(options.traffic)}")
    elif not served:
        steps.append(f"give {name} all traffic")
    elif old is None:
        steps.append(f"{name} gets no traffic yet")
    return options, None if point is None else [each.name for each in served], tuple(steps)


def _batch(conn: Connection, model: ModelToServe, called: str, options: DeployOptions) -> _Seen:
    from .batch import BatchTarget
    from .batch_steps import BatchSteps
    from .batch_watch import default_of

    place = target(conn, "batch")
    assert isinstance(place, BatchTarget)
    options.check("batch", *place.takes)
    endpoint, wanted = endpoint_and_deployment(called, options.deployment)
    looking = BatchSteps(place.points, endpoint, wanted, model, options, _silent, 0.0)
    point, served, name = looking.looked_up()
    old = next((each for each in served if each.name == name), None)
    options = replace(options, compute=options.compute or looking.cluster(old))
    if old is not None:  # it keeps what is not asked for
        options = replace(options, mini_batch_size=options.mini_batch_size or old.mini_batch_size)
    steps = [f"create the batch endpoint {endpoint}" if point is None else f"the endpoint {endpoint} is there"]
    on = f"{model.label} on the cluster {options.compute}"
    steps.append(f"{'update' if old else 'create'} the deployment {endpoint}/{name}: {on}")
    if options.traffic is not None or not served:
        default = name if options.traffic is None else default_of(endpoint, options.traffic)
        steps.append(f"make {default} the deployment that the endpoint asks")
    return options, None if point is None else [each.name for each in served], tuple(steps)


def _silent(_: str) -> None:
    pass
