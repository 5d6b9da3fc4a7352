"""Who is swayed by links that come and go: what belongs to a picture's frame changes with its doubtful links, and with
that, which of its other links count (``bot/copies/parts.py``).

A newcomer touches the frames of some twenty pictures of its crowd. So all links that may count or not are held in
memory as rows of bits, with how often each point of a picture takes part, and are weighed for all of these at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.copies.parts import Side, allowed, needed
from detectors.features import MOST

_BYTES: Final = -(-MOST // 64) * 8  # of a picture's points as bits
_ROWS: Final = 256  # of a table, to begin with

Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16]


class Seen(NamedTuple):
    """A partial link of two nodes, as the one and the other see it."""

    one: int
    other: int
    ours: Side
    theirs: Side


class _Links:
    """Of one picture: to whom, in which row each, and how many are doubtful. ``place``: where its points are
    counted."""

    __slots__ = ("doubtful", "others", "place", "rows")

    def __init__(self, place: int) -> None:
        self.place, self.doubtful, self.others, self.rows = place, 0, array("q"), array("q")


class Frames:
    """Links that may count or not, by node: some 60 bytes on either side, and 0.5 KB a picture."""

    def __init__(self, links: Iterable[Seen] = ()) -> None:
        self._links: dict[int, _Links] = {}
        self._points = np.zeros((_ROWS, _BYTES // 8), np.uint64)
        self._needed, self._doubtful = np.zeros(_ROWS, np.int32), np.zeros(_ROWS, np.bool_)
        self._rows, self._free = 0, list[int]()
        self._counts = np.zeros((_ROWS, _BYTES * 8), np.uint16)
        self._put(links)
        for mine in self._links.values():
            rows = np.array(mine.rows)
            doubtful = rows[self._doubtful[rows]]
            self._counts[mine.place] = _spread(self._points[doubtful]).sum(axis=0)
            mine.doubtful = len(doubtful)

    @property
    def bytes(self) -> int:
        """Memory that the tables take."""
        return sum(table.nbytes for table in (self._points, self._needed, self._doubtful, self._counts))

    def swayed(self, came: Sequence[Seen], went: Iterable[tuple[int, int]]) -> set[int]:
        """Take in new links, forget those of some pairs, and say who else's links count with it that did not, or count
        no more."""
        new = self._put(came)
        gone = [(node, row) for a, b in went for node, row in (*self._drop(a, b), *self._drop(b, a))]
        changes = [(node, row, 1) for node, row in new if self._doubtful[row]]
        changes += [(node, row, -1) for node, row in gone if self._doubtful[row]]
        self._free += [row for _, row in gone]
        return self._changed(changes) if changes else set()

    def _changed(self, changes: Sequence[tuple[int, int, int]]) -> set[int]:
        """Who is swayed by doubtful links more and less: a node, a row, and 1 or -1 for each."""
        order = {node: number for number, node in enumerate(dict.fromkeys(node for node, _, _ in changes))}
        touched = [self._links[node] for node in order]
        places = [links.place for links in touched]
        before = self._counts[places]
        common_before = _common(before, touched)
        after = before.copy()
        for (node, _, sign), points in zip(changes, _spread(self._points[[row for _, row, _ in changes]]), strict=True):
            self._links[node].doubtful += sign
            if sign > 0:
                after[order[node]] += points
            else:
                after[order[node]] -= points
        self._counts[places] = after
        common = _common(after, touched)
        moved = np.flatnonzero((common != common_before).any(axis=1)).tolist()
        if not moved:
            return set()
        rows = np.concatenate([np.frombuffer(touched[number].rows, np.int64) for number in moved])
        others = np.concatenate([np.frombuffer(touched[number].others, np.int64) for number in moved])
        whose = np.repeat(moved, [len(touched[number].rows) for number in moved])
        points, least = self._points[rows], self._needed[rows]
        swayed = (_left(points, common_before[whose]) >= least) != (_left(points, common[whose]) >= least)
        return set(others[swayed].tolist())

    def _put(self, links: Iterable[Seen]) -> list[tuple[int, int]]:
        """Hold links; returns the node and row of each side that may count or not."""
        sides = [
            (node, other, side)
            for a, b, ours, theirs in links
            for node, other, side in ((a, b, ours), (b, a, theirs))
            if side.least or side.doubtful
        ]
        rows = [self._row() for _ in sides]
        if not rows:
            return []
        packed = b"".join([side.points.to_bytes(_BYTES) for _, _, side in sides])
        self._points[rows] = np.frombuffer(packed, np.uint64).reshape(len(rows), -1)
        self._needed[rows] = [needed(side.points, side.least) for _, _, side in sides]
        self._doubtful[rows] = [side.doubtful for _, _, side in sides]
        for (node, other, _), row in zip(sides, rows, strict=True):
            mine = self._links.get(node) or self._began(node)
            mine.others.append(other)
            mine.rows.append(row)
        return [(node, row) for (node, _, _), row in zip(sides, rows, strict=True)]

    def _drop(self, node: int, other: int) -> list[tuple[int, int]]:
        """The node and row of a link that is held no more; none where it was not."""
        mine = self._links.get(node)
        if mine is None or other not in mine.others:
            return []
        place = mine.others.index(other)
        row, last = mine.rows[place], mine.others.pop()
        last_row = mine.rows.pop()
        if place < len(mine.rows):
            mine.others[place], mine.rows[place] = last, last_row
        return [(node, row)]

    def _row(self) -> int:
        if self._free:
            return self._free.pop()
        if self._rows == len(self._points):
            self._points, self._needed, self._doubtful = (
                _doubled(self._points), _doubled(self._needed), _doubled(self._doubtful),
            )  # fmt: skip
        self._rows += 1
        return self._rows - 1

    def _began(self, node: int) -> _Links:
        place = len(self._links)
        if place == len(self._counts):
            self._counts = _doubled(self._counts)
        mine = self._links[node] = _Links(place)
        return mine


def _spread(points: Bits) -> npt.NDArray[np.uint8]:
    """One number for each point, 0 or 1."""
    return np.unpackbits(points.view(np.uint8), axis=1)


def _common(counts: Counts, links: Sequence[_Links]) -> Bits:
    """The points that everybody shares, for each of these pictures."""
    most = np.array([allowed(mine.doubtful) for mine in links], np.uint16)
    return np.packbits(counts > most[:, None], axis=1).view(np.uint64)


def _left(points: Bits, common: Bits) -> npt.NDArray[np.int64]:
    """How many points are not common."""
    return np.asarray(np.bitwise_count(points & ~common).sum(axis=1, dtype=np.int64))


def _doubled(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate((table, np.zeros_like(table)))
