"""What a deployment's logs and Azure's refusals mean, and what to do about them.

Sources: how-to-troubleshoot-online-endpoints.md and -kubernetes-online-endpoints… of azure-ai-docs for codes; for what
no-code deployments of MLflow models run into since May 2026, azureml-examples PRs 3873, 3904, 3923, 4004, 4008, 4022,
4031 and mslearn-mlops#60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...render.format import clean

__all__ = ["Failure", "decode"]

LINE = 300  # characters of a line that are shown


@dataclass(frozen=True)
class Failure:
    """``line`` is the decisive one as it was written, ``meaning`` what it says in words, ``fix`` the next step."""

    line: str
    meaning: str
    fix: str


@dataclass(frozen=True)
class _Known:
    pattern: re.Pattern[str]
    meaning: str  # may name the pattern's groups: {module}
    fix: str


def _known(pattern: str, meaning: str, fix: str) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), meaning, fix)


REQUIREMENTS = 'extra_pip_requirements=["azureml-ai-monitoring", "azureml-inference-server-http>=1.4"]'
RELOG = f"log the model again with {REQUIREMENTS}; %aml_register … --fix does it"

# The first that matches counts, so causes come before what follows from them.
TABLE: tuple[_Known, ...] = (
    _known(
        r"OutOfQuota|not enough quota|exceed\w* (?:the )?(?:approved |subscription )?.{0,40}quota",
        "the subscription's quota of cores for this size is used up",
        "fewer --count, another family with --instance-type, end what idles (%aml_endpoints), or ask for more in the "
        "studio under Quota; Azure wants 20 % more than it runs on",
    ),
    _known(
        r"OutOfCapacity|SkuNotAvailable|not enough capacity|capacity.{0,30}not available",
        "the region has no machine of this size free",
        "another --instance-type, or later again",
    ),
    _known(
        r"RequestDisallowedByPolicy",
        "a policy of the subscription forbids it",
        "ask who owns the policy that the line names; often tags or a private network are wanted",
    ),
    _known(
        r"endpoint.{0,100}already (?:exists|in use|taken)|name.{0,60}(?:not available|unavailable|already taken)",
        "somebody else's endpoint has this name: they are unique in a region",
        "another --name",
    ),
    _known(
        r"No module named '?azureml\.contrib",
        "azureml-inference-server-http 1.3.0 to 1.3.4 needs a package of the retired SDK",
        'log the model again with extra_pip_requirements=["azureml-inference-server-http>=1.4"] (below Python 3.9: '
        "<1.3); %aml_register … --fix does it",
    ),
    _known(
        r"No module named '?azureml(?:\.ai(?:\.monitoring)?)?'?\s*$",
        "the model's environment lacks azureml-ai-monitoring, which Azure's scoring script imports since May 2026",
        RELOG,
    ),
    _known(
        r"No module named '?azureml_inference_server_http|azmlinfsrv: (?:command )?not found",
        "the model's environment lacks azureml-inference-server-http, which is Azure's scoring server",
        RELOG,
    ),
    _known(
        r"No module named '?(?P<module>[\w.]+)",
        "the model's environment lacks the package of '{module}'",
        "log the model again with extra_pip_requirements=[…] and that package; code of your own goes in code_paths=",
    ),
    _known(
        r"python[ =<>~]*(?:2\.\d+|3\.[0-8])\b.{0,80}(?:not (?:available|found)|end.of.life|EOL|unsupported)"
        r"|requires a different Python: (?:2\.\d+|3\.[0-8])\b"
        r"|(?:not (?:available|found)|ResolvePackageNotFound|Unsatisfiable).{0,80}python[ =<>~]*(?:2\.\d+|3\.[0-8])\b",
        "the image cannot be built: the model wants a Python that is out of support",
        "log the model again from Python 3.10 or newer",
    ),
    _known(
        r"No matching distribution found|satisfies the requirement|ResolvePackageNotFound|ResolutionImpossible",
        "the image cannot be built: a requirement of the model cannot be installed",
        "mend the model's requirements: log it again with pip_requirements=[…]; packages of this machine alone and "
        "versions that were withdrawn are not on PyPI",
    ),
    _known(
        r"mlflow(?:-skinny)?[ =<>~]+3\.(?:[7-9]|1\d)\b|cannot be imported with this version of mlflow",
        "the model's environment has mlflow 3.7 or newer, which Azure's scoring script does not start with",
        'log the model again with pip_requirements that say "mlflow<3.7"; %aml_register … --fix does it',
    ),
    _known(
        r"OOMKilled|OutOfMemory|MemoryError|exit code:? 137|perhaps out of memory|Cannot allocate memory",
        "it ran out of memory",
        "a larger --instance-type (Standard_E4s_v3 has 32 GB); for an image build: fewer or lighter requirements",
    ),
    _known(
        r"(?:AuthorizationPermissionMismatch|AuthorizationFailure|AuthenticationFailed|403).{0,120}(?:blob|storage|model)"
        r"|(?:blob|storage|model).{0,120}(?:AuthorizationPermissionMismatch|AuthorizationFailure|\b403\b)",
        "the endpoint's identity may not read the model's files",
        "give it the role Storage Blob Data Reader on the workspace's storage account",
    ),
    _known(
        r"(?:ACR|ImagePull)\w*(?:Error|Failed|BackOff)|(?:unauthorized|denied).{0,60}registry",
        "the image cannot be pulled from the workspace's container registry",
        "give the endpoint's identity the role AcrPull on it, and see that its network is open to the endpoint",
    ),
    _known(
        r"PodUnschedulable|Insufficient (?:cpu|memory)|InvalidDeploymentSpec",
        "the cluster has no node with enough room",
        "a smaller --instance-type of the cluster, fewer --count, or more nodes",
    ),
    _known(
        r"ImageBuildFailure|image build.{0,20}fail|failed to build",
        "the image with the model's environment cannot be built",
        "look at the build's log in the studio; a requirement that is unpinned or was withdrawn is the usual cause",
    ),
    _known(
        r"WORKER TIMEOUT|timed? ?out.{0,40}(?:readiness|liveness)",
        "loading the model took longer than Azure waits",
        "a larger --instance-type; a smaller model",
    ),
)
_RAISED = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\b.*$")
_PROBE = _known(
    r"liveness|readiness|ResourceNotReady|CrashLoop|user container has crashed|\b502\b|ScoringFeUnhealthy",
    "the server in it does not start, or does not answer",
    "%aml_deploy --logs NAME has its last lines; try the model here first: %aml_deploy MODEL --isolated",
)


def decode(*texts: str) -> Failure | None:
    """The first failure that is known in these texts: logs, and what Azure said. None where nothing is told.

    What is not in the table but was raised by Python is the model's own code.
    """
    lines = [line.strip() for text in texts for line in clean(text).splitlines() if line.strip()]
    for known in TABLE:
        if (failure := _found(known, lines)) is not None:
            return failure
    raised = [line for line in lines if _RAISED.match(line)]
    if raised:
        return Failure(
            raised[-1][:LINE], "the model's own code failed as it was loaded",
            "try it here: %aml_deploy MODEL --isolated; log it again when it loads",
        )  # fmt: skip
    return _found(_PROBE, lines)


def _found(known: _Known, lines: list[str]) -> Failure | None:
    for line in reversed(lines):
        if match := known.pattern.search(line):
            groups = {name: text or "" for name, text in match.groupdict().items()}
            return Failure(line[:LINE], known.meaning.format(**groups), known.fix)
    return None
