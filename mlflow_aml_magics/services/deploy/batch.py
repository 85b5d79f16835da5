"""The batch target: batch endpoints of Azure Machine Learning, which score files on a cluster, a job at a time.

An endpoint sends its jobs to one deployment, its default: that has all of the "traffic" here, the others none. Scoring
is `services.batch_job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from ...client.azure_batch import BatchEndpoint, BatchEndpoints, BatchServed
from ...client.azure_endpoints import model_label, model_uri
from ...client.azure_rest import ended
from ...client.model_glance import glance
from ...errors import DeploymentError, ModelError, UsageError
from .batch_steps import BatchSteps
from .batch_watch import default_of, make_default
from .checking import check_model, check_registered
from .endpoint_names import endpoint_and_deployment, is_name
from .following import Followed, follow, stays
from .online_rows import MODEL, NEVER, REF, state_of
from .options import DeployOptions, Ref
from .target import Deployment, DeploymentList, ModelToServe, not_deployed
from .traffic import BEFORE, check_shares, parse_shares

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles
    from ...client.scoring import Answer
    from ...frames.signature import Form
    from ..batch_job import BatchJob

__all__ = ["BatchTarget", "make"]

FOLLOW_SECONDS = 900.0  # endpoints and deployments are documents, and made in half a minute
ASKED = 10  # jobs, which deployment they are of
COST = "its cluster's nodes while a job runs"


class BatchTarget:
    """Has registered models score files.

    Args:
        conn: to an Azure Machine Learning workspace.
    """

    kind = "batch"
    wire: Form = "input_data"
    takes: tuple[str, ...] = ("deployment", "compute", "mini_batch_size", "traffic", "tags")

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.points = BatchEndpoints(conn)

    # --- deploying

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """Have a deployment of the model under the endpoint of that name; the first of them becomes its default.

        Raises:
            UsageError: the model is not registered, no such cluster, a name that Azure refuses.
            ModelError: what the check found will fail; `force` goes on.
            DeploymentError: it failed, or was left; the hint says how to go on and how to remove what is left.
        """
        options.check(self.kind, *self.takes)
        if options.mini_batch_size is not None and options.mini_batch_size < 1:
            raise UsageError(f"{options.mini_batch_size} files are no mini batch", hint="--mini-batch-size from 1 on")
        check_registered(model, self.kind)
        endpoint, deployment = endpoint_and_deployment(name, options.deployment)
        if options.traffic is not None:
            default_of(endpoint, options.traffic)
        link = self._link(endpoint)
        progress(f"the endpoint's page: {link}" if link else f"the batch endpoint {endpoint} in the {self.conn.label}")
        check_model(self.conn, model, self.kind, options, progress)
        timeout = FOLLOW_SECONDS if options.timeout is None else options.timeout
        made = BatchSteps(self.points, endpoint, deployment, model, options, progress, timeout).run()
        found = self.find(Ref(endpoint, made))
        return found if found is not None else self._refuse(f"{endpoint}/{made}")

    # --- looking

    def list(self) -> tuple[Deployment, ...]:
        """Every deployment, and endpoints that have none."""
        return tuple(row for point, served in self.points.all() for row in self._rows(point, served))

    def find(self, ref: Ref) -> Deployment | None:
        """The deployment; of an endpoint its default one."""
        if not is_name(ref.endpoint) or (ref.deployment and not is_name(ref.deployment)):
            return None
        point = self.points.get(ref.endpoint)
        if point is None:
            return None
        if ref.deployment is None:
            return self._rows(point, self.points.deployments(point.name))[0]
        served = self.points.deployment(point.name, ref.deployment)
        return self._rows(point, [served])[0] if served is not None else None

    def logs(self, ref: Ref, tail: int) -> str:
        """The last lines of the latest job: of a deployment, or of the endpoint."""
        from ...client.azure_batch_jobs import job_log

        self._sure(ref.endpoint)
        latest = self._latest(ref)
        if latest is None:
            lately = f", or not lately (%aml_endpoints {ref.endpoint} --logs)" if ref.deployment else ""
            return f"{ref.name} has scored nothing yet{lately}: %aml_invoke {ref.name} --data FOLDER"
        by = f" of {ref.endpoint}/{latest.deployment}" if latest.deployment else f" of {ref.endpoint}"
        lines = job_log(self.conn, latest.name).rstrip().splitlines()[-tail:]
        return "\n".join([f"job {latest.name}{by}: {latest.state}", *(lines or ["it has written nothing yet"])])

    def _latest(self, ref: Ref) -> BatchJob | None:
        """The latest job; of a deployment those are asked one by one whose listed run does not name theirs."""
        from ..batch_job import jobs

        asked = 0
        for listed in jobs(self.conn, ref.endpoint):
            job = listed
            if not job.deployment and asked < ASKED:
                asked += 1
                job = job.refresh()
            if ref.deployment in (None, job.deployment):
                return job
        return None

    def about(self, ref: Ref) -> ModelFiles:
        """What the model's small files say."""
        served = self.points.deployment(ref.endpoint, self._one(ref))
        uri = model_uri(served.model) if served else ""
        if not uri:
            raise ModelError(
                f"what '{ref.name}' scores with is no model of this workspace",
                hint="give it data that you know it takes",
            )
        return glance(self.conn, uri)

    # --- which deployment has the jobs

    def set_traffic(self, endpoint: str, shares: Mapping[str, int], progress: Progress) -> DeploymentList:
        """Have an endpoint's jobs go to the deployment that gets 100.

        Raises:
            UsageError: another share than 100 for one.
            DeploymentNotFound
        """
        point = self._sure(endpoint)
        wanted = default_of(endpoint, shares)
        check_shares(endpoint, shares, {each.name for each in self.points.deployments(endpoint)})
        with stays(f"the default of {endpoint} is being set to {wanted}", FOLLOW_SECONDS):
            point = make_default(self.points, point, wanted, progress, timeout=FOLLOW_SECONDS)
        return DeploymentList(self._rows(point, self.points.deployments(endpoint)))

    def roll_back(self, endpoint: str, progress: Progress) -> DeploymentList:
        """The default before the last change. Once more undoes that.

        Raises:
            UsageError: no earlier default is known.
            DeploymentNotFound: it is gone.
        """
        before = parse_shares(self._sure(endpoint).tags.get(BEFORE, ""))
        if not before:
            raise UsageError(
                f"'{endpoint}' remembers no earlier default: it was never changed from here",
                hint=f"%aml_deploy --name {endpoint} --traffic NAME=100",
            )
        return self.set_traffic(endpoint, before, progress)

    # --- ending

    def delete(self, ref: Ref, progress: Progress) -> tuple[str, ...]:
        """End a deployment, or the endpoint with all of them, whose names it returns. Its jobs stay.

        Raises:
            DeploymentNotFound
            DeploymentError: Azure does not delete it.
        """
        point = self._sure(ref.endpoint)
        name = ref.deployment or ""
        what = ref.name if name else f"the batch endpoint {ref.name}"
        if name and self.points.deployment(point.name, name) is None:
            self._refuse(ref.name)
        under = () if name else tuple(sorted(each.name for each in self.points.deployments(point.name)))
        with stays(f"{what} is being deleted", FOLLOW_SECONDS):
            progress(f"deleting {what}")
            operation = self.points.delete(point.name, name).operation

            def look() -> Followed[str]:
                there = self.points.deployment(point.name, name) if name else self.points.get(point.name)
                if there is None:
                    return Followed("", "", done=True)
                status, why = (
                    ended(self.conn, operation) if operation else ("", "")
                )  # what failed before may still say so
                return Followed(why or status, f"deleting {what}", done=status in ("Failed", "Canceled"))

            if why := follow(look, progress, timeout=FOLLOW_SECONDS):
                raise DeploymentError(f"{what} is not deleted: {why}", hint="%aml_endpoints")
        return under

    # --- asking

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """Refused: it takes files, and answers when its job has ended."""
        self._scores_files(ref)

    def curl(self, ref: Ref, body: str) -> str:
        """Refused in the same way."""
        self._scores_files(ref)

    def _scores_files(self, ref: Ref) -> NoReturn:
        raise UsageError(
            f"'{ref.name}' is a batch endpoint: it scores files, and answers nothing at once",
            hint=f"%aml_invoke {ref.name} --data FOLDER",
        )

    # --- rows and names

    def _rows(self, point: BatchEndpoint, served: Sequence[BatchServed]) -> tuple[Deployment, ...]:
        """The deployments of an endpoint, the default first; one that is "empty" where it has none."""
        if not served:
            return (self._empty(point),)
        ordered = sorted(served, key=lambda each: (each.name != point.default, each.name))
        return tuple(self._row(point, each) for each in ordered)

    def _row(self, point: BatchEndpoint, served: BatchServed) -> Deployment:
        state = state_of(served.state)
        details = {"changing": f"Azure says: {served.state}", "failed": "its creation failed; deploy it again"}
        return Deployment(
            name=f"{point.name}/{served.name}",
            target=self.kind,
            state=state,
            model=model_label(served.model) if served.model else served.tags.get(MODEL, ""),
            ref=served.tags.get(REF, ""),
            url=point.scoring_uri,
            store=self.conn.label,
            started=served.created or point.created or NEVER,
            detail=details.get(state, ""),
            traffic=100 if served.name == point.default else 0,
            machine=f"{served.compute}, {served.mini_batch_size} files a mini batch",
            cost=COST,
            link=self._link(point.name),
        )

    def _empty(self, point: BatchEndpoint) -> Deployment:
        state = state_of(point.state)
        details = {"running": "it has no deployment", "failed": "making the endpoint failed"}
        return Deployment(
            name=point.name,
            target=self.kind,
            state="empty" if state == "running" else state,
            model="",
            ref="",
            url=point.scoring_uri,
            store=self.conn.label,
            started=point.created or NEVER,
            detail=details.get(state, f"Azure says: {point.state}"),
            link=self._link(point.name),
        )

    def _link(self, endpoint: str) -> str:
        assert self.conn.azure is not None
        return self.conn.azure.studio.endpoint(endpoint, batch=True)

    def _sure(self, name: str) -> BatchEndpoint:
        point = self.points.get(name) if is_name(name) else None
        return point if point is not None else self._refuse(name)

    def _one(self, ref: Ref) -> str:
        """The deployment that a reference means: the named one, else the default, else the only one."""
        point = self._sure(ref.endpoint)
        if ref.deployment or point.default:
            return ref.deployment or point.default
        names = [each.name for each in self.points.deployments(ref.endpoint)]
        if len(names) != 1:
            raise DeploymentError(
                f"the batch endpoint '{ref.endpoint}' has no {'default ' if names else ''}deployment",
                hint=f"%aml_deploy --name {ref.endpoint} --traffic {names[0]}=100"
                if names
                else f"%aml_deploy MODEL --to batch --name {ref.endpoint}",
            )
        return names[0]

    def _refuse(self, name: str) -> NoReturn:
        raise not_deployed(name, [row.name for row in self.list()])


def make(conn: Connection | None) -> BatchTarget:
    """The target over a connection, which must be to a workspace of Azure."""
    assert conn is not None
    return BatchTarget(conn)
