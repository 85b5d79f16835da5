"""The same request as code: a curl command, or Python that needs nothing installed. No key is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any, Literal

from ...errors import UsageError, nearest
from ...render.format import count
from ..deploy import Ref, records
from .ask import Asked, Wanted, asked
from .chunks import CHUNK_ROWS

if TYPE_CHECKING:
    from ...client.connection import Connection

__all__ = ["LANGUAGES", "Language", "as_code", "code_for"]

Language = Literal["curl", "python"]
LANGUAGES: tuple[Language, ...] = ("curl", "python")
ANSWER_SECONDS = 180  # what Azure ML waits for at most


def as_code(
    conn: Connection | None,
    name: str,
    language: Language,
    *,
    data: object = None,
    sample: bool = False,
    params: Mapping[str, Any] | None = None,
    rows: slice | None = None,
) -> str:
    """A request as code, checked, and not sent. It reads the key where it is kept, and has not got it itself.

    Args:
        name: of the deployment.
        language: "curl" for a shell, or "python", for any Python 3 without packages.
        data, sample, params, rows: as `invoke` takes them; of many rows the code has the first 1,000.

    Raises:
        DeploymentNotFound
        InvokeError: the request does not fit the model's signature.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no code in '{language}'", hint=nearest(str(language), LANGUAGES) or " or ".join(LANGUAGES))
    return code_for(asked(conn, name, Wanted(data, sample, params, rows)), language, conn)


def code_for(what: Asked, language: Language, conn: Connection | None) -> str:
    """The code for a request that is checked."""
    part = what.request.part(0, CHUNK_ROWS)
    body = part.body(what.target.wire)
    note = f"# the first {count(part.rows)} of {count(what.request.rows)} rows\n" if part is not what.request else ""
    if language == "curl":
        return note + what.target.curl(Ref.parse(what.name), json.dumps(body))
    return note + _python(what, body, conn)


def _python(what: Asked, body: Mapping[str, Any], conn: Connection | None) -> str:
    on_azure = what.deployment.target in ("online", "kubernetes")
    imports, key = _azure_key(what, conn) if on_azure else _local_key(what)
    url = what.deployment.url if on_azure else f"{what.deployment.url}/invocations"
    deployment = Ref.parse(what.name).deployment
    headers = ['"Content-Type": "application/json"']
    headers += ['"Authorization": f"Bearer {key}"'] if key else []
    headers += [f'"azureml-model-deployment": {deployment!r}'] if deployment and on_azure else []
    # A proxy of the company's would not find this machine's own address.
    opener = "urllib.request" if on_azure else "urllib.request.build_opener(urllib.request.ProxyHandler({}))"
    opens = f"{opener}.urlopen" if on_azure else f"{opener}.open"
    return "\n".join(
        [
            *sorted([*imports, "import json", "import urllib.request"], key=_import_order),
            "",
            *key,
            f"body = {pformat(body, width=100, sort_dicts=False)}",
            "request = urllib.request.Request(",
            f"    {url!r},",
            "    data=json.dumps(body).encode(),",
            f"    headers={{{', '.join(headers)}}},",
            ")",
            f"with {opens}(request, timeout={ANSWER_SECONDS}) as answer:",
            "    print(json.load(answer))",
        ]
    )


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line


def _local_key(what: Asked) -> tuple[list[str], list[str]]:
    """The key of a process on this machine is in a file that its owner alone reads; a container has none."""
    record = records.read(Ref.parse(what.name).endpoint) if what.deployment.target == "local" else None
    if record is None:
        return [], []
    path, home = record.home / "key", Path.home()
    short = f"~/{path.relative_to(home)}" if home in path.parents else str(path)
    return ["from pathlib import Path"], [f"key = Path({short!r}).expanduser().read_text()"]


def _azure_key(what: Asked, conn: Connection | None) -> tuple[list[str], list[str]]:
    """The key of an endpoint is in a variable of the environment, else `az` is asked for it."""
    assert conn is not None
    assert conn.azure is not None
    where = conn.azure.ref
    command = ["az", "ml", "online-endpoint", "get-credentials", "--name", what.deployment.endpoint]
    command += ["--subscription", where.subscription_id, "--resource-group", where.resource_group]
    command += ["--workspace-name", where.name, "--query", "primaryKey || accessToken", "--output", "tsv"]
    return ["import os", "import subprocess"], [
        'key = os.environ.get("AML_ENDPOINT_KEY") or subprocess.check_output(',
        f"    {pformat(command, width=110, compact=True)},".replace("\n", "\n    "),
        "    text=True,",
        ").strip()",
    ]
