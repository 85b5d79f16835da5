"""A small document that reads well as text, as Markdown and as HTML, and the mixin of everything that shows one.

The HTML has no script, escapes everything, and keeps its structure in tags: GitHub drops ``<style>``, classes and style
attributes, JupyterLab drops them from notebooks that are not trusted.
"""

from __future__ import annotations

import html as _html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .format import clean, count, one_line

__all__ = ["Block", "Code", "Document", "Facts", "Figure", "Link", "Note", "Shown", "Table", "Tone"]

Tone = Literal["info", "good", "warn", "bad"]

CELL = 80  # characters of a table cell; a longer one would push the other columns off the page
NARROW = 24  # characters that are never broken into lines
FACT = 400  # characters of a value in a list of facts
CODE = 20_000  # characters of a code block: five of them still fit the 100 KB budget of a static output
TEXT_CELL = 40  # characters of a table cell in plain text
_GLYPH: dict[Tone, str] = {
    "info": "",
    "good": "✓ ",
    "warn": "⚠ ",
    "bad": "✗ ",
}  # tone must not rest on colour alone


@dataclass(frozen=True)
class Facts:
    """A list of labelled values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table of ready-made text. ``numeric`` columns are set right; ``total`` says how many rows there are in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()
    total: int | None = None
    title: str = ""
    tones: tuple[tuple[Tone | None, ...], ...] = ()  # of each cell, where one is to stand out

    def is_numeric(self, column: int) -> bool:
        """Whether that column is set right."""
        return column < len(self.numeric) and self.numeric[column]

    def tone(self, row: int, column: int) -> Tone | None:
        """How that cell stands out, if it does."""
        return self.tones[row][column] if row < len(self.tones) and column < len(self.tones[row]) else None

    def shortened(self) -> str:
        """ "showing 50 of 2,341", or nothing when all rows are there."""
        if self.total is None or self.total <= len(self.rows):
            return ""
        return f"showing {count(len(self.rows))} of {count(self.total)}"


@dataclass(frozen=True)
class Code:
    """Text kept as it is. With a title it starts folded."""

    text: str
    language: str = ""
    title: str = ""

    def shown(self) -> str:
        """The text without characters that act, cut where it is absurdly long, which is said."""
        text = clean(self.text).rstrip("\n")
        if len(text) <= CODE:
            return text
        return f"{text[:CODE]}\n… ({count(CODE)} of {count(len(text))} characters)"


@dataclass(frozen=True)
class Note:
    """A sentence, with a tone."""

    text: str
    tone: Tone = "info"


@dataclass(frozen=True)
class Figure:
    """A picture that we drew: ``svg`` is safe markup. The caption must be enough where pictures are dropped."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Link:
    """A link. Only http and https are followed; anything else is shown as text."""

    text: str
    url: str

    def target(self) -> str | None:
        """The address, if it is one that a browser may follow."""
        url = self.url.strip()
        safe = re.match(r"https?://[^\s<>\"'`\\]+$", url, re.IGNORECASE) and clean(url) == url
        return url if safe else None


Block = Facts | Table | Code | Note | Figure | Link


class Shown:
    """Mixin of result objects: whoever defines ``_document`` is shown well everywhere."""

    def _document(self) -> Document:
        raise NotImplementedError

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """Text, Markdown and HTML, for whichever front end is reading."""
        document = self._document()
        bundle = {
            "text/plain": document.text(),
            "text/markdown": document.markdown(),
            "text/html": document.html(),
        }
        wanted, unwanted = set(include or bundle), set(exclude or ())
        return {kind: data for kind, data in bundle.items() if kind in wanted and kind not in unwanted}

    def __repr__(self) -> str:
        return self._document().text()


@dataclass(frozen=True, repr=False)
class Document(Shown):
    """A title and blocks, in order.

    >>> print(Document("wine v3", (Facts((("alias", "champion"),)),)).text())
    wine v3
      alias  champion
    """

    title: str
    blocks: tuple[Block, ...] = ()

    def _document(self) -> Document:
        return self

    def text(self) -> str:
        """The document for a terminal."""
        return "\n".join(part for part in (one_line(self.title), *map(_text, self.blocks)) if part)

    def markdown(self) -> str:
        """The document as GitHub-flavoured Markdown."""
        title = f"**{_md(one_line(self.title))}**" if self.title else ""
        return "\n\n".join(part for part in (title, *map(_markdown, self.blocks)) if part) + "\n"

    def html(self) -> str:
        """The document as HTML without script; its colours follow JupyterLab's or VS Code's theme."""
        title = f"<p><b>{_esc(one_line(self.title))}</b></p>" if self.title else ""
        body = "\n".join(part for part in (title, *map(_to_html, self.blocks)) if part)
        return f'<div class="mam-doc {_NO_MATHS}">\n<style>{_STYLE}</style>\n{body}\n</div>'


# --- plain text --------------------------------------------------------------------------------------------


