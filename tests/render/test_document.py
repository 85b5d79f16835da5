"""Documents read well in each form, and text from a store does nothing in any of them."""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from mlflow_aml_magics.render.document import Block, Code, Document, Facts, Figure, Link, Note, Shown, Table

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</td></table></div><script>alert(1)</script>",
    "a | b || c",
    "`code` ``` fence",
    "[x](javascript:alert(1)) ](javascript:alert(1))",
    "![x](https://evil.example/p.png) https://evil.example www.evil.example",
    "line one\nline two\r\n# heading\n- item\n\n    code",
    "\u202eevil\u202c \u2066x\u2069",
    "$\\href{javascript:alert(1)}{x}$ \\(x\\) \\begin{align}x\\end{align}",
    "\x1b[31mred\x1b[0m\x07\x00",
    "**bold** _it_ ~~no~~ # h",
    "\" onmouseover=alert(1) x='",
    "&lt;script&gt; &amp;",
    "\ud800 lone",
    "x" * 10_000,
]


def everywhere(text: str) -> Document:
    blocks: tuple[Block, ...] = (
        Facts(((text, text),)),
        Table((text, "n"), ((text, "1"),), (False, True), 7, text),
        Code(text, text, text),
        Note(text, "warn"),
        Figure("<svg></svg>", text),
        Link(text, text),
    )
    return Document(text, blocks)


class Reader(html.parser.HTMLParser):
    """What a browser would build: tags with attributes, and text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


ALLOWED = {
    "div",
    "style",
    "p",
    "b",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "pre",
    "code",
    "details",
    "summary",
    "svg",
    "a",
}
ATTRIBUTES = {"class", "align", "scope", "nowrap"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_html_is_only_what_we_wrote(text: str) -> None:
    reader = Reader(everywhere(text).html())
    assert not reader.open
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    assert {name for _, attributes in reader.tags for name in attributes} <= ATTRIBUTES
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", "".join(reader.texts))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_markdown_stays_in_its_cell(text: str) -> None:
    outside = re.sub(r"(?ms)^(`{3,})[^`\n]*\n.*?\n\1$", "", everywhere(text).markdown())
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}
    assert set(re.findall(r"<[^>]*>?", outside)) <= {"<span>", "</span>"}
    assert not re.search(r"(?<!\\)\]\(", outside)  # no link or picture
    assert not re.search(r"(?<!<span>)\$", outside)  # no formula
    assert not re.search(r"(?i)https?:", outside)  # nothing that links itself
    assert outside.count("\n") < 25


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_plain_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    plain = everywhere(text).text()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    plain.encode()


def test_long_values_are_cut_and_say_so() -> None:
    document = everywhere("x" * 100_000)
    assert len(document.html()) < 30_000
    assert "(100,000 characters)" in document.html()
    assert "20,000 of 100,000 characters" in document.html()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://a b",
        "//x",
        'https://x"y',
        "https://x\u202ey",
    ],
)
def test_only_web_addresses_are_links(url: str) -> None:
    document = Document("", (Link("open", url),))
    assert "<a " not in document.html()
    assert "](" not in document.markdown()


def test_a_web_address_is_a_link_that_opens_elsewhere() -> None:
    document = Document("", (Link("open", "http://127.0.0.1:5000/#/experiments/1?a=b&c=d"),))
    tag, attributes = next(tag for tag in Reader(document.html()).tags if tag[0] == "a")
    assert (tag, attributes["href"]) == ("a", "http://127.0.0.1:5000/#/experiments/1?a=b&c=d")
    assert attributes["rel"] == "noopener noreferrer"
    assert "[open](<http://127.0.0.1:5000/#/experiments/1?a=b&c=d>)" in document.markdown()


def test_what_it_looks_like_as_text() -> None:
    document = Document(
        "wine version 3",
        (
            Facts((("alias", "champion"), ("source run", "sunny-fox"))),
            Table(("run", "rmse"), (("a", "57.93"), ("long name", "8")), (False, True), total=40),
            Note("served", "good"),
            Code("curl -X POST", "sh"),
        ),
    )
    assert document.text().splitlines() == [
        "wine version 3",
        "  alias       champion",
        "  source run  sunny-fox",
        "  run         rmse",
        "  ─────────  ─────",
        "  a          57.93",
        "  long name      8",
        "  … showing 2 of 40",
        "  ✓ served",
        "    curl -X POST",
    ]


@dataclass(frozen=True)
class Answer(Shown):
    value: int = 42

    def _document(self) -> Document:
        return Document("answer", (Facts((("is", str(self.value)),)),))


def test_shown_gives_the_three_forms_that_front_ends_ask_for() -> None:
    answer = Answer()
    assert repr(answer) == "answer\n  is  42"
    assert set(answer._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html"}
    assert set(answer._repr_mimebundle_(include={"text/html"})) == {"text/html"}
    assert set(answer._repr_mimebundle_(exclude={"text/html"})) == {"text/plain", "text/markdown"}


def test_the_same_document_is_the_same_text() -> None:
    assert Answer()._repr_mimebundle_() == Answer()._repr_mimebundle_()


def test_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, mlflow_aml_magics.render.document, mlflow_aml_magics.render.format;"
        "print([name for name in ('mlflow', 'pandas', 'numpy', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
