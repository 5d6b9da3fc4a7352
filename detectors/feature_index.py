"""Which earlier pictures share local features with one: an inverted file over words, checked by signatures.

Two features agree where their words are equal and their signatures are at most ``RADIUS`` bits apart, which is the
same seen from either: so is the number of features in which two pictures agree, and nothing is lost by the order in
which they come. About 14 bytes a feature. Postings lie in blocks sorted by word that are merged as they grow, so that
there are few; a search reads one consistent set of them while one thread adds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from detectors.features import Signatures, Words

__all__ = ["RADIUS", "FeatureIndex"]


RADIUS: Final = 14
_SMALLEST: Final = 8_192  # postings; what is newer than the last such block is gathered before it is sorted


@dataclass(frozen=True, eq=False)
class _Block:
    """Postings in order of their word."""

    words: Words
    signatures: Signatures
    keys: npt.NDArray[np.int32]


_EMPTY: Final = _Block(np.empty(0, np.uint16), np.empty(0, np.uint64), np.empty(0, np.int32))


class FeatureIndex:
    """Features under integer keys below 2**31. One thread may ``add`` while any number search."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._blocks: tuple[_Block, ...] = ()
        self._fresh: tuple[_Block, ...] = ()

    def __len__(self) -> int:
        """Features held."""
        return sum(len(block.keys) for block in (*self._blocks, *self._fresh))

    def add(self, key: int, words: Words, signatures: Signatures) -> None:
        """Add one picture's features: (n,) words and (n,) signatures."""
        if len(words):
            block = _sorted(words, signatures, np.full(len(words), key, np.int32))
            with self._writing:
                self._take((*self._fresh, block))

    def fill(self, pictures: Iterable[tuple[int, Words, Signatures]]) -> None:
        """Add many pictures at once: (key, words, signatures) each."""
        held = list(pictures)
        if not any(len(words) for _, words, _ in held):
            return
        keys = np.repeat(np.array([key for key, *_ in held], np.int32), [len(words) for _, words, _ in held])
        words, signatures = (np.concatenate([picture[i] for picture in held]) for i in (1, 2))
        block = _sorted(words.astype(np.uint16), signatures.astype(np.uint64), keys)
        with self._writing:
            self._blocks = (*self._blocks, block)

    def sharing(self, words: Words, signatures: Signatures, least: int) -> list[tuple[int, int]]:
        """(key, number of pairs of features that agree), where it is at least ``least``; by key.

        Takes time with the number of postings under the given words: each word is looked up once.
        """
        blocks = (*self._blocks, *self._fresh)
        if not len(words) or not blocks:
            return []
        order = np.argsort(words, kind="stable")
        words, signatures = words[order], signatures[order]
        found = [_agreeing(block, words, signatures) for block in blocks]
        keys, counts = np.unique(np.concatenate(found), return_counts=True)
        enough = counts >= least
        return list(zip(keys[enough].tolist(), counts[enough].tolist(), strict=True))

    def _take(self, fresh: tuple[_Block, ...]) -> None:
        """Blocks double in size from the newest to the oldest, so that a posting is moved O(log n) times."""
        if sum(len(block.keys) for block in fresh) < _SMALLEST:
            self._fresh = fresh
            return
        blocks, newest = list(self._blocks), _merged(fresh)
        while blocks and len(blocks[-1].keys) < 2 * len(newest.keys):
            newest = _merged((blocks.pop(), newest))
        self._blocks, self._fresh = (*blocks, newest), ()


def _sorted(words: Words, signatures: Signatures, keys: npt.NDArray[np.int32]) -> _Block:
    order = np.argsort(words, kind="stable")
    return _Block(words[order], signatures[order], keys[order])


def _merged(blocks: tuple[_Block, ...]) -> _Block:
    return _sorted(
        np.concatenate([block.words for block in blocks]),
        np.concatenate([block.signatures for block in blocks]),
        np.concatenate([block.keys for block in blocks]),
    )


def _agreeing(block: _Block, words: Words, signatures: Signatures) -> npt.NDArray[np.int32]:
    """The key of every posting that agrees with one of the features, as often as it does."""
    starts = np.searchsorted(block.words, words, "left")
    lengths = np.searchsorted(block.words, words, "right") - starts
    total = int(lengths.sum())
    if total == 0:
        return _EMPTY.keys
    ends = np.cumsum(lengths)
    places = np.arange(total) + np.repeat(starts - ends + lengths, lengths)
    apart = np.bitwise_count(block.signatures[places] ^ np.repeat(signatures, lengths))
    return np.asarray(block.keys[places[apart <= RADIUS]], np.int32)