def _text(block: Block) -> str:
    if isinstance(block, Facts):
        width = max((len(one_line(label)) for label, _ in block.rows), default=0)
        return "\n".join(f"  {one_line(k):<{width}}  {one_line(v, FACT)}".rstrip() for k, v in block.rows)
    if isinstance(block, Table):
        return _text_table(block)
    if isinstance(block, Code):
        title = f"  {one_line(block.title)}:\n" if block.title else ""
        return title + "\n".join(f"    {line}".rstrip() for line in block.shown().splitlines())
    if isinstance(block, Note):
        return f"  {_GLYPH[block.tone]}{one_line(block.text, 2000)}"
    if isinstance(block, Figure):
        return f"  {one_line(block.caption, 1000)}" if block.caption else ""
    return f"  {one_line(block.text)}: {one_line(block.url, FACT)}"


def _text_table(table: Table) -> str:
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


# --- Markdown ----------------------------------------------------------------------------------------------

_MD_SPECIAL = re.compile(r"[`*_\[\]|~>]")


def _md(text: str) -> str:
    """Foreign text inside Markdown: nothing of it is markup, HTML, a link, a formula or a new block."""
    # `\` and `$` go into elements of their own: escaped, they would reach MathJax as the delimiters they are, and
    # MathJax follows \href{javascript:…}.
    pieces = re.split(r"([\\$&<])", text)
    marks = {"\\": "<span>&#92;</span>", "$": "<span>$</span>", "&": "&amp;", "<": "&lt;"}
    escaped = "".join(marks.get(piece) or _MD_SPECIAL.sub(r"\\\g<0>", piece) for piece in pieces)
    escaped = re.sub(r"(?i)(https?|ftp|www)(?=[:.])", r"\1<span></span>", escaped)  # else GitHub makes it a link
    return re.sub(r"^(?:([#+=-])|(\d+)(?=[.)]))", r"\2\\\1", escaped)


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _markdown(block: Block) -> str:
    if isinstance(block, Facts):
        return "\n".join(f"- **{_md(one_line(k))}**: {_md(one_line(v, FACT))}" for k, v in block.rows)
    if isinstance(block, Table):
        return _markdown_table(block)
    if isinstance(block, Code):
        text = block.shown()
        title = f"**{_md(one_line(block.title))}**\n\n" if block.title else ""
        return f"{title}{_fence(text)}{_language(block.language)}\n{text}\n{_fence(text)}"
    if isinstance(block, Note):
        return f"> {_GLYPH[block.tone]}{_md(one_line(block.text, 2000))}"
    if isinstance(block, Figure):
        return f"*{_md(one_line(block.caption, 1000))}*" if block.caption else ""
    text, target = _md(one_line(block.text)), block.target()
    return f"[{text}](<{target}>)" if target else f"{text}: {_md(one_line(block.url, FACT))}"


def _markdown_table(table: Table) -> str:
    lines = [f"**{_md(one_line(table.title))}**", ""] if table.title else []
    lines.append("| " + " | ".join(_md(one_line(name, CELL)) or " " for name in table.columns) + " |")
    lines.append("|" + "|".join("---:" if table.is_numeric(i) else ":---" for i in range(len(table.columns))) + "|")
    lines += ["| " + " | ".join(_md(one_line(cell, CELL)) for cell in row) + " |" for row in table.rows]
    if table.shortened():
        lines += ["", f"*{table.shortened()}*"]
    return "\n".join(lines)


def _language(name: str) -> str:
    return name if re.fullmatch(r"[\w+-]*", name) else ""


# --- HTML --------------------------------------------------------------------------------------------------

# Classes that MathJax 2 and 3 skip: JupyterLab typesets what stands between dollars in every output, and a formula from
# a store may hold \href{javascript:…}.
_NO_MATHS = "tex2jax_ignore mathjax_ignore"

