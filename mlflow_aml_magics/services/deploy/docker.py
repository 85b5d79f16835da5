"""The docker target: an image of the model, made by mlflow's own generator, and a container of it."""

from __future__ import annotations

import secrets
import shlex
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.docker_files import write_context
from ...client.paths import short_path
from ...client.scoring import HOST, Answer, ping, post
from ...errors import DeploymentError
from . import docker_books as books
from .about import keep_about
from .docker_engine import Container, Engine, NoEngine, build_words, check_image, find_engine, run_words
from .docker_image import context_of, default_image, mark
from .options import DeployOptions, Ref
from .state import check_name, locked, write_secret
from .target import Deployment, ModelToServe, State, not_deployed, servable

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.models import ModelFiles
    from ...frames.signature import Form

__all__ = ["DockerTarget", "make"]

START_SECONDS = 300.0
POLL = 0.5  # seconds between two looks at a container that starts
LOG_LINES = 12
TOLD_TO_END = (0, 137, 143)  # exit codes of a container that was stopped


class DockerTarget:
    """Writes ./docker-NAME; where an engine answers, builds the image and runs it on 127.0.0.1, without a key."""

    kind = "docker"
    wire: Form = "dataframe_split"

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """Write the files, build, run, wait until it answers, then remove the container before it.

        Raises:
            DeploymentError: the image is not built, or its container does not answer in ``timeout`` seconds; the one
                before it still runs, and the files and the image's finished steps are kept for the next attempt.
        """
        options.check("docker", "port", "image")
        servable(model)
        check_name(name)
        image = check_image(options.image or default_image(model, name))
        with locked(name, self.kind):
            record = _write(model, name, image, options, progress)
            engine = find_engine()
            if isinstance(engine, NoEngine):
                progress(f"no Docker engine here: the files are in {short_path(Path(record.context))}")
                return _as_deployment(record, engine)
            engine.build(name, image, Path(record.context), books.home(name) / "build.log", progress)
            record = replace(record, built=True, ran=True)
            books.write(record)
            _run(engine, record, START_SECONDS if options.timeout is None else options.timeout, progress)
            return _as_deployment(record, engine)

    def list(self) -> tuple[Deployment, ...]:
        """All that the books have, with what their containers really do."""
        records = books.all_records()
        engine = find_engine() if records else NoEngine("")
        return tuple(_as_deployment(record, engine) for record in records)

    def find(self, ref: Ref) -> Deployment | None:
        """The deployment of that name; without one, the engine is not asked."""
        record = None if ref.deployment else books.read(ref.endpoint)
        return None if record is None else _as_deployment(record, find_engine())

    def delete(self, ref: Ref, progress: Progress) -> tuple[str, ...]:
        """Remove its containers and strike it out. The files and the image stay, which others may use by now."""
        name = ref.endpoint
        record = _known(name)
        with locked(name, self.kind):
            engine = find_engine()
            if isinstance(engine, Engine):
                for container in engine.containers(name):
                    engine.remove(container.id)
            elif record.ran:
                raise DeploymentError(
                    f"'{name}' cannot be ended: {engine.why}", hint="start Docker, and delete it again"
                )
            books.remove(name)
        kept = f", and the image: docker image rm {record.image}" if record.built else ""
        if Path(record.context).is_dir():
            progress(f"{short_path(Path(record.context))} stays{kept}")
        return ()

    def logs(self, ref: Ref, tail: int) -> str:
        """The last lines of its container; of an image that is not built, of the build."""
        record = _known(ref.endpoint)
        engine = find_engine()
        found = engine.containers(record.name) if isinstance(engine, Engine) else []
        if found and isinstance(engine, Engine):
            return engine.logs(found[0].id, tail)
        for log in (books.home(record.name) / "failed.log", books.home(record.name) / "build.log"):
            if log.is_file():
                return "\n".join(log.read_text("utf-8", "replace").splitlines()[-tail:] if tail > 0 else [])
        return ""

    def about(self, ref: Ref) -> ModelFiles:
        """Signature and input example of the model that it serves."""
        from ...client.models import read_model

        return read_model(books.home(_known(ref.endpoint).name) / "about")

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """POST to /invocations.

        Raises:
            DeploymentError: no container of it runs, or it does not answer in ``timeout`` seconds.
        """
        name = ref.endpoint
        port = _running(name).port
        try:
            return post(port, body, key=None, timeout=timeout)
        except TimeoutError as exc:
            raise DeploymentError(
                f"'{name}' did not answer within {timeout:g} s", hint=f"%aml_endpoints {name} --logs"
            ) from exc
        except (OSError, HTTPException) as exc:
            raise DeploymentError(
                f"'{name}' does not answer on port {port}: {exc}", hint=f"%aml_endpoints {name} --logs"
            ) from exc

    def curl(self, ref: Ref, body: str) -> str:
        """A command for a shell on this machine."""
        return (
            f"curl --silent --noproxy {HOST} http://{HOST}:{_running(ref.endpoint).port}/invocations \\\n"
            f"  -H 'Content-Type: application/json' \\\n"
            f"  -d {shlex.quote(body)}"
        )


def make(_conn: object) -> DockerTarget:
    """The target of this machine's engine, which needs no connection."""
    return DockerTarget()


