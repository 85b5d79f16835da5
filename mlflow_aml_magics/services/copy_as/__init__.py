"""An action as code: with our Python, azure-ai-ml, `az ml` and YAML; no credentials, names quoted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import UsageError, nearest
from .copied import Copied

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ..deploy import DeployOptions, Ref
    from ..deploy.target import ModelToServe

__all__ = ["ACTIONS", "code_of", "copied_deploy"]

ACTIONS = (
    "register", "deploy", "traffic", "roll_back", "invoke", "logs", "delete",
    "alias", "stage", "tags", "describe", "archive", "delete_version", "share",
)  # fmt: skip


def code_of(conn: Connection | None, action: str, args: Mapping[str, Any]) -> dict[str, str]:
    """The action as "python" (ours), "sdk" (azure-ai-ml), "cli" (az ml) and "yaml" (the files that "cli" reads).

    What has no such form is left out: stages are MLflow's own, and no command line has them.

    Args:
        conn: the connection whose workspace is meant; None for what needs no store.
        action: one of `ACTIONS`.
        args: as the method of `Workspace` of that action takes them. ``name`` of traffic, roll_back, invoke, logs and
            delete is a deployment's, best with its target ("online:wine/blue"); else the target is asked.
            deploy: model, to, name, and any of `DeployOptions`. register: source, name, alias, tags, description.
            traffic: name, shares. invoke: name, body (JSON as text or an object) or data_path. logs: name, tail.
            alias: name, version, alias, remove. stage: name, version, stage. tags: name, version, tags.
            describe: name, version, description. archive, delete_version: name, version.
            share: name, version, registry (or workspace, or store), as_name, as_version.

    Raises:
        UsageError: no such action, or an argument is missing.
    """
    if action not in ACTIONS:
        meant = nearest(action, ACTIONS)
        raise UsageError(f"no action '{action}' to copy", hint=meant)
    copied = _copied(conn, action, dict(args))
    texts = {"python": copied.python, "sdk": copied.sdk, "cli": copied.cli, "yaml": copied.yaml}
    return {key: text for key, text in texts.items() if text}


def _copied(conn: Connection | None, action: str, args: dict[str, Any]) -> Copied:
    if action == "deploy":
        from ..deploy.plan import plan
        from .deploying import options_of

        to, name = args.get("to") or "local", args.get("name") or None
        found = plan(_store(conn), _text(args, "model"), to=to, name=name, options=options_of(args))
        return Copied(found.python, found.sdk, found.cli, found.yaml)
    if action in ("traffic", "roll_back", "invoke", "logs", "delete"):
        return _of_deployment(conn, action, args)
    return _of_model(_store(conn), action, args)


def copied_deploy(
    conn: Connection,
    model: ModelToServe,
    *,
    to: str,
    name: str,
    options: DeployOptions,
    there: Sequence[str] | None = None,
) -> Copied:
    """What `deploy` does with a model.

    Args:
        there: names of the deployments that the endpoint has already; None where there is no such endpoint.

    Raises:
        UsageError: as `deploy`.
    """
    from . import batch, here, online

    if to in ("local", "docker"):
        return here.deploy(conn, model, name, options, kind=to)
    if model.version is None:
        raise UsageError(
            f"{model.label} is not registered, and Azure serves registered models only",
            hint=f"%aml_register {model.ref} --name NAME, then %aml_deploy NAME --to {to}",
        )
    if to == "batch":
        return batch.deploy(conn, model.ref, model.version, name, options, there=there)
    return online.deploy(conn, model.ref, model.version, name, options, kind=to, there=there)


def _of_deployment(conn: Connection | None, action: str, args: Mapping[str, Any]) -> Copied:
    from . import batch, here, online

    ref = _located(conn, _text(args, "name"), one=action == "logs")
    body, tail = args.get("body"), int(args.get("tail") or 50)
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    could: dict[str, Callable[[], Copied]]
    if ref.kind in ("local", "docker"):
        could = {
            "invoke": lambda: here.invoke(conn, ref, text),
            "logs": lambda: here.logs(conn, ref, tail),
            "delete": lambda: here.delete(conn, ref),
        }
    elif ref.kind == "batch":
        could = {
            "invoke": lambda: batch.invoke(conn, ref, args.get("data_path") or None),
            "logs": lambda: batch.logs(conn, ref, tail),
            "delete": lambda: batch.delete(conn, ref),
            "traffic": lambda: batch.traffic(conn, ref, args.get("shares") or {}),
            "roll_back": lambda: batch.roll_back(conn, ref),
        }
    else:
        could = {
            "invoke": lambda: online.invoke(conn, ref, text),
            "logs": lambda: online.logs(conn, ref, tail),
            "delete": lambda: online.delete(conn, ref),
            "traffic": lambda: online.traffic(conn, ref, args.get("shares") or {}),
            "roll_back": lambda: online.roll_back(conn, ref),
        }
    if action not in could:
        raise UsageError(f"'{ref}' is on the target {ref.kind}, which has no {action.replace('_', ' ')}")
    return could[action]()


def _located(conn: Connection | None, name: str, *, one: bool) -> Ref:
    """The name with its target; where it names none, the deployment is looked up. So is ``one`` of an endpoint."""
    from ..deploy import ON_AZURE, Ref, located

    ref = Ref.parse(name)
    if ref.kind is None:
        ref = replace(ref, kind=located(conn, name)[1].target)
    if one and ref.kind in ON_AZURE and ref.deployment is None:
        return Ref(ref.endpoint, located(conn, str(ref))[1].name.partition("/")[2] or None, ref.kind)
    return ref


def _of_model(conn: Connection, action: str, args: Mapping[str, Any]) -> Copied:
    from . import models

    name = _text(args, "name")
    if action == "register":
        return models.register(conn, _text(args, "source"), name, args)
    version = _text(args, "version")
    if action == "alias":
        return models.alias(conn, name, version, _text(args, "alias"), remove=bool(args.get("remove")))
    if action == "stage":
        return models.stage(conn, name, version, _text(args, "stage"))
    if action == "tags":
        return models.tags(conn, name, version, args.get("tags") or {})
    if action == "describe":
        return models.describe(conn, name, version, str(args.get("description") or ""))
    if action == "archive":
        return models.archive(conn, name, version)
    if action == "delete_version":
        return models.delete_version(conn, name, version)
    if args.get("workspace") or args.get("store"):
        return models.copy_to(conn, name, version, args)
    return models.share(
        conn, name, version, registry=_text(args, "registry"), as_name=str(args.get("as_name") or name),
        as_version=str(args.get("as_version") or version),
    )  # fmt: skip


def _text(args: Mapping[str, Any], key: str) -> str:
    found = args.get(key)
    if not found:
        raise UsageError(f"copying this as code needs the argument '{key}'")
    return str(found)


def _store(conn: Connection | None) -> Connection:
    if conn is None:
        raise UsageError("a model is of a store, and nothing is tracked", hint="%aml_track")
    return conn
