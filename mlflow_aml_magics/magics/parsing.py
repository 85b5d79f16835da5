"""From the words after a magic to typed arguments: quotes, options with nearest names, help with examples."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import UsageError, nearest
from .progress import clear_progress

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

__all__ = ["HelpWanted", "VerbParser", "expanded", "pair", "run_verb", "split_words", "unquote"]

_WORD = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|`[^`]*`|[^\s"'`])+)""")
_NEGATIVE = re.compile(r"^-[\d.]")  # -1e-5 is a number of a query, no option
_REPEAT = re.compile(r"\{(\d+(?:,\d*)?)\}")  # of a regular expression
_VARIABLE = re.compile(r"(?<!\$)\$(\w+)(?![\w.])")
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")


class HelpWanted(Exception):
    """``--help`` was among the words."""


class VerbParser(argparse.ArgumentParser):
    """A parser that raises our errors, and takes quotes off the values of options.

    Args:
        verb: its name, "track".
        summary: a sentence.
        examples: lines to show in the help.
        cell: whether it is a cell magic as well.
    """

    def __init__(self, verb: str, summary: str, *, examples: Sequence[str], cell: bool = False) -> None:
        listed = "\n".join(f"  {example}" for example in examples)
        super().__init__(
            prog=f"%aml_{verb}",
            description=summary,
            epilog=f"examples:\n{listed}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        self._negative_number_matcher = _NEGATIVE
        self.cell = cell
        self.examples = tuple(examples)
        self.register("type", None, unquote)
        self.add_argument("--help", "-h", action="store_true", help="this text")

    def query_argument(self) -> None:
        """A query, the rest of the line, its quotes kept: they are the query's own."""
        self.add_argument(
            "query",
            nargs="*",
            type=str,
            help="MLflow's filter syntax, plus OR, NOT, !=, IN, RLIKE, IS NULL; none is all",
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and the nearest option where one was mistyped."""
        raise UsageError(f"{self.prog}: {message}", hint=f"{self.prog} --help")

    def read(self, line: str) -> argparse.Namespace:
        """The arguments in a line.

        Raises:
            HelpWanted: for ``--help``.
            UsageError: unknown or missing words.
        """
        words = split_words(line, self.prog)
        if "--help" in words or "-h" in words:
            raise HelpWanted
        self._refuse_twice(words)
        args, unknown = self.parse_known_intermixed_args(words)
        for word in unknown:
            if word.startswith("-"):
                close = nearest(word.partition("=")[0], self.options())
                raise UsageError(
                    f"{self.prog} has no option {word}",
                    hint=f"did you mean {close}?" if close else f"{self.prog} --help",
                )
            raise UsageError(f"{self.prog} does not know what to do with '{word}'", hint=f"{self.prog} --help")
        return args

    def _refuse_twice(self, words: Sequence[str]) -> None:
        """An option that takes one value is not given two: the first would be dropped without a word."""
        given = [word.partition("=")[0] for word in words if word.startswith("-")]
        for action in self._actions:
            is_repeatable = isinstance(action, argparse._AppendAction) or action.nargs == 0
            if not is_repeatable and sum(word in action.option_strings for word in given) > 1:
                raise UsageError(f"{self.prog}: {action.option_strings[0]} is given twice", hint="one at a time")

    def options(self) -> list[str]:
        """Every option's name."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]


def expanded(shell: InteractiveShell, line: str) -> str:
    """The line with ``$var`` and ``{expr}`` filled in as IPython does it, but ``{3}`` left: RLIKE '^a{3}' means it.

    Raises:
        UsageError: the variable is a model, of which only the text would be filled in.
    """
    for name in _VARIABLE.findall(line):
        if callable(getattr(shell.user_ns.get(name), "predict", None)):
            raise UsageError(f"${name} is only the text of a model", hint=f"write {name}, without $")
    return str(shell.var_expand(_REPEAT.sub(r"{{\1}}", line), depth=3))


def split_words(line: str, prog: str = "") -> list[str]:
    """Words as typed, quotes still on; what is inside quotes or backticks stays together.

    Raises:
        UsageError: a quote is not closed.
    """
    words, end = [], 0
    line = line.strip()
    while end < len(line):
        match = _WORD.match(line, end)
        if match is None:
            raise UsageError(f"{prog}: a quote is not closed in: {line[end:].strip()}", hint=f"{prog} --help")
        words.append(match[1])
        end = match.end()
    return words


def unquote(word: str) -> str:
    """The word without its quotes: ``k="a b"`` is ``k=a b``."""
    return _QUOTED.sub(lambda match: match[1] if match[1] is not None else match[2], word)


def pair(word: str) -> tuple[str, str]:
    """``k=v`` as a pair."""
    key, separator, value = unquote(word).partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"'{word}' is not key=value")
    return key, value


def run_verb(module: Any, session: Session, line: str, cell: str | None) -> Any:
    """Parse the line and run the verb; ``--help`` prints the help instead."""
    __tracebackhide__ = True
    parser: VerbParser = module.parser()
    try:
        args = parser.read(line)
    except HelpWanted:
        print(parser.format_help())
        return None
    try:
        return module.run(session, args, cell) if parser.cell else module.run(session, args)
    finally:
        clear_progress()
