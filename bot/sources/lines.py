"""Bytes into lines, however they are cut into chunks. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One line without its end. ``number`` counts from 1; ``end`` is the offset of the byte after it; ``whole`` is
    False where it was longer than allowed: ``data`` is its beginning then."""

    number: int
    data: bytes
    end: int
    whole: bool


class LineSplitter:
    """Splits at LF; a CR before it goes with it. Holds at most one line of ``most`` bytes in memory: of a longer one
    the beginning is kept and the rest passed over."""

    def __init__(self, most: int, *, number: int = 0, offset: int = 0) -> None:
        self._most, self._number, self._offset = most, number, offset
        self._held = bytearray()
        self._length = 0

    @property
    def pending(self) -> bool:
        """Whether bytes of an unended line are held."""
        return self._length > 0

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that ``chunk`` ended."""
        *ended, rest = chunk.split(b"\n")
        lines = []
        for piece in ended:
            self._hold(piece)
            lines.append(self._end(1))
        self._hold(rest)
        return lines

    def flush(self) -> list[Line]:
        """The last line, where no line end follows it."""
        return [self._end(0)] if self.pending else []

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        self._held += piece[: max(0, self._most + 1 - len(self._held))]  # one more, for the CR of a full line

    def _end(self, terminator: int) -> Line:
        data = bytes(self._held).removesuffix(b"\r")
        cut = self._length > len(self._held) or len(data) > self._most
        self._number += 1
        self._offset += self._length + terminator
        self._held.clear()
        self._length = 0
        return Line(self._number, data[: self._most], self._offset, not cut)
