"""What the front end costs in headless Chromium, beside what draws the same elsewhere: plotly, HiPlot, mlflow-widgets
and `DataFrame.to_html`, in one browser without a GPU, in turns. A peer that is not installed has no figures.

python tests/benchmarks/drawing.py [--full] [--json drawing.json]
"""

from __future__ import annotations

import argparse
import functools
import http.server
import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawn_runs import installed, sweep, write_ours, write_peers

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
STATIC = ROOT / "mlflow_aml_magics" / "panels" / "static"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
FULL, SOME, PANEL = 100_000, 10_000, 1_000
# Milliseconds that hold at 100,000 runs, and how much faster than whom. (issue: budgets of the run explorer)
BUDGETS: dict[str, tuple[float | None, dict[str, float]]] = {
    "parallel coordinates: first pixels": (50, {}),
    "parallel coordinates: exact": (300, {"plotly": 4, "HiPlot": 30}),
    "brush: preview": (60, {}),
    "brush: exact": (200, {"plotly": 4, "HiPlot": 20}),
    "hover": (5, {}),
    "hover: painted": (None, {}),
    "table: scroll": (33, {}),
    "table: sort": (120, {}),
    "panel of 1,000 runs x 30: click to painted": (150, {"mlflow-widgets": 4}),
}
MOST_NODES = 2_000
MOST_BYTES = 4.2  # a value


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """An address under which the pages, our bundle, the peers' scripts and the runs are found."""
    places = {"/pages/": HERE / "pages", "/static/": STATIC}
    scripts: dict[str, Path] = {}
    for script, module, path in (
        ("/plotly.js", "plotly", "package_data/plotly.min.js"),
        ("/mlflow-parallel.js", "mlflow_widgets", "static/mlflow-parallel.js"),
    ):
        spec = importlib.util.find_spec(module)
        if spec and spec.submodule_search_locations:
            scripts[script] = Path(spec.submodule_search_locations[0]) / path

    class Handler(http.server.SimpleHTTPRequestHandler):
        def guess_type(self, path: Any) -> str:
            return "text/javascript" if str(path).endswith(".js") else super().guess_type(path)

        def translate_path(self, path: str) -> str:
            for prefix, place in places.items():
                if path.startswith(prefix):
                    return str(place / path[len(prefix) :])
            return str(scripts.get(path, folder / path.lstrip("/")))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Browser:
    """One Chromium; each question has a page of its own."""

    def __init__(self, chromium: Any, address: str) -> None:
        self._chromium, self._address = chromium, address

    def ask(self, module: str, call: str) -> dict[str, float]:
        """What an exported function of a page's module answers, such as ``panel("some")``."""
        page = self._chromium.new_page(viewport={"width": 1340, "height": 900})
        page.set_default_timeout(60_000)
        try:
            page.goto(f"{self._address}/pages/blank.html")
            answer: dict[str, float] = page.evaluate(f"async () => (await import('/pages/{module}.js')).{call}")
            return answer
        finally:
            page.close()

    def hiplot(self, name: str) -> dict[str, float]:
        """HiPlot's page from navigation to its last stroke, and a brush on its third axis by the mouse."""
        page = self._chromium.new_page(viewport={"width": 1340, "height": 900})
        page.set_default_timeout(60_000)
        try:
            page.add_init_script(path=str(HERE / "pages" / "last-draw.js"))
            page.goto(f"{self._address}/{name}.hiplot.html", wait_until="domcontentloaded")
            exact = page.evaluate("() => window.drawnSince(0, 1500)")
            box = page.locator(".overlay").nth(2).bounding_box()
            x = box["x"] + box["width"] / 2
            page.mouse.move(x, box["y"] + box["height"] * 0.2)
            page.mouse.down()
            page.mouse.move(x, box["y"] + box["height"] * 0.6, steps=3)
            begun = page.evaluate("() => performance.now()")
            page.mouse.up()
            return {"exact": exact, "brush": page.evaluate("(begun) => window.drawnSince(begun, 1500)", begun)}
        finally:
            page.close()


