"""Blocks as HTML without script, whose colours follow JupyterLab's or VS Code's theme."""

from __future__ import annotations

import html

from .blocks import CELL, FACT, GLYPH, Block, Code, Facts, Figure, Note, Table
from .format import one_line

__all__ = ["escape", "page", "to_html"]

NARROW = 24  # characters that are never broken into lines

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


def escape(text: str) -> str:
    """Foreign text inside an element or an attribute."""
    return html.escape(text, quote=True)


def page(body: str) -> str:
    """The parts of a document as one element."""
    return f'<div class="mam-doc {_NO_MATHS}">\n<style>{_STYLE}</style>\n{body}\n</div>'


def to_html(block: Block) -> str:
    """One block as HTML."""
    if isinstance(block, Facts):
        rows = "\n".join(
            f'<tr><th scope="row" align="left">{escape(one_line(k))}</th>'
            f'<td align="left">{escape(one_line(v, FACT))}</td></tr>'
            for k, v in block.rows
        )
        return f'<table class="mam-facts">\n{rows}\n</table>' if rows else ""
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Code):
        body = f"<pre><code>{escape(block.shown())}</code></pre>"
        if not block.title:
            return body
        return f"<details><summary>{escape(one_line(block.title))}</summary>{body}</details>"
    if isinstance(block, Note):
        return f'<p class="mam-note mam-{block.tone}">{GLYPH[block.tone]}{escape(one_line(block.text, 2000))}</p>'
    if isinstance(block, Figure):
        caption = f'<p class="mam-faint">{escape(one_line(block.caption, 1000))}</p>' if block.caption else ""
        return f"{block.svg}\n{caption}"
    text, target = escape(one_line(block.text)), block.target()
    if target is None:
        return f"<p>{text}: <code>{escape(one_line(block.url, FACT))}</code></p>"
    return f'<p><a href="{escape(target)}" target="_blank" rel="noopener noreferrer">{text}</a></p>'


def _table(table: Table) -> str:
    title = f"<p><b>{escape(one_line(table.title))}</b></p>\n" if table.title else ""
    # align beside the class: it survives where styles do not.
    head = "".join(
        f'<th scope="col" {_aligned(table, i)}>{escape(one_line(name, CELL))}</th>'
        for i, name in enumerate(table.columns)
    )
    body = "\n".join(
        f"<tr>{''.join(_cell(table, r, c, cell) for c, cell in enumerate(row))}</tr>"
        for r, row in enumerate(table.rows)
    )
    note = f'\n<p class="mam-faint">{table.shortened()}</p>' if table.shortened() else ""
    return (
        f'{title}<div class="mam-wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
        f"{note}"
    )


def _aligned(table: Table, column: int) -> str:
    return 'class="mam-n" align="right"' if table.is_numeric(column) else 'align="left"'


def _cell(table: Table, row: int, column: int, cell: str) -> str:
    tone = table.tone(row, column)
    classes = " ".join(name for name in (table.is_numeric(column) and "mam-n", tone and f"mam-{tone}") if name)
    text = one_line(cell, CELL)
    marks = (f' class="{classes}"' if classes else "") + (' align="right"' if table.is_numeric(column) else "")
    # nowrap beside the style sheet's white-space, for where that is dropped.
    return f"<td{marks}{' nowrap' if len(text) <= NARROW else ''}>{escape(text)}</td>"
