"""Measure against mlflow and the peers, in turns in one run, and say which budget is missed.

python tests/benchmarks/bench.py [--full] [--only reading,drawing] [--json bench-results.json]

Compare ratios, not milliseconds: the machine decides those. `make test` asserts nothing on time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drawing import drawing_figures, print_figures
from histories import history_figures
from loading import loading_figures
from querying import query_figures
from reading import reading_figures
from refreshing import refreshing_figures

Figures = dict[str, Any]
SOME, FULL = 10_000, 100_000  # runs


def _querying(folder: Path, _runs: int) -> Figures:
    figures = query_figures(folder, 7)
    for name, q in figures.items():
        print(f"{name:40} {q['ms']:9.1f} ms  search_runs {q['mlflow_ms']:.1f} ms  x{q['ratio']:.2f}")
    return figures


def _drawing(folder: Path, runs: int) -> Figures:
    figures = drawing_figures(folder, runs)
    print_figures(figures, runs)
    return figures


PARTS: dict[str, Callable[[Path, int], Figures]] = {
    "loading": lambda folder, _runs: loading_figures(folder),
    "querying": _querying,
    "reading": reading_figures,
    "refreshing": refreshing_figures,
    "histories": lambda folder, runs: history_figures(folder, runs * 10),
    "drawing": _drawing,
}


def main() -> int:
    """Measure each part in a folder of its own, print, and write the JSON."""
    parser = argparse.ArgumentParser(description="What ours costs beside mlflow and the peers.")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} runs in place of {SOME:,}: half an hour")
    parser.add_argument("--only", metavar="PARTS", help=f"some of {','.join(PARTS)}")
    wanted = parser.parse_args()
    chosen = wanted.only.split(",") if wanted.only else list(PARTS)
    unknown = sorted(set(chosen) - PARTS.keys())
    if unknown:
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    runs = FULL if wanted.full else SOME
    results: Figures = {"runs": runs}
    for part in chosen:
        print(f"\n--- {part}", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            results[part] = PARTS[part](Path(folder), runs)
        print(f"    ({time.monotonic() - started:.0f} s)", flush=True)
        if wanted.json:  # after each part: what was measured stays when a later one fails
            wanted.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
