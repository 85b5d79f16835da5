"""Arrows point one way, and loading the extension stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "mlflow_aml_magics"

# Which parts of the package each part may import. A part is a module or a folder directly under the package.
_PURE = {"errors", "contract"}
_CLIENT = _PURE | {"config", "frames"}
_SERVICES = _CLIENT | {"client", "render", "plots"}
_PANELS = _SERVICES | {"services"}
_SHELLS = _PANELS | {"panels", "workspace"}
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "contract": set(),
    "config": _PURE,
    "frames": _PURE,
    "render": _PURE | {"frames"},
    "plots": _PURE | {"frames"},
    "client": _CLIENT,
    "services": _SERVICES | {"sandbox"},
    "panels": _PANELS,
    "workspace": _PANELS | {"panels"},
    "magics": _SHELLS,
    "sandbox": set(),
    "lab": _SHELLS,
    "__init__": _SHELLS | {"magics", "lab"},
    "__main__": _SHELLS | {"magics"},
}
# The top imports these from nobody below: a part that needs the version may have it.
FROM_THE_TOP = {"__version__"}

# A panel is handed the workspace that made it, and names its type; it imports nothing of it when it runs.
TYPING_ONLY = {("panels", "workspace")}

# Foreign packages, and the only parts that may import them.
_STORES = ("mlflow", "azure", "azureml", "msal", "sqlalchemy", "requests", "httpx")
_JUPYTER = ("ipykernel", "ipywidgets", "anywidget", "traitlets", "jupyter_client")
FOREIGN: dict[str, set[str]] = {
    **{name: {"client"} for name in _STORES},
    **{name: {"panels", "workspace", "magics", "lab", "__init__"} for name in _JUPYTER},
    "IPython": ARROWS.keys() - _PURE - {"config", "frames", "render"},
}

HEAVY = ("mlflow", "azure", "pandas", "numpy", "pyarrow", "plotly", "ipywidgets", "anywidget", "jsonschema")


@dataclass(frozen=True)
class Import:
    """One imported name, made absolute. `typing_only`: it stands under ``if TYPE_CHECKING``."""

    line: int
    name: str
    typing_only: bool


def imports(source: str, module: str, *, is_package: bool) -> Iterator[Import]:
    """Everything that a module imports, anywhere in it."""
    tree = ast.parse(source)
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, id(node) in guarded) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")
                climbed = above[: len(above) - node.level + is_package]
                base = ".".join([*climbed, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, f"{base}.{a.name}", id(node) in guarded) for a in node.names)


def wrong_arrows(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What a module imports and must not, one readable line each."""
    own = [*module.split("."), "__init__"][1]
    wrong = []
    for found in imports(source, module, is_package=is_package):
        first, *rest = found.name.split(".")
        if first == PACKAGE:
            part = rest[0] if rest else "__init__"
            named_only = found.typing_only and (own, part) in TYPING_ONLY
            if part != own and part not in ARROWS[own] | FROM_THE_TOP and not named_only:
                wrong.append(f"{module}:{found.line}: {own} must not import {part} ({found.name})")
        elif first in FOREIGN and own not in FOREIGN[first]:
            wrong.append(f"{module}:{found.line}: {own} must not import {first}")
    return wrong


def modules(repo: Path) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of every module of the package."""
    for path in sorted((repo / PACKAGE).rglob("*.py")):
        parts = path.relative_to(repo).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def test_no_arrow_points_back(repo: Path) -> None:
    wrong = [
        line
        for module, path in modules(repo)
        for line in wrong_arrows(path.read_text("utf-8"), module, is_package=path.name == "__init__.py")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_part_has_its_row(repo: Path) -> None:
    parts = {[*module.split("."), "__init__"][1] for module, _ in modules(repo)}
    assert parts <= ARROWS.keys()


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("client.runs", "from ..services import track", "services"),
        ("client.runs", "from mlflow_aml_magics.magics.track import x", "magics"),
        ("client.runs", "def f():\n    from ..render import format", "render"),
        ("client.runs", "from .. import render", "render"),
        ("frames.query", "import mlflow_aml_magics.client.runs", "client"),
        ("services.deploy.local", "from ...panels import explorer", "panels"),
        ("magics.track", "import mlflow.tracking", "mlflow"),
        ("magics.track", "from ..lab import x", "lab"),
        ("services.track", "if TYPE_CHECKING:\n    from azure.identity import X", "azure"),
        ("panels.explorer", "from .. import load_ipython_extension", "load_ipython_extension"),
        ("render.document", "import IPython", "IPython"),
        ("panels.explorer", "from ..workspace import Workspace", "workspace"),
    ],
)
def test_a_wrong_arrow_is_caught(module: str, source: str, named: str) -> None:
    (found,) = wrong_arrows(source, f"{PACKAGE}.{module}")
    assert f"must not import {named}" in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("client.runs", "import mlflow\nfrom ..frames.runtable import RunTable\nfrom . import target"),
        ("services.deploy.local", "from ...client import models\nfrom . import base\nfrom .. import track"),
        ("magics.track", "from ..workspace import Workspace\nfrom .. import __version__"),
        ("panels.explorer", "if TYPE_CHECKING:\n    from ..workspace import Workspace"),
    ],
)
def test_a_right_arrow_is_let_through(module: str, source: str) -> None:
    assert wrong_arrows(source, f"{PACKAGE}.{module}") == []


def test_a_package_counts_its_own_dots() -> None:
    found = wrong_arrows("from ..magics import x\nfrom . import y", f"{PACKAGE}.client", is_package=True)
    assert found == ["mlflow_aml_magics.client:1: client must not import magics (mlflow_aml_magics.magics.x)"]


def test_load_ext_is_light() -> None:
    program = f"""
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "{PACKAGE}")
assert shell.find_line_magic("aml_track"), "the magics are not there"
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    heavy = [name for name in loaded if name.split(".")[0] in HEAVY]
    assert not heavy, f"%load_ext loads {heavy[:10]}"
