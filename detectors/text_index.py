"""Which stories may be like one: MinHash signatures over character n-grams (Broder 1997), cut into bands
(locality-sensitive hashing, Indyk and Motwani 1998).

Signatures lie in blocks that never change once they are written, each sorted by band. Blocks are merged as they grow,
so that there are few. They may lie in files: then a story costs the process the four bytes of its family.
"""

from __future__ import annotations

import functools
import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash
from rapidfuzz import process
from rapidfuzz.distance import Indel

from detectors.text import alike, is_cjk, tokens

__all__ = ["FORMAT", "STORY_BYTES", "Block", "Memory", "Shelf", "TextIndex", "merged", "signature"]

FORMAT: Final = "2"
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
_PIECE: Final = (
    1 << 21
)  # bytes of a file written at once: they become a large page, which is mapped in a fifth of the time
_TAIL: Final = 1024
_LARGEST: Final = 1 << 17  # stories of a block from which it is merged no more
_SIZES: Final = (8 * BANDS, 4 * BANDS * ROWS, 4 * BANDS, 8)  # bytes of bands, signature, places, key
STORY_BYTES: Final = sum(_SIZES)
"""What a story takes in a block."""

Words = npt.NDArray[np.uint64]
Minima = npt.NDArray[np.uint32]
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


@functools.lru_cache(maxsize=2)  # a story is looked up, then added
def _signature(words: str) -> Minima:
    return signature(words)


def _bands(minima: Minima) -> Words:
    """(..., BANDS) uint64: the ROWS minima of each band, less their last bits, under the band's number."""
    return np.ascontiguousarray(minima).view(np.uint64) >> np.uint64(6) | _BAND_BITS


