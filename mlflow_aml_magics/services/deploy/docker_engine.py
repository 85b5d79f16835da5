"""The Docker engine of this machine, through its command line: is there one, build, run, list, logs, remove."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.docker_files import SERVER_PORT
from ...client.scoring import HOST
from ...errors import DeploymentError, UsageError
from .installer import decisive, run

if TYPE_CHECKING:
    from ...client.connection import Progress

__all__ = ["LABEL", "Container", "Engine", "NoEngine", "build_words", "check_image", "find_engine", "run_words"]

LABEL = "aml.deployment"
ASK_SECONDS = 10.0  # an engine that hangs is none
CALL_SECONDS = 60.0
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"(?:[a-zA-Z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?")
_FORMAT = f'{{{{.ID}}}}\t{{{{.Label "{LABEL}"}}}}\t{{{{.State}}}}\t{{{{.Status}}}}\t{{{{.Ports}}}}'


@dataclass(frozen=True)
class NoEngine:
    """There is none that answers, and why."""

    why: str


@dataclass(frozen=True)
class Container:
    """A container of a deployment. ``state`` and ``status`` are Docker's words; ``port`` that on the loopback, or 0."""

    id: str
    deployment: str
    state: str
    status: str
    port: int

    @property
    def exit_code(self) -> int | None:
        """With which it ended."""
        match = re.match(r"Exited \((\d+)\)", self.status)
        return int(match[1]) if match else None


def check_image(image: str) -> str:
    """The name, if it can be an image's.

    Raises:
        UsageError: Docker takes no such name.
    """
    if not _IMAGE.fullmatch(image):
        proper = re.sub(r"[^a-z0-9._:/-]+", "-", image.lower()).strip("-._:/")
        raise UsageError(
            f"'{image}' is no name of an image: lower case letters, digits, '.', '_', '-', and :TAG",
            hint=f"--image {proper if _IMAGE.fullmatch(proper) else 'wine:3'}",
        )
    return image


def build_words(name: str, image: str, folder: str) -> list[str]:
    """The command that builds a deployment's image. Its containers inherit the label, so that they are found."""
    return ["docker", "build", "--tag", image, "--label", f"{LABEL}={name}", folder]


def run_words(name: str, image: str, port: int | None, *, called: str = "") -> list[str]:
    """The command that runs it: on the loopback only, since mlflow's server in it asks for no key."""
    where = f"{HOST}:{port or ''}:{SERVER_PORT}"
    words = ["docker", "run", "--detach", *(["--name", called] if called else [])]
    return [*words, "--label", f"{LABEL}={name}", "--publish", where, image]


def find_engine() -> Engine | NoEngine:
    """The engine, if it answers."""
    program = shutil.which("docker")
    if program is None:
        return NoEngine("docker is not installed")
    engine = Engine(program)
    try:
        done = engine.call(["version", "--format", "{{.Server.Version}}"], seconds=ASK_SECONDS)
    except DeploymentError as exc:
        return NoEngine(exc.message)
    if done.returncode != 0 or not done.stdout.strip():
        return NoEngine(_last(done.stderr) or "it tells no version")
    return engine


@dataclass(frozen=True)
class Engine:
    """An engine; ``program`` is its command line."""

    program: str

    def call(self, words: Sequence[str], *, seconds: float = CALL_SECONDS) -> subprocess.CompletedProcess[str]:
        """One command of it, to its end.

        Raises:
            DeploymentError: it cannot be run, or takes longer than that.
        """
        try:
            return subprocess.run(
                [self.program, *words], capture_output=True, text=True, errors="replace", check=False, timeout=seconds,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as exc:
            raise DeploymentError(f"docker {words[0]} did not answer within {seconds:g} s") from exc
        except OSError as exc:
            raise DeploymentError(f"docker cannot be run: {exc}") from exc

    def done(self, words: Sequence[str], doing: str) -> str:
        """What a command says that must succeed."""
        result = self.call(words)
        if result.returncode != 0:
            raise DeploymentError(f"{doing}: {_last(result.stderr) or 'docker said nothing'}")
        return result.stdout

    def build(self, name: str, image: str, context: Path, log: Path, progress: Progress) -> None:
        """Build the image; what was built before of the same steps is taken again.

        Raises:
            DeploymentError: with the decisive line of the build.
        """
        log.write_bytes(b"")
        log.chmod(0o600)
        code, output = run(
            [self.program, *build_words(name, image, ".")[1:]], cwd=context, log=log,
            env=os.environ | {"BUILDKIT_PROGRESS": "plain"}, doing=f"building the image {image}", progress=progress,
        )  # fmt: skip
        if code != 0:
            raise DeploymentError(
                f"the image {image} cannot be built: {decisive(_without_steps(output))[:500]}", hint=f"its log is {log}"
            )

    def run(self, name: str, image: str, port: int | None, called: str) -> str:
        """Start a container of the image. Its id.

        Raises:
            DeploymentError: it cannot be started; a port that is taken is named.
        """
        result = self.call(run_words(name, image, port, called=called)[1:])
        if result.returncode != 0:
            self.call(["rm", "--force", called])  # Docker leaves it made but not started
            if re.search(r"port is already allocated|address already in use", result.stderr):
                raise DeploymentError(f"'{name}': port {port} is taken", hint="another --port, or none for a free one")
            raise DeploymentError(f"'{name}': its container does not start: {_last(result.stderr)}")
        return result.stdout.strip().splitlines()[-1]

    def containers(self, name: str | None = None) -> list[Container]:
        """The containers of that deployment, or of all; the latest first."""
        label = LABEL if name is None else f"{LABEL}={name}"
        words = ["ps", "--all", "--no-trunc", "--filter", f"label={label}", "--format", _FORMAT]
        found = []
        for line in self.done(words, "docker does not list its containers").splitlines():
            if line.count("\t") == 4:
                identity, deployment, state, status, ports = line.split("\t")
                port = re.search(rf":(\d+)->{SERVER_PORT}/tcp", ports)
                found.append(Container(identity, deployment, state, status, int(port[1]) if port else 0))
        return found

    def logs(self, container: str, tail: int) -> str:
        """Its last lines, of both streams."""
        result = self.call(["logs", "--tail", str(max(0, tail)), container])
        return (result.stdout + result.stderr).strip()

    def stop(self, container: str) -> None:
        """End it, and keep it."""
        self.done(["stop", container], "its container does not end")

    def start(self, container: str) -> None:
        """Start one that ended."""
        self.done(["start", container], "its container does not start again")

    def remove(self, container: str) -> None:
        """End it and remove it."""
        self.done(["rm", "--force", container], "its container cannot be removed")


def _without_steps(output: str) -> str:
    """BuildKit's output without "#7 1.234 " before each line, so that the failed program's own lines are seen."""
    lines = [re.sub(r"^#\d+ (?:\d+\.\d+ )?", "", line) for line in output.splitlines()]
    return "\n".join(line for line in lines if not line.startswith("ERROR: failed to solve"))


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
