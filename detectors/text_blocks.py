"""Signatures of stories, and blocks of them: MinHash over character n-grams (Broder 1997), cut into bands
(locality-sensitive hashing, Indyk and Motwani 1998).

A block never changes once it is written. What is asked of one reads a few pages of it: so it may lie in a file, and
costs no memory but its fence, a byte a story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

from detectors.text import is_cjk

__all__ = [
    "BANDS",
    "FORMAT",
    "ROWS",
    "Block",
    "bands_of",
    "block_of",
    "bytes_of",
    "laid",
    "merged",
    "often",
    "sharing",
    "signature",
]

FORMAT: Final = "3"
"""Changes with what a signature is, and with how a block holds it."""

BANDS: Final = 64
ROWS: Final = 2
AGREEING: Final = 2
SHARED: Final = 0.15
"""Two texts are candidates where all ROWS minima of AGREEING of the BANDS agree, and SHARED of all minima. At Jaccard
similarity J of their n-grams the first holds with probability 1 - (1 - J²)⁶⁴ - 64 J² (1 - J²)⁶³: 0.98 at 0.3, 0.13 at
0.1; minima agree with probability J each."""

_CJK_GRAM: Final = 2
_OTHER_GRAM: Final = 4
_SEED: Final = 0x6761746577617264
_CHUNK: Final = 4096
_PIECE: Final = 1 << 21  # bytes that a merge sorts at once
_PAGE: Final = 512  # bands of which the fence holds the first
_ROWS_AT_ONCE: Final = 32
_SIZES: Final = (8 * BANDS, 4 * BANDS * ROWS, 4 * BANDS, 8)  # bytes of bands, signature, places, key

Words = npt.NDArray[np.uint64]
Minima = npt.NDArray[np.uint32]
Read = Callable[[int, int], bytes]
"""So many bytes from some byte on, as far as there are."""
_N = TypeVar("_N", bound=np.generic)


def _constants(salt: bytes) -> Words:
    return np.array(
        [xxhash.xxh64_intdigest(salt + i.to_bytes(2, "big"), seed=_SEED) for i in range(BANDS * ROWS)], dtype=np.uint64
    )


_FACTORS = _constants(b"factor") | np.uint64(1)
_TERMS = _constants(b"term")
_BAND_BITS = np.arange(BANDS, dtype=np.uint64) << np.uint64(58)


def signature(words: str) -> Minima:
    """The MinHash of a story, (BANDS * ROWS,) uint32: equal minima estimate the Jaccard similarity of two stories'
    n-grams: pairs of Chinese or other CJK characters, fours of any others."""
    words = words.replace(" ", "")
    grams = {words[i : i + (_CJK_GRAM if is_cjk(words[i]) else _OTHER_GRAM)] for i in range(len(words))}
    hashes = np.array([xxhash.xxh64_intdigest(gram.encode(), seed=_SEED) for gram in grams], dtype=np.uint64)
    minima = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashes), _CHUNK):  # bounds the memory that a long article takes
        part = hashes[start : start + _CHUNK, np.newaxis] * _FACTORS + _TERMS
        minima = np.minimum(minima, part.min(axis=0))
    return (minima >> np.uint64(32)).astype(np.uint32)


def bands_of(minima: Minima) -> Words:
    """(..., BANDS) uint64: the ROWS minima of each band, less their last bits, under the band's number."""
    return np.ascontiguousarray(minima).view(np.uint64) >> np.uint64(6) | _BAND_BITS


