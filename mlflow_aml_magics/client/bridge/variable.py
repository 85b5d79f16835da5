"""The variable that tells scripts which tenant the notebook is logged in to."""

from __future__ import annotations

__all__ = ["TENANT_VARIABLE"]

TENANT_VARIABLE = "AML_MAGICS_TENANT"