def drawing_figures(folder: Path, runs: int = SOME, repeat: int = 3) -> dict[str, dict[str, Any]]:
    """Each row: milliseconds of ours and of the peers, how many times faster, and whether the budget is met.

    Args:
        folder: an empty one.
        runs: for the plot and the table; milliseconds are promised for 100,000.
        repeat: how often each gesture is made; the middle one counts.
    """
    from playwright.sync_api import sync_playwright

    wire = write_ours(folder, "some", table := sweep(runs, 10, 10))
    write_peers(folder, "some", table)
    write_ours(folder, "panel", small := sweep(PANEL, 15, 15))
    write_peers(folder, "panel", small)
    few = table.to_pandas().head(min(runs, 2_000))
    (folder / "few.html").write_text(few.to_html())
    found = subprocess.run([sys.executable, ROOT / "tools" / "browser.py"], capture_output=True, text=True, check=True)
    with served(folder) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found.stdout.strip(), args=CHROMIUM)
        browser = Browser(chromium, address)
        ours = browser.ask("ours", f"gestures('some', {repeat})")
        panel = browser.ask("ours", "panel('panel')")
        asked: dict[str, Callable[[], dict[str, float]]] = {
            "plotly": lambda: browser.ask("peers", "plotly('some')"),
            "HiPlot": lambda: browser.hiplot("some"),
            "mlflow-widgets": lambda: browser.ask("peers", "mlflowWidgets('some')"),
        }
        peers = {peer: ask() if installed(peer) else None for peer, ask in asked.items()}
        widgets = browser.ask("peers", "mlflowWidgets('panel')") if installed("mlflow-widgets") else None
        html = browser.ask("peers", "html('few')")
        chromium.close()

    def beside(key: str) -> dict[str, float | None]:
        answers = {peer: answer.get(key) if answer else None for peer, answer in peers.items()}
        return {peer: ms for peer, ms in answers.items() if ms is not None or not installed(peer)}

    rows = {
        "parallel coordinates: first pixels": _row("parallel coordinates: first pixels", ours["first"], {}),
        "parallel coordinates: exact": _row("parallel coordinates: exact", ours["exact"], beside("exact")),
        "brush: preview": _row("brush: preview", ours["preview"], {}),
        "brush: exact": _row("brush: exact", ours["brush"], beside("brush")),
        "hover": _row("hover", ours["hover"], {}),
        "hover: painted": _row("hover: painted", ours["painted"], beside("hover")),
        "table: scroll": _row("table: scroll", ours["scroll"], {f"to_html of {len(few):,} rows": html["exact"]}),
        "table: sort": _row("table: sort", ours["sort"], {}),
        "panel of 1,000 runs x 30: click to painted": _row(
            "panel of 1,000 runs x 30: click to painted",
            panel["first"],
            {"mlflow-widgets": widgets["exact"] if widgets else None},
        ),
    }
    return rows | {
        "page elements": {"nodes": ours["nodes"], "html_nodes": html["nodes"], "met": ours["nodes"] <= MOST_NODES},
        "to the browser": {**wire, "met": wire["bytes_a_value"] <= MOST_BYTES},
    }


def _row(name: str, ms: float, peers: dict[str, float | None]) -> dict[str, Any]:
    most, ratios = BUDGETS[name]
    beside = {peer: "not installed" if other is None else round(other, 1) for peer, other in peers.items()}
    ratio = {peer: round(other / max(ms, 0.1), 1) for peer, other in peers.items() if other is not None}
    met = (most is None or ms <= most) and all(ratio.get(peer, least) >= least for peer, least in ratios.items())
    return {"ms": round(ms, 1), "beside": beside, "ratio": ratio, "budget_ms": most, "met": met}


def print_figures(figures: dict[str, dict[str, Any]], runs: int) -> None:
    """The table for people."""
    print(f"\n{f'{runs:,} runs x 20 in Chromium':46} {'ms':>8} {'budget':>7}   beside (how many times faster)")
    for name, row in figures.items():
        if "beside" not in row:
            print(f"{name:46} {', '.join(f'{key} {value}' for key, value in row.items())}")
            continue
        said = [
            f"{peer} {ms}" if isinstance(ms, str) else f"{peer} {ms:,.0f} (x{row['ratio'][peer]:.1f})"
            for peer, ms in row["beside"].items()
        ]
        print(f"{name:46} {row['ms']:8.1f} {row['budget_ms'] or '':>7} {' ' if row['met'] else '!'} {', '.join(said)}")


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="What the front end costs beside its peers.")
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} runs in place of {SOME:,}")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    wanted = parser.parse_args()
    runs = FULL if wanted.full else SOME
    with tempfile.TemporaryDirectory() as folder:
        figures = drawing_figures(Path(folder), runs)
    print_figures(figures, runs)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
