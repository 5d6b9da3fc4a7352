"""Rows of a terminal: pieces of text with the name of a style, wrapped to a width. Pure, linear in the text.

Terminals disagree about how wide joined emoji, flags and variation selectors are, and one cell of disagreement pushes
a whole row aside. ``steady`` writes them so that all agree; what they say is kept.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from rich.cells import cell_len

from bot.text_safety import one_line, shortened
from detectors.evidence import Value

StyleName = Literal["", "title", "muted", "error", "warning", "success", "accent", "chosen", "key"]
Piece = tuple[str, StyleName]

_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
_NARROW: Final = re.compile("[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")
_CLOSING: Final = frozenset("，。、；：！？）】》」』”’…,.;:!?)]}%")  # begins no row
_OPENING: Final = frozenset("（【《「『“‘([{#@")  # ends none


class Line(Value):
    """A line of pieces, safe for a terminal; rows after the first begin with ``indent`` blanks."""

    pieces: tuple[Piece, ...] = ()
    indent: int = 0


def line(text: str = "", style: StyleName = "", indent: int = 0) -> Line:
    """A line in one style. Whatever ``text`` holds, it is made safe."""
    return Line(pieces=((safe(text), style),), indent=indent)


def of(*pieces: Piece, indent: int = 0) -> Line:
    """A line of several pieces. Whatever they hold, it is made safe."""
    return Line(pieces=tuple((safe(text), style) for text, style in pieces), indent=indent)


@functools.lru_cache(4096)
def safe(text: str) -> str:
    """The text as one row that every terminal draws as wide as we think."""
    return steady(one_line(text))


def steady(text: str) -> str:
    """Safe text without what terminals measure differently: joined emoji come apart, a flag is its two letters.

    >>> steady("\U0001f468\u200d\U0001f469 \u2764\ufe0f \U0001f1e8\U0001f1f3")
    '\U0001f468\U0001f469 \u2764 CN'
    """
    return _NARROW.sub("", _FLAG.sub(lambda match: chr(ord(match[0]) - 0x1F1E6 + ord("A")), text))


def wrapped(it: Line, width: int) -> Iterator[tuple[Piece, ...]]:
    """The rows of a line, each at most ``width`` cells. Broken at a blank where there is one, and between full-width
    characters; no row begins with closing punctuation where that can be helped."""
    indent = it.indent if it.indent < width // 2 else 0
    cells = [(character, style) for text, style in it.pieces for character in text]
    start, room = 0, width
    while True:
        end = _row_end(cells, start, room)
        row = cells[start:end]
        yield tuple(_joined(row if start == 0 else [(" " * indent, ""), *row]))
        while end < len(cells) and cells[end][0] == " ":
            end += 1
        if end >= len(cells):
            return
        start, room = end, width - indent


def _row_end(cells: Sequence[Piece], start: int, room: int) -> int:
    """Where the row that begins at ``start`` ends: after at least one character."""
    used, end = 0, start
    while end < len(cells):
        used += cell_len(cells[end][0])
        if used > room and end > start:
            break
        end += 1
    if end == len(cells) or cells[end][0] == " ":
        return end
    for at in range(end, start, -1):
        before, after = cells[at - 1][0], cells[at][0]
        if before == " " or (
            max(cell_len(before), cell_len(after)) == 2 and after not in _CLOSING and before not in _OPENING
        ):
            return at
    return end


def _joined(cells: Sequence[Piece]) -> Iterator[Piece]:
    run, style = "", cells[0][1] if cells else ""
    for text, its in cells:
        if its != style:
            yield run, style
            run, style = "", its
        run += text
    yield run, style


def width_of(text: str) -> int:
    """The terminal cells of safe text."""
    return cell_len(text)


def centred(text: str, width: int) -> str:
    """Text made safe, in the middle of so many cells, cut where it must be."""
    cut = shortened(safe(text), width - 1)
    left = (width - cell_len(cut)) // 2
    return " " * left + cut + " " * (width - left - cell_len(cut))
