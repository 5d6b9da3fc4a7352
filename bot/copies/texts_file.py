"""Reading a file of texts: JSON Lines of ``{"id": …, "text": …}``, as ``match-text`` takes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from bot.copies.matching import Text
from bot.errors import UserError
from bot.sources.lines import LineSplitter

_MOST_BYTES = 1 << 20  # of one line
_CHUNK = 1 << 20


class _Line(msgspec.Struct):
    id: str | int
    text: str


_decode = msgspec.json.Decoder(_Line).decode


def read_texts(path: str) -> list[Text]:
    """Every text of a file (``-``: standard input), other keys ignored. Raises UserError with file and line."""
    try:
        if path == "-":
            return list(_texts(sys.stdin.buffer, "standard input"))
        with Path(path).open("rb") as file:
            return list(_texts(file, path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _texts(file: BinaryIO, name: str) -> Iterator[Text]:
    splitter = LineSplitter(_MOST_BYTES)
    while chunk := file.read(_CHUNK):
        for line in splitter.feed(chunk):
            yield from _text(line.data, line.whole, f"{name}:{line.number}")
    for line in splitter.flush():
        yield from _text(line.data, line.whole, f"{name}:{line.number}")


def _text(data: bytes, whole: bool, place: str) -> Iterator[Text]:
    if whole and not data.strip():
        return
    try:
        if not whole:
            raise ValueError(f"longer than {_MOST_BYTES} bytes")
        line = _decode(data)
    except (ValueError, msgspec.DecodeError) as error:
        raise UserError(f"{place}: {error}") from error
    yield Text(id=line.id, text=line.text)
