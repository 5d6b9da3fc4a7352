"""HTML from a feed into plain text, once, by a browser-grade parser."""

from __future__ import annotations

import html
import re

import nh3

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_TAG = re.compile(r"<(/?)([a-z0-9]+)>")
_MARKUP = re.compile(
    r"</?(?:a|b|i|u|s|em|strong|span|font|img|" + "|".join(sorted(_BLOCKS)) + r")(?:\s[^<>]{0,2000})?/?>"
    r"|&(?:amp|lt|gt|quot|nbsp|#39|#34|#x27);",
    re.IGNORECASE,
)


def looks_like_html(text: str) -> bool:
    """Whether a text whose format nobody states is HTML: it holds a tag that editors write, or an entity that
    escaping functions write. Others (``&#35;``) were typed by a person and stay as they are."""
    return _MARKUP.search(text) is not None


def to_text(markup: str) -> str:
    """Plain text of ``markup``: entities decoded once, scripts and styles gone, blocks on lines of their own, and
    lines quoted by ``blockquote`` begin with ``> ``."""
    # What comes back is well-formed: "<" stands only in the tags we let through, which carry no attributes.
    clean = nh3.clean(markup, tags=set(_BLOCKS), attributes={}, link_rel=None)
    lines = _Lines()
    end = 0
    for tag in _TAG.finditer(clean):
        lines.add(html.unescape(clean[end : tag.start()]))
        end = tag.end()
        lines.end(always=tag[2] == "br")
        if tag[2] == "blockquote":
            lines.depth += -1 if tag[1] else 1
    lines.add(html.unescape(clean[end:]))
    return lines.text()


class _Lines:
    """Text that grows line by line; ``depth``: of how many quotes it is inside."""

    def __init__(self) -> None:
        self.depth = 0
        self._done: list[str] = []
        self._line: list[str] = []
        self._blank = True

    def add(self, text: str) -> None:
        first, *rest = text.split("\n")
        self._piece(first)
        for piece in rest:
            self.end(always=True)
            self._piece(piece)

    def _piece(self, piece: str) -> None:
        if self._blank and piece.strip():
            self._blank = False
            self._line.append("> " if self.depth else "")
        if piece:
            self._line.append(piece)

    def end(self, *, always: bool) -> None:
        """End the line; a blank one only ``always``."""
        if always or not self._blank:
            self._done.append("".join(self._line).rstrip())
            self._line, self._blank = [], True

    def text(self) -> str:
        return "\n".join((*self._done, "".join(self._line).rstrip())).strip()
