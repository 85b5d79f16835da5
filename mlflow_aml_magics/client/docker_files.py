"""The Dockerfile and build context of a model, made by mlflow's own generator."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from ..errors import ModelError
from .linked import linked_copy
from .logs import quiet

__all__ = ["SERVER_PORT", "copied_sources", "write_context"]

SERVER_PORT = 8080  # of nginx in mlflow's images (mlflow/models/container)


def write_context(model: Path, folder: Path) -> None:
    """Write Dockerfile and model_dir/model into a new folder, as `mlflow models generate-dockerfile` does.

    Raises:
        ModelError: mlflow can make no image of it.
    """
    from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR as BAR
    from mlflow.exceptions import MlflowException
    from mlflow.models.flavor_backend_registry import get_flavor_backend

    shown = BAR.get_raw()
    with tempfile.TemporaryDirectory(prefix=".mlflow-aml-", dir=folder.parent) as scratch, quiet("mlflow"):
        # The folder's name comes to stand in the Dockerfile, unquoted. mlflow follows no link of a folder.
        named = Path(scratch) / "model"
        try:
            linked_copy(model, named)
            BAR.set(False)
            # No environment manager: the python:X.Y.Z-slim image of the model's Python, with its requirements.
            backend = get_flavor_backend(str(named), docker_build=True, env_manager=None)
            if not backend.can_build_image():
                raise ModelError(f"mlflow makes no image of {model.name}: it has no python_function")
            backend.generate_dockerfile(str(named), str(folder), install_mlflow=False)
        except (MlflowException, OSError) as exc:
            raise ModelError(f"mlflow made no Dockerfile of {model.name}: {str(exc).splitlines()[0]}") from exc
        finally:
            BAR.set(shown) if shown is not None else BAR.unset()
    missing = [source for source in copied_sources(folder / "Dockerfile") if not (folder / source).exists()]
    if missing:
        raise ModelError(f"mlflow's Dockerfile of {model.name} copies what is not there: {', '.join(missing)}")


def copied_sources(dockerfile: Path) -> list[str]:
    """What a Dockerfile copies into the image."""
    return [match[1] for match in re.finditer(r"^COPY (\S+) \S+$", dockerfile.read_text(encoding="utf-8"), re.M)]
