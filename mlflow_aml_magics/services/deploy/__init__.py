"""Deploy a model and look after what is deployed; each place to deploy to is one file behind `Target`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import AmlMagicsError, DeploymentError, StoreUnreachable, UsageError, nearest
from .options import KINDS, ON_AZURE, DeployOptions, Ref
from .target import Deployment, DeploymentList, SharesTraffic, Target, not_deployed
from .which_model import is_run_model, model_folder, model_to_serve

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress

__all__ = [
    "KINDS",
    "ON_AZURE",
    "DeployOptions",
    "Deployment",
    "DeploymentList",
    "Ref",
    "delete",
    "deploy",
    "deployments",
    "get",
    "is_run_model",
    "located",
    "logs",
    "model_folder",
    "model_to_serve",
    "roll_back",
    "set_traffic",
    "stop_all",
    "target",
    "targets_of",
    "unprefixed",
]


def deploy(
    conn: Connection,
    ref: str | Path,
    *,
    to: str = "local",
    name: str | None = None,
    options: DeployOptions | None = None,
    progress: Progress | None = None,
) -> Deployment:
    """Serve a model, in place of what before had that name. Returns once it answers.

    Args:
        ref: a registered model (wine@champion, wine:3, wine), a run id, runs:/…, models:/m-…, or a folder.
        to: the target, one of `KINDS`.
        name: of the deployment, or of the endpoint where a target has such, also as ENDPOINT/DEPLOYMENT; the model's
            own name by default.
        options: what else was asked for.
        progress: told in words what goes on.

    Raises:
        ModelNotFound, RunNotFound, NoModelInRun, ModelError, UsageError
        DeploymentError: it does not start; what had the name before still runs, and what is left half made is named.

    >>> deploy(conn, "wine@champion")            # doctest: +SKIP
    deployment wine
      model  wine version 3 (asked for as wine@champion)
    """
    kind = target(conn, to)
    say = progress or _silent
    options = options or DeployOptions()
    name = unprefixed(name, to)
    if options.port is not None and not 0 < options.port < 65536:
        raise UsageError(f"{options.port} is no port: 1 to 65535, or none for a free one")
    say(f"looking up {ref}")
    model, default_name = model_to_serve(conn, ref, say)
    return kind.deploy(model, name or default_name, options, say)


def deployments(conn: Connection | None = None) -> DeploymentList:
    """All deployments, with what they really do now: of this machine, and of the workspace of ``conn``.

    One kind of target that cannot be asked does not hide the others: what it said is in ``notes``.
    """
    found: list[Deployment] = []
    notes: list[str] = []
    for kind in targets_of(conn):
        try:
            found += target(conn, kind).list()
        except AmlMagicsError as exc:
            notes.append(f"{kind} deployments are not listed: {exc.message}")
    return DeploymentList(tuple(sorted(found, key=lambda d: (d.name, d.target))), tuple(notes))


def get(conn: Connection | None, name: str) -> Deployment:
    """The deployment of that name: "wine", "wine/blue", "online:wine".

    Raises:
        DeploymentNotFound
        UsageError: several targets have it.
    """
    return located(conn, name)[1]


def located(conn: Connection | None, name: str) -> tuple[Target, Deployment]:
    """The target that a deployment is on, and the deployment.

    A place that cannot be asked, as Azure without a network, does not hide what is found in another.
    """
    ref = Ref.parse(name)
    return _only(ref, _found(conn, ref))


def _found(conn: Connection | None, ref: Ref) -> list[tuple[Target, Deployment]]:
    """All that have the name, at least one."""
    found: list[tuple[Target, Deployment]] = []
    failed: AmlMagicsError | None = None
    for kind in targets_of(conn) if ref.kind is None else (ref.kind,):
        place = target(conn, kind)
        if kind in ON_AZURE and isinstance(failed, StoreUnreachable):
            continue  # each would wait as long again
        try:
            one = place.find(ref)
        except AmlMagicsError as exc:
            failed = failed or exc
            continue
        found += [(place, one)] if one is not None else []
    if not found:
        raise failed or not_deployed(str(ref), [deployment.name for deployment in deployments(conn)])
    return found


def _only(ref: Ref, found: Sequence[tuple[Target, Deployment]]) -> tuple[Target, Deployment]:
    if len(found) > 1:
        names = [f"{deployment.target}:{ref.name}" for _, deployment in found]
        raise UsageError(f"'{ref}' is the name of {len(found)} deployments", hint=" or ".join(names))
    return found[0]


def delete(conn: Connection | None, name: str, progress: Progress | None = None) -> Deployment:
    """End a deployment, or an endpoint with all that is under it, and wait until it has ended. Returns what it was.

    Raises:
        DeploymentNotFound
    """
    place, deployment = located(conn, name)
    return replace(deployment, under=place.delete(Ref.parse(name), progress or _silent))


def set_traffic(
    conn: Connection | None, endpoint: str, shares: Mapping[str, int], progress: Progress | None = None
) -> DeploymentList:
    """Share an endpoint's requests among its deployments, in percent. Returns them.

    Raises:
        DeploymentNotFound
        UsageError: the shares do not sum to 100 or 0, or there is no such deployment.
    """
    place, name = _sharing(conn, endpoint)
    return place.set_traffic(name, shares, progress or _silent)


def roll_back(conn: Connection | None, endpoint: str, progress: Progress | None = None) -> DeploymentList:
    """Give an endpoint the traffic that it had before the last change."""
    place, name = _sharing(conn, endpoint)
    return place.roll_back(name, progress or _silent)


def _sharing(conn: Connection | None, endpoint: str) -> tuple[SharesTraffic, str]:
    ref = Ref.parse(endpoint)
    found = _found(conn, ref)  # of which a local one of the same name is not meant
    place, deployment = _only(ref, [each for each in found if isinstance(each[0], SharesTraffic)] or found)
    if not isinstance(place, SharesTraffic):
        raise UsageError(f"'{endpoint}' has no traffic to share: it is on the target {deployment.target}")
    return place, deployment.endpoint


def stop_all() -> list[str]:
    """End all deployments of this user on this machine. Returns their names.

    Raises:
        DeploymentError: some do not end; the others have.
    """
    names, left = [], []
    for kind in ("local", "docker"):
        place = target(None, kind)
        try:
            found = place.list()
        except AmlMagicsError as exc:
            left.append(exc.message)
            continue
        for deployment in found:
            try:
                place.delete(Ref(deployment.name), _silent)
                names.append(deployment.name)
            except AmlMagicsError as exc:  # the others end all the same
                left.append(f"{deployment.reference}: {exc.message}")
    if left:
        ended = f"; stopped: {', '.join(names)}" if names else ""
        raise DeploymentError(f"not stopped: {'; '.join(left)}{ended}", hint="%aml_endpoints")
    return names


def logs(conn: Connection | None, name: str, tail: int = 50) -> str:
    """The last lines of a deployment's log."""
    return located(conn, name)[0].logs(Ref.parse(name), tail)