# Colours and fonts of JupyterLab, else of VS Code, else ones that read on black and on white.
_THEME = {
    "font": "var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif))",
    "mono": "var(--jp-code-font-family, var(--vscode-editor-font-family, ui-monospace, monospace))",
    "ink": "var(--jp-ui-font-color1, var(--vscode-editor-foreground, currentColor))",
    "faint": "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #808080))",
    "line": "var(--jp-border-color2, var(--vscode-widget-border, #80808059))",
    "shade": "var(--jp-layout-color2, var(--vscode-textCodeBlock-background, #8080801f))",
    "info": "var(--jp-info-color1, var(--vscode-charts-blue, #4a86c5))",
    "good": "var(--jp-success-color1, var(--vscode-charts-green, #3c8f4b))",
    "warn": "var(--jp-warn-color1, var(--vscode-charts-orange, #c2741a))",
    "bad": "var(--jp-error-color1, var(--vscode-errorForeground, #d1493f))",
}
_RULES = """
{font:13px/1.45 var(--mam-font);color:var(--mam-ink);max-width:100%}
 p{margin:0 0 6px}
 p>b{font-size:14px;font-weight:600}
 table{border-collapse:collapse;border:0;margin:0 0 8px;font-size:12px;width:auto;table-layout:auto}
 tr{background:none!important;border:0}
 :is(th,td){text-align:left;vertical-align:baseline;padding:3px 18px 3px 0;border:0;max-width:none}
 td{white-space:nowrap;color:var(--mam-ink)}
 thead th{font-weight:600;color:var(--mam-faint);border-bottom:1px solid var(--mam-line);white-space:nowrap}
 .mam-n{text-align:right;font-variant-numeric:tabular-nums}
 .mam-facts th{font-weight:400;font-variant-caps:all-small-caps;letter-spacing:.04em;font-size:13px}
 .mam-facts th{line-height:1.2;color:var(--mam-faint);white-space:nowrap}
 .mam-facts td{white-space:pre-wrap;overflow-wrap:anywhere;padding-right:0}
 .mam-wide{overflow-x:auto;max-width:100%}
 .mam-faint{color:var(--mam-faint);font-size:12px}
 .mam-note{border-left:3px solid var(--mam-info);padding:1px 0 1px 9px}
 .mam-note.mam-good{border-color:var(--mam-good)}
 .mam-note.mam-warn{border-color:var(--mam-warn)}
 .mam-note.mam-bad{border-color:var(--mam-bad)}
 td.mam-good{color:var(--mam-good)}
 td.mam-warn{color:var(--mam-warn)}
 td.mam-bad{color:var(--mam-bad)}
 pre{font:12px/1.45 var(--mam-mono);background:var(--mam-shade);color:var(--mam-ink);padding:8px 10px}
 pre{margin:0 0 8px;overflow:auto;max-height:28em;border-radius:2px}
 pre code{font:inherit;background:none;color:inherit;padding:0}
 summary{cursor:pointer;color:var(--mam-faint);margin:0 0 4px}
 svg{display:block;max-width:100%;height:auto;color:var(--mam-ink);margin:0 0 4px}
 a{color:var(--jp-content-link-color, var(--vscode-textLink-foreground, #4a86c5))}
"""


def _style() -> str:
    scope = ".mam-doc.mam-doc"  # said twice to win over .jp-RenderedHTMLCommon td and the like
    theme = ";".join(f"--mam-{name}:{value}" for name, value in _THEME.items())
    rules = (scope + rule for rule in _RULES.strip("\n").splitlines())
    return f"{scope}{{{theme}}}" + "".join(rules)


_STYLE = _style()


def _esc(text: str) -> str:
    return _html.escape(text, quote=True)


def _to_html(block: Block) -> str:
    if isinstance(block, Facts):
        rows = "\n".join(
            f'<tr><th scope="row" align="left">{_esc(one_line(k))}</th>'
            f'<td align="left">{_esc(one_line(v, FACT))}</td></tr>'
            for k, v in block.rows
        )
        return f'<table class="mam-facts">\n{rows}\n</table>' if rows else ""
    if isinstance(block, Table):
        return _html_table(block)
    if isinstance(block, Code):
        body = f"<pre><code>{_esc(block.shown())}</code></pre>"
        if not block.title:
            return body
        return f"<details><summary>{_esc(one_line(block.title))}</summary>{body}</details>"
    if isinstance(block, Note):
        return f'<p class="mam-note mam-{block.tone}">{_GLYPH[block.tone]}{_esc(one_line(block.text, 2000))}</p>'
    if isinstance(block, Figure):
        caption = f'<p class="mam-faint">{_esc(one_line(block.caption, 1000))}</p>' if block.caption else ""
        return f"{block.svg}\n{caption}"
    text, target = _esc(one_line(block.text)), block.target()
    if target is None:
        return f"<p>{text}: <code>{_esc(one_line(block.url, FACT))}</code></p>"
    return f'<p><a href="{_esc(target)}" target="_blank" rel="noopener noreferrer">{text}</a></p>'


def _html_table(table: Table) -> str:
    title = f"<p><b>{_esc(one_line(table.title))}</b></p>\n" if table.title else ""
    # align beside the class: it survives where styles do not.
    head = "".join(
        f'<th scope="col" {_aligned(table, i)}>{_esc(one_line(name, CELL))}</th>'
        for i, name in enumerate(table.columns)
    )
    body = "\n".join(
        f"<tr>{''.join(_html_cell(table, r, c, cell) for c, cell in enumerate(row))}</tr>"
        for r, row in enumerate(table.rows)
    )
    note = f'\n<p class="mam-faint">{table.shortened()}</p>' if table.shortened() else ""
    return (
        f'{title}<div class="mam-wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
        f"{note}"
    )


def _aligned(table: Table, column: int) -> str:
    return 'class="mam-n" align="right"' if table.is_numeric(column) else 'align="left"'


def _html_cell(table: Table, row: int, column: int, cell: str) -> str:
    tone = table.tone(row, column)
    classes = " ".join(name for name in (table.is_numeric(column) and "mam-n", tone and f"mam-{tone}") if name)
    text = one_line(cell, CELL)
    marks = (f' class="{classes}"' if classes else "") + (' align="right"' if table.is_numeric(column) else "")
    # nowrap beside the style sheet's white-space, for where that is dropped.
    return f"<td{marks}{' nowrap' if len(text) <= NARROW else ''}>{_esc(text)}</td>"
