"""Batch endpoints as code: deploy, which deployment is asked, score, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..deploy.batch_watch import default_of
from ..deploy.endpoint_names import FIRST, endpoint_and_deployment
from ..deploy.options import DeployOptions, Ref
from .copied import Copied, Raw, call, yaml_file
from .deploying import deploy_call
from .where import az, ours, with_sdk

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ...client.models import ModelVersion

__all__ = ["delete", "deploy", "invoke", "logs", "roll_back", "traffic"]

MINI_BATCH = 10  # files, as the service takes by itself
UPDATE = "client.batch_endpoints.begin_create_or_update(endpoint).result()"


def deploy(
    conn: Connection,
    ref: str,
    version: ModelVersion,
    name: str,
    options: DeployOptions,
    *,
    there: Sequence[str] | None = None,
) -> Copied:
    """Endpoint, deployment, and which deployment is asked by default."""
    endpoint, wanted = endpoint_and_deployment(name, options.deployment)
    deployment = wanted or (there[0] if there and len(there) == 1 else FIRST)
    tags = dict(options.tags) or None
    settings: dict[str, Any] = {
        "mini_batch_size": options.mini_batch_size or MINI_BATCH,
        "output_action": "append_row",
        "output_file_name": "predictions.csv",
        "error_threshold": 0,  # no file that fails is let pass, as our own target has it
        "max_concurrency_per_instance": 1,
    }
    about: dict[str, Any] = {
        "name": deployment,
        "endpoint_name": endpoint,
        "model": f"azureml:{version.name}:{version.version}",
        "compute": options.compute,
    }
    made = call("ModelBatchDeployment", **about, settings=Raw(call("ModelBatchDeploymentSettings", **settings)))
    lines = [f"endpoint = {call('BatchEndpoint', name=endpoint, tags=tags)}", UPDATE] if there is None else []
    lines += [f"deployment = {made}", "client.batch_deployments.begin_create_or_update(deployment).result()"]
    default = default_of(endpoint, options.traffic) if options.traffic is not None else "" if there else deployment
    if default:
        lines += _ask(endpoint, default)
    used = ["ModelBatchDeployment", "ModelBatchDeploymentSettings", *(("BatchEndpoint",) if there is None else ())]
    compute = f"azureml:{options.compute}" if options.compute else None
    content = {**about, "compute": compute, "type": "model", "settings": settings, "tags": tags}
    files = [("deployment.yml", yaml_file("modelBatchDeployment", content))]
    commands = [az(conn, "batch-deployment create", {"file": "deployment.yml", "set-default": default == deployment})]
    if there is None:
        files.insert(0, ("endpoint.yml", yaml_file("batchEndpoint", {"name": endpoint, "tags": tags})))
        commands.insert(0, az(conn, "batch-endpoint create", {"file": "endpoint.yml"}))
    if default not in ("", deployment):
        commands.append(az(conn, "batch-endpoint update", _to(endpoint, default)))
    return Copied(
        python=ours(conn, deploy_call(ref, "batch", name, options)),
        sdk=with_sdk(conn, used, *lines),
        cli="\n".join(commands) + "\n",
        files=tuple(files),
    )


def _ask(endpoint: str, deployment: str) -> list[str]:
    return [
        f"endpoint = client.batch_endpoints.get({endpoint!r})",
        f"endpoint.defaults.deployment_name = {deployment!r}",
        UPDATE,
    ]


def traffic(conn: Connection | None, ref: Ref, shares: Mapping[str, int]) -> Copied:
    """Another deployment gets the endpoint's jobs: the one with 100."""
    wanted = default_of(ref.endpoint, shares)
    return Copied(
        python=ours(conn, call("ws.set_traffic", str(replace(ref, deployment=None)), {wanted: 100})),
        sdk=with_sdk(conn, (), *_ask(ref.endpoint, wanted)),
        cli=az(conn, "batch-endpoint update", _to(ref.endpoint, wanted)) + "\n",
    )


def _to(endpoint: str, deployment: str) -> dict[str, str]:
    return {"name": endpoint, "set": f"defaults.deployment_name={deployment}"}


def invoke(conn: Connection | None, ref: Ref, path: str | None) -> Copied:
    """Score a folder, a file or a data asset, and fetch what came out."""
    where = path or "azureml:NAME:VERSION"
    kind = "uri_file" if where.rpartition("/")[2].rpartition(".")[2] in ("csv", "parquet", "json") else "uri_folder"
    given = f'{{"input": {call("Input", type=kind, path=where)}}}'
    words = f"endpoint_name={ref.endpoint!r}, deployment_name={ref.deployment!r}, inputs={given}"
    lines = [
        f"job = client.batch_endpoints.invoke({words})",
        "client.jobs.stream(job.name)",
        'client.jobs.download(job.name, output_name="score", download_path=".")',
    ]
    options: dict[str, str | bool | Raw | None] = {
        "name": ref.endpoint,
        "deployment-name": ref.deployment,
        "input": where,
        "input-type": kind,
        "query": "name",
        "output": "tsv",
    }
    job = Raw('"$JOB"')
    commands = [
        f"JOB=$({az(conn, 'batch-endpoint invoke', options)})",
        az(conn, "job stream", {"name": job}),
        az(conn, "job download", {"name": job, "output-name": "score", "download-path": "."}),
    ]
    return Copied(
        python=ours(conn, f"answer = {call('ws.score', str(ref), where)}", "answer"),
        sdk=with_sdk(conn, (), *lines, top="Input, MLClient"),
        cli="\n".join(commands) + "\n",
    )


def roll_back(conn: Connection | None, ref: Ref) -> Copied:
    """The default before the last change, which stands in a tag of the endpoint."""
    return Copied(ours(conn, call("ws.roll_back", str(replace(ref, deployment=None)))))


def logs(conn: Connection | None, ref: Ref, tail: int) -> Copied:
    """What the latest job wrote last."""
    return Copied(ours(conn, f"print({call('ws.logs', str(ref), tail=tail)})"))


def delete(conn: Connection | None, ref: Ref) -> Copied:
    """A deployment, or the endpoint with all."""
    python = ours(conn, call("ws.delete", str(ref)))
    if ref.deployment is None:
        gone = call("client.batch_endpoints.begin_delete", name=ref.endpoint)
        cli = az(conn, "batch-endpoint delete", {"name": ref.endpoint, "yes": True})
    else:
        gone = call("client.batch_deployments.begin_delete", name=ref.deployment, endpoint_name=ref.endpoint)
        cli = az(conn, "batch-deployment delete", {"name": ref.deployment, "endpoint-name": ref.endpoint, "yes": True})
    return Copied(python, with_sdk(conn, (), f"{gone}.result()"), cli + "\n")
