"""A scoring request to an endpoint in Azure, with the company's proxy and certificates as every call of Azure has them.

Not azure-ai-ml's `invoke`: it wants a file, and pins the kernel to one deployment (a dict of headers that it changes in
place, 1.35.2).
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from ..errors import DeploymentError
from .scoring import Answer

if TYPE_CHECKING:
    import requests

__all__ = ["score"]

DEPLOYMENT = "azureml-model-deployment"  # names the deployment to ask, and in the answer the one that answered

REASON = "ms-azureml-model-error-reason"


def score(url: str, body: str, *, key: str, deployment: str | None, timeout: float, name: str) -> Answer:
    """POST a body to a scoring address.

    Args:
        key: the endpoint's key or token.
        deployment: ask this one, whatever the traffic; None leaves it to the traffic.
        timeout: seconds to wait for the answer; Azure itself waits for at most 180.
        name: of what is asked, for messages.

    Raises:
        DeploymentError: nothing answers, or not in time.
    """
    import requests

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if deployment:
        headers[DEPLOYMENT] = deployment
    start = time.perf_counter()
    try:
        # A redirect would take the key to another host.
        answer = _session().post(
            url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False, auth=_keep
        )
    except requests.exceptions.SSLError as exc:
        raise DeploymentError(
            f"'{name}' answers, but not with a certificate that is trusted here",
            hint="behind a company's proxy name its certificates: REQUESTS_CA_BUNDLE=/path/to/bundle.pem",
        ) from exc
    except requests.exceptions.Timeout as exc:
        raise DeploymentError(
            f"'{name}' did not answer within {timeout:g} s", hint=f"fewer rows, or %aml_endpoints {name} --logs"
        ) from exc
    except requests.exceptions.RequestException as exc:
        raise DeploymentError(
            f"'{name}' does not answer at {url}: {type(exc).__name__}",
            hint="are you online? behind a proxy set HTTPS_PROXY; an endpoint in a virtual network answers only there",
        ) from exc
    milliseconds = (time.perf_counter() - start) * 1000
    said = answer.text or answer.headers.get(REASON, "")  # of a model that is not ready nothing else is said
    return Answer(answer.status_code, said, milliseconds, answer.headers.get(DEPLOYMENT, ""))


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leaves the header as it is: else requests puts what ~/.netrc has for the host in its place."""
    return request


@cache
def _session() -> requests.Session:
    """One for all requests: a new connection for each costs a handshake more than the answer itself."""
    import requests

    return requests.Session()
