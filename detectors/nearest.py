"""Exact search over 256-bit hashes by Hamming distance: every hash within a radius, none missed.

About 40 bytes a hash in memory. Hashes fall into blocks that are sealed when full: a sealed block never changes and is
searched by faiss, the open one by NumPy. Sealed blocks are merged as they grow, so that there are few. One writer may
add while others search, without a lock around the search.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import faiss
import numpy as np
import numpy.typing as npt

__all__ = ["HashIndex"]

Words = npt.NDArray[np.uint64]

_BYTES: Final = 32
_BLOCK: Final = 2_048

# A second thread saves half of a few milliseconds where the machine is idle, and costs a hundred where it is not.
faiss.omp_set_num_threads(1)


@dataclass(frozen=True)
class _Sealed:
    """Full blocks: the positions from ``start`` on, one for each key."""

    start: int
    index: faiss.IndexBinaryFlat
    keys: npt.NDArray[np.int64]

    @property
    def end(self) -> int:
        return self.start + len(self.keys)


class _Open:
    """The block being filled: rows below ``count`` are written before ``count`` says so, and never change."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.count = 0
        self.rows: npt.NDArray[np.uint8] = np.empty((_BLOCK, _BYTES), np.uint8)
        self.keys: npt.NDArray[np.int64] = np.empty(_BLOCK, np.int64)


TURN_SLACK = 4
"""Bits by which the hash of a view, as one picture turns it, may differ from the hash of the other picture turned: who
looks for pairs within a distance asks the index for that much more, and then measures."""


class HashIndex:
    """Hashes under integer keys; one key may hold several (a video's frames). Positions count from 0 as added.

    One thread may ``add`` while any number search: a search sees all that was added before it began.
    """

    def __init__(self) -> None:
        self._writing = threading.Lock()
        # Replaced as a whole, so that a search reads one consistent pair.
        self._blocks: tuple[tuple[_Sealed, ...], _Open] = ((), _Open(0))

    def __len__(self) -> int:
        """Hashes added so far; as ``since`` of a later search it stands for this moment."""
        _, tail = self._blocks
        return tail.start + tail.count

    def add(self, key: int, pdq: str) -> None:
        """Add one hash of 64 hex digits. ``key`` is a signed 64-bit integer. Raises ValueError on anything else."""
        row = _rows([pdq])[0]
        with self._writing:
            sealed, tail = self._blocks
            tail.rows[tail.count] = row
            tail.keys[tail.count] = key
            tail.count += 1
            if tail.count == _BLOCK:
                self._blocks = _merged(sealed, tail), _Open(tail.start + _BLOCK)

    def within(self, pdqs: Sequence[str], radius: int, *, since: int = 0) -> list[tuple[int, int]]:
        """Keys with a hash at most ``radius`` bits from any of ``pdqs``, each with its least distance; by key.

        Several queries at once are one picture's orientations. ``since`` leaves out the hashes at lower positions.
        """
        if not pdqs or radius < 0:
            return []
        queries = _rows(pdqs)
        sealed, tail = self._blocks
        found = [_in_sealed(block, queries, radius, since) for block in sealed if block.end > since]
        found.append(_in_open(tail, queries, radius, since))
        keys = np.concatenate([keys for keys, _ in found])
        distances = np.concatenate([distances for _, distances in found])
        order = np.lexsort((distances, keys))
        keys, distances = keys[order], distances[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        return list(zip(keys[first].tolist(), distances[first].tolist(), strict=True))


Hits = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _rows(pdqs: Sequence[str]) -> npt.NDArray[np.uint8]:
    """(n, 32) bytes of n hashes in hex."""
    rows = np.frombuffer(bytes.fromhex("".join(pdqs)), np.uint8)
    if any(len(pdq) != 2 * _BYTES for pdq in pdqs):
        raise ValueError("a PDQ hash has 64 hex digits")
    return rows.reshape(-1, _BYTES)


def _merged(sealed: tuple[_Sealed, ...], full: _Open) -> tuple[_Sealed, ...]:
    """With one more. Blocks double in size from the newest to the oldest, so that a hash is moved O(log n) times."""
    kept, start, rows, keys = list(sealed), full.start, [full.rows], [full.keys]
    while kept and len(kept[-1].keys) < 2 * sum(len(part) for part in keys):
        older = kept.pop()
        start, keys = older.start, [older.keys, *keys]
        rows.insert(0, faiss.vector_to_array(older.index.xb).reshape(-1, _BYTES))  # type: ignore[attr-defined]
    index, joined = faiss.IndexBinaryFlat(8 * _BYTES), np.concatenate(rows)
    index.add(joined)
    return (*kept, _Sealed(start, index, np.concatenate(keys)))


def _in_sealed(block: _Sealed, queries: npt.NDArray[np.uint8], radius: int, since: int) -> Hits:
    # faiss takes the radius as exclusive.
    _, distances, places = block.index.range_search(queries, radius + 1)
    recent = places >= since - block.start
    return block.keys[places[recent]], distances[recent].astype(np.int64)


def _in_open(block: _Open, queries: npt.NDArray[np.uint8], radius: int, since: int) -> Hits:
    first, last = max(0, since - block.start), block.count
    rows: Words = block.rows[first:last].view(np.uint64)
    keys = block.keys[first:last]
    least = np.full(len(rows), 8 * _BYTES + 1, np.int64)
    for query in queries.view(np.uint64):
        np.minimum(least, np.bitwise_count(rows ^ query).sum(axis=1, dtype=np.int64), out=least)
    near = least <= radius
    return keys[near], least[near]
