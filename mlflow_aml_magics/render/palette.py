"""The colours of lines, the same as in the live panel (labextension/src/views/color.ts): viridis, the best strongest.

Strong is dark on paper and bright on black. A stored picture does not know what it will be shown on, so each stroke
says both by CSS `light-dark()`, which JupyterLab, VS Code and browsers settle by the theme; where styles are taken out,
a colour is left that can be seen on either.
"""

from __future__ import annotations

__all__ = ["BINS", "stroke"]

BINS = 24
_VIRIDIS = (
    (68, 1, 84),
    (72, 36, 117),
    (65, 68, 135),
    (53, 95, 141),
    (42, 120, 142),
    (33, 145, 140),
    (34, 168, 132),
    (68, 191, 112),
    (122, 209, 81),
    (189, 223, 38),
    (253, 231, 37),
)
_EITHER = ((150, 157, 166), (16, 128, 120))  # from grey to a teal that stands out from white and from black
_NONE = 'stroke="currentColor"'


def stroke(merit: float) -> str:
    """The attributes of a line.

    Args:
        merit: from 0, the worst, to 1, the best; below 0 where nothing tells.
    """
    if merit < 0:
        return _NONE
    share = min(BINS - 1, int(merit * BINS)) / (BINS - 1)
    paper, black = _mixed(_VIRIDIS, 0.84 * (1 - share)), _mixed(_VIRIDIS, 0.22 + 0.78 * share)
    return f'stroke="{_mixed(_EITHER, share)}" style="stroke:light-dark({paper},{black})"'


def _mixed(colours: tuple[tuple[int, int, int], ...], share: float) -> str:
    at = min(0.9999, max(0.0, share)) * (len(colours) - 1)
    lower = int(at)
    mixed = (a + (b - a) * (at - lower) for a, b in zip(colours[lower], colours[lower + 1], strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)
