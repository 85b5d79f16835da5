"""What `%load_ext` costs beside `import mlflow`, each in fresh processes.

python tests/benchmarks/loading.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

SHELL = """
import sys, time
import ipykernel.ipkernel
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
modules, start = len(sys.modules), time.perf_counter()
{statement}
print((time.perf_counter() - start) * 1000, len(sys.modules) - modules)
"""
STUB = """
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

@magics_class
class Stub(Magics):
    @magic_arguments()
    @argument("--name")
    @line_magic
    def stub(self, line):
        return parse_argstring(self.stub, line)

def load_ipython_extension(shell):
    shell.register_magics(Stub)
"""
SUBJECTS = {
    "import mlflow": "import mlflow",
    "%load_ext mlflow_aml_magics": "shell.run_line_magic('load_ext', 'mlflow_aml_magics')",
    "%load_ext of a stub with one magic": "shell.run_line_magic('load_ext', 'stub_magics')",
}
GOAL = 100  # %load_ext costs at most 1/100 of `import mlflow`


def measure(statement: str, folder: str) -> tuple[float, int]:
    """Milliseconds and newly imported modules of a statement in a new process."""
    program = SHELL.format(statement=f"sys.path.insert(0, {folder!r}); {statement}")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{statement} failed:\n{done.stderr}")
    milliseconds, modules = done.stdout.splitlines()[-1].split()
    return float(milliseconds), int(modules)


def loading_figures(folder: Path, repeat: int = 7) -> dict[str, dict[str, Any]]:
    """Milliseconds, new modules, and the part of `import mlflow` that it is; in turns, as machines are noisy.

    Args:
        folder: an empty one.
        repeat: fresh processes a subject.
    """
    taken: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    modules: dict[str, int] = {}
    (folder / "stub_magics.py").write_text(STUB, encoding="utf-8")
    for round_ in range(repeat + 1):
        for name, statement in SUBJECTS.items():
            milliseconds, modules[name] = measure(statement, str(folder))
            if round_:  # the first fills the disk cache
                taken[name].append(milliseconds)
    slow = statistics.median(taken["import mlflow"])
    figures: dict[str, dict[str, Any]] = {}
    for name, times in taken.items():
        middle = statistics.median(times)
        figures[name] = {
            "ms": round(middle, 3),
            "min_ms": round(min(times), 3),
            "max_ms": round(max(times), 3),
            "new_modules": modules[name],
            "ratio": round(slow / middle, 1),
        }
        print(f"{name:40} {middle:9.2f} ms  {modules[name]:5} modules  1/{slow / middle:.0f} of import mlflow")
    figures["%load_ext mlflow_aml_magics"]["met"] = figures["%load_ext mlflow_aml_magics"]["ratio"] >= GOAL
    return figures
