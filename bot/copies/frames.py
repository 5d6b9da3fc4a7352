"""Who is swayed by links that come and go: what belongs to a picture's frame changes with its doubtful links, and with
that, which of its other links count (``bot/copies/parts.py``).

Most changes are too small to matter. So of pictures whose links changed lately it is kept how many of their points may
become or cease to be common before any link can count or stop counting; only then their links are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bot.copies.parts import Part, Tally, spare

_KEPT: Final = 16_384  # pictures, some 700 bytes each
_NONE: Final = 1 << 16  # more points than a picture has


class _Frame(NamedTuple):
    """``room``: how many points must change at least for any link to count that does not, or the reverse."""

    tally: Tally = Tally()
    common: int = 0
    room: int = _NONE


_NEW: Final = _Frame()


class Frames:
    """Frames of pictures by node. ``read`` gives all partial links of a node as they are in the store."""

    def __init__(self, read: Callable[[int], Sequence[Part]]) -> None:
        self._read = read
        self._frames: dict[int, _Frame] = {}

    def swayed(self, node: int, came: Sequence[Part], went: Sequence[Part], *, new: bool = False) -> set[int]:
        """Who else's links to a picture count since it got some links and lost others, or count no more; the store has
        them as they are now. ``new``: it has none but those that came."""
        known = _NEW if new else self._frames.pop(node, _NEW)
        known = self._as_before(node, came, went) if known is _NEW and not new else known
        tally = _changed(known.tally, came, went)
        common = tally.common
        room = min(known.room - (known.common ^ common).bit_count(), _room(came, common))
        found = set[int]()
        if room <= 0:
            links = self._read(node)
            room = _room(links, common)
            found = {part.other for part in links if part.counts(known.common) != part.counts(common)}
        if len(self._frames) >= _KEPT:
            del self._frames[next(iter(self._frames))]
        self._frames[node] = _Frame(tally, common, room)
        return found

    def _as_before(self, node: int, came: Sequence[Part], went: Sequence[Part]) -> _Frame:
        """A frame less what came and with what went; it leaves no room, so that the links are looked at."""
        tally = _changed(_changed(Tally(), self._read(node), ()), went, came)
        return _Frame(tally, tally.common, 0)


def _changed(tally: Tally, came: Sequence[Part], went: Sequence[Part]) -> Tally:
    """With some doubtful links more and others less."""
    for part in came:
        if part.doubtful:
            tally = tally.plus(part.points)
    for part in went:
        if part.doubtful:
            tally = tally.minus(part.points)
    return tally


def _room(links: Sequence[Part], common: int) -> int:
    room = _NONE
    for part in links:
        if part.least:
            points = spare(part.points, common, part.least)
            room = min(room, points + 1 if points >= 0 else -points)
    return room
