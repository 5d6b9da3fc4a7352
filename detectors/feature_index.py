"""Which earlier pictures share local features with one: an inverted file over words, checked by signatures and place.

Two features pair as ``words.py`` has it; a picture is found where pairs at enough places agree on how it lies in the
other (``votes.py``). Features that repeat within their own picture take no part. All this is the same seen from either
picture, so nothing depends on the order in which they come. 16 bytes a feature. Postings lie in blocks sorted by word
that are merged as they grow, so that there are few; a search reads one consistent set of them while one thread adds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from detectors.features import Codes
from detectors.votes import counted
from detectors.words import RADIUS, WORDS

__all__ = ["FeatureIndex"]

_LARGEST: Final = 1 << 22  # postings of a block from which it is merged no more
_SHORT: Final = 1000  # postings of a word, on average
_AT_ONCE: Final = 2048  # pictures whose places are counted at once, for a start; fewer take longer among 100,000

Keys = npt.NDArray[np.int64]


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
        telling = ((key, codes.telling()) for key, codes in pictures)
        held = [(key, codes) for key, codes in telling if len(codes)]
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
        """(key, number of places that agree), where it is at least ``least``; by key."""
        return sorted(found for places, _ in self.batches(codes, least) for found in places.items())

    def batches(
        self, codes: Codes, least: int, first: Callable[[Keys, Keys], npt.NDArray[np.bool_]] | None = None
    ) -> Iterator[tuple[dict[int, int], int]]:
        """The same a batch at a time, at least one: places by key, and the most that any key of a later batch can have,
        -1 after the last.

        Each word is looked up once; to count places takes longer, and who needs only those that share most can stop.
        ``first``: of keys and of the most places that each can have, which must be in the first batch.
        """
        keys, theirs, ours = self._all_pairs(codes.telling())
        most = np.bincount(keys)
        known = np.flatnonzero(most >= least)
        wanted = np.zeros(len(known), np.bool_) if first is None else first(known, most[known])
        order = known[np.lexsort((-most[known], ~wanted))]
        start, end = 0, int(wanted.sum()) + _AT_ONCE
        while start < len(order) or not start:
            chosen = np.zeros(len(most), np.bool_)
            chosen[order[start:end]] = True
            some = chosen[keys]
            found, counts = counted(keys[some], ours[some], theirs[some], least)
            bound = int(most[order[end]]) if end < len(order) else -1
            yield dict(zip(found.tolist(), counts.tolist(), strict=True)), bound
            start, end = max(end, 1), 4 * end

    def _all_pairs(self, codes: Codes) -> tuple[Keys, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """The picture of each pair of features, and the feature of either side."""
        order = np.argsort(codes.words, kind="stable")
        words, signatures = codes.words[order], codes.signatures[order]
        keys, theirs, ours = [np.empty(0, np.int64)], [np.empty(0, np.uint32)], [np.empty(0, np.uint32)]
        for block in self._blocks if len(codes) else ():
            asked, found = _pairs(block, words, signatures)
            keys.append(block.keys[found].astype(np.int64))
            theirs.append(block.places[found])
            ours.append(codes.places[order[asked]])
        return np.concatenate(keys), np.concatenate(theirs), np.concatenate(ours)


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
    if lengths.sum() > _SHORT * len(words):  # long runs are read where they lie, short ones all at once
        runs = zip(starts.tolist(), lengths.tolist(), signatures, strict=True)
        near_of = [_near(block.signatures[start : start + length], own) for start, length, own in runs]
        asked = np.repeat(np.arange(len(words)), [len(near) for near in near_of])
        return asked, np.concatenate(near_of) + starts[asked]
    asked = np.repeat(np.arange(len(words)), lengths)
    places = np.arange(len(asked)) + (starts - np.cumsum(lengths) + lengths)[asked]
    near = _near(block.signatures[places], signatures[asked])
    return asked[near], places[near]


def _near(signatures: npt.NDArray[np.uint64], own: npt.NDArray[np.uint64] | np.uint64) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.bitwise_count(signatures ^ own) <= RADIUS)
