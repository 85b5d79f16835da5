"""How numbers, differences and sizes are written."""

from __future__ import annotations

import math

__all__ = ["delta", "number", "size"]


def number(value: float | None, digits: int = 4) -> str:
    """A number at some significant digits, its whole part never rounded: 0.0123, 57.93, 12346, 1.2e-5.

    None (not logged) is the empty string; NaN and the infinities are said.
    """
    if value is None:
        return ""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    magnitude = abs(value)
    if value == int(value) and magnitude < 1e15:
        return str(int(value))
    if 1e-4 <= magnitude < 1e15:
        whole = len(str(int(magnitude))) if magnitude >= 1 else 0
        places = max(0, digits - whole) if whole else digits - 1 - math.floor(math.log10(magnitude))
        text = f"{value:.{places}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def delta(new: float, old: float) -> str:
    """How far ``new`` is from ``old``, with the percentage where it means something: "−1.93 (−3.2 %)"."""
    difference = new - old
    if math.isnan(difference):
        return ""
    if difference == 0:
        return "0"
    text = _signed(difference, number(abs(difference), 3))
    if old == 0 or math.isinf(old) or math.isinf(difference):
        return text
    percent = 100 * difference / abs(old)
    if abs(percent) >= 100_000:
        return text
    shown = f"{abs(percent):.0f}" if abs(percent) >= 100 else number(float(f"{abs(percent):.2g}"), 2)
    return f"{text} ({_signed(percent, shown)} %)"


def _signed(value: float, shown: str) -> str:
    return ("−" if value < 0 else "+") + shown


def size(value: float | None) -> str:
    """A number of bytes in decimal units: "812 B", "1.2 MB"."""
    if value is None:
        return ""
    if value < 1000:
        return f"{int(value)} B"
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            break
    return f"{value:.1f} {unit}"
