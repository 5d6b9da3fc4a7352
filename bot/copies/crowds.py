"""Which pictures are crowded, and where their samples end: in memory, for all candidates of a search at once."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from bot.copies.candidates import Batch, Bools, Candidate, Keys, Ranks, by_hash, positions, proved
from bot.copies.parts import CROWD
from bot.copies.proof import Proof

_OPEN: Final = (-1, 2**64 - 1)
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
        own, ends = int(position), self._ends
        return {
            other
            for other, agreeing in places.items()
            if (end := ends.get(other)) is None or self._within(end, agreeing, own, other)
        }

    def beyond(self, node: int, places: Mapping[int, int]) -> set[int]:
        """The others of whom none belongs to the sample of a picture, nor this to theirs."""
        position, end = self._positions[node], self._ends.get(node)
        if end is None:
            return set()
        own = int(position)
        others = {other: count for other, count in places.items() if not self._within(end, count, own, other)}
        return others.keys() - self.asking(position, others)

    def _within(self, end: _End, agreeing: int, own: int, other: int) -> bool:
        """Whether who agrees at so many places comes before the end of a sample or is it: of two positions one is the
        sample's, and which does not matter."""
        least, last = end
        return agreeing > least or (agreeing == least and int(self._positions[other]) ^ own <= last)

    def crowded(self, node: int) -> bool:
        """Whether a picture has a full sample."""
        return node in self._ends

    def settle(self, node: int, doubtful: Mapping[int, int]) -> None:
        """Say which doubtful links a picture has, at least all of its sample, by partner and places."""
        self._ends.pop(node, None)
        if len(doubtful) >= CROWD:
            own = int(self._positions[node])
            ranked = ((-agreeing, int(self._positions[other]) ^ own) for other, agreeing in doubtful.items())
            last = heapq.nsmallest(CROWD, ranked)[-1]
            self._ends[node] = -last[0], last[1]

    def settle_all(self, links: Iterable[tuple[int, int, int]]) -> None:
        """Settle every picture, from all doubtful links: two nodes, and the places at which they agree."""
        partners: dict[int, dict[int, int]] = {}
        for a, b, places in links:
            partners.setdefault(a, {})[b] = places
            partners.setdefault(b, {})[a] = places
        for node, doubtful in partners.items():
            self.settle(node, doubtful)
