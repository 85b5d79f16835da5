"""The online target: managed online endpoints of Azure ML, and what those on Kubernetes have in common with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from ...client.azure_endpoints import Endpoint, OnlineEndpoints, Served, model_uri
from ...client.model_glance import glance
from ...errors import DeploymentError, ModelError, UsageError
from . import online_scoring
from .checking import check_model, check_registered
from .costs import DEFAULT_MACHINE
from .endpoint_names import endpoint_and_deployment, is_name
from .failures import decode
from .following import stays
from .online_rows import rows
from .online_steps import Steps
from .online_traffic import shift
from .online_watch import Watch, tail_of
from .options import DeployOptions, Ref
from .target import Deployment, DeploymentList, ModelToServe, not_deployed
from .traffic import BEFORE, check_shares, parse_shares, worded

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles
    from ...client.scoring import Answer
    from ...frames.signature import Form

__all__ = ["OnlineTarget", "make"]

FOLLOW_SECONDS = 3600.0  # building an image from nothing and starting a large machine take a quarter of an hour
AUTHS = ("key", "aml_token")
LOG_LINES = 200  # read to find out why it failed


class OnlineTarget:
    """Serves registered models on endpoints of the workspace.

    Args:
        conn: to an Azure Machine Learning workspace.
    """

    kind = "online"
    wire: Form = "input_data"
    takes: tuple[str, ...] = ("deployment", "instance_type", "instance_count", "auth", "traffic", "tags")
    machine = DEFAULT_MACHINE  # where none is asked for

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.points = OnlineEndpoints(conn)

    # --- deploying

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """Have a deployment of the model under the endpoint of that name, and traffic for the first of them.

        Raises:
            UsageError: the model is not registered, a name that Azure refuses, an endpoint of another kind.
            ModelError: what the check found will fail; `force` goes on.
            DeploymentError: it failed, or was left; the hint says how to go on and how to remove what is left.
        """
        options.check(self.kind, *self.takes)
        _check_options(options)
        check_registered(model, self.kind)
        endpoint, deployment = endpoint_and_deployment(name, options.deployment)
        assert self.conn.azure is not None
        link = self.conn.azure.studio.endpoint(endpoint)
        progress(f"the endpoint's page: {link}" if link else f"the endpoint {endpoint} in the {self.conn.label}")
        check_model(self.conn, model, self.kind, options, progress)
        timeout = FOLLOW_SECONDS if options.timeout is None else options.timeout
        watch = Watch(self.points, progress, timeout)
        made = Steps(watch, self.kind, endpoint, deployment, model, options, self.machine).run()
        found = self.find(Ref(endpoint, made))
        return found if found is not None else _refuse(self, f"{endpoint}/{made}")

    # --- looking

    def list(self) -> tuple[Deployment, ...]:
        """Every deployment, and endpoints that have none."""
        found = self.points.all(kubernetes=self.kind == "kubernetes")
        return tuple(row for point, served in found for row in rows(self.kind, self.conn, point, served))

    def find(self, ref: Ref) -> Deployment | None:
        """The deployment; of an endpoint the one with most traffic. Of a failed one ``detail`` says why."""
        point = self._endpoint(ref.endpoint)
        if point is None:
            return None
        if ref.deployment is None:
            served = self.points.deployments(point.name)
        else:
            one = self.points.deployment(point.name, ref.deployment) if is_name(ref.deployment) else None
            if one is None:
                return None
            served = [one]
        row = rows(self.kind, self.conn, point, served)[0]
        if row.state != "failed" or not served:
            return row
        known = decode(*tail_of(self.points, point.name, row.name.partition("/")[2], LOG_LINES))
        return replace(row, detail=f"{known.line}\n{known.meaning}: {known.fix}") if known else row

    def logs(self, ref: Ref, tail: int) -> str:
        """The last lines of the server; above them those of what fetched the model, where the server has none."""
        name = self._one(ref)
        server, fetcher = tail_of(self.points, ref.endpoint, name, tail)
        if server or fetcher:
            whose = "" if ref.deployment else f"log of {ref.endpoint}/{name}\n"
            return f"{whose}{server or fetcher}"
        return f"{ref.endpoint}/{name} has written nothing yet, or its container is gone"

    def about(self, ref: Ref) -> ModelFiles:
        """What the model's small files say."""
        served = self.points.deployment(ref.endpoint, self._one(ref))
        uri = model_uri(served.model) if served else ""
        if not uri:
            raise ModelError(
                f"what '{ref.name}' serves is no model of this workspace", hint="give it data that you know it takes"
            )
        return glance(self.conn, uri)

    # --- traffic

    def set_traffic(self, endpoint: str, shares: Mapping[str, int], progress: Progress) -> DeploymentList:
        """Percent by deployment; those not named get none.

        Raises:
            UsageError: the sum is neither 100 nor 0.
            DeploymentNotFound
        """
        point = self._sure(endpoint)
        served = self.points.deployments(endpoint)
        wanted = check_shares(endpoint, shares, {each.name for each in served})
        states = {each.name: each.state for each in served}
        if unfit := [name for name, share in wanted.items() if share and states[name] in ("Failed", "Creating")]:
            raise DeploymentError(
                f"'{endpoint}/{unfit[0]}' does not serve ({states[unfit[0]].lower()}), so it gets no traffic",
                hint=f"%aml_endpoints {endpoint}/{unfit[0]}",
            )
        with stays(f"the traffic of {endpoint} is being set to {worded(wanted)}", FOLLOW_SECONDS):
            shift(Watch(self.points, progress, FOLLOW_SECONDS), point, wanted)
        return DeploymentList(rows(self.kind, self.conn, self._sure(endpoint), self.points.deployments(endpoint)))

    def roll_back(self, endpoint: str, progress: Progress) -> DeploymentList:
        """The shares before the last change. Once more undoes that.

        Raises:
            UsageError: no earlier shares are known.
            DeploymentNotFound: one that had a share is gone.
        """
        before = parse_shares(self._sure(endpoint).tags.get(BEFORE, ""))
        if not before:
            raise UsageError(
                f"'{endpoint}' remembers no earlier traffic: it was never changed from here",
                hint=f"%aml_deploy --name {endpoint} --traffic A=90,B=10",
            )
        return self.set_traffic(endpoint, before, progress)

    # --- ending

    def delete(self, ref: Ref, progress: Progress) -> tuple[str, ...]:
        """End a deployment, or the endpoint with all of them, whose names it returns, and wait until it is gone.

        Raises:
            DeploymentNotFound
            UsageError: the deployment has traffic that another should get first.
            DeploymentError: Azure does not delete it.
        """
        point = self._sure(ref.endpoint)
        name = ref.deployment or ""
        what = ref.name if name else f"the endpoint {ref.name}"
        under = () if name else tuple(sorted(each.name for each in self.points.deployments(point.name)))
        with stays(f"{what} is being deleted", FOLLOW_SECONDS):
            watch = Watch(self.points, progress, FOLLOW_SECONDS)
            if name:
                self._take_traffic(watch, point, name)
            progress(f"deleting {what}")
            operation = self.points.delete(point.name, name).operation
            outcome = watch.gone(point.name, name, operation)
        if outcome.state != "Deleted":
            raise DeploymentError(f"{what} is not deleted: {outcome.why or outcome.state}", hint="%aml_endpoints")
        online_scoring.forget(self.points, point.name)
        return under

    def _take_traffic(self, watch: Watch, point: Endpoint, name: str) -> None:
        served = {each.name: each for each in self.points.deployments(point.name)}
        if name not in served:
            _refuse(self, f"{point.name}/{name}")
        share = point.traffic.get(name, 0)
        others = sorted(other for other in served if other != name)
        if share and others:
            raise UsageError(
                f"'{point.name}/{name}' answers {share} % of the requests",
                hint=f"first %aml_deploy --name {point.name} --traffic {worded(_without(point.traffic, name, others))}",
            )
        if share:
            shift(watch, point, {}, remember=False)

    # --- asking

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """POST to the scoring address; to one deployment where the reference names it.

        Raises:
            DeploymentError: nothing answers, or not in time.
        """
        return online_scoring.send(self.points, lambda: self._sure(ref.endpoint), ref, body, timeout=timeout)

    def curl(self, ref: Ref, body: str) -> str:
        """A command for a shell, which asks `az` for the key."""
        return online_scoring.curl(self.points, self._sure(ref.endpoint), ref, body)

    # --- names

    def _endpoint(self, name: str) -> Endpoint | None:
        """The endpoint, where it is one of this target."""
        point = self.points.get(name) if is_name(name) else None
        return point if point is not None and bool(point.compute) == (self.kind == "kubernetes") else None

    def _sure(self, name: str) -> Endpoint:
        point = self._endpoint(name)
        return point if point is not None else _refuse(self, name)

    def _one(self, ref: Ref) -> str:
        """The deployment that a reference means: the named one, else that with most traffic."""
        point = self._sure(ref.endpoint)
        if ref.deployment:
            return ref.deployment
        served: tuple[Served, ...] = tuple(self.points.deployments(ref.endpoint))
        if not served:
            raise DeploymentError(
                f"the endpoint '{ref.endpoint}' has no deployment",
                hint=f"%aml_deploy MODEL --to {self.kind} --name {ref.endpoint}",
            )
        return max(served, key=lambda each: point.traffic.get(each.name, 0)).name


def make(conn: Connection | None) -> OnlineTarget:
    """The target over a connection, which must be to a workspace of Azure."""
    assert conn is not None
    return OnlineTarget(conn)


def _check_options(options: DeployOptions) -> None:
    if options.auth is not None and options.auth not in AUTHS:
        raise UsageError(f"no auth '{options.auth}'", hint=f"--auth {' or '.join(AUTHS)}")
    if options.instance_count is not None and options.instance_count < 1:
        raise UsageError(f"{options.instance_count} machines serve nothing", hint="--count from 1 on")


def _without(traffic: Mapping[str, int], name: str, others: list[str]) -> dict[str, int]:
    """Shares without the one: its own goes to the largest of the others."""
    shares = {other: traffic.get(other, 0) for other in others}
    largest = max(others, key=lambda other: shares[other])
    shares[largest] += 100 - sum(shares.values())
    return shares


def _refuse(target: OnlineTarget, name: str) -> NoReturn:
    raise not_deployed(name, [row.name for row in target.list()])