def _counted(equal: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """How many of each row are true, (n, m) to (n,), m a multiple of 64: as bits, in half the time of a sum."""
    ones: npt.NDArray[np.intp] = np.bitwise_count(np.packbits(equal, axis=1).view(np.uint64)).sum(axis=1, dtype=np.intp)
    return ones


def often(bands: Words, asked: Words) -> npt.NDArray[np.bool_]:
    """Which rows of bands agree in as many as a candidate must."""
    return _counted(bands == asked) >= AGREEING


def sharing(signatures: Minima, minima: Minima) -> npt.NDArray[np.bool_]:
    """Which signatures share as much with one as a candidate must."""
    return _counted(signatures == minima) >= SHARED * BANDS * ROWS


def bytes_of(stories: int) -> int:
    """What a block of so many takes."""
    return stories * sum(_SIZES) + 8 * -(-stories * BANDS // _PAGE)


class Block:
    """Stories in the order of their keys: all bands sorted, the signatures, the place of the story of each band, the
    keys, and the fence: every ``_PAGE``-th of the bands, to be kept by whoever asks."""

    def __init__(self, size: int, read: Read) -> None:
        self._read, self._count = read, size // (sum(_SIZES) + 1)
        ends = [self._count * sum(_SIZES[: i + 1]) for i in range(len(_SIZES))]
        self._minima, self._places, self._keys, self._fence = ends

    def __len__(self) -> int:
        return self._count

    def keys(self) -> npt.NDArray[np.int64]:
        """Of all stories, ascending."""
        return self._array(np.int64, self._keys, 0, self._count)

    def fence(self) -> Words:
        """What ``agreeing`` needs."""
        return self._array(np.uint64, self._fence, 0, -(-self._count * BANDS // _PAGE))

    def bands(self, start: int, end: int) -> Words:
        """Of these numbers, (bands, stories): sorted."""
        count = self._count
        return self._array(np.uint64, 0, start * count, (end - start) * count).reshape(-1, count)

    def places(self, start: int, end: int) -> npt.NDArray[np.int32]:
        """Of the stories of these bands."""
        count = self._count
        return self._array(np.int32, self._places, start * count, (end - start) * count).reshape(-1, count)

    def minima(self, start: int, end: int) -> Minima:
        """The signatures at these places."""
        width = BANDS * ROWS
        return self._array(np.uint32, self._minima, start * width, (end - start) * width).reshape(-1, width)

    def _array(self, kind: type[_N], at: int, start: int, count: int) -> npt.NDArray[_N]:
        size = np.dtype(kind).itemsize
        read = self._read(at + start * size, count * size)
        return np.frombuffer(read, dtype=kind)

    def agreeing(self, minima: Minima, fence: Words) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Places, ascending, and keys of the stories whose signature agrees."""
        asked, size = bands_of(minima), 8 * _PAGE
        first = np.maximum(np.searchsorted(fence, asked), 1) - 1
        last = np.maximum(np.searchsorted(fence, asked, "right"), 1) - 1
        pages = b"".join(self._read(size * page, size).ljust(size, b"\xff") for page in first.tolist())
        here = (np.frombuffer(pages, np.uint64).reshape(BANDS, _PAGE) == asked[:, np.newaxis]).any(axis=1)
        runs = []
        for band in np.flatnonzero(here | (last > first)).tolist():
            start, end = int(first[band]) * _PAGE, min((int(last[band]) + 1) * _PAGE, BANDS * self._count)
            told = self._array(np.uint64, 0, start, end - start)
            a, b = np.searchsorted(told, asked[band]), np.searchsorted(told, asked[band], "right")
            runs.append(self._array(np.int32, self._places, start + int(a), int(b - a)))
        near = np.flatnonzero(np.bincount(np.concatenate(runs)) >= AGREEING) if runs else np.zeros(0, np.intp)
        if not near.size:
            return near, np.zeros(0, np.int64)
        near = near[sharing(self._rows(np.uint32, self._minima, BANDS * ROWS, near), minima)]
        return near, self._rows(np.int64, self._keys, 1, near).ravel()

    def _rows(self, kind: type[_N], at: int, width: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[_N]:
        """Single rows of a table, several beside each other read at once."""
        size = np.dtype(kind).itemsize * width * _ROWS_AT_ONCE
        pages, where = np.unique(rows // _ROWS_AT_ONCE, return_inverse=True)
        read = b"".join(self._read(at + size * page, size).ljust(size, b"\0") for page in pages.tolist())
        table = np.frombuffer(read, dtype=kind).reshape(-1, width)
        found: npt.NDArray[_N] = table[where * _ROWS_AT_ONCE + rows % _ROWS_AT_ONCE]
        return found

    def without(self, keys: npt.NDArray[np.int64]) -> Block | None:
        """The same in memory, less the stories of these keys; None where it holds none of them."""
        own = self.keys()
        kept = np.flatnonzero(~np.isin(own, keys))
        return None if len(kept) == len(own) else block_of(laid(own[kept], self.minima(0, len(own))[kept]))


def block_of(pieces: Iterator[npt.NDArray[Any]]) -> Block:
    """A block in memory."""
    data = b"".join(piece.tobytes() for piece in pieces)
    return Block(len(data), lambda start, size: data[start : start + size])


def laid(keys: npt.NDArray[np.int64], minima: Minima) -> Iterator[npt.NDArray[Any]]:
    """The bytes of a block of these stories, in pieces."""
    bands = np.ascontiguousarray(bands_of(minima).T)
    order = np.argsort(bands, axis=1, kind="stable")
    told = np.take_along_axis(bands, order, axis=1).ravel()
    yield from (told, minima, order.astype(np.int32), keys, told[::_PAGE])


def merged(parts: Sequence[Block]) -> Iterator[npt.NDArray[Any]]:
    """The bytes of a block of the stories of these, one after another, in pieces."""
    count, fence, start = sum(map(len, parts)), [], 0
    for piece in _sorted(parts, places=False):
        fence.append(piece.ravel()[-start % _PAGE :: _PAGE].copy())  # a view would keep every piece
        start += piece.size
        yield piece
    for part in parts:
        for first in range(0, len(part), _CHUNK):
            yield part.minima(first, min(first + _CHUNK, len(part)))
    yield from _sorted(parts, places=True)
    yield np.concatenate([part.keys() for part in parts])
    yield np.concatenate(fence)
    assert start == count * BANDS


def _sorted(parts: Sequence[Block], *, places: bool) -> Iterator[npt.NDArray[Any]]:
    """The bands of all, or their places. Sorted for each: twice the work in a small part of the memory."""
    firsts = np.cumsum([0, *map(len, parts)]).tolist()
    step = max(1, _PIECE // (8 * firsts[-1]))
    for start in range(0, BANDS, step):
        end = min(start + step, BANDS)
        told: npt.NDArray[Any] = np.concatenate([part.bands(start, end) for part in parts], axis=1)
        order = np.argsort(told, axis=1, kind="stable")
        if places:
            shifted = [part.places(start, end) + np.int32(f) for part, f in zip(parts, firsts, strict=False)]
            told = np.concatenate(shifted, axis=1)
        yield np.take_along_axis(told, order, axis=1)
