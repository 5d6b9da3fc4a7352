"""Signatures of stories, and blocks of them: MinHash over character n-grams (Broder 1997), cut into bands
(locality-sensitive hashing, Indyk and Motwani 1998).

A block never changes once it is written. What is asked of one reads a few pages of it: so it may lie in a file, and
costs no memory but its fence, a byte a story. Of each minimum it holds one byte (Li and König, b-bit minwise hashing,
2010), of each story its tokens, so that no story is read and taken apart anew for each that may be like it.
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
    "laid",
    "merged",
    "often",
    "sharing",
    "signature",
    "sketch_of",
]

FORMAT: Final = "4"
"""Changes with what a signature is, and with how a block holds it."""

BANDS: Final = 64
ROWS: Final = 2
AGREEING: Final = 2
SHARED: Final = 0.22
"""Two texts are candidates where all ROWS minima of AGREEING of the BANDS agree, and SHARED of all minima. At Jaccard
similarity J of their n-grams the first holds with probability 1 - (1 - J²)⁶⁴ - 64 J² (1 - J²)⁶³: 0.98 at 0.3, 0.13 at
0.1; minima agree with probability J each. At 0.15 there
were six times as many candidates, and one in 70 more was found of the Chinese stories of which 30 % had been edited,
one in 300 of the English (2,000 each of benchmarks/copies_text.py)."""

_CJK_GRAM: Final = 2
_OTHER_GRAM: Final = 4
_SEED: Final = 0x6761746577617264
_CHUNK: Final = 4096
_PIECE: Final = 1 << 21  # bytes that a merge sorts at once
_PAGE: Final = 512  # bands of which the fence holds the first
_ROWS_AT_ONCE: Final = 128
_SIZES: Final = (8 * BANDS, BANDS * ROWS, 4 * BANDS, 8, 16)  # bytes of bands, sketch, places, key, span of the tokens
_BETWEEN: Final = b"\0\0"  # no token
_COUNT: Final = 8  # bytes of the number of stories, which come first

Words = npt.NDArray[np.uint64]
Minima = npt.NDArray[np.uint32]
Sketches = npt.NDArray[np.uint8]
Read = Callable[[int, int], bytes | memoryview]
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


def sketch_of(minima: Minima) -> Sketches:
    """The last byte of each minimum: others agree in it by chance once in 256."""
    return minima.astype(np.uint8)


def _counted(equal: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """How many of each row are true, (n, m) to (n,), m a multiple of 64: as bits, in half the time of a sum."""
    ones: npt.NDArray[np.intp] = np.bitwise_count(np.packbits(equal, axis=1).view(np.uint64)).sum(axis=1, dtype=np.intp)
    return ones


def often(bands: Words, asked: Words) -> npt.NDArray[np.bool_]:
    """Which rows of bands agree in as many as a candidate must."""
    return _counted(bands == asked) >= AGREEING


def sharing(sketches: Sketches, asked: Sketches) -> npt.NDArray[np.bool_]:
    """Which sketches share as much with one as a candidate must."""
    return _counted(sketches == asked) >= SHARED * BANDS * ROWS


class Block:
    """Stories in the order of their keys: their number, all bands sorted, the sketches, the place of the story of each
    band, the keys, the spans of the tokens, the fence (every ``_PAGE``-th of the bands, to be kept by whoever asks),
    and the tokens."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._count = int.from_bytes(read(0, _COUNT), "little")
        ends = [_COUNT + self._count * sum(_SIZES[:i]) for i in range(len(_SIZES) + 1)]
        self._bands, self._sketches, self._places, self._keys, self._spans, self._fence = ends
        self._tokens = self._fence + 8 * -(-self._count * BANDS // _PAGE)

    def __len__(self) -> int:
        return self._count

    def whole(self, size: int) -> bool:
        """Whether that many bytes are all of it."""
        return _COUNT <= size >= self._tokens and size == self._tokens + self.extent()

    def extent(self) -> int:
        """Bytes of all tokens."""
        return int(self.spans(self._count - 1, self._count)[0, 1]) if self._count else 0

    def keys(self) -> npt.NDArray[np.int64]:
        """Of all stories, ascending."""
        return self._array(np.int64, self._keys, 0, self._count)

    def key(self, place: int) -> int:
        """Of one story."""
        return int(self._array(np.int64, self._keys, place, 1)[0])

    def fence(self) -> Words:
        """What ``agreeing`` needs."""
        return self._array(np.uint64, self._fence, 0, -(-self._count * BANDS // _PAGE))

    def bands(self, start: int, end: int) -> Words:
        """Of these numbers, (bands, stories): sorted."""
        count = self._count
        return self._array(np.uint64, self._bands, start * count, (end - start) * count).reshape(-1, count)

    def places(self, start: int, end: int) -> npt.NDArray[np.int32]:
        """Of the stories of these bands."""
        count = self._count
        return self._array(np.int32, self._places, start * count, (end - start) * count).reshape(-1, count)

    def sketches(self, start: int, end: int) -> Sketches:
        """Of the stories at these places."""
        width = BANDS * ROWS
        return self._array(np.uint8, self._sketches, start * width, (end - start) * width).reshape(-1, width)

    def spans(self, start: int, end: int) -> npt.NDArray[np.int64]:
        """Where the tokens of these stories start and end, (n, 2), bytes."""
        return self._array(np.int64, self._spans, 2 * start, 2 * (end - start)).reshape(-1, 2)

    def tokens(self, start: int, end: int) -> Sketches:
        """These bytes of all tokens."""
        return self._array(np.uint8, self._tokens, start, end - start)

    def told(self, places: npt.NDArray[np.intp]) -> list[str]:
        """The tokens of the stories at these places."""
        spans = self._rows(np.int64, self._spans, 2, places).tolist()
        read = _BETWEEN.join([self._read(self._tokens + start, end - start) for start, end in spans])
        return read.decode("utf-16-le", "surrogatepass").split("\0") if spans else []

    def _array(self, kind: type[_N], at: int, start: int, count: int) -> npt.NDArray[_N]:
        size = np.dtype(kind).itemsize
        read = self._read(at + start * size, count * size)
        return np.frombuffer(read, dtype=kind)

    def agreeing(self, minima: Minima, fence: Words) -> npt.NDArray[np.intp]:
        """Places, ascending, of the stories whose signature agrees."""
        asked, size = bands_of(minima), 8 * _PAGE
        first = np.maximum(np.searchsorted(fence, asked), 1) - 1
        last = np.maximum(np.searchsorted(fence, asked, "right"), 1) - 1
        end = self._sketches - self._bands
        starting = (first * size).tolist()
        read = [self._read(self._bands + a, min(size, end - a)) for a in starting]
        pages = np.frombuffer(b"".join(r if len(r) == size else bytes(r).ljust(size, b"\xff") for r in read), np.uint64)
        pages = pages.reshape(BANDS, _PAGE)
        starts = first * _PAGE + np.count_nonzero(pages < asked[:, np.newaxis], axis=1)
        counts = np.count_nonzero(pages == asked[:, np.newaxis], axis=1)
        for band in np.flatnonzero(last > first).tolist():  # the run goes on in another page
            begin, end = int(starts[band]), min((int(last[band]) + 1) * _PAGE, BANDS * self._count)
            counts[band] = np.searchsorted(
                self._array(np.uint64, self._bands, begin, end - begin), asked[band], "right"
            )
        some = zip(starts[counts > 0].tolist(), counts[counts > 0].tolist(), strict=True)
        runs = [self._array(np.int32, self._places, begin, count) for begin, count in some]
        near = np.flatnonzero(np.bincount(np.concatenate(runs)) >= AGREEING) if runs else np.zeros(0, np.intp)
        if not near.size:
            return near
        return near[sharing(self._rows(np.uint8, self._sketches, BANDS * ROWS, near), sketch_of(minima))]

    def _rows(self, kind: type[_N], at: int, width: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[_N]:
        """Single rows of a table, several beside each other read at once."""
        size = np.dtype(kind).itemsize * width * _ROWS_AT_ONCE
        pages, where = np.unique(rows // _ROWS_AT_ONCE, return_inverse=True)
        breaks = np.flatnonzero(np.diff(pages) > 1) + 1
        runs = [(int(run[0]), len(run)) for run in np.split(pages, breaks) if len(run)]
        read = b"".join([self._read(at + size * page, size * count) for page, count in runs])
        read = read.ljust(size * len(pages), b"\0")  # the last page may be short
        table = np.frombuffer(read, dtype=kind).reshape(-1, width)
        found: npt.NDArray[_N] = table[where * _ROWS_AT_ONCE + rows % _ROWS_AT_ONCE]
        return found

    def without(self, keys: npt.NDArray[np.int64]) -> Block | None:
        """The same in memory, less the stories of these keys; None where it holds none of them."""
        own, count = self.keys(), self._count
        stays = ~np.isin(own, keys)
        if stays.all():
            return None
        kept, places = np.flatnonzero(stays), self.places(0, BANDS)
        bands = self.bands(0, BANDS)[stays[places]].reshape(BANDS, -1)
        renamed = (np.cumsum(stays, dtype=np.int32) - np.int32(1))[places[stays[places]]].reshape(BANDS, -1)
        told = [self.tokens(start, end) for start, end in self.spans(0, count)[kept].tolist()]
        return block_of(_pieces(bands, self.sketches(0, count)[kept], renamed, own[kept], told))


def block_of(pieces: Iterator[npt.NDArray[Any]]) -> Block:
    """A block in memory."""
    data = memoryview(b"".join(piece.tobytes() for piece in pieces))
    return Block(lambda start, size: data[start : start + size])


def laid(
    keys: npt.NDArray[np.int64], bands: Words, sketches: Sketches, told: Sequence[str]
) -> Iterator[npt.NDArray[Any]]:
    """The bytes of a block of these stories, in pieces. ``told``: their tokens."""
    told_bytes = [np.frombuffer(each.encode("utf-16-le", "surrogatepass"), np.uint8) for each in told]
    across = np.ascontiguousarray(bands.T)
    order = np.argsort(across, axis=1, kind="stable")
    return _pieces(np.take_along_axis(across, order, axis=1), sketches, order.astype(np.int32), keys, told_bytes)


def _pieces(
    bands: Words,
    sketches: Sketches,
    places: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
    told: Sequence[Sketches],
) -> Iterator[npt.NDArray[Any]]:
    ends = np.cumsum([0, *map(len, told)], dtype=np.int64)
    yield np.array([len(keys)], np.int64)
    yield from (bands, sketches, places, keys, np.stack([ends[:-1], ends[1:]], axis=1), bands.ravel()[::_PAGE])
    yield from told


def merged(parts: Sequence[Block]) -> Iterator[npt.NDArray[Any]]:
    """The bytes of a block of the stories of these, one after another, in pieces."""
    count, fence, start = sum(map(len, parts)), [], 0
    yield np.array([count], np.int64)
    for piece in _sorted(parts, places=False):
        fence.append(piece.ravel()[-start % _PAGE :: _PAGE].copy())  # a view would keep every piece
        start += piece.size
        yield piece
    assert start == count * BANDS
    for part in parts:
        for first in range(0, len(part), _CHUNK):
            yield part.sketches(first, min(first + _CHUNK, len(part)))
    yield from _sorted(parts, places=True)
    yield np.concatenate([part.keys() for part in parts])
    before = 0
    for part in parts:
        yield part.spans(0, len(part)) + before
        before += part.extent()
    yield np.concatenate(fence)
    for part in parts:
        for first in range(0, part.extent(), _PIECE):
            yield part.tokens(first, min(first + _PIECE, part.extent()))


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
