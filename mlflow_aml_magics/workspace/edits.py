"""Changing runs: their names, tags and notes; deleting them and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .runs import Runs

if TYPE_CHECKING:
    from ..client.connection import Progress

__all__ = ["Edits"]


class Edits(Runs):
    """What may be changed of runs that are there. Each returns what was done, in words."""

    def rename_run(self, run: object, name: str) -> str:
        """Give a run another name.

        Args:
            run: as in `find`.

        Raises:
            UsageError: the name is empty or longer than the store takes.
        """
        return self._edit("rename", (run,), value=name)

    def set_tag(self, run: object, key: str, value: str | None) -> str:
        """Set a tag of a run; None removes it.

        Args:
            run: as in `find`.
            key: its name, none of MLflow's own.
            value: at most 8,000 characters; 1,000 on Azure ML.

        Raises:
            UsageError: the store does not take it.
            NotFound: the tag to be removed is not there.
        """
        if value is None:
            return self._edit("remove_tag", (run,), key=key)
        return self._edit("set_tag", (run,), key=key, value=value)

    def set_note(self, run: object, text: str) -> str:
        """Write the note of a run, as MLflow's UI and the studio show it; "" takes it away.

        Args:
            run: as in `find`.
            text: Markdown, at most 8,000 characters; 1,000 on Azure ML.
        """
        return self._edit("note", (run,), value=text)

    def delete_runs(self, *runs: object, progress: Progress | None = None) -> str:
        """Mark runs as deleted; `restore_runs` takes it back until somebody runs ``mlflow gc``.

        Args:
            runs: each as in `find`. Their children stay.
            progress: told how many are done; may raise to stop.
        """
        return self._edit("delete", runs, progress=progress)

    def restore_runs(self, *run_ids: str, progress: Progress | None = None) -> str:
        """Take back the deletion of runs.

        Args:
            run_ids: whole ids: what is deleted is not found by name.
            progress: told how many are done; may raise to stop.
        """
        from ..services.edit_runs import edit_runs

        return edit_runs(self._connection, "restore", run_ids, progress=progress)

    def _edit(
        self, action: str, runs: tuple[object, ...], *, key: str = "", value: str = "", progress: Progress | None = None
    ) -> str:
        from ..services.edit_runs import edit_runs

        ids = [self.find(run) for run in runs]
        return edit_runs(self._connection, action, ids, key=key, value=value, progress=progress)
