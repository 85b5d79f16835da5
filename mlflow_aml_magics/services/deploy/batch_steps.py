"""A model deployed to a batch endpoint in steps: each looks first at what there is, so that a second call goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...client.azure_batch import BatchEndpoint, BatchEndpoints, BatchServed
from ...client.azure_endpoints import model_id, model_label
from ...errors import AmlMagicsError, DeploymentError, UsageError, nearest
from .batch_watch import default_of, make_default, settled
from .endpoint_names import FIRST
from .leaving import told_on_leaving, ways_back
from .online_rows import AT, BY, MODEL, REF, by, cut, now, state_of
from .traffic import check_shares

if TYPE_CHECKING:
    from ...client.connection import Progress
    from .options import DeployOptions
    from .target import ModelToServe

__all__ = ["BatchSteps"]

NEW_CLUSTER = (
    "az ml compute create --type amlcompute --name cpu-cluster --size Standard_DS3_v2 --min-instances 0 "
    "--max-instances 2, then --compute cpu-cluster"
)


@dataclass
class BatchSteps:
    """One deployment being made.

    Args:
        points: of the workspace.
        endpoint: its name.
        deployment: its name; None where the endpoint decides.
        model: registered.
        options: what else was asked for.
        say: told what goes on.
        timeout: seconds for each step.
    """

    points: BatchEndpoints
    endpoint: str
    deployment: str | None
    model: ModelToServe
    options: DeployOptions
    say: Progress
    timeout: float
    _doing: str = field(default="nothing was begun", init=False)
    _new: str = field(default="", init=False)  # what was not there before: endpoint, or deployment; "" if both were

    def run(self) -> str:
        """All steps. Returns the deployment's name.

        Raises:
            UsageError: no such cluster, or it is not clear which deployment is meant.
            DeploymentError: it failed, or was left: the message says what there is, the hint how to go on.
        """
        with self._left():
            point, served, name = self.looked_up()
            there = next((each for each in served if each.name == name), None)
            if there is None:
                self._new = self.endpoint if point is None else f"{self.endpoint}/{name}"
            compute = self.cluster(there)
            point = self._have_endpoint(point)
            self._have_deployment(there, compute)
            self._have_default(point, name)
        return name

    def _choose(self, point: BatchEndpoint | None, served: list[BatchServed]) -> str:
        if self.deployment is not None:
            return self.deployment
        names = sorted(each.name for each in served)
        if not names:
            return FIRST
        if len(names) == 1:
            self.say(f"{self.endpoint}/{names[0]} is the only deployment there, and is updated")
            return names[0]
        raise UsageError(
            f"the batch endpoint '{self.endpoint}' has {len(names)} deployments: {', '.join(names)}; which is meant?",
            hint=f"--deployment {point.default if point and point.default else names[0]}, or a new name beside them",
        )

    def looked_up(self) -> tuple[BatchEndpoint | None, list[BatchServed], str]:
        """The endpoint if it is there, what is under it, and the deployment that is meant; nothing is changed."""
        point = self.points.get(self.endpoint)
        served = [] if point is None else self.points.deployments(self.endpoint)
        name = self.deployment = self._choose(point, served)
        if self.options.traffic is not None:
            check_shares(self.endpoint, self.options.traffic, {each.name for each in served} | {name})
        return point, served, name

    def cluster(self, there: BatchServed | None) -> str:
        """The cluster: the one asked for, the one it is on, or the only one there is."""
        known = [compute for compute in self.points.computes() if compute.scores]
        names = [compute.name for compute in known]
        listed = ", ".join(f"{c.name} ({c.kind}{f', {c.size}' if c.size else ''})" for c in known)
        wanted = self.options.compute or (there.compute if there else "")
        if wanted:
            found = next((name for name in names if name.lower() == wanted.lower()), None)
            if found is None:
                meant = nearest(wanted, names)
                raise UsageError(
                    f"there is no cluster '{wanted}'; the workspace has {listed or 'none'}",
                    hint=f"--compute {meant}" if meant else NEW_CLUSTER,
                )
            return found
        clusters = [compute.name for compute in known if compute.kind == "amlcompute"]
        if len(clusters) == 1:
            self.say(f"on {clusters[0]}, the only cluster there is")
            return clusters[0]
        if not names:
            raise UsageError("batch scoring needs a cluster, and the workspace has none", hint=NEW_CLUSTER)
        raise UsageError(f"on which cluster? there are {listed}", hint=f"--compute {(clusters or names)[0]}")

    def _have_endpoint(self, point: BatchEndpoint | None) -> BatchEndpoint:
        self._doing = f"the batch endpoint {self.endpoint} is being made"
        operation, words = "", f"making the batch endpoint {self.endpoint}"
        if point is not None and point.state == "Deleting":
            raise DeploymentError(
                f"the batch endpoint '{self.endpoint}' is being deleted", hint="again when it is gone"
            )
        if point is None or point.state in ("Failed", "Canceled"):
            self.say(words)
            tags = {**self.options.tags, BY: by(self.points.conn), AT: now()}
            operation = self.points.create(self.endpoint, cut(tags)).operation
        elif not set(self.options.tags.items()) <= set(point.tags.items()):
            words = f"adding tags to the batch endpoint {self.endpoint}"
            operation = self.points.change(self.endpoint, tags=cut(self.options.tags)).operation
        elif state_of(point.state) != "changing":
            return point
        return settled(
            self.points, lambda: self.points.get(self.endpoint), self.say, operation=operation, words=words,
            what=f"the batch endpoint '{self.endpoint}'", timeout=self.timeout,
        )  # fmt: skip

    def _have_deployment(self, there: BatchServed | None, compute: str) -> None:
        name, full = str(self.deployment), f"{self.endpoint}/{self.deployment}"
        self._doing = f"the deployment {full} is being made"
        assert self.model.version is not None
        model = model_id(self.points.conn, self.model.version.name, self.model.version.version)
        size = self.options.mini_batch_size or (there.mini_batch_size if there else 10)
        same = there is not None and (there.model.lower(), there.compute.lower(), there.mini_batch_size) == (
            model.lower(), compute.lower(), size,
        )  # fmt: skip
        operation, words = "", f"making the deployment {full} on {compute}"
        if there is not None and state_of(there.state) == "changing":
            if not same or there.state == "Deleting":
                raise DeploymentError(
                    f"'{full}' is changing already ({there.state}, {model_label(there.model)})",
                    hint=f"again when that is over, or another --deployment; %aml_endpoints {full}",
                )
            self.say(f"{full} is being made already; following it")
        elif there is not None and same and there.state == "Succeeded":
            self.say(f"{full} has {self.model.label} already")
            return
        else:
            self.say(words)
            tags = {
                **self.options.tags,
                REF: self.model.ref,
                MODEL: self.model.label,
                BY: by(self.points.conn),
                AT: now(),
            }
            operation = self.points.deploy(
                self.endpoint, name, model=model, compute=compute, mini_batch_size=size, tags=cut(tags)
            ).operation
        settled(
            self.points, lambda: self.points.deployment(self.endpoint, name), self.say, operation=operation,
            words=words, what=f"'{full}'", timeout=self.timeout,
        )  # fmt: skip

    def _have_default(self, point: BatchEndpoint, name: str) -> None:
        """The first deployment of an endpoint gets its jobs; later ones when asked for."""
        self._doing = f"{self.endpoint}/{name} is made, its endpoint's default is not set yet"
        wanted = default_of(self.endpoint, self.options.traffic) if self.options.traffic is not None else None
        if wanted is None and not point.default:
            wanted = name
        if wanted is not None:
            make_default(self.points, point, wanted, self.say, timeout=self.timeout)
        elif point.default != name:
            self.say(
                f"jobs still go to {self.endpoint}/{point.default}: try {self.endpoint}/{name} by its name, then "
                f"%aml_deploy --name {self.endpoint} --traffic {name}=100"
            )

    # --- what goes wrong

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Whoever leaves, or fails, is told what there is by now, and how to go on."""
        with told_on_leaving(lambda: self._doing, self._ways_back, self.timeout):
            try:
                yield
            except DeploymentError as exc:
                raise DeploymentError(f"{exc.message}{self._remains()}", hint=exc.hint or self._ways_back()) from exc

    def _remains(self) -> str:
        """What a failure left, which was not there or did not fail before."""
        with suppress(AmlMagicsError):  # the failure is told, whatever else can be found out
            point = self.points.get(self.endpoint)
            served = self.points.deployments(self.endpoint) if point is not None else []
            if any(each.name == self.deployment and state_of(each.state) == "failed" for each in served):
                return f"; left there: {self.endpoint}/{self.deployment}"
            if point is not None and not served:
                return f"; left there: the batch endpoint {self.endpoint}, without a deployment"
        return ""

    def _ways_back(self) -> str:
        name = f"{self.endpoint}/{self.deployment}" if self.deployment else self.endpoint
        return ways_back(f"%aml_deploy {self.model.ref} --to batch --name {name}{self.options.typed}", self._new)
