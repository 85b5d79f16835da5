"""Deploying to an online endpoint, step by step: endpoint, deployment, traffic.

Each step finds what is there already, so that the same call goes on where an interruption left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...client.azure_endpoints import Endpoint, OnlineEndpoints, Served, model_id, model_label
from ...errors import AmlMagicsError, DeploymentError, UsageError
from .clusters import kubernetes_cluster
from .costs import cost_hint, machine_hint, quota_hint
from .endpoint_names import FIRST
from .failures import decode
from .leaving import told_on_leaving, ways_back
from .online_rows import AT, BY, MODEL, REF, by, cut, now, state_of
from .online_traffic import shift
from .online_watch import Outcome, Watch, tail_of
from .traffic import BEFORE, check_shares, first_shares, parse_shares, trial_shares, worded

if TYPE_CHECKING:
    from ...client.connection import Progress
    from .options import DeployOptions
    from .target import ModelToServe

__all__ = ["Steps"]

LOG_LINES = 200  # read to find out why it failed


@dataclass
class Steps:
    """One deployment being made.

    Args:
        watch: who waits for it.
        kind: the target.
        endpoint: its name.
        deployment: its name; None where the endpoint decides.
        model: registered.
        options: what else was asked for.
        machine: the size that is taken where none is asked for, "" leaves it to the service.
    """

    watch: Watch
    kind: str
    endpoint: str
    deployment: str | None
    model: ModelToServe
    options: DeployOptions
    machine: str
    _doing: str = field(default="nothing was begun", init=False)
    _new: str = field(default="", init=False)  # what was not there before: endpoint, or deployment; "" if both were

    def run(self) -> str:
        """All steps. Returns the deployment's name.

        Raises:
            UsageError: what is there is of another kind, or it is not clear which deployment is meant.
            DeploymentError: it failed, or was left: the message says what there is, the hint how to go on.
        """
        with told_on_leaving(lambda: self._doing, self._ways_back, self.watch.timeout):
            point, served, name = self.looked_up()
            if not any(each.name == name for each in served):
                self._new = self.endpoint if point is None else f"{self.endpoint}/{name}"
            point = self._have_endpoint(point)
            self._have_deployment(point, next((each for each in served if each.name == name), None))
            self._have_traffic(name)
        return name

    def looked_up(self) -> tuple[Endpoint | None, list[Served], str]:
        """The endpoint if it is there, what is under it, and the deployment that is meant; nothing is changed.

        Raises:
            UsageError: as `run`.
        """
        point = self._find_endpoint()
        served = [] if point is None else self.points.deployments(self.endpoint)
        name = self.deployment = self._choose(served)
        if self.options.traffic is not None:
            check_shares(self.endpoint, self.options.traffic, {each.name for each in served} | {name})
        return point, served, name

    @property
    def points(self) -> OnlineEndpoints:
        """Of the workspace."""
        return self.watch.points

    @property
    def say(self) -> Progress:
        """Told what goes on."""
        return self.watch.say

    # --- the endpoint

    def _find_endpoint(self) -> Endpoint | None:
        point = self.points.get(self.endpoint)
        if point is None:
            if self.kind == "kubernetes":
                cluster = kubernetes_cluster(self.points.conn, self.options.compute, self.say)
                self.options = replace(self.options, compute=cluster)
            return None
        kind = "kubernetes" if point.compute else "online"
        if kind != self.kind:
            raise UsageError(
                f"the endpoint '{self.endpoint}' is one of the target {kind}", hint=f"--to {kind}, or another --name"
            )
        if self.options.compute and self.options.compute != point.compute:
            raise UsageError(
                f"the endpoint '{self.endpoint}' is on the cluster {point.compute}, not {self.options.compute}",
                hint="an endpoint stays where it is: another --name",
            )
        if self.options.auth and self.options.auth != point.auth:
            raise UsageError(
                f"the endpoint '{self.endpoint}' takes {point.auth}, not {self.options.auth}, which cannot be changed",
                hint="leave --auth away, or another --name",
            )
        if point.state == "Deleting":
            raise DeploymentError(f"the endpoint '{self.endpoint}' is being deleted", hint="again when it is gone")
        return point

    def _have_endpoint(self, point: Endpoint | None) -> Endpoint:
        self._doing = f"the endpoint {self.endpoint} is being made"
        operation, words = "", f"making the endpoint {self.endpoint}"
        if point is None or point.state in ("Failed", "Canceled"):
            self.say(words)
            tags = {**self.options.tags, BY: by(self.points.conn), AT: now()}
            auth, compute = self.options.auth or "key", self.options.compute or ""
            if point is not None:  # what it was made with cannot be changed
                auth, compute = point.auth, point.compute
            try:
                operation = self.points.create(self.endpoint, auth=auth, tags=cut(tags), compute=compute).operation
            except DeploymentError as exc:
                raise self._refused(exc.message, f"the endpoint '{self.endpoint}'") from exc
        elif not set(self.options.tags.items()) <= set(point.tags.items()):
            words = f"adding tags to the endpoint {self.endpoint}"
            operation = self.points.change(self.endpoint, tags=cut(self.options.tags)).operation
        elif state_of(point.state) != "changing":
            return point
        outcome = self.watch.endpoint(self.endpoint, operation, words)
        found = self.points.get(self.endpoint)
        if found is None or not outcome.good:
            raise self._failed(outcome, f"the endpoint '{self.endpoint}'")
        return found

    # --- the deployment

    def _choose(self, served: list[Served]) -> str:
        if self.deployment is not None:
            return self.deployment
        names = sorted(each.name for each in served)
        if not names:
            return FIRST
        if len(names) == 1:
            self.say(f"{self.endpoint}/{names[0]} is the only deployment there, and is updated")
            return names[0]
        raise UsageError(
            f"the endpoint '{self.endpoint}' has {len(names)} deployments: {', '.join(names)}; which is meant?",
            hint=f"--deployment {names[0]}, or a new name beside them",
        )

    def _have_deployment(self, point: Endpoint, there: Served | None) -> None:
        name = str(self.deployment)
        full = f"{self.endpoint}/{name}"
        self._doing = f"the deployment {full} is being made"
        assert self.model.version is not None
        model = model_id(self.points.conn, self.model.version.name, self.model.version.version)
        machine = self.options.instance_type or (there.machine if there else "") or self.machine
        count = self.options.instance_count or (there.count if there else 1)
        same = there is not None and (there.model.lower(), there.machine, there.count) == (
            model.lower(),
            machine,
            count,
        )
        operation = ""
        if there is not None and state_of(there.state) == "changing":
            if not same or there.state == "Deleting":
                raise DeploymentError(
                    f"'{full}' is changing already ({there.state}, {model_label(there.model)})",
                    hint=f"again when that is over, or another --deployment; %aml_endpoints {full}",
                )
            self.say(f"{full} is being made already; following it")
        elif there is not None and same and there.state == "Succeeded":
            self.say(f"{full} serves {self.model.label} already")
            return
        else:
            costs = "; ".join(filter(None, (cost_hint(machine, count), quota_hint(machine, count))))
            self.say(
                f"making the deployment {full}: {machine or 'default size'} × {count}{f', {costs}' if costs else ''}"
            )
            operation = self._begin(point, name, model, machine, count)
        outcome = self.watch.deployment(self.endpoint, name, operation)
        if not outcome.good:
            raise self._failed(outcome, f"'{full}'")

    def _begin(self, point: Endpoint, name: str, model: str, machine: str, count: int) -> str:
        tags = {**self.options.tags, REF: self.model.ref, MODEL: self.model.label, BY: by(self.points.conn), AT: now()}
        try:
            return self.points.deploy(point, name, model=model, machine=machine, count=count, tags=cut(tags)).operation
        except DeploymentError as exc:
            raise self._refused(exc.message, f"'{self.endpoint}/{name}'", machine) from exc

    # --- the traffic

    def _have_traffic(self, name: str) -> None:
        self._doing = f"{self.endpoint}/{name} serves, its traffic is not set yet"
        point = self.points.get(self.endpoint)
        if point is None:
            raise DeploymentError(f"the endpoint '{self.endpoint}' was deleted meanwhile", hint="%aml_endpoints")
        known = [each.name for each in self.points.deployments(self.endpoint)]
        if self.options.traffic is not None:
            wanted: Mapping[str, int] | None = check_shares(self.endpoint, self.options.traffic, known)
        else:
            stopped = set(parse_shares(point.tags.get(BEFORE, ""))) & set(known)  # by somebody, who meant it
            wanted = None if stopped else first_shares(point.traffic, known, name)
        if wanted is not None:
            shift(self.watch, point, wanted)
        elif not point.traffic.get(name):
            self.say(
                f"{self.endpoint}/{name} gets no traffic yet: try it with %aml_invoke {self.endpoint}/{name} --sample, "
                f"then %aml_deploy --name {self.endpoint} --traffic {worded(trial_shares(point.traffic, name))}"
            )

    # --- what goes wrong

    @property
    def _again(self) -> str:
        name = f"{self.endpoint}/{self.deployment}" if self.deployment else self.endpoint
        return f"%aml_deploy {self.model.ref} --to {self.kind} --name {name}{self.options.typed}"

    def _ways_back(self) -> str:
        return ways_back(self._again, self._new)

    def _refused(self, why: str, what: str, machine: str = "") -> DeploymentError:
        """Azure did not begin it: there is no log of it, and what was there before is as it was."""
        known = decode(why)
        said = f"{known.meaning}: {known.line}" if known else why
        fix = self._named(known.fix) if known else machine_hint(machine, self.kind)
        left = f"; left there: {self.endpoint}, which %aml_endpoints {self.endpoint} --delete removes"
        made = left if "/" in what and self._new == self.endpoint else ""  # it was made for this
        return DeploymentError(f"{what} failed: {said}", hint=f"{fix or f'mend that, then {self._again}'}{made}")

    def _failed(self, outcome: Outcome, what: str) -> DeploymentError:
        """What is known of it, what to do, and what is left."""
        name, left = self.deployment, []
        server = fetcher = ""
        with suppress(AmlMagicsError):  # the failure is told, whatever else can be found out
            if name and self.points.deployment(self.endpoint, name) is not None:
                left.append(f"{self.endpoint}/{name}")
                server, fetcher = tail_of(self.points, self.endpoint, name, LOG_LINES)
            elif self.points.get(self.endpoint) is not None and not self.points.deployments(self.endpoint):
                left.append(self.endpoint)
        known = decode(server, fetcher, outcome.why)
        state = "was cancelled" if outcome.state == "Canceled" else "failed"
        why = outcome.why or f"Azure says no more than {outcome.state}"
        said = f"{known.meaning}: {known.line}" if known else why
        fix = self._named(known.fix) if known else f"%aml_endpoints {self.endpoint}/{name} --logs"
        remains = f"; left there: {left[0]}, which %aml_endpoints {left[0]} --delete removes" if left else ""
        return DeploymentError(f"{what} {state}: {said}", hint=f"{fix}{remains}")

    def _named(self, fix: str) -> str:
        return fix.replace("NAME", f"{self.endpoint}/{self.deployment}").replace("MODEL", self.model.ref)
