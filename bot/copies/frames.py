"""Who is swayed by links that come and go: what belongs to a picture's frame changes with its doubtful links, and with
that, which of its other links count (``bot/copies/parts.py``).

Most changes are too small to matter. So of pictures whose links changed lately it is kept how many of their points may
become or cease to be common before any link can count or stop counting; only then their links are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from bot.copies.parts import Part, Tally, spare

_KEPT: Final = 16_384  # pictures, some 700 bytes each
_NONE: Final = 1 << 16  # more points than a picture has


class _Frame(NamedTuple):
    """``room``: how many points must change at least for any link to count that does not, or the reverse."""

    tally: Tally
    common: int
    room: int


class Frames:
    """Frames of pictures by node. ``read`` gives all partial links of a node as they are in the store."""

    def __init__(self, read: Callable[[int], Sequence[Part]]) -> None:
        self._read = read
        self._frames: dict[int, _Frame] = {}

    def forget(self, node: int) -> None:
        """A picture's links change, and nobody need be told by it."""
        self._frames.pop(node, None)

    def swayed(self, node: int, came: Sequence[Part], went: Sequence[Part]) -> set[int]:
        """Who else's links to a picture count since it got some links and lost others, or count no more; the store has
        them as they are now."""
        known = self._frames.get(node)
        links = self._read(node) if known is None else ()
        before = _changed(_changed(Tally(), links, ()), went, came) if known is None else known.tally
        after = _changed(before, came, went)
        was, now = before.common if known is None else known.common, after.common
        room = 0 if known is None else min(known.room - (was ^ now).bit_count(), _room(came, now))
        found = set[int]()
        if room <= 0:
            links = links or self._read(node)
            room = _room(links, now)
            found = {part.other for part in links if part.counts(was) != part.counts(now)}
        if len(self._frames) == _KEPT:
            self._frames.clear()
        self._frames[node] = _Frame(after, now, room)
        return found


def _changed(tally: Tally, came: Iterable[Part], went: Iterable[Part]) -> Tally:
    """With some doubtful links more and others less."""
    for part in came:
        tally = tally.plus(part.points) if part.doubtful else tally
    for part in went:
        tally = tally.minus(part.points) if part.doubtful else tally
    return tally


def _room(links: Iterable[Part], common: int) -> int:
    spares = (spare(part.points, common, part.least) for part in links if part.least)
    return min((points + 1 if points >= 0 else -points for points in spares), default=_NONE)
