"""Which pictures are crowded, and how far their samples reach: in memory, for all candidates of a search at once."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.copies.candidates import positions
from bot.copies.parts import CROWD

_FAR: Final = 2**64 - 1
Ranks = npt.NDArray[np.uint64]


class Crowds:
    """Positions of nodes, 8 bytes each up to the greatest node, and of the crowded the rank at which the sample ends.

    A picture that is not crowded has everyone in its sample.
    """

    def __init__(self) -> None:
        self._positions = np.zeros(1024, np.uint64)
        self._ends: dict[int, int] = {}

    def add(self, nodes: Sequence[int], hashes: Sequence[str]) -> None:
        """Make pictures known, by SHA-256."""
        room = len(self._positions)
        while max(nodes, default=0) >= room:
            room *= 2
        self._positions = np.concatenate((self._positions, np.zeros(room - len(self._positions), np.uint64)))
        self._positions[np.asarray(nodes, np.int64)] = positions(hashes)

    def ranked(self, node: int, others: Collection[int]) -> list[int]:
        """Others in order of their rank beside a picture."""
        found = np.fromiter(others, np.int64, len(others))
        return [int(other) for other in found[np.lexsort((found, self._ranks(node, found)))]]

    def asking(self, node: int, others: Collection[int]) -> set[int]:
        """The others to whose samples a picture belongs."""
        found = np.fromiter(others, np.int64, len(others))
        ends = np.fromiter((self._ends.get(other, _FAR) for other in others), np.uint64, len(others))
        return {int(other) for other in found[self._ranks(node, found) <= ends]}

    def sampled(self, node: int, others: Collection[int]) -> set[int]:
        """The others of whom one belongs to the sample of a picture, or this to theirs."""
        found = np.fromiter(others, np.int64, len(others))
        mine = found[self._ranks(node, found) <= np.uint64(self._ends.get(node, _FAR))]
        return {int(other) for other in mine} | self.asking(node, others)

    def crowded(self, node: int) -> bool:
        """Whether a picture has a full sample."""
        return node in self._ends

    def settle(self, node: int, doubtful: Collection[int]) -> None:
        """Say which doubtful links a picture has, at least all of its sample."""
        self._ends.pop(node, None)
        if len(doubtful) >= CROWD:
            ranks = self._ranks(node, np.fromiter(doubtful, np.int64, len(doubtful)))
            self._ends[node] = int(np.partition(ranks, CROWD - 1)[CROWD - 1])

    def settle_all(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Settle every picture, from all doubtful links."""
        partners: dict[int, list[int]] = {}
        for a, b in pairs:
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
        for node, doubtful in partners.items():
            self.settle(node, doubtful)

    def sample(self, node: int, doubtful: dict[int, int]) -> list[int]:
        """Of the doubtful links of a crowded picture, given as partner and value, the values of its sample."""
        within = heapq.nsmallest(CROWD, doubtful, key=lambda other: (self._rank(node, other), other))
        return [doubtful[other] for other in within]

    def _ranks(self, node: int, others: npt.NDArray[np.int64]) -> Ranks:
        return np.asarray(self._positions[others] ^ self._positions[node], np.uint64)

    def _rank(self, node: int, other: int) -> int:
        return int(self._positions[node]) ^ int(self._positions[other])
