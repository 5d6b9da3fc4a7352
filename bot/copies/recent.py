"""The pictures that came last into the graph, each with what was found ahead of it."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from bot.copies.ahead import Found
from bot.copies.proof import Proof

_MOST: Final = 256  # as many as are pending


class Since(NamedTuple):
    """Of whoever came since a medium was found and has met it, by node: ``near``, at how many bits; the ``places`` at
    which features agree, and the ``proofs`` that were tried. ``all``: whether all have met it."""

    near: dict[int, int]
    places: dict[int, int]
    proofs: dict[int, Proof | None]
    all: bool


class Recent:
    """Pictures in the order in which they came, those after the node ``last``."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._kept: deque[tuple[int, str, Found | None]] = deque()

    def add(self, node: int, sha256: str, found: Found | None) -> None:
        """One more has come, of which this was found ahead."""
        self._kept.append((node, sha256, None if found is None else found._replace(near={}, tried={})))
        if len(self._kept) > _MOST:
            self._last, *_ = self._kept.popleft()

    def since(self, sha256: str, found: Found) -> Since:
        """Who came since a medium was found, as the two met when the later of them was found."""
        near, places, proofs = dict[int, int](), dict[int, int](), dict[int, Proof | None]()
        complete = found.upto >= self._last
        for node, other, theirs in reversed(self._kept):
            if node <= found.upto:
                break
            mine = theirs is not None and found.met.number > theirs.met.number
            late, early, name = (found, theirs, other) if mine else (theirs, found, sha256)
            if late is None or early is None or late.bank != early.bank or early.met.number < late.met.since:
                complete = False
                continue
            bits = late.met.near if mine else late.met.back
            if name in bits:
                near[node] = bits[name]
            if name in bits or name in late.met.places:
                places[node] = late.met.places.get(name, 0)
            if name in late.beside:
                proofs[node] = late.beside[name]
        return Since(near, places, proofs, complete)
