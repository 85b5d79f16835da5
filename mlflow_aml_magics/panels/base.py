"""What every panel has: its built front end, static output that survives, and requests that are always answered."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget

from ..client.paths import redacted
from ..contract import CONTRACT_VERSION, Failure
from ..errors import AmlMagicsError, MissingDependency, UsageError
from ..render.document import Document

__all__ = ["PANEL_MIME", "Cancelled", "Handler", "Panel", "asset", "failure_of"]

PANEL_MIME = "application/vnd.mlflow-aml-magics.panel+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
STATIC = Path(__file__).parent / "static"

Handler = Callable[[Mapping[str, Any], Callable[[str], None]], Mapping[str, Any]]


class Cancelled(AmlMagicsError):
    """The user gave the request up."""

    code = "cancelled"


def asset(name: str) -> str:
    """The text of a built front-end file.

    Raises:
        MissingDependency: the package was installed without its front end.
    """
    path = STATIC / name
    if not path.is_file():
        raise MissingDependency(
            f"the panels' front end is not built ({name} is missing)",
            hint="install the wheel, or run `make setup` in the checkout; until then use --static",
        )
    return path.read_text(encoding="utf-8")


def failure_of(exc: BaseException) -> Failure:
    """An exception in the form that a panel shows."""
    if isinstance(exc, AmlMagicsError):
        return {"code": exc.code, "message": exc.message, "hint": exc.hint}
    return {
        "code": "internal",
        "message": redacted(f"{type(exc).__name__}: {exc}"),
        "hint": "this is a fault of the panel: the Python call shows the whole traceback",
    }


class Panel(anywidget.AnyWidget):
    """Base of the panels. A subclass gives `_document` and fills `_handlers`.

    Handlers run in threads of their own, so that a panel stays alive during a deployment. What a handler returns is
    JSON, but for ``buffers``: a list of bytes, which travel as they are.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._handlers: dict[str, Handler] = {}
        self._running: dict[str, threading.Event] = {}
        self.on_msg(self._receive)
        _answer_while_busy(self)

    def _document(self) -> Document:
        raise TypeError(f"{type(self).__name__} shows nothing of itself")

    def __repr__(self) -> str:
        return self._document().text()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live view, and beside it what GitHub, nbconvert or a reopened notebook can show."""
        static: dict[str, Any] = {**self._document()._repr_mimebundle_()}
        if os.environ.get("AML_MAGICS_RENDER") == "static":
            return static, {}
        live = {
            PANEL_MIME: {"model_id": self.model_id, "contract": CONTRACT_VERSION},
            WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": self.model_id},
        }
        return live | static, {}

    def _receive(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, dict) or content.get("kind") != "request":
            return
        request, name, args = str(content.get("id")), str(content.get("name")), content.get("args")
        args = {} if args is None else args
        if not isinstance(args, dict):
            wrong = UsageError(f"the arguments of '{name}' are no mapping but {type(args).__name__}")
            self._reply(request, error=failure_of(wrong))
            return
        if name == "cancel":
            event = self._running.get(str(args.get("request")))
            if event:
                event.set()
            self._reply(request, result={})
            return
        handler = self._handlers.get(name)
        if handler is None:
            self._reply(request, error={"code": "usage", "message": f"this panel cannot '{name}'", "hint": None})
            return
        cancelled = self._running[request] = threading.Event()
        threading.Thread(
            target=self._answer, args=(request, handler, args, cancelled), name=f"panel-{name}", daemon=True
        ).start()

    def _answer(self, request: str, handler: Handler, args: Mapping[str, Any], cancelled: threading.Event) -> None:
        def progress(message: str) -> None:
            if cancelled.is_set():
                raise Cancelled("cancelled")
            self.send({"id": request, "kind": "progress", "message": message})

        try:
            self._reply(request, result=dict(handler(args, progress)))
        except Exception as exc:  # noqa: BLE001 -- a thread's end: whatever it was, the panel is told
            self._reply(request, error=failure_of(exc))
        finally:
            self._running.pop(request, None)

    def _reply(self, request: str, *, result: dict[str, Any] | None = None, error: Failure | None = None) -> None:
        buffers = (result or {}).pop("buffers", [])
        self.send({"id": request, "kind": "reply", "result": result, "error": error}, buffers)


def _answer_while_busy(panel: Panel) -> None:
    """Let messages to the panel be read while a cell runs.

    JupyterLab sends them on a subshell, but ipykernel 7 routes them back to the shell that last published on the comm
    (`BaseComm._reply_subshell_for`): 20.9 s against 37 ms during a 25 s cell. The name is private, so look before.
    """
    comm = getattr(panel, "comm", None)
    if comm is not None and hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
