"""Strangers' text on its way to a terminal, a JSON line or a spreadsheet. Pure, linear in the length of the text.

What could move the cursor, reorder a line, hide letters or leave the row is written out as ``\\x1b`` or ``\\u202e``, so
that a person sees that it is there. Nothing is removed.
"""

from __future__ import annotations

import bisect
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

_UNSAFE: Final = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences begin here
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shown as nothing, or as something else
    "\u2028\u2029"  # line ends to some
    "\ud800-\udfff"  # half of a pair: cannot be written as UTF-8
    "\ufdd0-\ufdef\ufffe\uffff"  # no characters
)
_CONTROL: Final = re.compile(f"[{_UNSAFE}]")
_PILE: Final = 4  # combining marks on one letter; more would grow into the rows above and below
_JOINER: Final = "\u200d"
_FORMULA: Final = tuple("=+-@＝＋－＠|%")


def one_line(text: str) -> str:
    """The text as it may be printed in one row of a terminal.

    A joiner between two symbols stays: it makes one emoji of them. A line break is written out as ``\\n``.

    >>> one_line("a\\x1b[2J\\u202eb\\nc")
    'a\\\\x1b[2J\\\\u202eb\\\\nc'
    """
    return "".join(_pieces(text))


def rows(text: str) -> list[str]:
    """The text as rows for a terminal, split where its author broke the line."""
    return [one_line(row) for row in re.split("\r\n|[\r\n\u2028\u2029]", text)]


def shortened(text: str, cells: int) -> str:
    """Text that is safe already, cut to at most this many terminal cells; ``…`` shows a cut.

    >>> shortened("一二三四", 5)
    '一二…'
    """
    if cell_len(text) <= cells:
        return text
    if cells < 1:
        return ""
    # A selector widens the character before it, so prefixes are measured whole, not by adding up characters.
    end = bisect.bisect_right(range(len(text)), cells - 1, key=lambda length: cell_len(text[:length]))
    return text[: end - 1] + "…"


def json_line(value: object) -> str:
    """One line of JSON without its end. What ``one_line`` writes out is a ``\\u`` escape here: the same text to a
    parser, harmless on a terminal. Raises TypeError for what JSON cannot say, ValueError for NaN."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _CONTROL.sub(_json_escape, text)


def csv_cell(value: object) -> str:
    """A value as a spreadsheet may hold it: text that would be read as a formula gets an apostrophe in front.

    >>> csv_cell("=1+1"), csv_cell("2"), csv_cell(None)
    ("'=1+1", '2', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = one_line(str(value))
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])[:1]
    return f"'{text}" if first in _FORMULA and first else text


def _pieces(text: str) -> Iterator[str]:
    marks = 0
    for at, character in enumerate(text):
        combining = unicodedata.category(character) in ("Mn", "Me") and character not in "\ufe0e\ufe0f\u20e3"
        marks = marks + 1 if combining else 0
        if character == _JOINER and 0 < at < len(text) - 1 and _symbol(text[at - 1]) and _symbol(text[at + 1]):
            yield character
        elif _CONTROL.match(character) or marks > _PILE:
            yield _escape(character)
        else:
            yield character


def _symbol(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") or character in "\ufe0f♀♂"


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    if short is not None:
        return short
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
