"""A stranger's text as pieces that a template marks: hashtags, letters that only look like others, what is written out
because it would not be seen. Pure, linear in the length of the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal

from bot.text_safety import one_line
from detectors.evidence import Value

Kind = Literal["plain", "tag", "odd", "escape", "break"]

_BREAK: Final = re.compile("\r\n|[\r\n\u2028\u2029]")
_TAG: Final = re.compile(r"[#\uff03][^\s#\uff03]{1,40}[#\uff03]?")
_ESCAPE: Final = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|t)")
_USUAL: Final = ("CJK UNIFIED", "LATIN", "DIGIT", "HIRAGANA", "KATAKANA", "HANGUL")


class Piece(Value):
    """Some of the text. ``odd``: a letter of another alphabet or style inside a hashtag, ``hint`` its Unicode name."""

    kind: Kind
    text: str
    hint: str = ""


def pieces(text: str) -> list[Piece]:
    """The text in order, safe for a page once its characters are escaped."""
    found: list[Piece] = []
    for number, row in enumerate(_BREAK.split(text)):
        if number:
            found.append(Piece(kind="break", text=""))
        at = 0
        for tag in _TAG.finditer(row):
            found += _plain(row[at : tag.start()])
            found += _tag(tag[0])
            at = tag.end()
        found += _plain(row[at:])
    return found


def _plain(text: str) -> Iterator[Piece]:
    safe, at = one_line(text), 0
    for escape in _ESCAPE.finditer(safe):
        if escape.start() > at:
            yield Piece(kind="plain", text=safe[at : escape.start()])
        yield Piece(kind="escape", text=escape[0])
        at = escape.end()
    if at < len(safe):
        yield Piece(kind="plain", text=safe[at:])


def _tag(text: str) -> Iterator[Piece]:
    run = ""
    for character in text:
        if not _odd(character):
            run += character
            continue
        if run:
            yield Piece(kind="tag", text=run)
        run = ""
        yield Piece(kind="odd", text=one_line(character), hint=unicodedata.name(character, f"U+{ord(character):04X}"))
    if run:
        yield Piece(kind="tag", text=run)


def _odd(character: str) -> bool:
    if character.isascii() or character == "\uff03":
        return not character.isprintable()  # a control character is written out, as everywhere
    name = unicodedata.name(character, "")
    return not any(name.startswith(usual) for usual in _USUAL) or "COMPATIBILITY" in name
