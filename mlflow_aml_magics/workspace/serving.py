"""What is deployed: listing, asking, logs, traffic, ending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UsageError

if TYPE_CHECKING:
    from ..client.connection import Connection, Progress
    from ..panels.endpoints import EndpointsPanel
    from ..services.batch_job import BatchJob, BatchJobList
    from ..services.deploy import Deployment, DeploymentList
    from ..services.invoke import Comparison, Invocation, Sample

__all__ = ["Serving"]


class Serving:
    """The deployments of this machine, and of the workspace where there is one.

    On its own it knows those of this machine alone, and needs no store; `Workspace` knows those of its workspace too.
    Names are "wine", "wine/blue" for one deployment of an endpoint, "online:wine" where several targets have a wine.
    """

    def _served_by(self) -> Connection | None:
        """Whose endpoints there are besides those of this machine."""
        return None

    def _azure(self) -> Connection:
        if (conn := self._served_by()) is None:
            raise UsageError(
                "jobs of batch endpoints need an Azure Machine Learning workspace, but nothing is tracked",
                hint="%aml_track --workspace NAME",
            )
        return conn

    def endpoints(self) -> DeploymentList:
        """Every deployment, running or not."""
        from ..services.deploy import deployments

        return deployments(self._served_by())

    def endpoints_panel(self, name: str | None = None, *, model: str | None = None) -> EndpointsPanel:
        """The panel of all deployments: deploy, test, traffic, logs.

        Args:
            name: the deployment to open it at; None for the list.
            model: open the form of a new deployment with this model, "" for any.
        """
        from ..panels.endpoints import EndpointsPanel

        return EndpointsPanel(self, name=name, model=model)

    def endpoint(self, name: str) -> Deployment:
        """One deployment, as it is now.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from ..services.deploy import get

        return get(self._served_by(), name)

    def sample(self, name: str, data: object = None, *, params: Mapping[str, Any] | None = None) -> Sample:
        """A request for a deployment in both wire forms and as fields of a form; nothing is sent.

        Args:
            name: the deployment's.
            data: as `invoke` takes it, to be checked and converted; None for the model's input example, else one made
                up from its signature.
            params: of the model.

        Raises:
            DeploymentNotFound
            InvokeError: the data does not fit, or there is nothing to make a request from.
        """
        from ..services.invoke import sample_of

        return sample_of(self._served_by(), name, data, params=params)

    def invoke(
        self,
        name: str,
        data: object = None,
        *,
        sample: bool = False,
        params: Mapping[str, Any] | None = None,
        rows: slice | None = None,
        repeat: int = 1,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> Invocation:
        """Ask a deployment for predictions.

        Args:
            name: the deployment's: "wine", "wine/blue" for one of an endpoint.
            data: a DataFrame, rows, JSON text in either wire form, or the path of a .csv, .json, .jsonl or .parquet
                file. Many rows go in several requests; the answer is one.
            sample: build the request from the model's input example, else from its signature.
            params: of the model.
            rows: of the data only these: slice(0, 100).
            repeat: ask so many times, to measure.
            chunk: rows a request; None for as many as are bearable.
            progress: told how many of many rows are scored.

        Raises:
            DeploymentNotFound
            InvokeError: the request does not fit the signature (the column is named), or the model failed. Of many rows
                its ``done`` is what was scored before.
        """
        from ..services.invoke import invoke

        return invoke(
            self._served_by(),
            name,
            data=data,
            sample=sample,
            params=params,
            rows=rows,
            repeat=repeat,
            chunk=chunk,
            progress=progress,
        )

    def score(
        self,
        name: str,
        data: object = None,
        *,
        wait: bool = True,
        progress: Progress | None = None,
        **options: Any,
    ) -> Invocation | BatchJob:
        """The same as `invoke`; on a batch endpoint it is a job that scores a folder, a file, a data asset or rows.

        Args:
            wait: until the job of a batch endpoint has ended.
            name, data, progress, options: as `invoke`.
        """
        from ..services.invoke import invoke_or_score

        return invoke_or_score(self._served_by(), name, data=data, wait=wait, progress=progress, **options)

    def batch_job(self, name: str, *, endpoint: str | None = None) -> BatchJob:
        """A job of a batch endpoint by its name, from any session.

        Args:
            endpoint: whose it must be, if that matters.

        Raises:
            NotFound: no job has it, or it is of another endpoint.
            UsageError: this is no Azure Machine Learning workspace.
        """
        from ..services.batch_job import batch_job

        return batch_job(self._azure(), name, endpoint=endpoint)

    def batch_jobs(self, endpoint: str) -> BatchJobList:
        """The jobs of a batch endpoint, the latest first, at most 50.

        Raises:
            UsageError: this is no Azure Machine Learning workspace.
        """
        from ..services.batch_job import jobs

        return jobs(self._azure(), endpoint)

    def compare_answers(
        self,
        name: str,
        *others: str,
        data: object = None,
        sample: bool = False,
        params: Mapping[str, Any] | None = None,
        rows: slice | None = None,
        repeat: int = 1,
        chunk: int | None = None,
        progress: Progress | None = None,
    ) -> Comparison:
        """Send the same rows to two deployments, and show how their predictions differ.

        Args:
            name: an endpoint or a deployment.
            others: one deployment to compare it with, or two: "blue", "green" under the endpoint, or any two names.
            data, sample, params, rows, repeat, chunk, progress: as `invoke`.

        Raises:
            DeploymentNotFound, InvokeError
            UsageError: there are not two.
        """
        from ..services.invoke import compare, the_two

        a, b = the_two(self._served_by(), name, others)
        return compare(
            self._served_by(),
            a,
            b,
            data=data,
            sample=sample,
            params=params,
            rows=rows,
            repeat=repeat,
            chunk=chunk,
            progress=progress,
        )

    def request_code(
        self,
        name: str,
        language: Literal["curl", "python"] = "curl",
        *,
        data: object = None,
        sample: bool = False,
        params: Mapping[str, Any] | None = None,
        rows: slice | None = None,
    ) -> str:
        """A request as code that reads the key where it is kept; it is checked, and not sent.

        Args:
            language: for a shell, or for any Python 3 without packages.
            name, data, sample, params, rows: as `invoke`; of many rows the code has the first 1,000.
        """
        from ..services.invoke import as_code

        return as_code(self._served_by(), name, language, data=data, sample=sample, params=params, rows=rows)

    def set_traffic(
        self, endpoint: str, shares: Mapping[str, int], *, progress: Progress | None = None
    ) -> DeploymentList:
        """Share an endpoint's requests among its deployments.

        Args:
            endpoint: its name.
            shares: percent by deployment, {"blue": 90, "green": 10}; the others get none; 100 or 0 in all.

        Returns:
            The endpoint's deployments.

        Raises:
            UsageError: the shares do not sum to 100, or the endpoint has no such deployment.
        """
        from ..services.deploy import set_traffic

        return set_traffic(self._served_by(), endpoint, shares, progress)

    def roll_back(self, endpoint: str, *, progress: Progress | None = None) -> DeploymentList:
        """Give an endpoint the traffic that it had before the last change."""
        from ..services.deploy import roll_back

        return roll_back(self._served_by(), endpoint, progress)

    def logs(self, name: str, *, tail: int = 50) -> str:
        """The last lines that a deployment wrote."""
        from ..services.deploy import logs

        return logs(self._served_by(), name, tail)

    def delete(self, name: str, *, progress: Progress | None = None) -> Deployment:
        """End a deployment and forget it; an endpoint with all that is under it. Returns what it was.

        Raises:
            DeploymentNotFound: with the nearest name.
        """
        from ..services.deploy import delete

        return delete(self._served_by(), name, progress)

    def stop_all(self) -> list[str]:
        """End every deployment of this machine; returns their names. What the workspace has goes on."""
        from ..services.deploy import stop_all

        return stop_all()
