"""Changes of runs that are there already: name, tags, note, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["NOTE", "delete", "remove_tag", "rename", "restore", "set_note", "set_tag"]

NOTE = "mlflow.note.content"
# What MLflow's stores take; longer values it cuts without a word (MLFLOW_TRUNCATE_LONG_VALUES).
KEY, VALUE = 250, 8000  # characters
# What Azure ML takes (mlflow#11103); its own refusal names a field of an entity.
AZURE_KEY, AZURE_VALUE = 100, 1000  # characters


def rename(conn: Connection, run_id: str, name: str) -> None:
    """Give a run another name.

    Raises:
        UsageError: there is nothing in it, or too much.
        NotFound: the run is gone.
    """
    if not name.strip():
        raise UsageError("a run's name cannot be empty")
    _fits(conn, "mlflow.runName", name, what="the name")
    with conn.guard("renaming the run"):
        conn.mlflow.update_run(run_id, name=name)


def set_tag(conn: Connection, run_id: str, key: str, value: str) -> None:
    """Set a tag of a run.

    Raises:
        UsageError: the tag is MLflow's own, has no name, or is longer than the store takes.
        NotFound: the run is gone.
    """
    if not key.strip():
        raise UsageError("a tag needs a name")
    _not_mlflows(key)
    _fits(conn, key, value, what=f"the value of the tag '{key[:80]}'")
    with conn.guard(f"setting the tag '{key}'"):
        conn.mlflow.set_tag(run_id, key, value)


def _not_mlflows(key: str) -> None:
    if key.startswith("mlflow."):
        raise UsageError(f"the tag '{key}' is MLflow's own", hint="choose a name that does not begin with 'mlflow.'")


def remove_tag(conn: Connection, run_id: str, key: str) -> None:
    """Take a tag from a run.

    Raises:
        UsageError: it is one of MLflow's own, which nothing could set again.
        NotFound: it has none of that name, or is gone itself.
    """
    _not_mlflows(key)
    with conn.guard(f"removing the tag '{key}'"):
        conn.mlflow.delete_tag(run_id, key)


def set_note(conn: Connection, run_id: str, text: str) -> None:
    """Write the note of a run, Markdown, as MLflow's UI and the studio show it; "" takes it away.

    Raises:
        UsageError: it is longer than the store takes.
        NotFound: the run is gone.
    """
    _fits(conn, NOTE, text, what="the note")
    with conn.guard("writing the note"):
        if text:
            conn.mlflow.set_tag(run_id, NOTE, text)
        elif NOTE in conn.mlflow.get_run(run_id).data.tags:
            conn.mlflow.delete_tag(run_id, NOTE)


def delete(conn: Connection, run_id: str) -> None:
    """Mark a run as deleted; its children stay, and so do its files until `mlflow gc`.

    Raises:
        NotFound: the run is gone.
    """
    with conn.guard("deleting the run"):
        conn.mlflow.delete_run(run_id)


def restore(conn: Connection, run_id: str) -> None:
    """Take back a deletion.

    Raises:
        NotFound: the run is gone for good.
    """
    with conn.guard("restoring the run"):
        conn.mlflow.restore_run(run_id)


def _fits(conn: Connection, key: str, value: str, *, what: str) -> None:
    most_key, most = (AZURE_KEY, AZURE_VALUE) if conn.azure is not None else (KEY, VALUE)
    who = "Azure Machine Learning" if conn.azure is not None else "MLflow"
    if len(key) > most_key:
        raise UsageError(f"the tag's name has {len(key):,} characters, and {who} takes {most_key}")
    if len(value) > most:
        raise UsageError(
            f"{what} has {len(value):,} characters, and {who} takes {most:,}",
            hint="shorten it, or log the text as an artifact: mlflow.log_text",
        )
