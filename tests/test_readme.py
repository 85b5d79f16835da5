"""The README tells the truth: its tables, its tree, its pictures, its commands."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def readme(repo: Path) -> str:
    return (repo / "README.md").read_text(encoding="utf-8")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_parsers(repo: Path, readme: str) -> None:
    assert load(repo / "tools" / "readme.py").rendered(readme) == readme, "run: make readme"


def test_the_tree_names_what_is_there(repo: Path, readme: str) -> None:
    tree = re.search(r"## How it is built.*?```\n(.*?)```", readme, re.DOTALL)
    assert tree
    listed = re.findall(r"^ {2}(\w+/|\w+\.py) ", tree[1], re.MULTILINE)
    package = repo / "mlflow_aml_magics"
    there = {
        f"{p.name}/" if p.is_dir() else p.name
        for p in package.iterdir()
        if p.name not in ("__pycache__", "labextension", "py.typed")
    }
    assert set(listed) == there


def test_the_pictures_are_there(repo: Path, readme: str) -> None:
    pictures = re.findall(r"(?:src=|srcset=|\]\()\"?((?:docs|notebooks)/[^\s\")]+)", readme)
    assert pictures
    assert [name for name in pictures if not (repo / name).exists()] == []


def test_the_commands_are_targets_of_make(repo: Path, readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repo / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", readme)) <= targets
