"""The docker target: an image of the model, made by mlflow's own generator, and a container of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ...errors import UsageError
from .options import DeployOptions, Ref
from .target import Deployment, ModelToServe

if TYPE_CHECKING:
    from ...client.connection import Connection, Progress
    from ...client.models import ModelFiles
    from ...client.scoring import Answer
    from ...frames.signature import Form

__all__ = ["DockerTarget", "make"]


class DockerTarget:
    """To be."""

    kind = "docker"
    wire: Form = "dataframe_split"

    def __init__(self, conn: Connection | None) -> None:
        self.conn = conn

    def deploy(self, model: ModelToServe, name: str, options: DeployOptions, progress: Progress) -> Deployment:
        """To be."""
        _missing()

    def list(self) -> tuple[Deployment, ...]:
        """To be."""
        return ()

    def find(self, ref: Ref) -> Deployment | None:
        """To be."""
        return None

    def delete(self, ref: Ref, progress: Progress) -> None:
        """To be."""
        _missing()

    def logs(self, ref: Ref, tail: int) -> str:
        """To be."""
        _missing()

    def about(self, ref: Ref) -> ModelFiles:
        """To be."""
        _missing()

    def send(self, ref: Ref, body: str, *, timeout: float) -> Answer:
        """To be."""
        _missing()

    def curl(self, ref: Ref, body: str) -> str:
        """To be."""
        _missing()


def make(conn: Connection | None) -> DockerTarget:
    """The target over a connection."""
    return DockerTarget(conn)


def _missing() -> NoReturn:
    raise UsageError("--to docker is not there yet")