def _counted(equal: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """How many of each row are true, (n, m) to (n,), m a multiple of 64: as bits, in half the time of a sum."""
    ones: npt.NDArray[np.intp] = np.bitwise_count(np.packbits(equal, axis=1).view(np.uint64)).sum(axis=1, dtype=np.intp)
    return ones


def _shared(signatures: Minima, minima: Minima) -> npt.NDArray[np.bool_]:
    return _counted(signatures == minima) >= SHARED * BANDS * ROWS


class Block:
    """Stories in the order of their keys: key and signature of each, and all bands sorted, each with the place of its
    story. ``buffer`` is of ``STORY_BYTES`` a story: memory, or a mapped file."""

    def __init__(self, buffer: bytearray | mmap.mmap) -> None:
        self._buffer, count = buffer, len(buffer) // STORY_BYTES
        bands, minima, places, keys = _starts(count)
        self.keys = np.frombuffer(buffer, np.int64, count, keys)
        self.minima = np.frombuffer(buffer, np.uint32, count * BANDS * ROWS, minima).reshape(count, BANDS * ROWS)
        self.bands = np.frombuffer(buffer, np.uint64, count * BANDS, bands)
        self.places = np.frombuffer(buffer, np.int32, count * BANDS, places)

    def __len__(self) -> int:
        return len(self.keys)

    def release(self) -> None:
        """Keep no page of a file in memory."""
        if isinstance(self._buffer, mmap.mmap):
            self._buffer.madvise(mmap.MADV_DONTNEED)

    def agreeing(self, minima: Minima) -> npt.NDArray[np.intp]:
        """Places, ascending, of the stories whose signature agrees."""
        bands = _bands(minima)
        first = np.searchsorted(self.bands, bands)
        there = np.flatnonzero(self.bands[np.minimum(first, len(self.bands) - 1)] == bands)
        if not there.size:
            return there
        last = np.searchsorted(self.bands, bands[there], "right")
        runs = [self.places[a:b] for a, b in zip(first[there].tolist(), last.tolist(), strict=True)]
        near = np.flatnonzero(np.bincount(np.concatenate(runs)) >= AGREEING)
        return near[_shared(self.minima[near], minima)]

    def without(self, keys: npt.NDArray[np.int64]) -> Block | None:
        """The same in memory, less the stories of these keys; None where it holds none of them."""
        kept = np.flatnonzero(~np.isin(self.keys, keys))
        return None if len(kept) == len(self) else _block(self.keys[kept], self.minima[kept])


def _starts(count: int) -> list[int]:
    """Where the bands, signatures, places and keys of so many stories begin."""
    return [count * sum(_SIZES[:i]) for i in range(len(_SIZES))]


def merged(parts: Sequence[Block]) -> Iterator[npt.NDArray[Any]]:
    """A block of the stories of these, one after another: its bytes, in pieces."""
    yield from _sorted(parts, places=False)
    for part in parts:
        for start in range(0, len(part), _CHUNK):
            yield part.minima[start : start + _CHUNK]
            part.release()
    yield from _sorted(parts, places=True)
    yield np.concatenate([part.keys for part in parts])


def _sorted(parts: Sequence[Block], *, places: bool) -> Iterator[npt.NDArray[Any]]:
    """The bands of all, or their places. Sorted for each: twice the work in a small part of the memory."""
    firsts = np.cumsum([0, *map(len, parts)]).tolist()
    step = max(1, _PIECE // (8 * firsts[-1]))
    for start in range(0, BANDS, step):
        ends = (start, start + step)
        told = np.concatenate([_rows(part.bands, ends) for part in parts], axis=1)
        order = np.argsort(told, axis=1, kind="stable")
        if places:
            told = np.concatenate([_rows(p.places, ends) + f for p, f in zip(parts, firsts, strict=False)], axis=1)
        yield np.take_along_axis(told.astype(np.int32) if places else told, order, axis=1)
        for part in parts:
            part.release()


def _rows(whole: npt.NDArray[_N], bands: tuple[int, int]) -> npt.NDArray[_N]:
    return whole.reshape(BANDS, -1)[slice(*bands)]


def _block(keys: npt.NDArray[np.int64], minima: Minima) -> Block:
    """A block in memory."""
    block = Block(bytearray(len(keys) * STORY_BYTES))
    bands = np.ascontiguousarray(_bands(minima).T)
    order = np.argsort(bands, axis=1, kind="stable")
    block.keys[:], block.minima[:] = keys, minima
    block.bands[:], block.places[:] = np.take_along_axis(bands, order, axis=1).ravel(), order.ravel()
    return block


class Shelf(Protocol):
    """Where blocks lie."""

    def names(self) -> Sequence[str]:
        """Those that are the index, in the order of their keys."""

    def open(self, name: str) -> Block:
        """One of them."""

    def keep(self, pieces: Iterable[npt.NDArray[Any]]) -> str:
        """Write a new one; returns its name."""

    def put(self, names: Sequence[str]) -> None:
        """From now on these are the index."""


class Memory:
    """A shelf in memory."""

    def __init__(self) -> None:
        self._blocks: dict[str, Block] = {}
        self._made = 0

    def names(self) -> Sequence[str]:
        """As ``Shelf``."""
        return list(self._blocks)

    def open(self, name: str) -> Block:
        """As ``Shelf``."""
        return self._blocks[name]

    def keep(self, pieces: Iterable[npt.NDArray[Any]]) -> str:
        """As ``Shelf``."""
        self._made += 1
        self._blocks[str(self._made)] = Block(bytearray(b"".join(piece.tobytes() for piece in pieces)))
        return str(self._made)

    def put(self, names: Sequence[str]) -> None:
        """As ``Shelf``."""
        self._blocks = {name: self._blocks[name] for name in names}


class TextIndex:
    """Finds stories that are similar to one. What it finds depends on what was added, not on the order.

    A query looks each of its bands up among those of all stories, sorted; what agrees in ``AGREEING`` bands and in
    ``SHARED`` of all minima is a candidate. Whatever is known to be alike is one family. For one thread.
    """

    def __init__(
        self, words: Callable[[int], str], shelf: Shelf | None = None, families: Sequence[tuple[int, int]] = ()
    ) -> None:
        """What lies on the shelf is in the index. ``words``: the story of a key, "" where it is gone. ``families``:
        key and family of each story that is not of its own, which has its key for a name."""
        self._words = words
        self._shelf: Shelf = Memory() if shelf is None else shelf
        self._blocks: list[tuple[str, int]] = []
        self._families = np.zeros(_TAIL, np.int32)
        self._before = self._waiting = 0  # stories on the shelf; those that wait for it are looked at one by one
        self.last = -1
        members, named = np.array(sorted(families), np.int32).reshape(-1, 2).T
        for name in self._shelf.names():
            keys = self._shelf.open(name).keys.astype(np.int32)
            self._blocks.append((name, len(keys)))
            self._room(len(keys))
            where = np.searchsorted(members, keys, "right") - 1
            listed = np.flatnonzero((where >= 0) & (np.append(members, -1)[where] == keys))
            ours, self.last = keys.copy(), int(keys[-1])
            ours[listed] = named[where[listed]]
            self._families[self._before : self._before + len(keys)] = ours
            self._before += len(keys)
        self._keys = np.zeros(_TAIL, np.int64)
        self._minima: Minima = np.zeros((_TAIL, BANDS * ROWS), np.uint32)
        self._bands: Words = np.zeros((_TAIL, BANDS), np.uint64)

    def __len__(self) -> int:
        return self._before + self._waiting

    def _room(self, more: int) -> None:
        while len(self) + more > len(self._families):
            self._families = np.concatenate((self._families, np.zeros_like(self._families)))

    def add(self, key: int, words: str, families: Iterable[int] = ()) -> None:
        """Add a story under a key that is greater than all before (``ValueError``). It and all of the named
        ``families`` are one from now on."""
        if not self.last < key < 1 << 31:
            raise ValueError(f"key {key} after {self.last}")
        if self._waiting == _TAIL:
            self._shelve()
        self._room(1)
        place, family = len(self), key
        self._keys[self._waiting], self._minima[self._waiting] = key, _signature(words)
        self._bands[self._waiting] = _bands(self._minima[self._waiting])
        self._waiting, self.last = self._waiting + 1, key
        for other in {*families} - {key}:
            if family == key:  # the newcomer joins: nothing else needs a new name
                family = other
            else:
                self._families[:place][self._families[:place] == other] = family
        self._families[place] = family

    def _shelve(self) -> None:
        """Put what waits into a block. Blocks double in size from the newest to the oldest."""
        there = np.flatnonzero([bool(self._words(int(key))) for key in self._keys])  # what was forgotten stays out
        families = self._families[self._before : self._before + _TAIL][there]
        self._families[self._before : self._before + len(there)] = families
        self._before, self._waiting = self._before + len(there), 0
        if not len(there):
            return
        parts, blocks = [_block(self._keys[there], self._minima[there])], self._blocks
        while blocks and blocks[-1][1] < min(_LARGEST, 2 * sum(map(len, parts))):
            parts.insert(0, self._shelf.open(blocks[-1][0]))
            blocks = blocks[:-1]
        count = sum(map(len, parts))
        self._blocks = [*blocks, (self._shelf.keep(merged(parts)), count)]
        self._shelf.put([name for name, _ in self._blocks])

    def families(self, words: str, threshold: float) -> list[tuple[int, float, int]]:
        """(key, ``similarity``, family) of one story of each family with a member at least ``threshold`` similar.

        A flood of like stories is one family, and costs one comparison.
        """
        found, told = [], tokens(words)
        places, keys = self._agreeing(words)
        families = self._families[places]
        while keys.size:
            key, family = int(keys[-1]), int(families[-1])
            close = alike(told, tokens(self._words(key)), threshold)
            if close >= threshold:
                found.append((key, close, family))
            left = families != family if close >= threshold else slice(0, -1)
            keys, families = keys[left], families[left]
        return found

    def _agreeing(self, words: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Places, ascending, of the stories whose signature agrees, and their keys."""
        minima, start = _signature(words), 0
        places, keys = [], []
        for name, count in self._blocks:
            block = self._shelf.open(name)
            near = block.agreeing(minima)
            places.append(near + start)
            keys.append(block.keys[near])
            start += count
        waiting = slice(0, self._waiting)
        near = np.flatnonzero(_counted(self._bands[waiting] == _bands(minima)) >= AGREEING)
        near = near[_shared(self._minima[near], minima)]
        return np.concatenate((*places, near + start)), np.concatenate((*keys, self._keys[near]))

    def within(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of the stories at least ``threshold`` similar, the most similar first, then by key.

        A threshold below about 0.5 asks for pairs that signatures no longer find reliably.
        """
        if not words:
            return []
        keys = self._agreeing(words)[1].tolist()
        told = [tokens(self._words(key)) for key in keys]
        asked, slack = tokens(words), max(0.0, threshold - 0.0001)  # the cut comes before rounding
        probable = process.extract(asked, told, scorer=Indel.normalized_similarity, score_cutoff=slack, limit=None)
        found = [(keys[i], alike(asked, other)) for other, _, i in probable]
        return sorted(((k, s) for k, s in found if s >= threshold and s > 0), key=lambda item: (-item[1], item[0]))
