"""What loading and querying cost, against mlflow: `%load_ext` in fresh processes that take turns, queries in one.

python tests/benchmarks/bench.py [--json bench-results.json] [--repeat 7]

IPython and ipykernel are imported before the clock starts, as they are in every notebook. Compare ratios, not
milliseconds: the machine decides those. `make test` asserts nothing on time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from querying import RUNS, query_figures

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


def main() -> int:
    """Measure in turns, so that a busy machine slows all alike; print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="What %load_ext and queries cost against mlflow's own.")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--repeat", type=int, default=7, help="fresh processes a subject (default 7)")
    wanted = parser.parse_args()

    taken: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    modules: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "stub_magics.py").write_text(STUB, encoding="utf-8")
        for round_ in range(wanted.repeat + 1):
            for name, statement in SUBJECTS.items():
                milliseconds, modules[name] = measure(statement, folder)
                if round_:  # the first fills the disk cache
                    taken[name].append(milliseconds)

    slow = statistics.median(taken["import mlflow"])
    results = {
        name: {
            "median_ms": round(statistics.median(times), 3),
            "min_ms": round(min(times), 3),
            "max_ms": round(max(times), 3),
            "new_modules": modules[name],
            "import_mlflow_ratio": round(slow / statistics.median(times), 1),
        }
        for name, times in taken.items()
    }
    heading = f"median of {wanted.repeat} processes"
    print(f"{heading:38} {'ms':>9} {'min–max':>17} {'modules':>8}   ratio")
    for name, r in results.items():
        spread = f"{r['min_ms']:.2f}–{r['max_ms']:.2f}"
        part = f"1/{r['import_mlflow_ratio']:.0f}"
        print(f"{name:38} {r['median_ms']:9.2f} {spread:>17} {r['new_modules']:8.0f}   {part}")
    ratio = results["%load_ext mlflow_aml_magics"]["import_mlflow_ratio"]
    verdict = "within" if ratio >= GOAL else "MISSES"
    print(f"\n%load_ext costs 1/{ratio:.0f} of `import mlflow`: {verdict} the goal of 1/{GOAL}")
    with tempfile.TemporaryDirectory() as folder:
        queries = query_figures(Path(folder), wanted.repeat)
    print(f"\n{f'{RUNS:,} runs in SQLite':38} {'ms':>9} {'search_runs':>12} {'found':>6}   mlflow/ours")
    for name, q in queries.items():
        print(f"{name:38} {q['ms']:9.1f} {q['mlflow_ms']:12.1f} {q['runs_found']:6.0f}   {q['ratio']:.2f}")
    if wanted.json:
        wanted.json.write_text(
            json.dumps({**results, "query": queries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        print(f"wrote {wanted.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
