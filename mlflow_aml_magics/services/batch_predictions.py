"""The file of predictions that a batch job writes, as a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvokeError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_predictions"]


def read_predictions(file: Path, job: str, names: Callable[[], Sequence[str]]) -> pd.DataFrame:
    """``file_name``, ``row`` where the data was a table, and the predictions, sorted by file and row.

    The file has no head: row, prediction, file name (how-to-mlflow-batch.md; mlflow-for-batch-tabular.ipynb).

    Args:
        file: predictions.csv.
        job: its job, for messages.
        names: what the model calls its outputs; asked where there are several.

    Raises:
        InvokeError: it cannot be read so.
    """
    import pandas as pd

    try:
        found: pd.DataFrame = pd.read_csv(file, header=None, skipinitialspace=True)
    except pd.errors.EmptyDataError:
        empty: pd.DataFrame = pd.DataFrame(columns=["file_name", "row", "prediction"])
        return empty
    except (OSError, ValueError) as exc:  # pandas' own errors are ValueErrors
        raise InvokeError(f"the predictions of the job {job} cannot be read: {str(exc).splitlines()[0]}") from exc
    width = found.shape[1]
    if width < 2:
        raise InvokeError(
            f"the predictions of the job {job} are no table of row, prediction and file name",
            hint=f"az ml job download --name {job} --output-name score brings the file as it is",
        )
    has_row = width > 2 and pd.api.types.is_integer_dtype(found[0])
    given = width - 1 - has_row
    called = list(names()) if given > 1 else ["prediction"]
    if len(called) != given or {"file_name", "row"} & set(called):
        called = [f"prediction_{place}" for place in range(given)]
    found.columns = [*(["row"] if has_row else []), *called, "file_name"]
    order = ["file_name", *(["row"] if has_row else []), *called]
    ordered: pd.DataFrame = found.sort_values(order[: 1 + has_row], kind="stable", ignore_index=True)[order]
    return ordered
