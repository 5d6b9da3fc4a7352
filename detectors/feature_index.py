"""Which earlier pictures share local features with one: an inverted file over words, checked by signatures and place.

Two features pair as ``words.py`` has it; a picture is found where pairs at enough places agree on how it lies in the
other (``votes.py``). Features that repeat within their own picture take no part. All this is the same seen from either
picture, so nothing depends on the order in which they come. 16 bytes a feature. The newest postings lie as they came,
and are compared as a whole; when they are many they are sealed as a block sorted by word. Blocks are merged as they
grow, so that there are few. A search reads one consistent set of them while one thread adds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from detectors.features import Codes
from detectors.votes import counted
from detectors.words import RADIUS, WORDS

__all__ = ["FeatureIndex"]

_NEWEST: Final = 8192  # postings that lie as they came: of some forty pictures
_LARGEST: Final = 1 << 22  # postings of a block from which it is merged no more
_SHORT: Final = 1000  # postings of a word, on average
_AT_ONCE: Final = 2048  # pictures whose places are counted at once, for a start; fewer take longer among 100,000

Keys = npt.NDArray[np.int64]


class _Postings(NamedTuple):
    """In the order in which they came."""

    words: npt.NDArray[np.uint16]
    signatures: npt.NDArray[np.uint64]
    places: npt.NDArray[np.uint32]
    keys: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Block:
    """Postings in order of their word: those of word w at ``starts[w]`` to ``starts[w + 1]``. ``last``: the greatest
    key."""

    starts: npt.NDArray[np.int32]
    signatures: npt.NDArray[np.uint64]
    places: npt.NDArray[np.uint32]
    keys: npt.NDArray[np.int32]
    last: int

    def __len__(self) -> int:
        return len(self.keys)


class _Open:
    """The newest: rows below ``count`` are written before ``count`` says so, and never change."""

    def __init__(self) -> None:
        self.count = 0
        self.rows = _Postings(
            np.empty(_NEWEST, np.uint16),
            np.empty(_NEWEST, np.uint64),
            np.empty(_NEWEST, np.uint32),
            np.empty(_NEWEST, np.int32),
        )

    def written(self) -> _Postings:
        """All there are."""
        return _of(self.rows, slice(self.count))


class FeatureIndex:
    """Features under integer keys below 2**31. One thread may ``add`` while any number search."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        # Replaced as a whole, so that a search reads one consistent pair.
        self._held: tuple[tuple[_Block, ...], _Open] = ((), _Open())

    def __len__(self) -> int:
        """Features held."""
        blocks, newest = self._held
        return sum(len(block) for block in blocks) + newest.count

    @property
    def bytes(self) -> int:
        """Memory that the postings take."""
        blocks, newest = self._held
        tables = [t for b in blocks for t in (b.starts, b.signatures, b.places, b.keys)]
        return sum(table.nbytes for table in (*tables, *newest.rows))

    def add(self, key: int, codes: Codes) -> None:
        """Add one picture's features."""
        codes = codes.telling()
        if len(codes):
            self._append(_Postings(codes.words, codes.signatures, codes.places, np.full(len(codes), key, np.int32)))

    def fill(self, pictures: Iterable[tuple[int, Codes]]) -> None:
        """Add many pictures at once."""
        telling = ((key, codes.telling()) for key, codes in pictures)
        held = [(key, codes) for key, codes in telling if len(codes)]
        if held:
            keys = np.repeat(np.array([key for key, _ in held], np.int32), [len(codes) for _, codes in held])
            words, signatures, places = (
                np.concatenate([getattr(c, name) for _, c in held]) for name in Codes.__slots__
            )
            self._append(_Postings(words, signatures, places, keys))

    def _append(self, added: _Postings) -> None:
        with self._writing:
            blocks, newest = self._held
            end = newest.count + len(added.keys)
            if end > _NEWEST:
                self._held = _sealed(blocks, _joined(newest.written(), added)), _Open()
                return
            room = _of(newest.rows, slice(newest.count, end))
            room.words[:], room.signatures[:], room.places[:], room.keys[:] = added
            newest.count = end

    def sharing(self, codes: Codes, least: int) -> list[tuple[int, int]]:
        """(key, number of places that agree), where it is at least ``least``; by key."""
        return sorted(found for places, _ in self.batches(codes, least) for found in places.items())

    def batches(
        self,
        codes: Codes,
        least: int,
        first: Callable[[Keys, Keys], npt.NDArray[np.bool_]] | None = None,
        *,
        above: int | None = None,
    ) -> Iterator[tuple[dict[int, int], int]]:
        """The same a batch at a time, at least one: places by key, and the most that any key of a later batch can have,
        -1 after the last.

        Each word is looked up once; to count places takes longer, and who needs only those that share most can stop.
        ``first``: of keys and of the most places that each can have, which must be in the first batch. ``above`` leaves
        out the keys up to that one.
        """
        base = 0 if above is None else above + 1
        numbers, theirs, ours = self._all_pairs(codes.telling(), base)
        keys = numbers - base  # counted from the least, for tables reach up to the greatest
        most = np.bincount(keys)
        known = np.flatnonzero(most >= least)
        wanted = np.zeros(len(known), np.bool_) if first is None else first(known + base, most[known])
        order = known[np.lexsort((-most[known], ~wanted))]
        start, end = 0, int(wanted.sum()) + _AT_ONCE
        while start < len(order) or not start:
            chosen = np.zeros(len(most), np.bool_)
            chosen[order[start:end]] = True
            some = chosen[keys]
            found, counts = counted(keys[some], ours[some], theirs[some], least)
            bound = int(most[order[end]]) if end < len(order) else -1
            yield dict(zip((found + base).tolist(), counts.tolist(), strict=True)), bound
            start, end = max(end, 1), 4 * end

    def _all_pairs(self, codes: Codes, base: int) -> tuple[Keys, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """The picture of each pair of features, of those from the key ``base`` on, and the feature of either side."""
        order = np.argsort(codes.words, kind="stable")
        words, signatures = codes.words[order], codes.signatures[order]
        pairs: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.int64]]] = []
        if len(codes):
            blocks, newest = self._held
            for block in blocks:
                if block.last >= base:
                    asked, found = _pairs(block, words, signatures)
                    later = block.keys[found] >= base if base else slice(None)
                    pairs.append((block.keys[found[later]], block.places[found[later]], asked[later]))
            pairs.append(_unsorted_pairs(newest.written(), words, signatures, base))
        keys, theirs, asked = (
            np.concatenate([np.empty(0, kind), *(part[i] for part in pairs)])
            for i, kind in enumerate((np.int64, np.uint32, np.int64))
        )
        return keys, theirs, codes.places[order[asked]]


