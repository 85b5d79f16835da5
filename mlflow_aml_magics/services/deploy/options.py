"""What may be asked of a deployment beyond the model, and how one is named."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ...errors import UsageError, nearest

_WORDS = {"instance_count": "count", "tags": "tag"}  # of the magic, where they are not the option's name

__all__ = ["KINDS", "ON_AZURE", "DeployOptions", "Ref"]

ON_AZURE = ("online", "kubernetes", "batch")
KINDS = ("local", "docker", *ON_AZURE)


@dataclass(frozen=True)
class Ref:
    """The name of a deployment as people write it: ``wine``, ``wine/blue``, ``online:wine``, ``online:wine/blue``.

    ``kind`` is a target, or None for any; ``deployment`` is None for the endpoint as a whole.
    """

    endpoint: str
    deployment: str | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, text: str) -> Ref:
        """What a text names.

        Raises:
            UsageError: it names nothing.
        """
        kind, colon, rest = text.strip().rpartition(":")
        endpoint, slash, deployment = rest.partition("/")
        if (colon and kind not in KINDS) or not endpoint or (slash and not deployment) or "/" in deployment:
            meant = nearest(kind, KINDS) if colon else None
            hint = f"{meant}:{rest}" if meant else "NAME, or ENDPOINT/DEPLOYMENT as %aml_endpoints lists them"
            raise UsageError(f"'{text}' is no name of a deployment", hint=hint)
        return cls(endpoint, deployment or None, kind or None)

    @property
    def name(self) -> str:
        """Endpoint and deployment, without the kind."""
        return self.endpoint if self.deployment is None else f"{self.endpoint}/{self.deployment}"

    def __str__(self) -> str:
        return self.name if self.kind is None else f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class DeployOptions:
    """What was asked for. None and empty leave it to the target; a target refuses what it has no use for.

    Args:
        timeout: seconds until it must answer (``local``, ``docker``); how long to follow the service otherwise.
        port: on the loopback; of ``local`` and ``docker``.
        isolated: in an environment made from the model's own requirements; ``local``.
        image: name of the image; ``docker``.
        deployment: the deployment under the endpoint, "blue"; ``online``, ``kubernetes``, ``batch``.
        instance_type, instance_count: of the machines; ``online``, ``kubernetes``.
        auth: "key" or "aml_token"; ``online``, ``kubernetes``.
        traffic: percent by deployment, which must sum to 100 or 0; None gives a first deployment all, later ones none.
        compute: the attached cluster; ``kubernetes``, ``batch``.
        mini_batch_size: files a mini batch; ``batch``.
        tags: of endpoint and deployment.
        force: deploy although the check beforehand found what is likely to fail.
    """

    timeout: float | None = None
    port: int | None = None
    isolated: bool = False
    image: str | None = None
    deployment: str | None = None
    instance_type: str | None = None
    instance_count: int | None = None
    auth: str | None = None
    traffic: Mapping[str, int] | None = None
    compute: str | None = None
    mini_batch_size: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    force: bool = False

    @property
    def typed(self) -> str:
        """As `%aml_deploy` takes them, each after a space; without name, deployment and time."""
        words = {
            "--port": self.port,
            "--image": self.image,
            "--instance-type": self.instance_type,
            "--count": self.instance_count,
            "--auth": self.auth,
            "--traffic": ",".join(f"{name}={share}" for name, share in (self.traffic or {}).items()),
            "--compute": self.compute,
            "--mini-batch-size": self.mini_batch_size,
        }
        said = [f"{word} {shlex.quote(str(value))}" for word, value in words.items() if value not in (None, "")]
        said += [f"--tag {shlex.quote(f'{key}={text}')}" for key, text in self.tags.items()]
        said += [word for word, given in (("--isolated", self.isolated), ("--force", self.force)) if given]
        return "".join(f" {each}" for each in said)

    def check(self, kind: str, *allowed: str) -> None:
        """Refuse what this kind of target does not know.

        Raises:
            UsageError: naming the option.
        """
        blank = DeployOptions()
        for option in fields(self):
            name = option.name
            if name not in (*allowed, "timeout", "force") and getattr(self, name) != getattr(blank, name):
                takes = ", ".join(f"--{_word(each)}" for each in allowed)
                raise UsageError(f"--to {kind} knows no {_word(name)}", hint=f"it takes {takes}")


def _word(option: str) -> str:
    """As the magic has it, without the dashes before it."""
    return _WORDS.get(option, option.replace("_", "-"))
