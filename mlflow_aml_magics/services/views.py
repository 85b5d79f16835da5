"""How the explorer was left, and views saved by name: kept for each store and its experiments, in the user's folder.

STATE/views/3f2a9c…/last.json       how the explorer of these experiments was left
STATE/views/3f2a9c…/view-81b0….json a saved view; its name stands inside, as names may have any character

Each is written beside and moved into its place, so that kernels at the same time never see half of one.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from ..errors import NotFound, QueryError, UsageError, nearest

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..frames.runtable import RunTable

__all__ = ["Views", "checked_view", "opening_view"]

FORMAT = 1
NAME = 100  # characters of a name
SIZE = 1_000_000  # bytes of a view; one with a width and a star for each of 10,000 columns and runs has 700,000


class Views:
    """The views of some experiments of a store.

    Args:
        connection: to the store.
        experiments: their names; none means all of the store.
        parent: the run whose children are shown, which are left on their own; saved views are those of the experiments.
    """

    def __init__(self, connection: Connection, experiments: Sequence[str], parent: str | None = None) -> None:
        from ..client.paths import redacted

        scope = json.dumps([redacted(connection.uri), sorted(experiments)])
        self._scope = _digest(scope)
        self._last = "last.json" if parent is None else f"last-{_digest(parent)}.json"

    def last(self) -> dict[str, Any]:
        """How the explorer was left; empty where it never was."""
        return _read(self._folder / self._last)[1]

    def keep(self, view: Mapping[str, Any]) -> None:
        """Note how the explorer is left. Where that cannot be written it is forgotten: no cell fails for it."""
        with suppress(UsageError):
            self._write(self._folder / self._last, "", view)

    def all(self) -> dict[str, dict[str, Any]]:
        """The saved views by name, in the order of their names."""
        try:
            found = [_read(path) for path in self._folder.glob("view-*.json")]
        except OSError:
            found = []
        return {name: view for name, view in sorted(found, key=lambda each: each[0].lower()) if name}

    def load(self, name: str) -> dict[str, Any]:
        """A saved view.

        Raises:
            NotFound: there is none of that name; the nearest is named.
        """
        views = self.all()
        if name not in views:
            raise self._unknown(name, views)
        return views[name]

    def save(self, name: str, view: Mapping[str, Any]) -> None:
        """Keep a view under a name, in place of one of the same name.

        Raises:
            UsageError: the name is empty, too long or has control characters; the view is none; no place to write.
        """
        if not name.strip() or len(name) > NAME or not name.isprintable():
            raise UsageError(
                f"'{name[:40]}' cannot name a view" if name.strip() else "the view needs a name",
                hint=f"1 to {NAME} characters that can be printed",
            )
        self._write(self._path(name), name, view)

    def delete(self, name: str) -> None:
        """Forget a saved view.

        Raises:
            NotFound: there is none of that name.
        """
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            raise self._unknown(name, self.all()) from None
        except OSError as exc:
            raise UsageError(f"the view '{name}' cannot be deleted: {exc}") from exc

    @property
    def _folder(self) -> Path:
        import platformdirs

        root = os.environ.get("AML_MAGICS_STATE_DIR") or platformdirs.user_state_dir("mlflow-aml-magics")
        try:
            return Path(root).expanduser() / "views" / self._scope
        except RuntimeError as exc:  # ~nobody
            raise _no_place(Path(root), exc) from exc

    def _path(self, name: str) -> Path:
        return self._folder / f"view-{_digest(name)}.json"

    def _write(self, path: Path, name: str, view: Mapping[str, Any]) -> None:
        text = json.dumps({"format": FORMAT, "name": name, "view": checked_view(view)})
        if len(text) > SIZE:
            raise UsageError(f"a view of {len(text):,} bytes is too large to keep", hint=f"at most {SIZE:,}")
        part = path.with_name(f"{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            part.replace(path)
        except OSError as exc:
            with suppress(OSError):
                part.unlink()
            raise _no_place(path.parent, exc) from exc

    @staticmethod
    def _unknown(name: str, views: Mapping[str, object]) -> NotFound:
        close = nearest(name, views)
        there = f"there are: {', '.join(list(views)[:12])}" if views else "none is saved for these experiments"
        return NotFound(f"no saved view '{name}'", hint=f"did you mean '{close}'?" if close else there)


def opening_view(
    views: Views, runs: RunTable, *, name: str | None = None, query: str = "", metric: str | None = None
) -> dict[str, Any]:
    """The view that an explorer opens with: a saved one, or how the last was left.

    Args:
        runs: those that it shows; a filter that was left and does not fit them any more is dropped.
        name: of a saved view.
        query, metric: what the user asked for now, which outweighs what was left.

    Raises:
        NotFound: no saved view has that name.
        QueryError: the filter of the saved view does not fit these runs.
    """
    view = views.load(name) if name else views.last()
    if metric and not name:  # colour and order were chosen for another question
        view = {key: value for key, value in view.items() if key not in ("color", "sort")}
    left = str(view.get("query") or "")
    if query or not left:
        return {**view, "query": query}
    try:
        runs.filter(left)
    except QueryError:
        if name:
            raise
        return {**view, "query": ""}
    return view


def checked_view(view: object) -> dict[str, Any]:
    """A view that came from outside, with the keys of `contract.View` only.

    Raises:
        UsageError: a key has a value of another shape.
    """
    from ..contract import View

    if not isinstance(view, Mapping):
        raise UsageError(f"a view is a mapping, not {type(view).__name__}", hint="take one from panel.view_json()")
    hints = get_type_hints(View)
    for key in hints.keys() & view.keys():
        if not _fits(view[key], hints[key]):
            raise UsageError(f"the view's '{key}' is not of the shape that it has", hint="see panel.view_json()")
    return {key: view[key] for key in hints if key in view}


def _fits(value: object, hint: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in args if isinstance(value, str) else False
    if origin is list:
        return isinstance(value, (list, tuple)) and all(_fits(each, args[0]) for each in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(
            isinstance(key, str) and _fits(each, args[1]) for key, each in value.items()
        )
    if is_typeddict(hint):
        parts = get_type_hints(hint)
        return isinstance(value, Mapping) and all(
            key in value and _fits(value[key], part) for key, part in parts.items()
        )
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The name and the view; empty where there is no file, or one that is garbled or of another version."""
    try:
        if path.stat().st_size > 2 * SIZE:
            return "", {}
        kept: Any = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] == FORMAT and isinstance(kept["name"], str):
            return kept["name"], checked_view(kept["view"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, UsageError):
        pass
    return "", {}


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _no_place(folder: Path, why: object) -> UsageError:
    return UsageError(f"no view can be kept in {folder}: {why}", hint="AML_MAGICS_STATE_DIR names another folder")
