"""Which earlier pictures share local features with one: an inverted file over words, checked by signatures and place.

Two features pair where their words are equal and their signatures are at most ``RADIUS`` bits apart; a picture is found
where pairs at enough places agree on how it lies in the other (``votes.py``). All this is the same seen from either
picture, so nothing depends on the order in which they come. 16 bytes a feature. Postings lie in blocks sorted by word
that are merged as they grow, so that there are few; a search reads one consistent set of them while one thread adds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from detectors.features import Codes
from detectors.votes import counted
from detectors.words import WORDS

__all__ = ["RADIUS", "FeatureIndex"]

RADIUS: Final = 10
"""Bits. On the threshold split of benchmarks/copies.py, at 4 places, 0.960 of copies are candidates beside 0.8 of 1,000
unrelated photographs; with 10 bits 0.968 beside 1.1."""
_LARGEST: Final = 1 << 22  # postings of a block from which it is merged no more


@dataclass(frozen=True, eq=False)
class _Block:
    """Postings in order of their word: those of word w at ``starts[w]`` to ``starts[w + 1]``."""

    starts: npt.NDArray[np.int32]
    signatures: npt.NDArray[np.uint64]
    places: npt.NDArray[np.uint32]
    keys: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.keys)


class FeatureIndex:
    """Features under integer keys below 2**31. One thread may ``add`` while any number search."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._blocks: tuple[_Block, ...] = ()

    def __len__(self) -> int:
        """Features held."""
        return sum(len(block) for block in self._blocks)

    @property
    def bytes(self) -> int:
        """Memory that the postings take."""
        tables = (t for b in self._blocks for t in (b.starts, b.signatures, b.places, b.keys))
        return sum(table.nbytes for table in tables)

    def add(self, key: int, codes: Codes) -> None:
        """Add one picture's features."""
        self.fill([(key, codes)])

    def fill(self, pictures: Iterable[tuple[int, Codes]]) -> None:
        """Add many pictures at once."""
        held = [(key, codes) for key, codes in pictures if len(codes)]
        if not held:
            return
        keys = np.repeat(np.array([key for key, _ in held], np.int32), [len(codes) for _, codes in held])
        words, signatures, places = (np.concatenate([getattr(c, name) for _, c in held]) for name in Codes.__slots__)
        with self._writing:
            newest, blocks = _sorted(words, signatures, places, keys), list(self._blocks)
            # Blocks double in size from the newest to the oldest, so that a posting is moved O(log n) times.
            while blocks and len(blocks[-1]) < min(_LARGEST, 2 * len(newest)):
                newest = _merged(blocks.pop(), newest)
            self._blocks = (*blocks, newest)

    def sharing(self, codes: Codes, least: int) -> list[tuple[int, int]]:
        """(key, number of places that agree), where it is at least ``least``; by key.

        Takes time with the number of postings under the given words: each word is looked up once.
        """
        if not len(codes):
            return []
        order = np.argsort(codes.words, kind="stable")
        pairs = []
        for block in self._blocks:
            asked, found = _pairs(block, codes.words[order], codes.signatures[order])
            pairs.append((block.keys[found], block.places[found], order[asked]))
        if not pairs:
            return []
        keys, theirs, asked = (np.concatenate([part[i] for part in pairs]) for i in range(3))
        found, counts = counted(keys.astype(np.int64), codes.places[asked], theirs, least)
        return list(zip(found.tolist(), counts.tolist(), strict=True))


def _sorted(
    words: npt.NDArray[np.uint16],
    signatures: npt.NDArray[np.uint64],
    places: npt.NDArray[np.uint32],
    keys: npt.NDArray[np.int32],
) -> _Block:
    order = np.argsort(words, kind="stable")
    starts = np.zeros(WORDS + 1, np.int32)
    np.cumsum(np.bincount(words, minlength=WORDS), out=starts[1:])
    return _Block(starts, signatures[order], places[order], keys[order])


def _merged(older: _Block, newer: _Block) -> _Block:
    words = [np.repeat(np.arange(WORDS, dtype=np.uint16), np.diff(block.starts)) for block in (older, newer)]
    return _sorted(
        np.concatenate(words),
        np.concatenate((older.signatures, newer.signatures)),
        np.concatenate((older.places, newer.places)),
        np.concatenate((older.keys, newer.keys)),
    )


def _pairs(
    block: _Block, words: npt.NDArray[np.uint16], signatures: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which of the features asked for, and which posting, for each pair."""
    starts = block.starts[words].astype(np.int64)
    lengths = block.starts[words.astype(np.int64) + 1] - starts
    total = int(lengths.sum())
    asked = np.repeat(np.arange(len(words)), lengths)
    places = np.arange(total) + (starts - np.cumsum(lengths) + lengths)[asked]
    apart = np.bitwise_count(block.signatures[places] ^ signatures[asked])
    near = np.flatnonzero(apart <= RADIUS)
    return asked[near], places[near]
