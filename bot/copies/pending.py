"""Media found ahead that may not be in the graph yet. Each is held against those before it, so that of any two in
flight the later one has met the other, and the serial step need not search for whoever came since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from bot.copies.finder import Finder, Medium
from bot.copies.proof import SHARED_LEAST
from bot.copies.wholes import held
from detectors.evidence import MediaEvidence
from detectors.nearest import TURN_SLACK, HashIndex

_MOST: Final = 256  # media kept, half of them at least: more than are in flight at once


class Met(NamedTuple):
    """How the ``number``th medium stands to those that were pending then, which are all from the ``since``th on. By
    SHA-256: ``near``, at how many bits its views find their hashes; ``back``, their views its hashes; ``places``, at
    how many features agree. Who is not named is not like it."""

    number: int
    since: int
    near: Mapping[str, int]
    back: Mapping[str, int]
    places: Mapping[str, int]


class Pending:
    """Not for use from several threads."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self._kept: list[Medium] = []
        self._index()

    def meet(self, medium: Medium, radius: int) -> Met:
        """Hold a medium against those that are pending."""
        near = self._finder.near(medium, radius)
        back = dict(self._views.within([print_.pdq for print_ in held(medium.evidence)], radius + TURN_SLACK))
        places = dict(self._finder.features.sharing(medium.words, SHARED_LEAST))
        first = self.number + 1 - len(self._kept)
        found = (
            {self._kept[n - first].evidence.sha256: value for n, value in of.items()} for of in (near, back, places)
        )
        return Met(self.number + 1, first, *found)

    def evidence(self, sha256: str) -> MediaEvidence:
        """Of a medium that is pending, its features with it. Raises StopIteration where none is."""
        return next(other.evidence for other in self._kept if other.evidence.sha256 == sha256)

    def keep(self, medium: Medium) -> None:
        """Keep a medium for those after it, under the next number; and forget the oldest."""
        self.number += 1
        mine = Medium(self.number, medium.evidence, medium.words)
        self._kept.append(mine)
        self._add(mine)
        if len(self._kept) > _MOST:
            del self._kept[: _MOST // 2]
            self._index()

    def _index(self) -> None:
        self._finder, self._views = Finder(), HashIndex()
        for medium in self._kept:
            self._add(medium)

    def _add(self, medium: Medium) -> None:
        self._finder.add(medium)
        for print_ in held(medium.evidence):
            for view in print_.orientations:
                self._views.add(medium.node, view)
