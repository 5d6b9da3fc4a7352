"""Which stories may be like one: signatures that agree, found in blocks (``detectors/text_blocks.py``).

Blocks are merged as they grow, so that there are few. Where they lie in files, a story costs the process four bytes for
its family and one for the fence.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

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
    Words,
    bands_of,
    block_of,
    laid,
    merged,
    often,
    sharing,
    signature,
)

__all__ = ["Memory", "Shelf", "TextIndex"]

_TAIL: Final = 1024
_LARGEST: Final = 1 << 17  # stories of a block from which it is merged no more


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
        self._bands[self._waiting] = bands_of(self._minima[self._waiting])
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
        parts, blocks = [block_of(laid(self._keys[there], self._minima[there]))], self._blocks
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
        for name, count, fence in self._blocks:
            with self._shelf.open(name) as block:
                near, found = block.agreeing(minima, fence)
            places.append(near + start)
            keys.append(found)
            start += count
        waiting = slice(0, self._waiting)
        near = np.flatnonzero(often(self._bands[waiting], bands_of(minima)))
        near = near[sharing(self._minima[near], minima)]
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
