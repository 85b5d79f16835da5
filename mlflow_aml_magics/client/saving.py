"""Saving a fitted model object as an MLflow model folder, with the flavor that its class calls for."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from mlflow.exceptions import MlflowException

from ..errors import ModelError, UsageError
from .logs import quiet

__all__ = ["save_object"]

# Root module of a class -> the mlflow module that saves it.
FLAVORS = {
    "catboost": "mlflow.catboost",
    "keras": "mlflow.keras",
    "lightgbm": "mlflow.lightgbm",
    "onnx": "mlflow.onnx",
    "prophet": "mlflow.prophet",
    "sklearn": "mlflow.sklearn",
    "spacy": "mlflow.spacy",
    "statsmodels": "mlflow.statsmodels",
    "tensorflow": "mlflow.tensorflow",
    "torch": "mlflow.pytorch",
    "xgboost": "mlflow.xgboost",
}


def save_object(
    model: object, to: Path, *, input_example: Any = None, pip_requirements: Sequence[str] | None = None
) -> Path:
    """Save a fitted model object as an MLflow model folder.

    Raises:
        UsageError: the object is no model.
        ModelError: mlflow cannot save it.
    """
    flavor = _flavor_of(model)
    options: dict[str, Any] = {"input_example": input_example, "pip_requirements": pip_requirements}
    try:
        if flavor is None:
            mlflow.pyfunc.save_model(str(to), python_model=_as_python_model(model), **options)
        else:
            _save(flavor, model, to, options)
    except (MlflowException, ImportError, TypeError, ValueError, AttributeError) as exc:
        said = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise ModelError(
            f"this {type(model).__name__} cannot be saved: {said}",
            hint=f"log it yourself with {flavor or 'mlflow.pyfunc'}.log_model, then %aml_register the run",
        ) from exc
    return to


def _flavor_of(model: object) -> str | None:
    """The mlflow module for an object's class: xgboost before the scikit-learn class that it derives from."""
    if isinstance(model, mlflow.pyfunc.PythonModel):
        return None
    for cls in type(model).__mro__:
        flavor = FLAVORS.get(cls.__module__.partition(".")[0])
        if flavor == "mlflow.keras" and not _keras_3():
            return "mlflow.tensorflow"
        if flavor:
            return flavor
    return None


def _keras_3() -> bool:
    return int(str(importlib.import_module("keras").__version__).partition(".")[0]) >= 3


def _save(flavor: str, model: object, to: Path, options: dict[str, Any]) -> None:
    module = importlib.import_module(flavor)
    try:
        module.save_model(model, str(to), **options)
    except MlflowException:
        if flavor not in ("mlflow.sklearn", "mlflow.lightgbm"):
            raise
        # skops, mlflow's default, refuses classes that it does not know, the user's own above all.
        shutil.rmtree(to, ignore_errors=True)
        with quiet(flavor):  # mlflow advises on pickles: the user chose no format, we did
            module.save_model(model, str(to), serialization_format="cloudpickle", **options)


def _as_python_model(model: object) -> Any:
    """What mlflow's python flavor takes: a PythonModel, a function, or one made around ``predict``."""
    if isinstance(model, mlflow.pyfunc.PythonModel):
        return model
    predict = getattr(model, "predict", None)
    if not callable(predict):
        raise UsageError(
            f"this {type(model).__name__} is no model: it has no predict",
            hint="a fitted model, a run id, runs:/RUN/model, or a folder with an MLmodel",
        )

    # Defined here so that cloudpickle keeps it by value: the model must load where we are not installed. Without type
    # hints, from which mlflow would make a signature.
    class Predicts(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
        def __init__(self, wrapped):  # type: ignore[no-untyped-def]
            self.wrapped = wrapped

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return self.wrapped.predict(model_input)

    return Predicts(model)  # type: ignore[no-untyped-call]
