"""Which environment an isolated deployment runs in: made from the model's own requirements, kept, used again.

STATE/environments/1f3a9c5e…/            one environment, called by what it was made from
STATE/environments/1f3a9c5e…/made.json   written last: an environment without it is half made
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ...client.packages import version_of
from ...errors import DeploymentError, ModelError
from ...render.format import plural
from .installer import decisive, failed, find_uv, index_settings, run
from .state import locked, made_state_dir, state_dir

if TYPE_CHECKING:
    from ...client.connection import Progress
    from ...client.models import ModelFiles

__all__ = ["Environment", "Needs", "environment_of", "needs_of", "without_ours"]

KIND = "environments"
OWN = ".".join(map(str, sys.version_info[:3]))
WAIT_SECONDS = 1800.0  # for another session that makes the same one
UNUSED_DAYS = 30.0  # after which one that no deployment has is removed
OURS = re.compile(r"PYTHON.*|VIRTUAL_ENV.*|CONDA_.*|__PYVENV_LAUNCHER__|PIP_.*|MPLBACKEND|MLFLOW_CONDA.*|UV_.*")
VERSIONS = (
    "import json, sys\n"
    "from importlib import metadata\n"
    "found = {d.metadata['Name'].lower(): d.version for d in metadata.distributions() if d.metadata['Name']}\n"
    "print(json.dumps({'python': '.'.join(map(str, sys.version_info[:3])), 'packages': found}))"
)


@dataclass(frozen=True)
class Needs:
    """What a model says that it needs: a Python version ("" where it says none), and requirements as pip reads them.

    Paths in ``lines`` are meant from ``folder``.
    """

    python: str
    lines: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Environment:
    """An environment that is there: its interpreter, and in words what it is."""

    folder: Path
    python: Path
    machine: str


def environment_of(files: ModelFiles, progress: Progress, *, in_use: Collection[str] = ()) -> Environment:
    """The environment of a model's requirements: the one made before from the same, else a new one.

    Args:
        in_use: folders of environments that deployments have, which are not cleared away.

    Raises:
        ModelError: the model names no requirements.
        DeploymentError: it cannot be made; the installer's decisive line is told. Nothing is left half made.
    """
    needs = needs_of(files)
    key = _key(needs)
    folder = state_dir(KIND) / key
    with locked(key, KIND, seconds=WAIT_SECONDS, doing="making the same environment"):
        if (found := _made(folder)) is not None:
            (folder / "made.json").touch()
            return found
        _clear_unused({*in_use, str(folder)})
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            return _Making(needs, folder, made_state_dir(KIND) / f"{key}.log", progress).all()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def needs_of(files: ModelFiles) -> Needs:
    """What a model's folder says of its environment: python_env.yaml and requirements.txt, else conda.yaml.

    Raises:
        ModelError: it says nothing.
    """
    flavor = files.flavors.get("python_function") or {}
    env = flavor.get("env")
    names = env if isinstance(env, dict) else {"conda": env}
    conda = _yaml(files.path, names.get("conda") or "conda.yaml")
    wanted = [str(entry) for entry in conda.get("dependencies") or () if not isinstance(entry, dict)]
    pins = [match[1] for entry in wanted if (match := re.match(r"python\s*=+\s*([\d.]+)", entry))]
    python = str(_yaml(files.path, names.get("virtualenv") or "python_env.yaml").get("python") or "")
    python = python or (pins[0] if pins else str(flavor.get("python_version") or ""))
    lines = list(files.requirements)
    if not lines:
        pip = [entry["pip"] for entry in conda.get("dependencies") or () if isinstance(entry, dict) and "pip" in entry]
        lines = [str(line) for line in (pip[0] if pip else ())]
    if not lines:
        raise ModelError(
            f"{files.path.name} names no requirements, from which an environment could be made",
            hint="log it with pip_requirements=[…], or deploy it without --isolated",
        )
    version = str(files.meta.get("mlflow_version") or version_of("mlflow"))
    if not any(re.match(r"mlflow\s*($|[=<>~!\[;@])", line) for line in lines):
        lines.append(f"mlflow=={version}")  # mlflow-skinny has no scoring server
    return Needs(python, tuple(lines), files.path)


def _yaml(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(needs: Needs) -> str:
    """A name for what an environment is made from: versions, and the content of files that the lines name."""
    digest = hashlib.sha256()
    for part in (sysconfig.get_platform(), needs.python or sys.version, *needs.lines):
        digest.update(part.encode() + b"\0")
    for line in needs.lines:
        word = re.sub(r"^(-\S+|--\S+)[ =]*|\[.*?\]$|.*file:(//)?", "", line).strip()
        path = needs.folder / word
        looks_like_one = line.startswith((".", "/", "-")) or "file:" in line
        for file in sorted(path.rglob("*")) if path.is_dir() and looks_like_one else [path]:
            with suppress(OSError):
                if looks_like_one and file.is_file():
                    digest.update(f"{file.name} {file.stat().st_size} ".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _made(folder: Path) -> Environment | None:
    """The environment in that folder, if it was made to the end and its Python is still there."""
    try:
        kept = json.loads((folder / "made.json").read_text(encoding="utf-8"))
        python = folder / "env" / "bin" / "python"
        return Environment(folder, python, str(kept["machine"])) if python.exists() else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


@dataclass(frozen=True)
class _Making:
    """An environment while it is made, in ``folder``; what the installers say goes to ``log``."""

    needs: Needs
    folder: Path
    log: Path
    progress: Progress

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    def all(self) -> Environment:
        """Make it."""
        uv, start = find_uv(), time.monotonic()
        self.log.write_bytes(b"")
        self.log.chmod(0o600)
        requirements = self.folder / "requirements.txt"
        requirements.write_text("\n".join(self.needs.lines) + "\n", encoding="utf-8")
        env = without_ours(keep="(PIP|UV)_.*") | (index_settings() if uv else {})
        if uv:
            self.empty_by_uv(uv, env)
            command = [uv, "pip", "install", "--python", str(self.python), "--requirement", str(requirements)]
        else:
            self.progress("without uv, pip makes the environment (%pip install uv makes it many times as fast)")
            self.say_which(OWN)
            self.run_or_fail([sys.executable, "-m", "venv", str(self.folder / "env")], env, "making it")
            command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
        self.run_or_fail(command, env, f"resolving {plural(len(self.needs.lines), 'requirement')}")
        machine, count = _described(self.python)
        part = self.folder / "made.part"
        part.write_text(json.dumps({"machine": machine, "packages": count}), encoding="utf-8")
        part.replace(self.folder / "made.json")
        self.log.unlink(missing_ok=True)
        self.progress(f"{count} packages installed in {time.monotonic() - start:.0f} s")
        return Environment(self.folder, self.python, machine)

    def empty_by_uv(self, uv: str, env: dict[str, str]) -> None:
        """Without packages: with the Python asked for if it is here or can be fetched, else with the kernel's."""
        asked, minor = self.needs.python, ".".join(self.needs.python.split(".")[:2])
        ways: list[tuple[str, ...]] = [(sys.executable,)]
        if asked not in ("", OWN):
            here = ("--no-python-downloads",)
            ways = [(asked, *here), (minor, *here), (asked,), (minor,), *ways]
        base = [uv, "venv", "--quiet", "--no-project", "--clear", str(self.folder / "env"), "--python"]
        for place, way in enumerate(ways):
            doing = f"{'fetching' if place > 1 else 'looking for'} Python {way[0]}"
            if way[0] == sys.executable:
                doing = "making it with this kernel's Python"
            code, output = run(
                [*base, *way], cwd=self.folder, log=self.log, env=env, doing=doing, progress=self.progress
            )
            if code == 0:
                self.say_which(_described(self.python, packages=False)[0])
                return
        raise failed("the environment cannot be made", output, self.log)

    def say_which(self, used: str) -> None:
        """That another Python is used than was asked for."""
        if self.needs.python not in ("", used):
            self.progress(f"Python {used} in place of {self.needs.python}, which the model was logged with")

    def run_or_fail(self, command: list[str], env: dict[str, str], doing: str) -> None:
        """A step of an installer."""
        code, output = run(command, cwd=self.needs.folder, log=self.log, env=env, doing=doing, progress=self.progress)
        if code != 0:
            raise DeploymentError(
                f"the model's requirements cannot be installed: {decisive(output)[:500]}",
                hint=f"mend them and log it again, or deploy it without --isolated; the log is {self.log}",
            )


