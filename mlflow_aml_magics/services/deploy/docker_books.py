"""What is kept of a docker deployment, so that a later kernel finds it: the engine itself knows no model.

STATE/docker/wine.json     the record
STATE/docker/wine/         about/ (MLmodel, examples), build.log, failed.log
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from ...errors import DeploymentError
from .state import is_name, made_state_dir, state_dir, write_secret

__all__ = ["KIND", "DockerRecord", "all_records", "home", "read", "remove", "sum_of", "write"]

KIND = "docker"


@dataclass(frozen=True)
class DockerRecord:
    """What is kept of one.

    ``context`` is the folder of its Dockerfile, ``dockerfile`` the digest of that file as mlflow wrote it; ``port`` is
    what was asked for, 0 for any; ``built`` that the image was, ``ran`` that a container of it was started.
    """

    name: str
    ref: str
    model: str
    store: str
    image: str
    context: str
    dockerfile: str
    started: str
    port: int = 0
    built: bool = False
    ran: bool = False

    @property
    def began(self) -> datetime:
        """When it was deployed."""
        return datetime.fromisoformat(self.started)


def home(name: str) -> Path:
    """The folder of what else is kept of it."""
    return state_dir(KIND) / name


def write(record: DockerRecord) -> None:
    """Enter it, in place of the record of the same name, in one move."""
    folder = made_state_dir(KIND)
    part = folder / f"{record.name}.part"
    write_secret(part, json.dumps(asdict(record), indent=1))
    part.replace(folder / f"{record.name}.json")


def read(name: str) -> DockerRecord | None:
    """The record of that name, or None.

    Raises:
        DeploymentError: there is one that cannot be read.
    """
    if not is_name(name):
        return None
    path = state_dir(KIND) / f"{name}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        record = DockerRecord(**{field.name: kept[field.name] for field in fields(DockerRecord) if field.name in kept})
        if record.name != name or not record.began or not isinstance(record.port, int):
            raise ValueError("a value that cannot be")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
        raise DeploymentError(
            f"the record of the docker deployment '{name}' cannot be read: {path}", hint=f"rm {path}"
        ) from exc
    return record


def all_records() -> list[DockerRecord]:
    """All of them, by name."""
    return [record for path in sorted(state_dir(KIND).glob("*.json")) if (record := read(path.stem)) is not None]


def remove(name: str) -> None:
    """Strike it out and remove what is kept of it."""
    (state_dir(KIND) / f"{name}.json").unlink(missing_ok=True)
    shutil.rmtree(home(name), ignore_errors=True)


def sum_of(dockerfile: Path) -> str:
    """A digest that tells whether the file was changed since."""
    return hashlib.sha256(dockerfile.read_bytes()).hexdigest()[:16]
