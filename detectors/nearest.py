"""Exact search over 256-bit hashes by Hamming distance: every hash within a radius, none missed.

Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012): a hash
is cut into 16 chunks of 16 bits, each with a table of the hashes by their chunk. Two hashes at most 35 bits apart have
4 chunks of which one is at most 2 bits apart or 12 of which one is at most 1: only the hashes in these 752 buckets are
compared. About 120 bytes a hash in memory. Hashes fall into blocks that are sealed when full: a sealed block never
changes; the open one is compared as a whole. Sealed blocks are merged as they grow, so that there are few. One writer
may add while others search, without a lock around the search.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["TURN_SLACK", "HashIndex"]

Words = npt.NDArray[np.uint64]
Chunks = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]

_BYTES: Final = 32
_BLOCK: Final = 16_384
_LARGEST: Final = 1 << 19  # hashes of a block from which it is merged no more: half a second's sorting at most
_CHUNKS: Final = 16
_BITS: Final = 16  # of a chunk
_FARTHEST: Final = 3 * _CHUNKS - 1  # radius beyond which a chunk may be 3 bits off: all are compared then

TURN_SLACK = 4
"""Bits by which the hash of a view, as one picture turns it, may differ from the hash of the other picture turned: who
looks for pairs within a distance asks the index for that much more, and then measures."""


@dataclass(frozen=True, eq=False)
class _Sealed:
    """A full block. ``words`` (4, n); ``tables`` holds, chunk after chunk, the places in order of that chunk's value v,
    which begin at ``starts[chunk, v]``. ``last``: the greatest key."""

    words: Words
    keys: Keys
    starts: Places
    tables: Places
    last: int


class _Open:
    """The block being filled: columns below ``count`` are written before ``count`` says so, and never change."""

    def __init__(self) -> None:
        self.count = 0
        self.words: Words = np.empty((_BYTES // 8, _BLOCK), np.uint64)
        self.keys: Keys = np.empty(_BLOCK, np.int64)


class HashIndex:
    """Hashes under integer keys; one key may hold several (a video's frames).

    One thread may ``add`` while any number search: a search sees all that was added before it began.
    """

    def __init__(self) -> None:
        self._writing = threading.Lock()
        # Replaced as a whole, so that a search reads one consistent pair.
        self._blocks: tuple[tuple[_Sealed, ...], _Open] = ((), _Open())

    def __len__(self) -> int:
        """Hashes added so far."""
        sealed, tail = self._blocks
        return sum(len(block.keys) for block in sealed) + tail.count

    def add(self, key: int, pdq: str) -> None:
        """Add one hash of 64 hex digits. ``key`` is a signed 64-bit integer. Raises ValueError on anything else."""
        row = _rows([pdq])[0]
        with self._writing:
            sealed, tail = self._blocks
            tail.words[:, tail.count] = row
            tail.keys[tail.count] = key
            tail.count += 1
            if tail.count == _BLOCK:
                self._blocks = _merged(sealed, tail.words, tail.keys), _Open()

    def fill(self, keys: Sequence[int], pdqs: bytes) -> None:
        """Add many at once, 32 bytes each: a million in half a second."""
        rows = np.frombuffer(pdqs, np.uint64).reshape(len(keys), _BYTES // 8)
        with self._writing:
            sealed, tail = self._blocks
            words = np.concatenate((tail.words[:, : tail.count], rows.T), axis=1)
            named = np.concatenate((tail.keys[: tail.count], np.asarray(keys, np.int64)))
            full = len(named) // _BLOCK * _BLOCK
            opened = _Open()
            opened.count = len(named) - full
            opened.words[:, : opened.count], opened.keys[: opened.count] = words[:, full:], named[full:]
            kept = _merged(sealed, words[:, :full], named[:full]) if full else sealed
            self._blocks = kept, opened

    def within(self, pdqs: Sequence[str], radius: int, *, above: int | None = None) -> list[tuple[int, int]]:
        """Keys with a hash at most ``radius`` bits from any of ``pdqs``, each with its least distance; by key.

        Several queries at once are one picture's orientations. ``above`` leaves out the keys up to that one.
        """
        if not pdqs or radius < 0:
            return []
        sealed, tail = self._blocks
        count = tail.count  # read once: another thread may be adding
        newest = None if above is None else np.flatnonzero(tail.keys[:count] > above).astype(np.int32)
        found: list[tuple[Keys, Keys]] = []
        for query in _rows(pdqs):
            for block in sealed:
                if above is None or block.last > above:
                    places = None if radius > _FARTHEST else _probable(block, query, radius)
                    found.append(_near(block.words, block.keys, query, radius, places))
            found.append(_near(tail.words[:, :count], tail.keys[:count], query, radius, newest))
        keys, distances = (np.concatenate([part[i] for part in found]) for i in range(2))
        order = np.lexsort((distances, keys))
        order = order if above is None else order[keys[order] > above]
        keys, distances = keys[order], distances[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        return list(zip(keys[first].tolist(), distances[first].tolist(), strict=True))


def _rows(pdqs: Sequence[str]) -> Words:
    """(n, 4) words of n hashes in hex."""
    rows = np.frombuffer(bytes.fromhex("".join(pdqs)), np.uint8)
    if any(len(pdq) != 2 * _BYTES for pdq in pdqs):
        raise ValueError("a PDQ hash has 64 hex digits")
    return rows.view(np.uint64).reshape(-1, _BYTES // 8)


def _merged(sealed: tuple[_Sealed, ...], full: Words, named: Keys) -> tuple[_Sealed, ...]:
    """With one more. Blocks double in size from the newest to the oldest, so that a hash is moved O(log n) times."""
    kept, words, keys = list(sealed), [full], [named]
    while kept and len(kept[-1].keys) < min(_LARGEST, 2 * sum(len(part) for part in keys)):
        older = kept.pop()
        words, keys = [older.words, *words], [older.keys, *keys]
    joined = np.concatenate(words, axis=1)
    chunks = np.ascontiguousarray(joined.T).view(np.uint16)
    starts = np.zeros((_CHUNKS, (1 << _BITS) + 1), np.int32)
    tables = np.empty(chunks.T.shape, np.int32)
    for chunk, values in enumerate(np.ascontiguousarray(chunks.T)):
        tables[chunk] = np.argsort(values, kind="stable")
        np.cumsum(np.bincount(values, minlength=1 << _BITS), out=starts[chunk, 1:])
    starts += np.arange(_CHUNKS, dtype=np.int32)[:, None] * np.int32(len(chunks))
    together = np.concatenate(keys)
    return (*kept, _Sealed(joined, together, starts, tables, int(together.max())))


@functools.cache
def _buckets(radius: int) -> tuple[npt.NDArray[np.intp], Chunks]:
    """Chunks, and what to change in their value, so that whatever is within the radius agrees in one of them.

    If chunk i were more than r_i bits off for every i, the hashes would be more than the sum of r_i + 1, less one, bits
    apart: so these sum up to radius + 1.
    """
    one = [1 << bit for bit in range(_BITS)]
    masks = [[0], one, [a | b for a in one for b in one if a < b]]
    chunks, changes = [], []
    for chunk in range(_CHUNKS):
        allowed = (radius + 1 + _CHUNKS - 1 - chunk) // _CHUNKS
        near = [mask for some in masks[:allowed] for mask in some]
        chunks += [chunk] * len(near)
        changes += near
    return np.array(chunks, np.intp), np.array(changes, np.uint16)


def _probable(block: _Sealed, query: Words, radius: int) -> Places:
    """The places of a block that share a bucket with the query, some more than once."""
    chunks, changes = _buckets(radius)
    at = chunks * block.starts.shape[1] + (query.view(np.uint16)[chunks] ^ changes)
    first = block.starts.ravel().take(at)
    lengths = block.starts.ravel().take(at + 1) - first
    places = np.repeat(first - np.cumsum(lengths, dtype=np.int32) + lengths, lengths)
    places += np.arange(len(places), dtype=np.int32)
    return block.tables.ravel().take(places)


def _near(words: Words, keys: Keys, query: Words, radius: int, places: Places | None) -> tuple[Keys, Keys]:
    """Keys and distances of what is within the radius, among ``places`` (None: all)."""
    halves = words[:2] if places is None else words[:2].take(places, axis=1)
    # Half of the bits first: hardly anything that is not near comes through.
    counts = np.bitwise_count(halves[0] ^ query[0])
    counts += np.bitwise_count(halves[1] ^ query[1])
    near = np.flatnonzero(counts <= radius)
    found = near if places is None else places[near]
    distances = np.bitwise_count(words[:, found] ^ query[:, None]).sum(axis=0, dtype=np.int64)
    kept = distances <= radius
    return keys[found[kept]], distances[kept]
