"""What a deployment would do, without doing it: the steps, and the same as Python, az CLI and YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.scoring import HOST
from ...render.document import Block, Code, Document, Facts, Note, Shown
from . import ON_AZURE, docker_books, model_to_serve, records, target
from .costs import DEFAULT_MACHINE, cost_hint
from .docker_engine import Engine, check_image, find_engine
from .docker_image import context_of, default_image
from .endpoint_names import FIRST, endpoint_and_deployment
from .options import DeployOptions
from .state import check_name
from .traffic import worded

if TYPE_CHECKING:
    from ...client.connection import Connection
    from .target import Deployment, ModelToServe

__all__ = ["Plan", "plan"]


@dataclass(frozen=True)
class Plan(Shown):
    """``steps`` in words; ``python`` is our call, ``sdk`` a program of azure-ai-ml, ``cli`` commands.

    ``yaml`` is file name -> text, which ``cli`` reads.
    """

    title: str
    steps: tuple[str, ...]
    python: str
    sdk: str = ""
    cli: str = ""
    yaml: tuple[tuple[str, str], ...] = ()

    def _document(self) -> Document:
        blocks: list[Block] = [Facts(tuple((str(n), step) for n, step in enumerate(self.steps, 1)))]
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
    called = name or default
    there: Sequence[Deployment] = ()
    names: list[str] | None = None
    if to in ON_AZURE:
        endpoint, _ = endpoint_and_deployment(called, options.deployment)
        there = [d for d in target(conn, to).list() if d.endpoint == endpoint]
        steps = tuple(_on_azure(model, called, to, options, there))
    elif to == "docker":
        steps = tuple(_docker(model, check_name(called), options))
    else:
        steps = tuple(_local(model, check_name(called), options))
    if there:
        names = [d.name.partition("/")[2] for d in there if d.state != "empty"]
    copied = copied_deploy(conn, model, to=to, name=called, options=options, there=names)
    return Plan(f"deploy {model.label} to {to}", steps, copied.python, copied.sdk, copied.cli, copied.files)


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


def _on_azure(
    model: ModelToServe, name: str, to: str, options: DeployOptions, there: Sequence[Deployment]
) -> Iterator[str]:
    endpoint, wanted = endpoint_and_deployment(name, options.deployment)
    names = [d.name.partition("/")[2] for d in there if d.state != "empty"]
    deployment = wanted or (names[0] if len(names) == 1 else FIRST)
    if there:
        yield f"the endpoint {endpoint} is there"
    else:
        on = f" on the cluster {options.compute}" if to == "kubernetes" and options.compute else ""
        auth = "" if to == "batch" else f", which asks for {options.auth or 'key'}"
        yield f"create the {to} endpoint {endpoint}{on}{auth}"
    count = options.instance_count or 1
    machine = options.instance_type or (DEFAULT_MACHINE if to == "online" else "")
    costs = cost_hint(machine, count) if to == "online" else ""
    where = f"the cluster {options.compute}" if to == "batch" else f"{count} × {machine or 'default size'}"
    what = "update" if deployment in names else "create"
    yield f"{what} the deployment {endpoint}/{deployment}: {model.label} on {where}{f', {costs}' if costs else ''}"
    if to == "batch":
        if not names:
            yield f"make {deployment} the deployment that the endpoint asks"
    elif options.traffic is not None:
        yield f"share the traffic: {worded(options.traffic)}"
    elif not names:
        yield f"give {deployment} all traffic"
    elif deployment not in names:
        yield f"{deployment} gets no traffic yet"
