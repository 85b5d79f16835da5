"""Online endpoints as code, managed or on Kubernetes: deploy, traffic, roll back, invoke, logs, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..deploy.costs import DEFAULT_MACHINE
from ..deploy.endpoint_names import FIRST, endpoint_and_deployment
from ..deploy.options import DeployOptions, Ref
from ..deploy.traffic import BEFORE
from .copied import Copied, Raw, call, yaml_file
from .deploying import deploy_call
from .where import az, ours, with_sdk

if TYPE_CHECKING:
    from ...client.connection import Connection
    from ...client.models import ModelVersion

__all__ = ["delete", "deploy", "invoke", "logs", "roll_back", "traffic"]

UPDATE = "client.online_endpoints.begin_create_or_update(endpoint).result()"
# What `roll_back` reads; our own traffic calls write the same.
REMEMBER = (
    f'endpoint.tags["{BEFORE}"] = ",".join(f"{{k}}={{v}}" for k, v in sorted((endpoint.traffic or {{}}).items()))'
)


def deploy(
    conn: Connection,
    ref: str,
    version: ModelVersion,
    name: str,
    options: DeployOptions,
    *,
    kind: str,
    there: Sequence[str] | None = None,
) -> Copied:
    """Endpoint, deployment, traffic.

    Args:
        version: the model's.
        name: the endpoint's, or ENDPOINT/DEPLOYMENT.
        kind: "online" or "kubernetes".
        there: names of the endpoint's deployments; None where it is new.
    """
    endpoint, wanted = endpoint_and_deployment(name, options.deployment)
    deployment = wanted or (there[0] if there and len(there) == 1 else FIRST)
    shares = options.traffic if options.traffic is not None else ({deployment: 100} if not there else None)
    classes = ("KubernetesOnlineEndpoint", "KubernetesOnlineDeployment")
    if kind == "online":
        classes = ("ManagedOnlineEndpoint", "ManagedOnlineDeployment")
    about_endpoint: dict[str, Any] = {
        "name": endpoint,
        "auth_mode": options.auth or "key",
        "compute": options.compute,
        "tags": dict(options.tags) or None,
    }
    about_deployment: dict[str, Any] = {
        "name": deployment,
        "endpoint_name": endpoint,
        "model": f"azureml:{version.name}:{version.version}",
        "instance_type": options.instance_type or (DEFAULT_MACHINE if kind == "online" else None),
        "instance_count": options.instance_count or 1,
        "tags": dict(options.tags) or None,
    }
    lines = []
    if there is None:
        lines += [f"endpoint = {call(classes[0], **about_endpoint)}", UPDATE]
    lines += [
        f"deployment = {call(classes[1], **about_deployment)}",
        "client.online_deployments.begin_create_or_update(deployment).result()",
    ]
    if shares is not None:
        lines += _shift(endpoint, shares, remember=bool(there))
    used = classes if there is None else classes[1:]
    return Copied(
        python=ours(conn, deploy_call(ref, kind, name, options)),
        sdk=with_sdk(conn, used, *lines),
        cli="\n".join(_commands(conn, endpoint, deployment, shares, there)) + "\n",
        files=_files(kind, about_endpoint, about_deployment, is_new=there is None),
    )


def _commands(
    conn: Connection, endpoint: str, deployment: str, shares: Mapping[str, int] | None, there: Sequence[str] | None
) -> list[str]:
    found = []
    if there is None:
        found.append(az(conn, "online-endpoint create", {"file": "endpoint.yml"}))
    verb = "update" if deployment in (there or ()) else "create"  # each refuses what the other is for
    found.append(az(conn, f"online-deployment {verb}", {"file": "deployment.yml"}))
    if shares is not None:
        found.append(az(conn, "online-endpoint update", {"name": endpoint, "traffic": _worded(shares)}))
    return found


def _files(
    kind: str, endpoint: Mapping[str, Any], deployment: Mapping[str, Any], *, is_new: bool
) -> tuple[tuple[str, str], ...]:
    prefix = "managed" if kind == "online" else "kubernetes"
    compute = endpoint["compute"]
    first = dict(endpoint) | {"compute": f"azureml:{compute}" if compute else None}
    # Without a type the command line takes a deployment for a managed one.
    second = {**deployment, "type": None if kind == "online" else "kubernetes"}
    files = [("deployment.yml", yaml_file(f"{prefix}OnlineDeployment", second))]
    if is_new:
        files.insert(0, ("endpoint.yml", yaml_file(f"{prefix}OnlineEndpoint", first)))
    return tuple(files)


def traffic(conn: Connection | None, ref: Ref, shares: Mapping[str, int]) -> Copied:
    """Another share of the requests for each deployment."""
    wanted = {str(name): int(share) for name, share in shares.items()}
    return Copied(
        python=ours(conn, call("ws.set_traffic", str(replace(ref, deployment=None)), wanted)),
        sdk=with_sdk(conn, (), *_shift(ref.endpoint, wanted, remember=True)),
        cli=az(conn, "online-endpoint update", {"name": ref.endpoint, "traffic": _worded(wanted)}) + "\n",
    )


def _shift(endpoint: str, shares: Mapping[str, int], *, remember: bool) -> list[str]:
    return [
        f"endpoint = client.online_endpoints.get({endpoint!r})",
        *([REMEMBER] if remember else []),
        f"endpoint.traffic = {dict(shares)!r}",
        UPDATE,
    ]


def _worded(shares: Mapping[str, int]) -> str:
    return " ".join(f"{name}={share}" for name, share in shares.items())


def roll_back(conn: Connection | None, ref: Ref) -> Copied:
    """The traffic before the last change, which stands in a tag of the endpoint."""
    before = [
        f"endpoint = client.online_endpoints.get({ref.endpoint!r})",
        f'before = endpoint.tags["{BEFORE}"].split(",")',
        REMEMBER,
        'endpoint.traffic = {name: int(share) for name, share in (part.split("=") for part in before)}',
        UPDATE,
    ]
    show = az(conn, "online-endpoint show", {"name": ref.endpoint, "query": f'tags."{BEFORE}"', "output": "tsv"})
    change = az(conn, "online-endpoint update", {"name": ref.endpoint, "traffic": Raw('"$BEFORE"')})
    return Copied(
        python=ours(conn, call("ws.roll_back", str(replace(ref, deployment=None)))),
        sdk=with_sdk(conn, (), *before),
        cli=f"BEFORE=$({show} | tr ',' ' ')\n{change}\n",
    )


def invoke(conn: Connection | None, ref: Ref, body: str | None) -> Copied:
    """A scoring request; without a body that of a file request.json."""
    write = [f'Path("request.json").write_text({body!r}, encoding="utf-8")'] if body is not None else []
    asked = call(
        "client.online_endpoints.invoke",
        endpoint_name=ref.endpoint,
        deployment_name=ref.deployment,
        request_file="request.json",
    )
    options = {"name": ref.endpoint, "deployment-name": ref.deployment, "request-file": "request.json"}
    ask = call("ws.invoke", str(ref), body) if body is not None else call("ws.invoke", str(ref), sample=True)
    return Copied(
        python=ours(conn, f"answer = {ask}", "answer"),
        sdk=with_sdk(conn, (), *write, f"print({asked})", before="from pathlib import Path" if write else ""),
        cli=az(conn, "online-endpoint invoke", options) + "\n",
        files=(("request.json", f"{body}\n"),) if body is not None else (),
    )


def logs(conn: Connection | None, ref: Ref, tail: int) -> Copied:
    """The container's last lines."""
    name = ref.deployment or FIRST
    told = call("client.online_deployments.get_logs", name=name, endpoint_name=ref.endpoint, lines=tail)
    options = {"name": name, "endpoint-name": ref.endpoint, "lines": str(tail)}
    return Copied(
        python=ours(conn, f"print({call('ws.logs', str(ref), tail=tail)})"),
        sdk=with_sdk(conn, (), f"print({told})"),
        cli=az(conn, "online-deployment get-logs", options) + "\n",
    )


def delete(conn: Connection | None, ref: Ref) -> Copied:
    """A deployment, or the endpoint with all."""
    python = ours(conn, call("ws.delete", str(ref)))
    if ref.deployment is None:
        gone = call("client.online_endpoints.begin_delete", name=ref.endpoint)
        cli = az(conn, "online-endpoint delete", {"name": ref.endpoint, "yes": True})
    else:
        gone = call("client.online_deployments.begin_delete", name=ref.deployment, endpoint_name=ref.endpoint)
        cli = az(conn, "online-deployment delete", {"name": ref.deployment, "endpoint-name": ref.endpoint, "yes": True})
    return Copied(python, with_sdk(conn, (), f"{gone}.result()"), cli + "\n")
