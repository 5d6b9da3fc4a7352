"""HTML from a feed into plain text, once, by a browser-grade parser."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import nh3

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_TAG = re.compile(r'<(/?)([a-z0-9]+)(?: href="([^"]*)")?>')
_SCHEMES = {"http", "https", "ftp", "tg", "weixin", "whatsapp", "line", "intent", "mailto", "tel"}
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
    lines quoted by ``blockquote`` begin with ``> ``. Where a link leads stands in brackets at the end of its line,
    unless its words say so themselves: what a reader would be led to is part of what the author wrote."""
    # What comes back is well-formed: "<" stands only in the tags we let through, and only links carry an attribute.
    clean = nh3.clean(markup, tags={*_BLOCKS, "a"}, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None)
    lines = _Lines()
    end = 0
    for tag in _TAG.finditer(clean):
        lines.add(html.unescape(clean[end : tag.start()]))
        end = tag.end()
        if tag[2] == "a":
            lines.link(_address(html.unescape(tag[3] or "")))
            continue
        lines.end(always=tag[2] == "br")
        if tag[2] == "blockquote":
            lines.depth += -1 if tag[1] else 1
    lines.add(html.unescape(clean[end:]))
    return lines.text()


def _address(href: str) -> str:
    """Where a link leads, as it may stand in a text; empty where it stays on the same site. The fragment is left out,
    and what is not ASCII is encoded, so that no hashtag can be hidden in it."""
    address = href.strip().partition("#")[0]
    if address.startswith("//"):
        address = f"https:{address}"
    return quote(address, safe="!$%&'*+,/:;=?@[]~") if re.match("[A-Za-z][A-Za-z0-9+.-]*:", address) else ""


class _Lines:
    """Text that grows line by line; ``depth``: of how many quotes it is inside."""

    def __init__(self) -> None:
        self.depth = 0
        self._done: list[str] = []
        self._line: list[str] = []
        self._links: dict[str, None] = {}
        self._blank = True

    def link(self, address: str) -> None:
        """A link that begins on this line."""
        if address:
            self._links[address] = None

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
            self._done.append(self._whole())
            self._line, self._links, self._blank = [], {}, True

    def _whole(self) -> str:
        line = "".join(self._line).rstrip()
        return line + "".join(f" ({address})" for address in self._links if address not in line)

    def text(self) -> str:
        return "\n".join((*self._done, self._whole())).strip()
