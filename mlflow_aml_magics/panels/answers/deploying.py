"""Making a deployment from the panel: what can be chosen, the check beforehand, and the work with its progress."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from ...contract.endpoints import CheckFinding, CheckResult, DeployChoices, DeployWork, WorkLine
from ...errors import UsageError
from ..base import Cancelled, failure_of
from .deploy_choices import choices_of

if TYPE_CHECKING:
    from ...workspace import Workspace
    from ..base import Handler
    from ..endpoints import EndpointsPanel

__all__ = ["Work", "deploying_answers"]

LINES = 300  # of progress, kept
SHOW_EVERY = 0.2  # s; progress may come a hundred times a second
NO_STORE = UsageError("nothing is tracked, so there is no model to deploy", hint="%aml_track")
NOTHING: DeployWork = {
    "number": 0,
    "state": "none",
    "title": "",
    "reference": "",
    "started": 0,
    "seconds": None,
    "lines": [],
    "findings": [],
    "failure": None,
}


class Work:
    """The deployment that a panel makes: one at a time, in a thread of its own, told to the browser by a trait.

    It belongs to the panel and not to a request, so that a page that is reloaded finds it again.
    """

    def __init__(self, panel: EndpointsPanel) -> None:
        self._panel = panel
        self._lock = threading.Lock()
        self._showing = threading.Lock()  # else an older state could be shown after a newer one, for good
        self._stop = threading.Event()
        self._shown = 0.0
        self._now: DeployWork = NOTHING
        self._show()

    def start(self, form: Mapping[str, Any]) -> None:
        """Begin.

        Raises:
            UsageError: one is under way, or nothing is tracked.
        """
        workspace = self._panel.workspace
        if workspace is None:
            raise NO_STORE
        title = f"{_needed(form, 'model')} to {_needed(form, 'target')}"
        with self._lock:
            if self._now["state"] in ("running", "stopping"):
                raise UsageError("a deployment is under way in this panel", hint="wait for it, or stop it first")
            self._stop.clear()
            self._now = {
                **NOTHING,
                "number": self._now["number"] + 1,
                "state": "running",
                "title": title,
                "started": time.time() * 1000,
            }
        self._show()
        threading.Thread(target=self._run, args=(workspace, dict(form)), name="panel-deploy", daemon=True).start()

    def stop(self) -> None:
        """Give it up at its next word."""
        with self._lock:
            if self._now["state"] == "running":
                self._stop.set()
                self._now = {**self._now, "state": "stopping"}
        self._show()

    def _run(self, workspace: Workspace, form: Mapping[str, Any]) -> None:
        ended: dict[str, Any] = {}
        try:
            findings = check(workspace, form, self._say)
            self._change(findings=findings)
            if any(found["level"] == "bad" for found in findings) and not form.get("force"):
                ended = {"state": "refused"}
            else:
                done = workspace.deploy(form["model"], to=form["target"], progress=self._say, **options_of(form))
                ended = {"state": "done", "reference": done.reference}
        except Exception as exc:  # noqa: BLE001 -- a thread's end: whatever it was, the panel is told
            ended = {"state": "failed", "failure": failure_of(exc)}
        finally:
            with suppress(Exception):  # the list is as it was; how the work ended is what matters now
                self._panel.refresh()
            self._change(**ended, seconds=self._elapsed())
            if ended.get("state") == "done":
                self._panel.selected, self._panel.tab = ended["reference"], "test"
            self._show()

    def _say(self, text: str) -> None:
        """A line of progress. What only counts on replaces what it was."""
        if self._stop.is_set():
            raise Cancelled("stopped", hint="typed again, the same deployment goes on where this left it")
        with self._lock:
            lines = list(self._now["lines"])
            if lines and _stem(lines[-1]["text"]) == _stem(text):
                lines.pop()
            self._now = {**self._now, "lines": [*lines, WorkLine(at=self._elapsed(), text=text)][-LINES:]}
        if time.monotonic() - self._shown > SHOW_EVERY:
            self._show()

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._now = cast(DeployWork, {**self._now, **changes})

    def _elapsed(self) -> float:
        return time.time() - self._now["started"] / 1000

    def _show(self) -> None:
        with self._showing:
            self._shown = time.monotonic()
            self._panel._work = dict(self._now)


def deploying_answers(panel: EndpointsPanel, work: Work) -> dict[str, Handler]:
    """Handlers of deploy_model, stop_deploy, deploy_choices and preflight."""

    def deploy(args: Mapping[str, Any], _progress: Callable[[str], None]) -> dict[str, Any]:
        work.start(args)
        return {}

    def stop(_args: Mapping[str, Any], _progress: Callable[[str], None]) -> dict[str, Any]:
        work.stop()
        return {}

    def choices(_args: Mapping[str, Any], progress: Callable[[str], None]) -> DeployChoices:
        return choices_of(panel.serving._served_by(), progress)

    def preflight(args: Mapping[str, Any], progress: Callable[[str], None]) -> CheckResult:
        if panel.workspace is None:
            raise NO_STORE
        return {"findings": check(panel.workspace, args, progress, load=bool(args.get("load")))}

    return {"deploy_model": deploy, "stop_deploy": stop, "deploy_choices": choices, "preflight": preflight}


def check(
    workspace: Workspace, form: Mapping[str, Any], progress: Callable[[str], None], *, load: bool = False
) -> list[CheckFinding]:
    """What is found of a model before it is deployed."""
    from ...services.preflight import preflight

    progress(f"checking {form['model']}")
    found = preflight(
        workspace.connection, _needed(form, "model"), target=_needed(form, "target"), load=load, progress=progress
    )
    return [{"level": finding.level, "what": finding.what, "fix": finding.fix} for finding in found.findings]


def options_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form as keyword arguments of `Workspace.deploy`; what was left empty is left out."""
    given = {
        "name": str(form.get("name") or "").strip(),
        "deployment": str(form.get("deployment") or "").strip(),
        "instance_type": str(form.get("instance_type") or "").strip(),
        "instance_count": int(form.get("instance_count") or 0),
        "auth": str(form.get("auth") or ""),
        "compute": str(form.get("compute") or "").strip(),
        "image": str(form.get("image") or "").strip(),
        "port": int(form.get("port") or 0),
        "isolated": bool(form.get("isolated")),
        "tags": {str(key): str(value) for key, value in (form.get("tags") or {}).items()},
        "force": bool(form.get("force")),
    }
    return {key: value for key, value in given.items() if value}


def _needed(form: Mapping[str, Any], key: str) -> str:
    value = str(form.get(key) or "").strip()
    if not value:
        raise UsageError(f"which {key}?", hint=f"choose a {key}")
    return value


def _stem(text: str) -> str:
    return re.sub(r"[\d.,:]+", "#", text)
