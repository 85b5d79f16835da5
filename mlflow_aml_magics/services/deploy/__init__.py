"""Deploy a model and look after what is deployed; each place to deploy to is one file behind `Target`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelError, UsageError, nearest
from ..download import copied
from .target import Deployment, DeploymentList, ModelToServe, Target, not_deployed

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress

__all__ = [
    "TARGETS",
    "Deployment",
    "DeploymentList",
    "delete",
    "deploy",
    "deployments",
    "get",
    "logs",
    "stop_all",
    "target_of",
]

TARGETS = ("local",)
START_SECONDS = 300.0  # large models are slow to load; the progress lines show that it is alive


def deploy(
    conn: Connection,
    ref: str | Path,
    *,
    to: str = "local",
    name: str | None = None,
    port: int | None = None,
    timeout: float = START_SECONDS,
    progress: Progress | None = None,
) -> Deployment:
    """Serve a model, in place of what had that name before. Returns once it answers.

    Args:
        ref: a registered model (wine@champion, wine/3, wine), a run id, runs:/…, models:/m-…, or a folder.
        to: the target; "local" is a process on this machine.
        name: of the deployment; the model's own name by default.
        port: local only; None for a free one.
        timeout: seconds until it must answer.
        progress: told in words what goes on.

    Raises:
        ModelNotFound, RunNotFound, NoModelInRun, ModelError, UsageError
        DeploymentError: it does not start; nothing is left behind, and what had the name before still runs.

    >>> deploy(conn, "wine@champion")            # doctest: +SKIP
    deployment wine
      model  wine version 3 (asked for as wine@champion)
    """
    target = _target(to)
    say = progress or _silent
    if port is not None and not 0 < port < 65536:
        raise UsageError(f"{port} is no port: 1 to 65535, or none for a free one")
    say(f"looking up {ref}")
    model, default_name = _find(conn, ref, say)
    if not model.files.servable:
        flavors = ", ".join(model.files.flavors)
        raise ModelError(
            f"{model.label} cannot be served: it has the flavors {flavors}, not python_function",
            hint="log it with a flavor that has a predict, or as mlflow.pyfunc.PythonModel",
        )
    return target.deploy(model, name or default_name, port=port, timeout=timeout, progress=say)


def deployments() -> DeploymentList:
    """All deployments, with what they really do now."""
    found = [deployment for kind in TARGETS for deployment in _target(kind).list()]
    return DeploymentList(tuple(sorted(found, key=lambda d: d.name)))


def get(name: str) -> Deployment:
    """The deployment of that name.

    Raises:
        DeploymentNotFound
    """
    for kind in TARGETS:
        if (found := _target(kind).find(name)) is not None:
            return found
    raise not_deployed(name, [deployment.name for deployment in deployments()])


def delete(name: str) -> Deployment:
    """End a deployment and wait until it has ended. Returns what it was.

    Raises:
        DeploymentNotFound
    """
    deployment = get(name)
    _target(deployment.target).delete(name)
    return deployment


def stop_all() -> list[str]:
    """End all deployments of this user on this machine. Returns their names."""
    local = _target("local")
    names = [deployment.name for deployment in local.list()]
    for name in names:
        local.delete(name)
    return names


def logs(name: str, tail: int = 50) -> str:
    """The last lines of a deployment's log."""
    return target_of(name).logs(name, tail)


def target_of(name: str) -> Target:
    """The target that a deployment is on.

    Raises:
        DeploymentNotFound
    """
    return _target(get(name).target)


def _target(kind: str) -> Target:
    if kind == "local":
        from .local import LocalTarget

        return LocalTarget()
    meant = nearest(kind, TARGETS)
    raise UsageError(f"no target '{kind}'; known: {', '.join(TARGETS)}", hint=f"--to {meant or TARGETS[0]}")


def _find(conn: Connection, ref: str | Path, say: Progress) -> tuple[ModelToServe, str]:
    """The model on this machine, and the name that its deployment gets by default."""
    from ...client.models import fetch, find_model, read_model, resolve

    def show(*far: int) -> None:
        say(f"downloading {ref}: {copied(*far)}")

    run_id: str | None
    if (folder := model_folder(ref)) is not None:
        files = read_model(folder)
        label, uri, run_id, name = f"folder {folder}", folder.as_uri(), files.meta.get("run_id"), folder.name
    elif is_run_model(str(ref)):
        found = find_model(conn, str(ref))
        files = read_model(fetch(conn, found.uri, progress=show))
        uri, run_id = found.uri, found.run_id
        label = f"{found.name} of run {run_id}" if run_id else found.uri
        name = f"run-{run_id[:8]}" if run_id else found.uri.removeprefix("models:/")[:10]
    else:
        version = resolve(conn, str(ref))
        files = read_model(fetch(conn, version.uri, progress=show))
        label, name = f"{version.name} version {version.version}", version.name
        uri, run_id = version.uri, version.run_id
    store = re.sub(r"//[^/@]*@", "//", conn.uri).partition("?")[0]  # it is kept: without what may be a password
    model = ModelToServe(str(ref), label, uri, files, run_id, conn.uri, conn.registry_uri, store)
    return model, re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "model"


def model_folder(ref: object) -> Path | None:
    """The folder that a reference names: a Path, or text that is one, which starts as no model's name does."""
    if isinstance(ref, Path):
        return ref.expanduser().resolve()
    text = str(ref)
    if text.startswith("file:"):
        from ...client.models import local_path

        return local_path(text)
    looks_like_one = text.startswith((".", "/", "~")) or "\\" in text
    try:
        path = Path(text).expanduser()
        return path.resolve() if looks_like_one or (path / "MLmodel").is_file() else None
    except (OSError, RuntimeError, ValueError) as exc:  # a name too long, a home of nobody
        if not looks_like_one:
            return None
        raise UsageError(f"'{text[:100]}' is no path: {exc}") from exc


def is_run_model(ref: str) -> bool:
    """Whether a reference means a model that a run holds, not a registered one."""
    return re.fullmatch(r"runs:/.*|models:/m-[^/@]+/?|[0-9a-f]{32}", ref) is not None


def _silent(_: str) -> None:
    pass
