"""A real JupyterLab and a real Chromium.

def test_something(lab, open_notebook):
    lab.write("a.ipynb", ["%load_ext mlflow_aml_magics", "panel = ..."])
    nb = open_notebook("a.ipynb")
    nb.run_all()
    nb.page.get_by_role("button", name="Register…").click()
    assert nb.python("panel.query") == "'metrics.rmse < 60'"
    nb.screenshot("explorer-light")
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

REPO = Path(__file__).parents[2]
RESULTS = REPO / "test-results"
VIEWPORT = {"width": 1280, "height": 900}
START_SECONDS = 60  # a server on a busy machine
CHROMIUM_ARGS = [
    "--no-sandbox",  # as root there is none
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    # A cell out of sight is in the page too, so that a test finds it.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
THEMES = "@jupyterlab/apputils-extension/themes"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@dataclass
class Lab:
    """A running JupyterLab whose files lie in `root`."""

    root: Path
    url: str
    token: str = field(repr=False)
    settings: Path
    env: dict[str, str] = field(repr=False)

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Make a notebook of these code cells."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.root / name)
        return self.root / name

    def copy(self, source: Path) -> Path:
        """Put a copy of a notebook where the server sees it."""
        return Path(shutil.copy(source, self.root / source.name))

    def set(self, plugin: str, values: dict[str, Any]) -> None:
        """Write a plugin's user settings; a page that is opened later has them."""
        path = self.settings / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")

    def delete(self, path: str) -> None:
        """Ask the server's REST API to delete something."""
        request = urllib.request.Request(
            f"{self.url}{path}", method="DELETE", headers={"Authorization": f"token {self.token}"}
        )
        urllib.request.urlopen(request, timeout=20).close()

    def get(self, path: str) -> Any:
        """What the server's REST API answers."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@dataclass
class Notebook:
    """A notebook that is open in a page of JupyterLab."""

    page: Page
    name: str

    def command(self, name: str, **args: object) -> None:
        """Run one of JupyterLab's commands and wait for its end."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)", [name, args]
        )

    def run_all(self, *, seconds: float = 180, allow_errors: bool = False) -> None:
        """Run every cell; returns when the last has ended. A cell that fails fails the test."""
        self.page.set_default_timeout(seconds * 1000)
        try:
            self.command("notebook:run-all-cells")
        finally:
            self.page.set_default_timeout(30_000)
        errors = self.errors()
        assert allow_errors or not errors, "\n".join(errors)

    def run_cell(self, source: str, *, seconds: float = 60) -> None:
        """Append a cell, run it, and wait for its end."""
        self._append(source)
        self.page.set_default_timeout(seconds * 1000)
        self.command("notebook:run-cell")
        self.page.set_default_timeout(30_000)

    def start_cell(self, source: str) -> None:
        """Append a cell and start it; returns once the kernel is busy with it."""
        self._append(source)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status === 'busy'"
        )

    def _append(self, source: str) -> None:
        count = self.page.evaluate(
            """([source]) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const model = notebook.model.sharedModel;
                model.insertCell(model.cells.length, {cell_type: 'code', source});
                notebook.activeCellIndex = model.cells.length - 1;
                return model.cells.length;
            }""",
            [source],
        )
        assert count

    def outputs(self) -> list[list[dict[str, Any]]]:
        """The outputs of each code cell, as the notebook file would hold them."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code')
                .map(cell => cell.model.outputs.toJSON())"""
        )

    def errors(self) -> list[str]:
        """What the cells that failed say."""
        return [
            f"cell {number}: {output['ename']}: {output['evalue']}"
            for number, outputs in enumerate(self.outputs(), start=1)
            for output in outputs
            if output["output_type"] == "error"
        ]

    def python(self, expression: str) -> str:
        """The repr of an expression in the notebook's kernel. It waits while a cell runs."""
        answer = self.page.evaluate(
            """async expression => {
                const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
                const content = {code: '', silent: true, user_expressions: {value: expression}};
                const future = kernel.requestExecute(content, true);
                return (await future.done).content.user_expressions.value;
            }""",
            expression,
        )
        assert answer["status"] == "ok", f"{expression}: {answer.get('ename')}: {answer.get('evalue')}"
        return str(answer["data"]["text/plain"])

    def wait_for_python(self, condition: str, *, seconds: float = 10) -> None:
        """Wait until an expression in the kernel is true: state travels from the panel in its own time."""
        deadline = time.monotonic() + seconds
        while self.python(f"bool({condition})") != "True":
            assert time.monotonic() < deadline, f"not true within {seconds:.0f} s: {condition}"
            self.page.wait_for_timeout(50)

    def screenshot(self, name: str) -> Path:
        """A picture of the window in test-results/."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def _environment(scratch: Path) -> dict[str, str]:
    """Only this environment's programs, none of the user's settings, and a state folder of our own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "AML_MAGICS_", "AZUREML_", "JUPYTER", "JPY_", "IPYTHON"))
    }
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "AML_MAGICS_STATE_DIR": str(scratch / "state"),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def _wait_for(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, f"JupyterLab ended:\n{log.read_text('utf-8')}"
        address = re.search(r"http://(?:127\.0\.0\.1|localhost):(\d+)/", log.read_text("utf-8"))
        if address:
            lab.url = f"http://127.0.0.1:{address[1]}/"
            try:
                lab.get("api/status")
            except urllib.error.URLError:
                pass
            else:
                return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not answer within {START_SECONDS} s:\n{log.read_text('utf-8')}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all browser tests: a free port, a random token, no news, scratch folders."""
    scratch = tmp_path_factory.mktemp("lab")
    root = scratch / "root"
    root.mkdir()
    token = os.urandom(16).hex()
    running = Lab(root=root, url="", token=token, settings=scratch / "settings", env=_environment(scratch))
    for plugin, values in SETTINGS.items():
        running.set(plugin, values)
    command = [
        *[sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"],
        *["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={root}"],
        *[f"--IdentityProvider.token={token}", "--LabApp.news_url=None"],
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    log = scratch / "lab.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, cwd=root, env=running.env, stdout=stream, stderr=subprocess.STDOUT)
    try:
        _wait_for(running, server, log)
        yield running
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
        stop = "from mlflow_aml_magics.services.deploy import stop_all; stop_all()"
        subprocess.run([sys.executable, "-c", stop], env=running.env, cwd=root, check=False, timeout=60)


@pytest.fixture(scope="module")  # not longer: while Playwright runs, no other test can run an event loop
def browser() -> Iterator[Browser]:
    """Chromium. Without one the test fails: a browser test that is skipped proves nothing."""
    finder = REPO / "tools" / "browser.py"
    found = subprocess.run([sys.executable, str(finder)], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.fail(found.stderr.strip())
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found.stdout.strip(), args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let fixtures see whether the test failed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


_FAILED = pytest.StashKey[bool]()


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook of `lab.root` in a new window: ``open_notebook("a.ipynb", theme=DARK)``.

    When the test ends, its kernels are shut down. It fails when a page fetched anything from another host.
    """
    opened: list[Notebook] = []
    foreign: list[str] = []

    def note(asked: Request) -> None:
        if asked.url.startswith("http") and not asked.url.startswith(lab.url):
            foreign.append(asked.url)

    def open_(name: str, *, theme: str = LIGHT, sidebar: bool = False) -> Notebook:
        lab.set(THEMES, {"theme": theme, "adaptive-theme": False})
        page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
        page.on("request", note)
        notebook = Notebook(page, name)
        opened.append(notebook)
        page.goto(f"{lab.url}lab/tree/{name}?reset&token={lab.token}")
        page.wait_for_function(
            """name => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return panel?.context?.path === name && panel.context.isReady
                    && panel.context.sessionContext.session?.kernel?.status === 'idle';
            }""",
            arg=name,
        )
        if not sidebar:
            notebook.command("application:toggle-left-area")
        return notebook

    yield open_
    for notebook in opened:
        if request.node.stash.get(_FAILED, True):
            notebook.screenshot(f"failed-{request.node.name}")
        notebook.page.close()
    for session in lab.get("api/sessions"):
        lab.delete(f"api/sessions/{session['id']}")
    assert not foreign, f"fetched from elsewhere: {sorted(set(foreign))}"