def _sealed(blocks: tuple[_Block, ...], newest: _Postings) -> tuple[_Block, ...]:
    """With one more. Blocks double in size from the newest to the oldest, so that a posting is moved O(log n) times."""
    kept, rows = list(blocks), newest
    while kept and len(kept[-1]) < min(_LARGEST, 2 * len(rows.keys)):
        older = kept.pop()
        words = np.repeat(np.arange(WORDS, dtype=np.uint16), np.diff(older.starts))
        rows = _joined(_Postings(words, older.signatures, older.places, older.keys), rows)
    starts = np.zeros(WORDS + 1, np.int32)
    np.cumsum(np.bincount(rows.words, minlength=WORDS), out=starts[1:])
    _, signatures, places, keys = _of(rows, np.argsort(rows.words, kind="stable"))
    return (*kept, _Block(starts, signatures, places, keys, int(keys.max())))


def _of(rows: _Postings, which: slice | npt.NDArray[np.intp]) -> _Postings:
    return _Postings(rows.words[which], rows.signatures[which], rows.places[which], rows.keys[which])


def _joined(older: _Postings, newer: _Postings) -> _Postings:
    return _Postings(
        np.concatenate((older.words, newer.words)),
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


def _unsorted_pairs(
    rows: _Postings, words: npt.NDArray[np.uint16], signatures: npt.NDArray[np.uint64], base: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The key and the place of each pair, and which of the features asked for: among postings in any order."""
    asked_for = np.zeros(WORDS, np.bool_)
    asked_for[words] = True
    found = np.flatnonzero(asked_for[rows.words] & (rows.keys >= base))
    starts, ends = (np.searchsorted(words, rows.words[found], side) for side in ("left", "right"))
    lengths = ends - starts
    asked = np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    found = np.repeat(found, lengths)
    near = _near(rows.signatures[found], signatures[asked])
    return rows.keys[found[near]], rows.places[found[near]], asked[near]


def _near(signatures: npt.NDArray[np.uint64], own: npt.NDArray[np.uint64] | np.uint64) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.bitwise_count(signatures ^ own) <= RADIUS)
