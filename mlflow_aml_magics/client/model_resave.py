"""A scikit-learn model of the skops format, saved again as mlflow before 3.7 reads it: as cloudpickle.

    python -m mlflow_aml_magics.client.model_resave FOLDER

does it to the folder, in a process of its own: loading a model runs its code. mlflow 3.6 refuses skops ("Unrecognized
serialization format"), and loads the same model as cloudpickle: tried with mlflow 3.6.0 and scikit-learn 1.9.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ..errors import ModelError
from .model_check import harmless

__all__ = ["is_skops", "resave"]

SECONDS = 300.0
PICKLED = "model.pkl"


def is_skops(folder: Path) -> bool:
    """Whether the model in a folder is a scikit-learn model in the skops format."""
    return bool(_sklearn(_read(folder)).get("serialization_format") == "skops")


def resave(folder: Path) -> None:
    """Save the model in a folder again, in place: the folder is a copy that nobody else has.

    Raises:
        ModelError: it does not load.
    """
    command = [sys.executable, "-m", __name__, str(folder)]
    try:
        done = subprocess.run(
            command, env=harmless(os.environ), cwd=folder.parent, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as exc:
        raise ModelError(f"the model was still loading after {SECONDS:g} s") from exc
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"its process ended with code {done.returncode}"])[-1]
        said = "".join(sign if sign.isprintable() else "\ufffd" for sign in said[:400])
        raise ModelError(
            f"the model cannot be saved as cloudpickle: {said}",
            hint="log it again with serialization_format='cloudpickle'",
        )


def _read(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8")) or {}
    return read


def _sklearn(meta: dict[str, Any]) -> dict[str, Any]:
    flavor: dict[str, Any] = (meta.get("flavors") or {}).get("sklearn") or {}
    return flavor


def _main(folder: Path) -> None:
    import cloudpickle
    import mlflow.sklearn

    model = mlflow.sklearn.load_model(str(folder))
    meta = _read(folder)
    before = str(_sklearn(meta)["pickled_model"])
    (folder / PICKLED).unlink(missing_ok=True)  # as the MLmodel below
    with (folder / PICKLED).open("wb") as file:
        cloudpickle.dump(model, file)
    _sklearn(meta).update(pickled_model=PICKLED, serialization_format="cloudpickle")
    _sklearn(meta).pop("skops_trusted_types", None)
    meta["flavors"]["python_function"]["model_path"] = PICKLED
    (folder / "MLmodel").unlink()  # it may be a link to the original
    (folder / "MLmodel").write_text(yaml.safe_dump(meta, sort_keys=False), encoding="utf-8")
    (folder / before).unlink()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
