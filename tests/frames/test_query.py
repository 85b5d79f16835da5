"""The query language: the cases shared with its TypeScript twin, and a per-row oracle over made-up queries."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_aml_magics.errors import QueryError
from mlflow_aml_magics.frames.query import (
    And,
    Column,
    Compare,
    In,
    IsNull,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Search,
    columns,
    conjuncts,
    evaluate,
    parse,
    parse_order,
    to_text,
)
from mlflow_aml_magics.frames.runtable import RunTable, RunTableBuilder

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES: list[dict[str, Any]] = json.loads((FIXTURES / "query_cases.json").read_text(encoding="utf-8"))
RUNS: list[dict[str, Any]] = json.loads((FIXTURES / "query_runs.json").read_text(encoding="utf-8"))


def table_of(runs: list[dict[str, Any]]) -> RunTable:
    builder = RunTableBuilder()
    for run in runs:
        metrics = {name: float(value) for name, value in run["metrics"].items()}
        builder.add(run["attributes"], metrics, run["params"], run["tags"])
    return builder.build()


@pytest.fixture(scope="module")
def runs() -> RunTable:
    return table_of(RUNS)


@pytest.mark.parametrize("case", [case for case in CASES if "rows" in case], ids=lambda case: case["query"] or "empty")
def test_kept_runs(runs: RunTable, case: dict[str, Any]) -> None:
    assert runs.filter(case["query"]).column("run_id").to_pylist() == case["rows"]


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: case["query"])
def test_errors_point_at_the_word(runs: RunTable, case: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match=re.escape(case["error"])) as caught:
        runs.filter(case["query"])
    assert caught.value.start == case["start"]
    assert caught.value.text == case["query"]
    assert caught.value.end > caught.value.start


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("metrics.rmes < 1", "metrics.rmse"),
        ("rmse < 1 AND modle = 'x'", "params.model"),
        ("metrics.RMSE < 1", "metrics.rmse"),
        ("score = 1", "write metrics.score"),
        ("params.flag = True", "put quotes around it: 'True'"),
        ("status = 'Finshed'", "FINISHED"),
        ("random forest", "~ 'some words' looks for words in names and values"),
    ],
)
def test_errors_say_what_was_meant(runs: RunTable, query: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        runs.filter(query)
    assert caught.value.hint == hint


def test_a_table_without_runs_takes_every_query() -> None:
    empty = RunTableBuilder().build()
    assert len(empty.filter("metrics.rmse < 1 AND NOT params.model IN ('rf')")) == 0
    assert len(empty.sort("metrics.rmse")) == 0
    with pytest.raises(QueryError):
        empty.filter("metrics.rmse <")


def test_a_long_chain_is_read_in_one_go(runs: RunTable) -> None:
    query = " OR ".join(["metrics.rmse = 0.5"] * 2000)
    assert runs.filter(query).column("run_id").to_pylist() == ["a"]


@pytest.mark.parametrize("word", ["(", "NOT "])
def test_nesting_has_an_end_that_is_said(word: str) -> None:
    with pytest.raises(QueryError, match="nested too deeply"):
        parse(word * 5000 + "rmse = 1")


def test_columns_and_conjuncts() -> None:
    node = parse("(rmse > 1 AND params.alpha < 2) AND NOT tags.x IS NULL")
    assert columns(node) == {Column(None, "rmse"), Column("param", "alpha"), Column("tag", "x")}
    assert [to_text(part) for part in conjuncts(node)] == ["rmse > 1", "params.alpha < 2", "NOT tags.x IS NULL"]


def test_spans_cover_the_words() -> None:
    text = "rmse < 1 AND params.`a b` >= 'x y'"
    _, second = conjuncts(parse(text))
    assert isinstance(second, Compare)
    assert text[second.column.start : second.column.end] == "params.`a b`"
    assert text[second.value.start : second.value.end] == "'x y'"


def test_orders_parse() -> None:
    terms = parse_order("metrics.`a b` desc, start_time")
    assert [(term.column.name, term.descending) for term in terms] == [("a b", True), ("start_time", False)]
    with pytest.raises(QueryError, match="expected ASC, DESC") as caught:
        parse_order("rmse sideways")
    assert caught.value.start == 5


# --- made-up queries, against a naive reading of each run ----------------------------------------------------

NUMBERS = [0.0, 0.5, 1.0, -1.5, 1e-7, 12.0, float("inf"), float("-inf"), float("nan")]
TEXTS = ["", "a", "A", "ab", "a%b", "a_b", "a\\b", "a\nb", "it's", "0.5", "1e0", "-1.5", "nan", "Ä", "ﬀ", "😀", "x.y"]
NAMES = ["x", "x y", "in", "a.b", "tick`y", "-", "1st", "größe"]


def columns_of(kind: str) -> st.SearchStrategy[Column]:
    return st.builds(Column, st.just(kind), st.sampled_from(NAMES))


literals = st.one_of(
    st.sampled_from(TEXTS).map(Literal),
    st.sampled_from([number for number in NUMBERS if math.isfinite(number)]).map(Literal),
)
numeric = st.sampled_from([*(n for n in NUMBERS if math.isfinite(n)), "0.5", "inf", "nan", "+1"]).map(Literal)
patterns = st.lists(st.sampled_from([*"aAb%_.*\\Ä😀\n'"]), max_size=4).map(lambda parts: Literal("".join(parts)))
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
text_columns = st.one_of(columns_of("param"), columns_of("tag"))
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Compare, columns_of("metric"), operators, numeric),
    st.builds(Compare, text_columns, operators, literals),
    st.builds(Like, text_columns, st.sampled_from(["LIKE", "ILIKE"]), patterns, st.booleans()),
    st.builds(In, text_columns, st.lists(literals, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(In, columns_of("metric"), st.lists(numeric, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(IsNull, st.one_of(text_columns, columns_of("metric")), st.booleans()),
    st.builds(lambda text: Search(Literal(text)), st.sampled_from([*TEXTS, "a b", " ", "B\ta"])),
)
nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "metrics": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NUMBERS)),
            "params": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS)),
            "tags": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS)),
        }
    ),
    max_size=8,
)
KINDS = {"metric": "metrics", "param": "params", "tag": "tags"}


def as_number(text: str) -> float | None:
    word = text.lstrip("+-").lower()
    plain = re.fullmatch(r"[0-9]*\.?[0-9]*(e[+-]?[0-9]+)?", word) and word[:1] not in ("", "e")
    return float(text) if plain or word in ("nan", "inf", "infinity") else None


def compared(left: Any, operator: str, right: Any) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def verdict(node: Node, run: dict[str, Any]) -> bool | None:
    """SQL's answer for one run: True, False or None for unknown."""
    if isinstance(node, Search):
        values = [*run["params"].values(), *run["tags"].values()]
        words = filter(None, re.split("[ \t\r\n]+", str(node.text.value)))
        return all(any(re.search(re.escape(word), value, re.IGNORECASE) for value in values) for word in words)
    if isinstance(node, Not):
        inner = verdict(node.part, run)
        return None if inner is None else not inner
    if isinstance(node, (And, Or)):
        decisive = isinstance(node, Or)
        parts = [verdict(part, run) for part in node.parts]
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    value = run[KINDS[str(node.column.kind)]].get(node.column.name)
    if isinstance(node, IsNull):
        return (value is None) != node.negated
    if value is None:
        return None
    if isinstance(node, Compare):
        return single(value, node.operator, node.value.value)
    if isinstance(node, In):
        parts = [single(value, "=", literal.value) for literal in node.values]
        found = True if True in parts else None if None in parts else False
    else:
        wild = {"%": ".*", "_": "."}
        pattern = "".join(wild.get(char) or re.escape(char) for char in str(node.pattern.value))
        flags = re.DOTALL | (re.IGNORECASE if node.matcher == "ILIKE" else 0)
        found = re.fullmatch(pattern, value, flags) is not None
    return None if found is None else found != node.negated


