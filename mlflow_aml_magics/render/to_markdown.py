"""Blocks as GitHub-flavoured Markdown."""

from __future__ import annotations

import re

from .blocks import CELL, FACT, GLYPH, Block, Code, Facts, Figure, Note, Table
from .format import one_line

__all__ = ["escape", "to_markdown"]

_SPECIAL = re.compile(r"[`*_\[\]|~>]")


def escape(text: str) -> str:
    """Foreign text inside Markdown: nothing of it is markup, HTML, a link, a formula or a new block."""
    # `\` and `$` go into elements of their own: escaped, they would reach MathJax as the delimiters they are, and
    # MathJax follows \href{javascript:…}.
    pieces = re.split(r"([\\$&<])", text)
    marks = {"\\": "<span>&#92;</span>", "$": "<span>$</span>", "&": "&amp;", "<": "&lt;"}
    escaped = "".join(marks.get(piece) or _SPECIAL.sub(r"\\\g<0>", piece) for piece in pieces)
    escaped = re.sub(r"(?i)(https?|ftp|www)(?=[:.])", r"\1<span></span>", escaped)  # else GitHub makes it a link
    return re.sub(r"^(?:([#+=-])|(\d+)(?=[.)]))", r"\2\\\1", escaped)


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def to_markdown(block: Block) -> str:
    """One block as Markdown."""
    if isinstance(block, Facts):
        return "\n".join(f"- **{escape(one_line(k))}**: {escape(one_line(v, FACT))}" for k, v in block.rows)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Code):
        text = block.shown()
        title = f"**{escape(one_line(block.title))}**\n\n" if block.title else ""
        return f"{title}{_fence(text)}{_language(block.language)}\n{text}\n{_fence(text)}"
    if isinstance(block, Note):
        return f"> {GLYPH[block.tone]}{escape(one_line(block.text, 2000))}"
    if isinstance(block, Figure):
        return f"*{escape(one_line(block.caption, 1000))}*" if block.caption else ""
    text, target = escape(one_line(block.text)), block.target()
    return f"[{text}](<{target}>)" if target else f"{text}: {escape(one_line(block.url, FACT))}"


def _table(table: Table) -> str:
    lines = [f"**{escape(one_line(table.title))}**", ""] if table.title else []
    lines.append("| " + " | ".join(escape(one_line(name, CELL)) or " " for name in table.columns) + " |")
    lines.append("|" + "|".join("---:" if table.is_numeric(i) else ":---" for i in range(len(table.columns))) + "|")
    lines += ["| " + " | ".join(escape(one_line(cell, CELL)) for cell in row) + " |" for row in table.rows]
    if table.shortened():
        lines += ["", f"*{table.shortened()}*"]
    return "\n".join(lines)


def _language(name: str) -> str:
    return name if re.fullmatch(r"[\w+-]*", name) else ""
