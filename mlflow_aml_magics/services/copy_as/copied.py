"""The pieces that code is put together from: what was copied, a call, a command, a file; everything in it is quoted."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

__all__ = ["Copied", "Raw", "call", "command", "yaml_file"]

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"  # named in Microsoft's reference-yaml-*.md
LINE = 100  # characters of a call or a command, before it goes over several lines


@dataclass(frozen=True)
class Copied:
    """An action as code: our Python, azure-ai-ml or mlflow, commands, and the files that they read (name and text)."""

    python: str
    sdk: str = ""
    cli: str = ""
    files: tuple[tuple[str, str], ...] = ()

    @property
    def yaml(self) -> str:
        """All files as one text, each after a line with its name."""
        return "---\n".join(f"# {name}\n{text}" for name, text in self.files)


class Raw:
    """Code that stands for itself among the quoted values of a call or a command: a variable, another call."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return self.code


def call(name: str, /, *values: Any, **named: Any) -> str:
    """A call in Python; arguments that are None are left out.

    >>> call("ws.deploy", "wine:3", to="online", name=None)
    "ws.deploy('wine:3', to='online')"
    """
    words = [*map(repr, values), *(f"{key}={value!r}" for key, value in named.items() if value is not None)]
    line = f"{name}({', '.join(words)})"
    if len(line) <= LINE:
        return line
    indented = (word.replace("\n", "\n    ") if "\n" in word else word for word in words)
    return f"{name}(\n" + "".join(f"    {word},\n" for word in indented) + ")"


def command(words: Sequence[str], options: Mapping[str, str | bool | Raw | None]) -> str:
    """A shell command with its options; None and False leave one out, True is one without a value.

    >>> command(["az", "ml", "model", "show"], {"name": "a b", "web": True})
    "az ml model show --name 'a b' --web"
    """
    parts = []
    for option, value in options.items():
        if value is True:
            parts.append(f"--{option}")
        elif isinstance(value, Raw):
            parts.append(f"--{option} {value!r}")
        elif isinstance(value, str):
            # After a value's dash the parser would see an option.
            glue = "=" if value.startswith("-") else " "
            parts.append(f"--{option}{glue}{shlex.quote(value)}")
    line = " ".join([*words, *parts])
    return line if len(line) <= LINE else " \\\n  ".join([" ".join(words), *parts])


def yaml_file(schema: str, content: Mapping[str, Any]) -> str:
    """A file for `az ml … --file`; what is None or empty is left out."""
    kept = {key: value for key, value in content.items() if value not in (None, "", {})}
    document = {"$schema": f"{SCHEMAS}/{schema}.schema.json", **kept}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=LINE))