def single(value: float | str, operator: str, literal: float | str) -> bool | None:
    if isinstance(value, float):
        return compared(value, operator, float(literal))
    if isinstance(literal, str):
        return compared(value, operator, literal)
    number = as_number(value)
    return None if number is None else compared(number, operator, literal)


@settings(max_examples=300, deadline=None)
@given(nodes)
def test_text_and_tree_are_the_same(node: Node) -> None:
    text = to_text(node)
    assert to_text(parse(text)) == text
    assert flat(parse(text)) == flat(node)


def flat(node: Node) -> Node:
    """Brackets around an AND inside an AND change nothing but the tree."""
    if isinstance(node, Not):
        return Not(flat(node.part))
    return type(node)(tuple(map(flat, node.parts))) if isinstance(node, (And, Or)) else node


@settings(max_examples=300, deadline=None)
@given(nodes, rows)
def test_columns_answer_as_runs_one_by_one(node: Node, runs: list[dict[str, Any]]) -> None:
    everything = {
        "metrics": dict.fromkeys(NAMES, 0.0),
        "params": dict.fromkeys(NAMES, ""),
        "tags": dict.fromkeys(NAMES, ""),
    }
    runs = [*runs, everything]  # so that each column is there
    table = table_of([{**run, "attributes": {"run_id": str(i)}} for i, run in enumerate(runs)])
    assert evaluate(node, table.table).to_pylist() == [verdict(node, run) for run in runs]