def _described(python: Path, *, packages: bool = True) -> tuple[str, int]:
    """What an interpreter is, in words, and how many packages it has; without ``packages`` only its version."""
    done = subprocess.run(
        [str(python), "-I", "-c", VERSIONS], capture_output=True, text=True, check=False, env=without_ours()
    )
    if done.returncode != 0:
        raise failed(f"{python} does not run", done.stderr, python)
    found = json.loads(done.stdout)
    if not packages:
        return str(found["python"]), 0
    mlflow = found["packages"].get("mlflow", "?")
    return f"isolated, Python {found['python']}, mlflow {mlflow}", len(found["packages"])


def without_ours(keep: str = "(?!)") -> dict[str, str]:
    """This process's environment without what makes another Python import our packages or our notebook's settings."""
    return {k: v for k, v in os.environ.items() if not OURS.fullmatch(k) or re.fullmatch(keep, k)}


def _clear_unused(in_use: Collection[str]) -> None:
    """Remove the environments that no deployment has and nobody asked for in a month."""
    for made in state_dir(KIND).glob("*/made.json"):
        with suppress(OSError):
            if str(made.parent) not in in_use and time.time() - made.stat().st_mtime > UNUSED_DAYS * 86400:
                made.unlink()  # first: from here on it is no environment
                shutil.rmtree(made.parent, ignore_errors=True)
