"""Deployments of this machine as code: a local process with mlflow's own command, a container with docker's."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ...client.paths import redacted
from ..deploy import Ref, target
from ..deploy.docker_engine import LABEL, build_words, run_words
from ..deploy.docker_image import default_image
from ..deploy.options import DeployOptions
from .copied import Copied, call, command
from .deploying import deploy_call
from .where import ours

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ..deploy.target import ModelToServe

__all__ = ["delete", "deploy", "invoke", "logs"]

PORT = 5001  # in commands, where a free one cannot be asked for


def deploy(conn: Connection, model: ModelToServe, name: str, options: DeployOptions, *, kind: str) -> Copied:
    """A process of mlflow's scoring server, or an image and a container of it."""
    python = ours(conn, deploy_call(model.ref, kind, name, options))
    store = f"MLFLOW_TRACKING_URI={shlex.quote(redacted(conn.uri))} \\\n"
    if conn.registry_uri != conn.uri:
        store += f"MLFLOW_REGISTRY_URI={shlex.quote(redacted(conn.registry_uri))} \\\n"
    uri = f"models:/{model.version.name}/{model.version.version}" if model.version else model.uri
    if kind == "local":
        serve = command(
            ["mlflow", "models", "serve"],
            {
                "model-uri": uri,
                "host": "127.0.0.1",
                "port": str(options.port or PORT),
                "env-manager": "uv" if options.isolated else "local",
            },
        )
        return Copied(python, cli=f"{store}{serve}\n")
    image, folder = options.image or default_image(model, name), f"docker-{name}"
    write = command(["mlflow", "models", "generate-dockerfile"], {"model-uri": uri, "output-directory": folder})
    commands = [
        f"{store}{write}",
        shlex.join(build_words(name, image, folder)),
        shlex.join(run_words(name, image, options.port or PORT)),
    ]
    return Copied(python, cli="\n".join(commands) + "\n")


def invoke(conn: Connection | None, ref: Ref, body: str | None) -> Copied:
    """A scoring request; the command reads the key where it is kept."""
    ask = call("ws.invoke", str(ref), body) if body is not None else call("ws.invoke", str(ref), sample=True)
    cli = f"{target(None, str(ref.kind)).curl(ref, body)}\n" if body is not None else ""
    return Copied(ours(conn, f"answer = {ask}", "answer"), cli=cli)


def logs(conn: Connection | None, ref: Ref, tail: int) -> Copied:
    """What the process or the container wrote last."""
    cli = ""
    if ref.kind == "docker":
        cli = f"docker logs --tail {tail} {_containers(ref, 'latest')}\n"
    elif (found := target(None, "local").find(ref)) is not None and found.log is not None:
        cli = f"tail -n {tail} {shlex.quote(str(found.log))}\n"
    return Copied(ours(conn, f"print({call('ws.logs', str(ref), tail=tail)})"), cli=cli)


def delete(conn: Connection | None, ref: Ref) -> Copied:
    """The end of the process or the container."""
    cli = f"docker rm --force {_containers(ref, 'all')}\n" if ref.kind == "docker" else ""
    return Copied(ours(conn, call("ws.delete", str(ref))), cli=cli)


def _containers(ref: Ref, which: str) -> str:
    return f"$(docker ps --quiet --{which} --filter {shlex.quote(f'label={LABEL}={ref.endpoint}')})"
