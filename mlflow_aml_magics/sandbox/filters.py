"""What the real service accepts as a filter and an order, and in which words it refuses the rest.

From the support matrix of how-to-track-experiments-mlflow.md. Only the sentence about OR is recorded
(azure-sdk-for-python#42155); the other refusals have its form with our reason in the brackets.
"""

from __future__ import annotations

import re

from .errors import mlflow

__all__ = ["ATTRIBUTES", "check_order", "check_runs", "comparisons"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<quoted>`[^`]*`)
      | (?P<operator><=|>=|!=|<>|=|<|>)
      | (?P<punctuation>[(),])
      | (?P<word>[^\s'"`<>=!(),]+)
    )""",
    re.VERBOSE,
)
STATUSES = ("SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED")
_PREFIXES = {"metric": "metrics", "param": "params", "parameter": "params", "parameters": "params", "tag": "tags"}
ATTRIBUTES = ("attribute", "attributes", "attr", "run")
_TEXT_OPERATORS = {"=", "!=", "LIKE", "ILIKE"}


def _refused(reason: str, text: str) -> Exception:
    return mlflow(400, f"Currently unsupported filter string format (we currently do not support {reason}). "
                       f"Provided filter string: {text}")  # fmt: skip


def comparisons(text: str) -> list[tuple[str, str, str]]:
    """The comparisons of a filter, ANDed: left side, operator in capitals, right side as written.

    Raises:
        Refusal: OR, or nothing that is a comparison.
    """
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise _refused(f"what starts at character {position}", text)
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        position = match.end()
    clauses: list[list[tuple[str, str]]] = [[]]
    for kind, word in tokens:
        if kind == "word" and word.upper() == "OR":
            raise _refused("OR", text)
        if kind == "word" and word.upper() == "AND":
            clauses.append([])
        else:
            clauses[-1].append((kind, word))
    if not tokens:
        return []
    return [_comparison(clause, text) for clause in clauses]


def _comparison(clause: list[tuple[str, str]], text: str) -> tuple[str, str, str]:
    for index, (kind, word) in enumerate(clause):
        is_operator = kind == "operator" or (kind == "word" and word.upper() in ("LIKE", "ILIKE", "IN"))
        negated = kind == "word" and word.upper() in ("NOT", "IS")
        if negated:
            raise _refused(word.upper(), text)
        if is_operator and index:
            left = "".join(w for _, w in clause[:index])
            return left, word.upper(), " ".join(w for _, w in clause[index + 1 :])
    raise _refused("this form", text)


def check_runs(text: str) -> str:
    """Refuse a run filter that the service does not understand; else the same filter in mlflow's own dialect.

    >>> check_runs("attributes.status = 'Finished' and metrics.rmse < 1")
    "attributes.status = 'FINISHED' AND metrics.rmse < 1"
    """
    parts = []
    for left, operator, right in comparisons(text):
        prefix, _, name = left.partition(".")
        family = _PREFIXES.get(prefix.lower(), prefix.lower())
        if family == "metrics" and name[:1] in ("`", '"'):
            raise _refused("metric names that need escaping", text)
        if family in ("dataset", "datasets"):
            raise _refused("datasets", text)
        if family == "tags" and operator in ("!=", "<>"):
            raise _refused("!= on tags", text)
        if family == "params" and operator not in ("=", "!=", "LIKE"):
            raise _refused(f"{operator} on params", text)
        if family == "tags" and operator not in _TEXT_OPERATORS:
            raise _refused(f"{operator} on tags", text)
        is_attribute = family in ATTRIBUTES or not name
        key, value = _attribute(name or prefix, right, text) if is_attribute else (left, right)
        parts.append(f"{key} {operator} {value}")
    return " AND ".join(parts)


def _attribute(name: str, right: str, text: str) -> tuple[str, str]:
    if right[:1] not in ("'", '"', "("):
        raise _refused("attribute values without quotes", text)
    if name == "status":
        word = right.strip("'\"").upper()
        if word not in STATUSES:
            raise _refused(f"status {right}: {', '.join(s.title() for s in STATUSES)}", text)
        return "attributes.status", f"'{word}'"
    if name == "creation_time":
        name = "start_time"
    if name in ("start_time", "end_time"):
        right = right.strip("'\"")  # the service wants quotes, mlflow's own server a number
    return f"attributes.{name}", right


def check_order(clauses: list[str]) -> list[str]:
    """Refuse to order by anything but attributes; the rest unchanged."""
    kept = []
    for clause in clauses:
        key = clause.split()[0] if clause.split() else ""
        prefix, _, name = key.partition(".")
        if name and prefix.lower() not in ATTRIBUTES:
            raise mlflow(400, f"Ordering by metrics, params and tags is not supported. Provided order: {clause}")
        renamed = (name or prefix) == "creation_time"
        kept.append(clause.replace("creation_time", "start_time") if renamed else clause)
    return kept
