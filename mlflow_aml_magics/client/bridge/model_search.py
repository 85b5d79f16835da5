"""`search_registered_models`: mlflow adds a clause about prompts to every search, and the service refuses it.

The whole filter is tried first, and no more once the workspace has refused it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException

from .unit import Unit

__all__ = ["ModelSearch", "without_prompts"]

PROMPT_TAG = "mlflow.prompt.is_prompt"
_CLAUSE = re.compile(rf"\s*\b(AND\s+)?tags?\.`{re.escape(PROMPT_TAG)}`\s*(!=|=|<>)\s*'true'(\s*AND\b)?", re.IGNORECASE)
_LIKE = re.compile(r"^\s*name\s+(?P<how>I?LIKE)\s+(?P<quote>['\"])(?P<pattern>.*)(?P=quote)\s*$", re.IGNORECASE)

_refusing: set[str] = set()  # workspaces that take no such filter


class ModelSearch(Unit):
    """See the module."""

    name = "search_registered_models"
    mends = "search_registered_models, and LIKE on the models' names"
    issue = "https://github.com/Azure/azure-sdk-for-python/issues/42155"

    def install(self) -> None:
        """Put it in."""
        from azureml.mlflow._store.model_registry.model_registry import AzureMLflowModelRegistry as Registry

        own = Registry.search_registered_models

        @wraps(own)
        def search(
            registry: Any,
            filter_string: str | None = None,
            max_results: int | None = None,
            order_by: Any = None,
            page_token: str | None = None,
        ) -> Any:
            scope = registry.service_context._get_scope()
            pushed, keep = without_prompts(filter_string)
            if pushed == filter_string or scope not in _refusing:
                try:
                    return own(registry, filter_string, max_results, order_by, page_token)
                except MlflowException as exc:
                    if pushed == filter_string or exc.get_http_status_code() != 400:
                        raise
                    _refusing.add(scope)
            page = own(registry, pushed, max_results, order_by, page_token)
            page[:] = [model for model in page if keep(model)]
            return page

        self.patches.set(Registry, "search_registered_models", search)


def without_prompts(filter_string: str | None) -> tuple[str | None, Callable[[Any], bool]]:
    """The filter as the service takes it, and what is left to ask of each model.

    Prompts cannot be registered on Azure ML (mlflow#15329), so that the clause takes nothing away; who asks for prompts
    gets none.
    """
    text = filter_string or ""
    wants_prompts = any(match[2] == "=" for match in _CLAUSE.finditer(text))
    rest = _CLAUSE.sub(lambda match: " AND " if match[1] and match[3] else " ", text).strip()
    like = _LIKE.match(rest)

    def keep(model: Any) -> bool:
        is_prompt = (getattr(model, "tags", None) or {}).get(PROMPT_TAG) == "true"
        return is_prompt is wants_prompts and (like is None or _is_like(model.name, like["pattern"], like["how"]))

    return (None if like else rest or None), keep


def _is_like(name: str, pattern: str, how: str) -> bool:
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, name, re.DOTALL | (re.IGNORECASE if how.upper() == "ILIKE" else 0)) is not None
