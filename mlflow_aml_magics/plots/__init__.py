"""Figures of plotly from runs: to publish, to export, to go on with. plotly itself is loaded when a figure is made."""

from __future__ import annotations

__all__ = ["base", "history", "importance", "parallel", "points", "spread"]
