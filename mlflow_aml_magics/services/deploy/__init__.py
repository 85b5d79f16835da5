"""Deploy a model and look after what is deployed; each place to deploy to is one file behind `Target`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import AmlMagicsError, DeploymentError, ModelError, UsageError, nearest
from ..download import copied
from ..model_tags import TYPE
from .options import KINDS, DeployOptions, Ref
from .target import Deployment, DeploymentList, ModelToServe, SharesTraffic, Target, not_deployed

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles

__all__ = [
    "KINDS",
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
]

ON_AZURE = ("online", "kubernetes", "batch")


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
    name = _unprefixed(name, to)
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
    found: list[tuple[Target, Deployment]] = []
    failed: AmlMagicsError | None = None
    for kind in targets_of(conn) if ref.kind is None else (ref.kind,):
        place = target(conn, kind)
        try:
            one = place.find(ref)
        except AmlMagicsError as exc:
            failed = failed or exc
            continue
        found += [(place, one)] if one is not None else []
    if len(found) > 1:
        names = [f"{deployment.target}:{ref.name}" for _, deployment in found]
        raise UsageError(f"'{name}' is the name of {len(found)} deployments", hint=" or ".join(names))
    if found:
        return found[0]
    if failed is not None:
        raise failed
    raise not_deployed(name, [deployment.name for deployment in deployments(conn)])


def delete(conn: Connection | None, name: str, progress: Progress | None = None) -> Deployment:
    """End a deployment, or an endpoint with all that is under it, and wait until it has ended. Returns what it was.

    Raises:
        DeploymentNotFound
    """
    place, deployment = located(conn, name)
    place.delete(Ref.parse(name), progress or _silent)
    return deployment


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
    place, deployment = located(conn, endpoint)
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


def model_to_serve(conn: Connection, ref: str | Path, say: Progress) -> tuple[ModelToServe, str]:
    """The model, and the name that its deployment gets by default. Its files are fetched when they are needed."""
    from ...client.models import fetch, find_model, read_model, resolve
    from ...client.paths import short_path

    def show(*far: int) -> None:
        say(f"downloading {ref}: {copied(*far)}")

    def fetched(uri: str) -> ModelFiles:
        return read_model(fetch(conn, uri, progress=show))

    run_id: str | None
    version = None
    if (folder := model_folder(ref)) is not None:
        files = read_model(folder)
        get_files = lambda: files  # noqa: E731
        label, run_id = f"folder {short_path(folder)}", files.meta.get("run_id")
        uri, name = folder.as_uri(), folder.name
    elif is_run_model(str(ref)):
        found = find_model(conn, str(ref))
        get_files = partial(fetched, found.uri)
        uri, run_id = found.uri, found.run_id
        label = f"{found.name} of run {run_id}" if run_id else found.uri
        name = f"run-{run_id[:8]}" if run_id else found.uri.removeprefix("models:/")[:10]
    else:
        version = resolve(conn, str(ref))
        if kind := version.tags.get(TYPE):
            raise ModelError(
                f"{version.name} version {version.version} is a {kind} model: to serve it takes a scoring script",
                hint=f"%aml_download {version.name}:{version.version} brings its files",
            )
        get_files = partial(fetched, version.uri)
        label, name = f"{version.name} version {version.version}", version.name
        uri, run_id = version.uri, version.run_id
    store = re.sub(r"//[^/@]*@", "//", conn.uri).partition("?")[0]  # it is kept: without what may be a password
    model = ModelToServe(str(ref), label, uri, get_files, run_id, conn.uri, conn.registry_uri, store, version)
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


def _unprefixed(name: str | None, to: str) -> str | None:
    """The name without a target's, "online:wine", which must be the target that is deployed to."""
    kind, _, rest = (name or "").rpartition(":")
    if kind in KINDS and kind != to:
        raise UsageError(f"'{name}' is a name on the target {kind}, not on {to}", hint=f"--to {kind} --name {rest}")
    return rest if kind in KINDS else name


def is_run_model(ref: str) -> bool:
    """Whether a reference means a model that a run holds, not a registered one."""
    return re.fullmatch(r"runs:/.*|models:/m-[^/@]+/?|[0-9a-f]{32}", ref) is not None


def _silent(_: str) -> None:
    pass
