"""Runs as Arrow columns, and everything that is computed from them without a store or a notebook."""

from __future__ import annotations

__all__: list[str] = []
