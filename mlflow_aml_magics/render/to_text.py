"""Blocks for a terminal."""

from __future__ import annotations

from .blocks import FACT, GLYPH, Block, Code, Facts, Figure, Note, Table
from .format import one_line

__all__ = ["to_text"]

TEXT_CELL = 80  # characters of a table cell


def to_text(block: Block) -> str:
    """One block as lines of text."""
    if isinstance(block, Facts):
        width = max((len(one_line(label)) for label, _ in block.rows), default=0)
        return "\n".join(f"  {one_line(k):<{width}}  {one_line(v, FACT)}".rstrip() for k, v in block.rows)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Code):
        title = f"  {one_line(block.title)}:\n" if block.title else ""
        return title + "\n".join(f"    {line}".rstrip() for line in block.shown().splitlines())
    if isinstance(block, Note):
        return f"  {GLYPH[block.tone]}{one_line(block.text, 2000)}"
    if isinstance(block, Figure):
        return f"  {one_line(block.caption, 1000)}" if block.caption else ""
    return f"  {one_line(block.text)}: {one_line(block.url, FACT)}"


def _table(table: Table) -> str:
    header = [one_line(name, TEXT_CELL) for name in table.columns]
    rows = [[one_line(cell, TEXT_CELL) for cell in row] for row in table.rows]
    widths = [max(map(len, cells)) for cells in zip(header, *rows, strict=True)]
    lines = [f"\n  {one_line(table.title)}"] if table.title else []
    for cells in (header, ["─" * width for width in widths], *rows):
        padded = (
            cell.rjust(width) if table.is_numeric(i) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        lines.append(f"  {'  '.join(padded)}".rstrip())
    if table.shortened():
        lines.append(f"  … {table.shortened()}")
    return "\n".join(lines)
