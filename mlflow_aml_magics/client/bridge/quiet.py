"""What the SDKs say unasked: mlflow's usage reports, and azure-ai-ml's "This is an experimental class".

azure-ai-ml's own reports to Application Insights are off by a keyword (`azure`); mlflow's go to a host that a closed
network refuses, with a delay. No probe: it is a wish, not a fault.
"""

from __future__ import annotations

import importlib.util
import logging

from .unit import Unit

__all__ = ["Quiet"]

EXPERIMENTAL = "azure.ai.ml._utils._experimental"


class Quiet(Unit):
    """See the module."""

    name = "quiet SDKs"
    mends = "usage reports are off, and warnings of classes that may change"
    issue = "https://mlflow.org/docs/latest/community/usage-tracking.html"

    def install(self) -> None:
        """Put it in."""
        logging.getLogger(EXPERIMENTAL).addFilter(_is_news)
        if importlib.util.find_spec("mlflow.telemetry") is not None:  # mlflow 3.2 and later
            from mlflow.telemetry import client

            self.patches.set(client, "_MLFLOW_TELEMETRY_CLIENT", None)

    def remove(self) -> None:
        """Take it out."""
        logging.getLogger(EXPERIMENTAL).removeFilter(_is_news)
        super().remove()


def _is_news(record: logging.LogRecord) -> bool:
    return "experimental" not in record.getMessage()
