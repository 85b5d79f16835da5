"""Write the tables of README.md, from the parsers, the settings and the bridge themselves: python tools/readme.py

tests/test_readme.py fails when one is stale.
"""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

from mlflow_aml_magics.client.bridge import units
from mlflow_aml_magics.config import SETTINGS
from mlflow_aml_magics.magics import VERBS

README = Path(__file__).parents[1] / "README.md"


def magics_table() -> str:
    """One row a verb: an example, what it does, its options."""
    rows = ["| magic | what it does | words |", "|---|---|---|"]
    for name, summary in VERBS.items():
        parser = import_module(f"mlflow_aml_magics.magics.{name}").parser()
        words = " ".join(_word(action) for action in parser._actions if "--help" not in action.option_strings)
        rows.append(f"| `%aml_{name}` | {_cell(summary)} | {_cell(words)} |")
    return "\n".join(rows)


def settings_table() -> str:
    """One row a setting."""
    rows = ["| setting | default | what it does | variable |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = {"": "", True: "true", False: "false"}.get(setting.default, str(setting.default))
        help_text = f"{setting.help}: {', '.join(setting.choices)}" if setting.choices else setting.help
        rows.append(f"| `{setting.name}` | {default} | {_cell(help_text)} | `{setting.env}` |")
    return "\n".join(rows)


def bridge_table() -> str:
    """One row a mend."""
    rows = ["| what works with it | reported in |", "|---|---|"]
    for unit in units():
        thread = re.fullmatch(r"https://github.com/(.+)/(?:issues|pull)/(\d+)", unit.issue)
        where = f"{thread[1]}#{thread[2]}" if thread else "documentation"
        rows.append(f"| {_cell(unit.mends)} | [{where}]({unit.issue}) |")
    return "\n".join(rows)


def _word(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.dest.upper()}`" if action.nargs is None else f"`[{action.dest.upper()}]`"
    name = next(option for option in action.option_strings if option.startswith("--"))
    takes = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"`{name}{takes}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rendered(text: str) -> str:
    """The README with its tables made anew."""
    for name, table in (("magics", magics_table()), ("settings", settings_table()), ("bridge", bridge_table())):
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        before, found, rest = text.partition(begin)
        if not found or end not in rest:
            raise SystemExit(f"README.md has no {begin.strip()} … {end}")
        text = f"{before}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    README.write_text(rendered(README.read_text(encoding="utf-8")), encoding="utf-8")
