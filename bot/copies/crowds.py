"""Which pictures are crowded, and where their samples end: in memory, for all candidates of a search at once."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.copies.candidates import Batch, Bools, Candidate, Keys, Ranks, by_hash, positions, proved
from bot.copies.parts import CROWD
from bot.copies.proof import Proof

_FAR: Final = 2**64 - 1
_OPEN: Final = (-1, _FAR)
_End = tuple[int, int]
"""The last of a sample: the places at which it agrees, and its rank among those that agree at as many."""


class Crowds:
    """Positions of nodes, 8 bytes each up to the greatest node, and of the crowded where the sample ends.

    ``places`` are always those at which another picture agrees with the one that is spoken of. A picture that is not
    crowded has everyone in its sample.
    """

    def __init__(self) -> None:
        self._positions = np.zeros(1024, np.uint64)
        self._ends: dict[int, _End] = {}

    def add(self, nodes: Sequence[int], hashes: Sequence[str]) -> None:
        """Make pictures known, by SHA-256."""
        room = len(self._positions)
        while max(nodes, default=0) >= room:
            room *= 2
        self._positions = np.concatenate((self._positions, np.zeros(room - len(self._positions), np.uint64)))
        self._positions[np.asarray(nodes, np.int64)] = positions(hashes)

    def linked(
        self,
        position: np.uint64,
        near: Mapping[int, int],
        found: Iterable[Batch],
        prove: Callable[[int, int], Proof | None],
    ) -> Iterator[Candidate]:
        """Those of a picture's candidates whose links stand: by hash, or as one is in the other's sample. Tries no more
        than it must, in an order that nothing but the pictures decides."""
        asking: set[int] = set()

        def always(places: Mapping[int, int]) -> set[int]:
            asking.update(self.asking(position, places))
            return asking | by_hash(near, places)

        for one in proved(found, lambda others: self._ranks(position, others), always, prove):
            if one.within or one.by_hash or one.key in asking:
                yield one

    def _ranks(self, position: np.uint64, others: Keys) -> Ranks:
        """The ranks of others among those that agree with a picture at as many places as they."""
        return np.asarray(self._positions[others] ^ position, np.uint64)

    def open_to(self, others: Keys, most: Keys) -> Bools:
        """To whose samples a picture may belong that agrees with them at so many places at most."""
        return np.array([self._ends.get(other, _OPEN)[0] for other in others.tolist()], np.int64) <= most

    def asking(self, position: np.uint64, places: Mapping[int, int]) -> set[int]:
        """The others to whose samples a picture belongs."""
        others, agreeing = _columns(places)
        ends = [self._ends.get(other, _OPEN) for other in places]
        least, last = np.array([e[0] for e in ends], np.int64), np.array([e[1] for e in ends], np.uint64)
        return _within(others, agreeing, self._ranks(position, others), least, last)

    def beyond(self, node: int, places: Mapping[int, int]) -> set[int]:
        """The others of whom none belongs to the sample of a picture, nor this to theirs."""
        others, agreeing = _columns(places)
        (least, last), position = self._ends.get(node, _OPEN), self._positions[node]
        mine = _within(others, agreeing, self._ranks(position, others), np.int64(least), np.uint64(last))
        return places.keys() - mine - self.asking(position, places)

    def crowded(self, node: int) -> bool:
        """Whether a picture has a full sample."""
        return node in self._ends

    def settle(self, node: int, doubtful: Mapping[int, int]) -> None:
        """Say which doubtful links a picture has, at least all of its sample, by partner and places."""
        self._ends.pop(node, None)
        if len(doubtful) >= CROWD:
            others, agreeing = _columns(doubtful)
            ranks = self._ranks(self._positions[node], others).tolist()
            first = heapq.nsmallest(CROWD, zip((-agreeing).tolist(), ranks, strict=True))
            self._ends[node] = -first[-1][0], first[-1][1]

    def settle_all(self, links: Iterable[tuple[int, int, int]]) -> None:
        """Settle every picture, from all doubtful links: two nodes, and the places at which they agree."""
        partners: dict[int, dict[int, int]] = {}
        for a, b, places in links:
            partners.setdefault(a, {})[b] = places
            partners.setdefault(b, {})[a] = places
        for node, doubtful in partners.items():
            self.settle(node, doubtful)


def _columns(places: Mapping[int, int]) -> tuple[Keys, Keys]:
    return np.fromiter(places.keys(), np.int64, len(places)), np.fromiter(places.values(), np.int64, len(places))


def _within(
    others: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.uint64],
    least: npt.NDArray[np.int64] | np.int64,
    last: npt.NDArray[np.uint64] | np.uint64,
) -> set[int]:
    """Those that agree at more places than the last of a sample, or at as many and are not ranked after it."""
    return {int(other) for other in others[(places > least) | ((places == least) & (ranks <= last))]}
