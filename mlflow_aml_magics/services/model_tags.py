"""The tags with which we keep on a model's version what no store has a field for."""

from __future__ import annotations

__all__ = ["COPIED_FROM", "DIGEST", "FIXED", "TYPE"]

DIGEST = "aml.content_digest"  # SHA-256 of what the model is, as client.digest counts
COPIED_FROM = "aml.copied_from"  # the registry, workspace or store that it came from
FIXED = "aml.fixed"  # what --fix changed
TYPE = "aml.model_type"  # "custom" or "triton"; an MLflow model has none
