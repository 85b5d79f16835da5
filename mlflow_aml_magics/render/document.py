"""A small document that reads well as text, as Markdown and as HTML, and the mixin of everything that shows one.

The HTML has no script, escapes everything, and keeps its structure in tags: GitHub drops ``<style>``, classes and style
attributes, JupyterLab drops them from notebooks that are not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .blocks import Block, Code, Facts, Figure, Link, Note, Table, Tone
from .format import one_line

__all__ = ["Block", "Code", "Document", "Facts", "Figure", "Link", "Note", "Shown", "Table", "Tone"]


class Shown:
    """Mixin of result objects: whoever defines ``_document`` is shown well everywhere."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Else @dataclass, which leaves alone what a class has itself, would write a __repr__ over ours.
        cls.__repr__ = cls.__repr__  # type: ignore[method-assign]

    def _document(self) -> Document:
        raise NotImplementedError

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """Text, Markdown and HTML, for whichever front end is reading."""
        document = self._document()
        bundle = {
            "text/plain": document.text(),
            "text/markdown": document.markdown(),
            "text/html": document.html(),
        }
        wanted, unwanted = set(include or bundle), set(exclude or ())
        return {kind: data for kind, data in bundle.items() if kind in wanted and kind not in unwanted}

    def __repr__(self) -> str:
        return self._document().text()


@dataclass(frozen=True)
class Document(Shown):
    """A title and blocks, in order.

    >>> print(Document("wine v3", (Facts((("alias", "champion"),)),)).text())
    wine v3
      alias  champion
    """

    title: str
    blocks: tuple[Block, ...] = ()

    def _document(self) -> Document:
        return self

    def text(self) -> str:
        """The document for a terminal."""
        from .to_text import to_text

        return "\n".join(part for part in (one_line(self.title), *map(to_text, self.blocks)) if part)

    def markdown(self) -> str:
        """The document as GitHub-flavoured Markdown."""
        from .to_markdown import escape, to_markdown

        title = f"**{escape(one_line(self.title))}**" if self.title else ""
        return "\n\n".join(part for part in (title, *map(to_markdown, self.blocks)) if part) + "\n"

    def html(self) -> str:
        """The document as HTML without script; its colours follow JupyterLab's or VS Code's theme."""
        from .to_html import escape, page, to_html

        title = f"<p><b>{escape(one_line(self.title))}</b></p>" if self.title else ""
        return page("\n".join(part for part in (title, *map(to_html, self.blocks)) if part))
