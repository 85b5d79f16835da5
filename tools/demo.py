"""Run a notebook headless, a line a cell, and write it as a page that needs no kernel and no network.

python tools/demo.py notebooks/01_quickstart.ipynb --html quickstart.html
python tools/demo.py notebooks/01_quickstart.ipynb --store

It runs on a copy in a scratch folder: the store, the models and the outputs are new each time, and the
notebook in the repository stays as it is, unless --store is given.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

CELL_SECONDS = 600  # a cell that takes longer hangs
SHOWN = 72  # characters of a cell's first line
SHORT_ERROR = 6  # lines; a longer traceback is not one of our messages, and only its last line is shown
LEFT_BY_RUNS = shutil.ignore_patterns(
    "mlflow.db*", "mlruns", "mlartifacts", ".aml-sandbox", ".ipynb_checkpoints", "__pycache__"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def headline(source: str) -> str:
    """The line of a cell that tells most: the first that is no comment and no import."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("#", "import ", "from "))]
    line = (telling or lines or [""])[0]
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def error_text(outputs: list[NotebookNode]) -> str:
    """What the failed cell says: our errors whole, of any other the exception's own line."""
    for output in outputs:
        if output.output_type == "error":
            lines = _ANSI.sub("", "\n".join(output.traceback)).splitlines()
            return "\n".join(lines) if len(lines) <= SHORT_ERROR else f"{output.ename}: {_ANSI.sub('', output.evalue)}"
    return "the cell failed without a message"


def output_text(cell: NotebookNode) -> str:
    """The text form of what a cell shows."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            parts.append(output.text)
        elif "data" in output and "text/plain" in output.data:
            parts.append(output.data["text/plain"])
    return "\n".join(part.rstrip("\n") for part in parts)


class Progress:
    """Prints one line a cell: written when it starts, finished when it ends."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.numbers = {
            index: number
            for number, index in enumerate(
                (i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()),
                start=1,
            )
        }
        self.started = time.perf_counter()

    def start(self, cell: NotebookNode, cell_index: int) -> None:
        """Called by nbclient for each cell, also for those that hold text."""
        if cell_index in self.numbers:
            self.started = time.perf_counter()
            total = len(self.numbers)
            place = f"[{self.numbers[cell_index]:>{len(str(total))}}/{total}]"
            print(f"{place} {headline(cell.source):<{SHOWN}}", end=" ", flush=True)

    def end(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """Called when the kernel has answered."""
        if cell_index in self.numbers:
            good = execute_reply["content"]["status"] == "ok"
            print(f"{time.perf_counter() - self.started:6.1f} s {'✓' if good else '✗'}", flush=True)


def set_environment(notebook: Path, state: Path) -> None:
    """A fresh store beside the notebook, whatever the user has set; the kernel inherits it."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "AML_MAGICS_", "AZUREML_")):
            del os.environ[name]
    os.environ["AML_MAGICS_STATE_DIR"] = str(state)
    os.environ["HOME"] = str(state.parent)  # so that outputs say ~ and not where they were made
    os.environ["JPY_SESSION_NAME"] = str(notebook)  # what JupyterLab's server tells a kernel
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for `!python`


def execute(notebook: NotebookNode, folder: Path) -> str | None:
    """Run all cells in order; the message of the failure, or None."""
    progress = Progress(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # ipykernel warns about its own loopback sockets
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,  # the page and the stored notebook show the static part
        record_timing=False,
        on_cell_start=progress.start,
        on_cell_executed=progress.end,
    )
    try:
        client.execute()
    except CellExecutionError:
        failed = [
            c for c in notebook.cells if c.cell_type == "code" and any(o.output_type == "error" for o in c.outputs)
        ]
        return error_text(failed[-1].outputs if failed else [])
    except DeadKernelError:
        print()
        return "the kernel died"
    except TimeoutError:
        print()
        return f"the cell did not end within {CELL_SECONDS} s"
    return None


def write_html(notebook: NotebookNode, target: Path, title: str) -> None:
    """The page shows each panel's static part and fetches nothing."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab")
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    # nbconvert's template fetches all these from the network, whether the notebook needs them or not.
    page = re.sub(r'<script src="https?://[^"]*"></script>', "", page)
    page = re.sub(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", "", page, flags=re.DOTALL)
    page = re.sub(r'<script type="module">\s*document\.addEventListener.*?</script>', "", page, flags=re.DOTALL)
    target.write_text(page, encoding="utf-8")


def store(notebook: NotebookNode, target: Path) -> None:
    """Keep the outputs, without what differs from one run to the next for no reader's good."""
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, target)


def stop_deployments() -> None:
    """End the servers that the notebook left, whether it failed or forgot."""
    from mlflow_aml_magics.services.deploy import stop_all

    stopped = stop_all()
    if stopped:
        print(f"stopped {len(stopped)} deployment(s) that the notebook left")


def main() -> int:
    """Exit code 0 when every cell ran."""
    parser = argparse.ArgumentParser(description="Run a notebook headless, a line a cell.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--html", type=Path, help="where to write the executed notebook as a page")
    parser.add_argument("--store", action="store_true", help="keep the outputs in the notebook itself")
    wanted = parser.parse_args()
    if not wanted.notebook.is_file():
        print(f"error: there is no notebook {wanted.notebook}", file=sys.stderr)
        return 1

    with tempfile.TemporaryDirectory(prefix="aml-magics-demo-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / wanted.notebook.parent.resolve().name
        shutil.copytree(wanted.notebook.parent, folder, ignore=LEFT_BY_RUNS)
        set_environment(folder / wanted.notebook.name, Path(scratch) / "state")
        notebook = nbformat.read(wanted.notebook, as_version=4)
        started = time.perf_counter()
        print(f"{wanted.notebook}", flush=True)
        try:
            failure = execute(notebook, folder)
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
            return 130
        finally:
            stop_deployments()

    if failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and output_text(cell)]
    if shown:
        print(f"\n{output_text(shown[-1])}")
    print(f"\n{time.perf_counter() - started:.0f} s", end="")
    if wanted.store:
        store(notebook, wanted.notebook)
        print(f"; stored the outputs in {wanted.notebook}", end="")
    if wanted.html:
        write_html(notebook, wanted.html, wanted.notebook.stem)
        print(f"; wrote {wanted.html}", end="")
    print(". `make lab` opens the notebook interactively.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
