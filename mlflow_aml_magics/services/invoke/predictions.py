"""What does an answer say? Predictions out of a scoring server's JSON, and those of several requests as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import InvokeError

if TYPE_CHECKING:
    from ...client.scoring import Answer

__all__ = ["as_columns", "as_predictions", "joined", "values_in"]


def values_in(name: str, answer: Answer) -> Any:
    """The predictions as JSON values: MLflow's server wraps them, Azure ML's does not.

    Raises:
        InvokeError: it is no JSON.
    """
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as exc:
        raise InvokeError(f"'{name}' answered what is no JSON: {answer.body[:100]!r}") from exc
    return said["predictions"] if isinstance(said, dict) and "predictions" in said else said


def joined(parts: Sequence[Any]) -> Any:
    """The answers to the parts of one request, in order: lists and columns end to end, other values as a list."""
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    names = list(parts[0]) if isinstance(parts[0], dict) else None
    if names is not None and all(
        isinstance(part, dict) and list(part) == names and all(isinstance(column, list) for column in part.values())
        for part in parts
    ):
        return {name: [item for part in parts for item in part[name]] for name in names}
    return list(parts)


def as_predictions(values: Any) -> Any:
    """A DataFrame where the model gives columns, else the values as they are."""
    if isinstance(values, list) and values and all(isinstance(item, dict) for item in values) and any(values):
        import pandas as pd

        return pd.DataFrame(values)
    return values


def as_columns(predictions: Any) -> dict[str, list[Any]]:
    """Predictions by column: of a DataFrame its own, of equally long lists one for each place, else one of all."""
    if hasattr(predictions, "columns"):
        return {str(name): predictions[name].astype(object).tolist() for name in predictions.columns}
    if isinstance(predictions, dict) and predictions:
        lengths = {len(column) if isinstance(column, list) else -1 for column in predictions.values()}
        if len(lengths) == 1 and lengths != {-1}:
            return {str(name): column for name, column in predictions.items()}
    if not isinstance(predictions, list):
        return {"prediction": [predictions]}
    widths = {len(item) if isinstance(item, list) else -1 for item in predictions}
    if len(widths) == 1 and 1 < (width := widths.pop()) <= WIDE:
        return {f"prediction {i}": [item[i] for item in predictions] for i in range(width)}
    return {"prediction": predictions}


WIDE = 12  # numbers in one prediction, above which they are shown as a list
