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

from bot.copies.parts import Side, allowed
from detectors.features import MOST

_WORDS: Final = -(-MOST // 64)  # of a picture's points as bits
_ROW: Final = _WORDS + 1
"""Words of a link as one picture sees it: its points; whether it is doubtful, and how many must not be common."""
_ROWS: Final = 256  # of a table, to begin with

Words = npt.NDArray[np.uint64]


class Seen(NamedTuple):
    """A partial link of two nodes, as the one and the other see it."""

    one: int
    other: int
    ours: Side
    theirs: Side


class _Links:
    """Of one picture: where its points are counted, how many of its links are doubtful, to whom its links are, and in
    which row each is."""

    __slots__ = ("doubtful", "others", "place", "rows")

    def __init__(self, place: int) -> None:
        self.place, self.doubtful, self.others, self.rows = place, 0, array("q"), array("q")


class Frames:
    """Links that may count or not, by node: some 60 bytes on either side, and 1 KB a picture."""

    def __init__(self, links: Iterable[Seen] = ()) -> None:
        self._links: dict[int, _Links] = {}
        self._rows, self._used, self._free = np.zeros((_ROWS, _ROW), np.uint64), 0, list[int]()
        self._counts = np.zeros((_ROWS, _WORDS * 64), np.int32)  # in how many doubtful links each point takes part
        self._put(links)
        for mine in self._links.values():
            links_of = self._rows[np.array(mine.rows)]
            doubtful = links_of[links_of[:, -1] & 1 == 1]
            mine.doubtful, self._counts[mine.place] = len(doubtful), _spread(doubtful).sum(axis=0)

    @property
    def bytes(self) -> int:
        """Memory that the tables take."""
        return self._rows.nbytes + self._counts.nbytes

    def swayed(self, came: Sequence[Seen], went: Iterable[tuple[int, int]]) -> set[int]:
        """Take in new links, forget those of some pairs, and say who else's links count with it that did not, or count
        no more."""
        new = self._put(came)
        gone = [(*pair, row) for a, b in went for pair in ((a, b), (b, a)) if (row := self._drop(*pair)) is not None]
        self._free += [row for *_, row in gone]
        lost = [(node, row, -1) for node, _, row in gone if self._rows[row, -1] & 1]
        changes = sorted([*new, *lost])
        return self._changed(changes) if changes else set()

    def _changed(self, changes: Sequence[tuple[int, int, int]]) -> set[int]:
        """Who is swayed by doubtful links more and less, given in order of their nodes: node, row, and 1 or -1."""
        first = [number for number, (node, *_) in enumerate(changes) if not number or node != changes[number - 1][0]]
        touched = [self._links[changes[number][0]] for number in first]
        places, before = [mine.place for mine in touched], [allowed(mine.doubtful) for mine in touched]
        for node, _, sign in changes:
            self._links[node].doubtful += sign
        most = np.array((before, [allowed(mine.doubtful) for mine in touched]), np.int32)
        table = np.array(changes)
        points = _spread(self._rows[table[:, 1]]) * table[:, 2:].astype(np.int8)
        counts = np.empty((2, len(places), _WORDS * 64), np.int32)  # before, and now
        counts[0] = self._counts[places]
        self._counts[places] = counts[1] = counts[0] + np.add.reduceat(points, first, dtype=np.int32)
        common = np.packbits(counts > most[..., None], axis=2).view(np.uint64)
        moved = np.flatnonzero((common[0] != common[1]).any(axis=1)).tolist()
        if not moved:
            return set()
        rows, others = array("q"), array("q")
        for number in moved:
            rows += touched[number].rows
            others += touched[number].others
        links = self._rows[np.frombuffer(rows, np.int64)]
        whose = np.repeat(moved, [len(touched[number].rows) for number in moved])
        left = np.bitwise_count(links[:, :-1] & ~common[:, whose]).sum(axis=2, dtype=np.uint64)
        count = left >= links[:, -1] >> 1
        return set(np.frombuffer(others, np.int64)[count[0] != count[1]].tolist())

    def _put(self, links: Iterable[Seen]) -> list[tuple[int, int, int]]:
        """Hold links. Returns a change for each that is doubtful."""
        sides = [
            (node, other, side) for a, b, ours, theirs in links for node, other, side in ((a, b, ours), (b, a, theirs))
        ]
        rows = self._room(len(sides))
        packed = b"".join([_packed(side) for _, _, side in sides])
        self._rows[rows] = np.frombuffer(packed, np.uint64).reshape(-1, _ROW)
        for (node, other, _), row in zip(sides, rows, strict=True):
            mine = self._links.get(node) or self._began(node)
            mine.others.append(other)
            mine.rows.append(row)
        return [(node, row, 1) for (node, _, side), row in zip(sides, rows, strict=True) if side.doubtful]

    def _drop(self, node: int, other: int) -> int | None:
        """Hold a link no more. Returns its row, None where it was not held."""
        mine = self._links.get(node)
        if mine is None or other not in mine.others:
            return None
        place = mine.others.index(other)
        row, last, last_row = mine.rows[place], mine.others.pop(), mine.rows.pop()
        if place < len(mine.rows):
            mine.others[place], mine.rows[place] = last, last_row
        return row

    def _room(self, count: int) -> list[int]:
        """So many rows that hold nothing."""
        while self._used + count > len(self._rows):
            self._rows = _doubled(self._rows)
        again, self._free = self._free[:count], self._free[count:]
        new = range(self._used, self._used + count - len(again))
        self._used = new.stop
        return [*again, *new]

    def _began(self, node: int) -> _Links:
        place = len(self._links)
        if place == len(self._counts):
            self._counts = _doubled(self._counts)
        mine = self._links[node] = _Links(place)
        return mine


def _packed(side: Side) -> bytes:
    """A row. Which bit is which point, nobody asks."""
    return (side.points | (side.needed << 1 | side.doubtful) << 64 * _WORDS).to_bytes(8 * _ROW, "little")


def _spread(links: Words) -> npt.NDArray[np.int8]:
    """Which points take part in each link, 0 or 1."""
    return np.unpackbits(np.ascontiguousarray(links[:, :-1]).view(np.uint8), axis=1).view(np.int8)


def _doubled(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate((table, np.zeros_like(table)))
