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
    lines: list[list[str]] = [[]]
    depth, end = 0, 0
    for tag in _TAG.finditer(clean):
        _append(lines, clean[end : tag.start()], depth)
        end = tag.end()
        if tag[2] == "br" or any(part.strip() for part in lines[-1]):
            lines.append([])
        if tag[2] == "blockquote":
            depth += -1 if tag[1] else 1
    _append(lines, clean[end:], depth)
    return "\n".join("".join(line).rstrip() for line in lines).strip()


def _append(lines: list[list[str]], piece: str, depth: int) -> None:
    first, *rest = html.unescape(piece).split("\n")
    for i, text in enumerate((first, *rest)):
        if i:
            lines.append([])
        if depth and not lines[-1] and text.strip():
            lines[-1].append("> ")
        lines[-1].append(text)