def target(conn: Connection | None, kind: str) -> Target:
    """The place to deploy to that has that name.

    Raises:
        UsageError: none has, or it needs an Azure Machine Learning workspace and this is none.
    """
    if kind not in KINDS:
        meant = nearest(kind, KINDS)
        raise UsageError(f"no target '{kind}'; known: {', '.join(KINDS)}", hint=f"--to {meant or KINDS[0]}")
    if kind in ON_AZURE and (conn is None or conn.azure is None):
        where = "nothing is tracked" if conn is None else f"this is the {conn.label}"
        raise UsageError(
            f"--to {kind} needs an Azure Machine Learning workspace, but {where}",
            hint="%aml_track --workspace NAME, or %aml_track --sandbox to try it without a subscription",
        )
    place: Target = import_module(f".{kind}", __package__).make(conn)
    return place


def targets_of(conn: Connection | None) -> tuple[str, ...]:
    """The targets that can be deployed to from here."""
    return KINDS if conn is not None and conn.azure is not None else tuple(k for k in KINDS if k not in ON_AZURE)


def unprefixed(name: str | None, to: str) -> str | None:
    """The name without a target's, "online:wine", which must be the target that is deployed to."""
    kind, _, rest = (name or "").rpartition(":")
    if kind in KINDS and kind != to:
        raise UsageError(f"'{name}' is a name on the target {kind}, not on {to}", hint=f"--to {kind} --name {rest}")
    return rest if kind in KINDS else name


def _silent(_: str) -> None:
    pass
