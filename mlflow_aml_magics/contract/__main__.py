"""``python -m mlflow_aml_magics.contract > labextension/src/contract.ts``"""

from __future__ import annotations

from . import CONTRACT_VERSION, SHAPES
from .typescript import typescript

if __name__ == "__main__":
    print(typescript(SHAPES, CONTRACT_VERSION), end="")
