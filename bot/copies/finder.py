"""Who may be like a medium: the indexes of hashes and of local features, asked together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from bot.copies.candidates import Batch, Bools, Keys, positions
from bot.copies.proof import SHARED_LEAST
from bot.copies.wholes import held
from detectors.evidence import MediaEvidence
from detectors.feature_index import FeatureIndex
from detectors.features import Codes
from detectors.nearest import TURN_SLACK, HashIndex


@dataclass(frozen=True, eq=False)
class Medium:
    """A medium as the indexes know it, under the number of its node."""

    node: int
    evidence: MediaEvidence
    words: Codes

    @property
    def position(self) -> np.uint64:
        """What its ranks are made of."""
        position: np.uint64 = positions([self.evidence.sha256])[0]
        return position


class Finder:
    """Media by node. One thread may add while any number search."""

    def __init__(self) -> None:
        self.hashes, self.features = HashIndex(), FeatureIndex()

    def add(self, medium: Medium) -> None:
        """Make a medium known."""
        for print_ in held(medium.evidence):
            self.hashes.add(medium.node, print_.pdq)
        self.features.add(medium.node, medium.words)

    def near(self, medium: Medium, radius: int, *, above: int | None = None) -> dict[int, int]:
        """Who is near by hash, at how many bits: within ``radius`` and what turning may add. ``above``, here and below:
        only nodes after that one."""
        near: dict[int, int] = {}
        for print_ in held(medium.evidence):
            for key, bits in self.hashes.within(print_.orientations, radius + TURN_SLACK, above=above):
                near[key] = min(bits, near.get(key, bits))
        near.pop(medium.node, None)
        return near

    def batches(
        self, medium: Medium, near: Collection[int], first: Callable[[Keys, Keys], Bools], *, above: int | None = None
    ) -> Iterator[Batch]:
        """Whoever shares local features, and those ``near`` by hash: the latter, and whom ``first`` tells of keys and
        the most places that each can have, in the first batch."""
        close = np.fromiter(near, np.int64, len(near))

        def wanted(keys: Keys, most: Keys) -> Bools:
            return np.isin(keys, close) | first(keys, most)

        found = self.features.batches(medium.words, SHARED_LEAST, wanted, above=above)
        places, bound = next(found)
        yield dict.fromkeys(near, 0) | places, bound
        yield from found