def _write(
    model: ModelToServe, name: str, image: str, options: DeployOptions, progress: Progress
) -> books.DockerRecord:
    """Dockerfile and build context in ./docker-NAME, in one move, and the record."""
    old = books.read(name)
    context = context_of(name, old, force=options.force)
    progress(f"writing {short_path(context)}: Dockerfile and model")
    part = context.with_name(f".{context.name}-{secrets.token_hex(4)}")
    part.mkdir()
    try:
        write_context(model.files.path, part)
        mark(part)
        about = books.home(name) / "about"
        shutil.rmtree(about, ignore_errors=True)
        about.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_about(model.files, about)
        shutil.rmtree(context, ignore_errors=True)
        part.replace(context)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    record = books.DockerRecord(
        name=name,
        ref=model.ref,
        model=model.label,
        store=model.store,
        image=image,
        context=str(context),
        dockerfile=books.sum_of(context / "Dockerfile"),
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        port=options.port or 0,
        ran=old.ran if old else False,
    )
    books.write(record)
    return record


def _run(engine: Engine, record: books.DockerRecord, timeout: float, progress: Progress) -> None:
    """Start a container and wait until it answers; then remove those before it, or put them back."""
    old = engine.containers(record.name)
    in_the_way = [c for c in old if c.state == "running" and record.port and c.port == record.port]
    for container in in_the_way:
        engine.stop(container.id)
    new, called = "", f"aml-{record.name}-{secrets.token_hex(3)}"
    try:
        new = engine.run(record.name, record.image, record.port or None, called)
        _wait(engine, record.name, new, timeout, progress)
    except BaseException:
        with suppress(DeploymentError):  # why it failed is told, and each of these is tried
            if new:
                write_secret(books.home(record.name) / "failed.log", engine.logs(new, 1000))
        with suppress(DeploymentError):
            engine.remove(called)  # by its name: an interrupt may come before its id is known
        for container in in_the_way:
            with suppress(DeploymentError):
                engine.start(container.id)
        raise
    for container in old:
        engine.remove(container.id)
    (books.home(record.name) / "failed.log").unlink(missing_ok=True)


def _wait(engine: Engine, name: str, container: str, timeout: float, progress: Progress) -> None:
    start = said = time.monotonic()
    hint = f"its log is {books.home(name) / 'failed.log'}"
    while True:
        found = next((c for c in engine.containers(name) if c.id == container), None)
        if found is None or found.exit_code is not None:
            lines = engine.logs(container, LOG_LINES).splitlines()
            why = lines[-1] if lines else "it wrote nothing"
            raise DeploymentError(f"'{name}': its container ended before it answered: {why}", hint=hint)
        if found.port and ping(found.port):
            return
        now = time.monotonic()
        if now - start > timeout:
            raise DeploymentError(f"'{name}' did not answer within {timeout:g} s", hint=f"--timeout; {hint}")
        if now - said >= 1:
            said = now
            progress(f"the container starts… {now - start:.0f} s")
        time.sleep(POLL)


def _known(name: str) -> books.DockerRecord:
    record = books.read(name)
    if record is None:
        raise not_deployed(name, [known.name for known in books.all_records()])
    return record


def _running(name: str) -> Container:
    record = _known(name)
    engine = find_engine()
    found = engine.containers(name) if isinstance(engine, Engine) else []
    for container in found:
        if container.state == "running" and container.port:
            return container
    deployment = _as_deployment(record, engine)
    raise DeploymentError(
        f"the deployment '{name}' does not run: {deployment.detail.splitlines()[-1]}",
        hint=f"%aml_deploy {record.ref} --to docker --name {name}",
    )


def _as_deployment(record: books.DockerRecord, engine: Engine | NoEngine) -> Deployment:
    state, detail, port = _state(record, engine)
    return Deployment(
        name=record.name,
        target=DockerTarget.kind,
        state=state,
        model=record.model,
        ref=record.ref,
        url=f"http://{HOST}:{port}" if port else "",
        store=record.store,
        started=record.began,
        detail=detail,
        machine=f"image {record.image}",
        ran=record.ran,
    )


def _state(record: books.DockerRecord, engine: Engine | NoEngine) -> tuple[State, str, int]:
    """State, why it does not run (its last line is what a list shows), and its port."""
    folder = short_path(Path(record.context))
    here = f"./{folder}" if Path(folder).name == folder else folder
    commands: Callable[[], str] = lambda: "\n".join(  # noqa: E731
        (
            shlex.join(build_words(record.name, record.image, folder)),
            shlex.join(run_words(record.name, record.image, record.port or 5001)),
        )
    )
    if isinstance(engine, NoEngine):
        why = f"no Docker engine answers here ({engine.why}); the files are in {here}"
        return "stopped", f"{commands()}\n{why}; the commands above build the image and run it", 0
    found = engine.containers(record.name)
    for container in found:
        if container.state == "running" and container.port:
            is_up = ping(container.port)
            return ("running", "", container.port) if is_up else ("changing", "its server starts", container.port)
    if not found:
        what = "no container of it runs" if record.built else "the image is not built"
        return "stopped", f"{commands()}\n{what}", 0
    last = found[0]
    if last.exit_code in TOLD_TO_END:
        return "stopped", f"its container has ended: docker start {last.id[:12]}", 0
    return "failed", f"{engine.logs(last.id, LOG_LINES)}\nits container is {last.status}".lstrip(), 0
