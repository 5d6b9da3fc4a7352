"""Who is swayed by links that come and go: what belongs to a picture's frame changes with its doubtful links, and with
that, which of its other links count (``bot/copies/parts.py``).

Most changes are too small to matter. So of pictures whose links changed lately it is kept how many of their points may
become or cease to be common before any link can count or stop counting; only then their links are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from bot.copies.parts import Side, Tally, spare

_KEPT: Final = 16_384  # pictures, some 700 bytes each
_NONE: Final = 1 << 16  # more points than a picture has


class _Frame(NamedTuple):
    """``more``: how many points must become common at least for any link to count no more; ``less``: how many must
    cease to be for any to count that does not."""

    tally: Tally = Tally()
    common: int = 0
    more: int = _NONE
    less: int = _NONE


_NEW: Final = _Frame()


class Frames:
    """Frames of pictures by node. ``read`` gives all partial links of a node as they are in the store, by
    partner."""

    def __init__(self, read: Callable[[int], Mapping[int, Side]]) -> None:
        self._read = read
        self._frames: dict[int, _Frame] = {}

    def swayed(self, node: int, came: Sequence[Side], went: Sequence[Side], *, new: bool = False) -> set[int]:
        """Who else's links to a picture count since it got some links and lost others, or count no more; the store has
        them as they are now. ``new``: it has none but those that came."""
        if node not in self._frames and not any(side.doubtful for side in (*came, *went)):
            return set()  # what is common stays
        known, links = _NEW if new else self._frames.pop(node, None), None
        if known is None:
            links = self._read(node)
            before = _changed(_changed(Tally(), links.values(), ()), went, came)
            known = _Frame(before, before.common, more=0)  # no room: the links are looked at
        tally = _changed(known.tally, came, went)
        common = tally.common
        more, less = _room(came, common)
        more = min(more, known.more - (common & ~known.common).bit_count())
        less = min(less, known.less - (known.common & ~common).bit_count())
        found = set[int]()
        if min(more, less) <= 0:
            links = self._read(node) if links is None else links
            more, less = _room(links.values(), common)
            found = {other for other, side in links.items() if side.counts(known.common) != side.counts(common)}
        if len(self._frames) >= _KEPT:
            del self._frames[next(iter(self._frames))]
        self._frames[node] = _Frame(tally, common, more, less)
        return found


def _changed(tally: Tally, came: Iterable[Side], went: Iterable[Side]) -> Tally:
    """With some doubtful links more and others less."""
    for side in came:
        if side.doubtful:
            tally = tally.plus(side.points)
    for side in went:
        if side.doubtful:
            tally = tally.minus(side.points)
    return tally


def _room(links: Iterable[Side], common: int) -> tuple[int, int]:
    """``more`` and ``less`` of a frame."""
    more, less = _NONE, _NONE
    for side in links:
        if side.least:
            points = spare(side.points, common, side.least)
            more, less = (min(more, points + 1), less) if points >= 0 else (more, min(less, -points))
    return more, less
