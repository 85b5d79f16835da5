"""Following what Azure makes of an endpoint or a deployment, until it is there, gone or failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...client.azure_endpoints import Endpoint, OnlineEndpoints, Served
from ...client.azure_rest import ENDS, FORGOTTEN, ended
from ...errors import AmlMagicsError
from ...render.format import one_line
from .following import Followed, follow

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["Outcome", "Watch", "phase_of", "tail_of"]

LOG_LINE = 100  # characters of the newest line of a log, in the progress
WAITING = "Azure is getting machine, image and model ready, which takes 5 to 15 minutes"
# The head of what getLogs answers (Get-AzMLWorkspaceOnlineDeploymentLog of azure-powershell shows one).
_STEP = re.compile(r"^(\w+): (Waiting|InProgress|Succeeded|Failed)\s*$", re.MULTILINE)
STEPS = {
    "SystemSetup": "building the image and getting a machine",
    "UserContainerImagePull": "pulling the image",
    "ModelDownload": "downloading the model",
    "UserContainerStart": "starting the server",
}
_STAMP = re.compile(r"^[\d:., TZ+-]{8,32}(?:[A-Z] )?(?:\[\d+\] )?")  # when and in which process a line was written
# What mlflow says of versions, over several lines, where a model starts all the same.
_NOISE = re.compile(r"^([\d/: ]*WARNING | - \S+ \(current: |To fix the mismatches)")


@dataclass(frozen=True)
class Outcome:
    """How it ended: `ENDS`, or "Deleted"; ``why`` is what the service says of a failure, "" where it says nothing."""

    state: str
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether it is there and works."""
        return self.state == "Succeeded"


@dataclass(frozen=True)
class Watch:
    """Somebody who waits, and is told each second what goes on.

    Each method raises `TooLong` after ``timeout`` seconds, and StoreUnreachable when Azure is long out of reach.

    Args:
        points: of the workspace.
        say: told what goes on, with the time since ``since`` (of `time.monotonic`).
    """

    points: OnlineEndpoints
    say: Progress
    timeout: float
    since: float = field(default_factory=time.monotonic)

    def endpoint(self, name: str, operation: str, words: str) -> Outcome:
        """Wait until nothing changes about an endpoint.

        Args:
            operation: what began the change; "" for one that somebody else began.
            words: what goes on.
        """
        return self._follow(lambda: self._seen(operation, lambda: self.points.get(name), lambda _: words))

    def deployment(self, endpoint: str, name: str, operation: str) -> Outcome:
        """Wait until a deployment serves or has failed; the newest line of its log is in the progress."""

        def phase(state: str) -> str:
            log = ""
            with suppress(AmlMagicsError):  # it has none yet, or is not to be asked for it
                log = self.points.logs(endpoint, name, 1)
            return f"{endpoint}/{name}: {phase_of(log) or WAITING} ({state.lower()})"

        return self._follow(lambda: self._seen(operation, lambda: self.points.deployment(endpoint, name), phase))

    def gone(self, endpoint: str, name: str, operation: str) -> Outcome:
        """Wait until a deployment is gone; without its name, the endpoint with all of them."""
        what = f"the deployment {endpoint}/{name}" if name else f"the endpoint {endpoint}"

        def look() -> Followed[Outcome]:
            there = self.points.deployment(endpoint, name) if name else self.points.get(endpoint)
            if there is None:
                return Followed(Outcome("Deleted"), "", done=True)
            status, why = ended(self.points.conn, operation) if operation else ("", "")
            return Followed(Outcome(status, why), f"deleting {what}", done=status in ("Failed", "Canceled"))

        return self._follow(look)

    def _follow(self, look: Callable[[], Followed[Outcome]]) -> Outcome:
        return follow(look, self.say, timeout=self.timeout, since=self.since)

    def _seen(
        self, operation: str, ask: Callable[[], Endpoint | Served | None], phase: Callable[[str], str]
    ) -> Followed[Outcome]:
        """The operation says how it ended, and why; where there is none to ask, the resource says how."""
        status, why = ended(self.points.conn, operation) if operation else (FORGOTTEN, "")
        if status in ENDS:
            return Followed(Outcome(status, why), "", done=True)
        there = ask()
        if there is None and status == FORGOTTEN:
            return Followed(Outcome("Deleted"), "", done=True)
        state = there.state if there is not None else "Creating"
        if status == FORGOTTEN and state in ENDS:
            return Followed(Outcome(state), "", done=True)
        return Followed(Outcome(state), phase(state), done=False)


def tail_of(points: OnlineEndpoints, endpoint: str, name: str, tail: int) -> tuple[str, str]:
    """The last lines of the server, and of what fetches the model; "" for one that cannot be read."""
    found = []
    for container in ("inference-server", "storage-initializer"):
        text = ""
        with suppress(AmlMagicsError):  # a log is a help; what it is wanted for is told without it too
            text = points.logs(endpoint, name, tail, container=container)
        found.append(text.rstrip("\n"))
    return found[0], found[1]


def phase_of(log: str) -> str:
    """The step that a deployment's log names as being under way, in words, with the newest line of its server.

    >>> phase_of("Instance status:\\nSystemSetup: Succeeded\\nModelDownload: InProgress\\n\\nContainer logs:\\n")
    'downloading the model'
    """
    under_way = [name for name, state in _STEP.findall(log) if state == "InProgress"]
    words = STEPS.get(under_way[0], under_way[0]) if under_way else ""
    lines = [_STAMP.sub("", line) for line in log.partition("Container logs:")[2].splitlines()]
    said = one_line(next((line for line in reversed(lines) if line.strip() and not _NOISE.search(line)), ""), LOG_LINE)
    return f"{words}: {said}" if words and said else words or said
