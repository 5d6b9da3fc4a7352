"""Which stories may be like one: signatures that agree, found in blocks (``detectors/text_blocks.py``).

Blocks are merged as they grow, so that there are few. Where they lie in files, a story costs the process four bytes for
its family and one for the fence.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Indel

from detectors.text import alike, tokens
from detectors.text_blocks import (
    BANDS,
    ROWS,
    Block,
    Minima,
    Sketches,
    Words,
    bands_of,
    block_of,
    laid,
    merged,
    often,
    sharing,
    signature,
    sketch_of,
)

__all__ = ["Memory", "Shelf", "TextIndex"]

_TAIL: Final = 1024
_LARGEST: Final = 1 << 17  # stories of a block from which it is merged no more
_AT_ONCE: Final = 64  # candidates that are read together


@functools.lru_cache(maxsize=2)  # a story is looked up, then added
def _signature(words: str) -> Minima:
    return signature(words)


class Shelf(Protocol):
    """Where blocks lie."""

    def names(self) -> Sequence[str]:
        """Those that are the index, in the order of their keys."""

    def open(self, name: str) -> contextlib.AbstractContextManager[Block]:
        """One of them, to be read meanwhile."""

    def keep(self, pieces: Iterable[npt.NDArray[Any]]) -> str:
        """Write a new one; returns its name."""

    def put(self, names: Sequence[str]) -> None:
        """From now on these are the index."""


class _Near(NamedTuple):
    """Candidates that lie together: their places, ascending, and how to read the tokens of some, and the key of one, by
    their place among these."""

    places: npt.NDArray[np.intp]
    told: Callable[[npt.NDArray[np.intp]], list[str]]
    key: Callable[[int], int]


class Memory:
    """A shelf in memory."""

    def __init__(self) -> None:
        self._blocks: dict[str, Block] = {}
        self._made = 0

    def names(self) -> Sequence[str]:
        """As ``Shelf``."""
        return list(self._blocks)

    def open(self, name: str) -> contextlib.AbstractContextManager[Block]:
        """As ``Shelf``."""
        return contextlib.nullcontext(self._blocks[name])

    def keep(self, pieces: Iterable[npt.NDArray[Any]]) -> str:
        """As ``Shelf``."""
        self._made += 1
        self._blocks[str(self._made)] = block_of(iter(pieces))
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
        self._blocks: list[tuple[str, int, Words]] = []
        self._families = np.zeros(_TAIL, np.int32)
        self._before = self._waiting = 0  # stories on the shelf; those that wait for it are looked at one by one
        self.last = -1
        members, named = np.array(sorted(families), np.int32).reshape(-1, 2).T
        for name in self._shelf.names():
            with self._shelf.open(name) as block:
                keys = block.keys().astype(np.int32)
                self._blocks.append((name, len(keys), block.fence()))
            self._room(len(keys))
            where = np.searchsorted(members, keys, "right") - 1
            listed = np.flatnonzero((where >= 0) & (np.append(members, -1)[where] == keys))
            ours, self.last = keys.copy(), int(keys[-1])
            ours[listed] = named[where[listed]]
            self._families[self._before : self._before + len(keys)] = ours
            self._before += len(keys)
        self._keys = np.zeros(_TAIL, np.int64)
        self._sketches: Sketches = np.zeros((_TAIL, BANDS * ROWS), np.uint8)
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
        place, family, minima = len(self), key, _signature(words)
        self._keys[self._waiting], self._sketches[self._waiting] = key, sketch_of(minima)
        self._bands[self._waiting] = bands_of(minima)
        self._waiting, self.last = self._waiting + 1, key
        for other in {*families} - {key}:
            if family == key:  # the newcomer joins: nothing else needs a new name
                family = other
            else:
                self._families[:place][self._families[:place] == other] = family
        self._families[place] = family

    def _shelve(self) -> None:
        """Put what waits into a block. Blocks double in size from the newest to the oldest."""
        words = [self._words(key) for key in self._keys.tolist()]
        there = np.flatnonzero(list(map(bool, words)))  # what was forgotten stays out
        families = self._families[self._before : self._before + _TAIL][there]
        self._families[self._before : self._before + len(there)] = families
        self._before, self._waiting = self._before + len(there), 0
        if not len(there):
            return
        told = [tokens(each) for each in words if each]
        parts = [block_of(laid(self._keys[there], self._bands[there], self._sketches[there], told))]
        blocks = self._blocks
        with contextlib.ExitStack() as stack:
            while blocks and blocks[-1][1] < min(_LARGEST, 2 * sum(map(len, parts))):
                parts.insert(0, stack.enter_context(self._shelf.open(blocks[-1][0])))
                blocks = blocks[:-1]
            name = self._shelf.keep(merged(parts))
        with self._shelf.open(name) as block:
            self._blocks = [*blocks, (name, len(block), block.fence())]
        self._shelf.put([name for name, *_ in self._blocks])

    def families(self, words: str, threshold: float) -> list[tuple[int, float, int]]:
        """(key, ``similarity``, family) of one story of each family with a member at least ``threshold`` similar.

        A flood of like stories is one family, and costs one comparison.
        """
        found: list[tuple[int, float, int]] = []
        asked, known = tokens(words), set[int]()
        for near in self._candidates(words):
            families, left = self._families[near.places], np.arange(near.places.size)
            while (left := left[~np.isin(families[left], list(known))]).size:
                some, left = left[-_AT_ONCE:], left[:-_AT_ONCE]
                for other, i in reversed(_probable(asked, near.told(some), threshold)):
                    key, family = int(some[i]), int(families[some[i]])
                    if family not in known and (close := alike(asked, other, threshold)) >= threshold:
                        found.append((near.key(key), close, family))
                        known.add(family)
        return found

    def _candidates(self, words: str) -> Iterator[_Near]:
        """The stories whose signature agrees, from the newest to the oldest."""
        minima, start = _signature(words), self._before
        waiting = slice(0, self._waiting)
        here = np.flatnonzero(often(self._bands[waiting], bands_of(minima)))
        here = here[sharing(self._sketches[here], sketch_of(minima))]
        keys = self._keys[here].tolist()
        yield _Near(here + start, lambda some: [tokens(self._words(keys[i])) for i in some], keys.__getitem__)
        for name, count, fence in reversed(self._blocks):
            start -= count
            with self._shelf.open(name) as block:
                yield _in_block(block, block.agreeing(minima, fence), start)

    def within(self, words: str, threshold: float) -> list[tuple[int, float]]:
        """(key, ``similarity``) of the stories at least ``threshold`` similar, the most similar first, then by key.

        A threshold below about 0.5 asks for pairs that signatures no longer find reliably.
        """
        asked, found = tokens(words), []
        for near in self._candidates(words) if words else ():
            for other, i in _probable(asked, near.told(np.arange(near.places.size)), threshold):
                if (close := alike(asked, other)) >= max(threshold, 0.0001):
                    found.append((near.key(i), close))
        return sorted(found, key=lambda item: (-item[1], item[0]))


def _probable(asked: str, told: list[str], threshold: float) -> list[tuple[str, int]]:
    """Those that may be so similar, and their numbers, ascending: all at once, in a third of the time."""
    least = max(0.0, threshold - 0.0001)  # the cut comes before rounding
    found = process.extract_iter(asked, told, scorer=Indel.normalized_similarity, score_cutoff=least)
    return [(other, i) for other, _, i in found]


def _in_block(block: Block, near: npt.NDArray[np.intp], start: int) -> _Near:
    return _Near(near + start, lambda some: block.told(near[some]), lambda i: block.key(int(near[i])))
