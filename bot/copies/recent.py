"""The pictures that came last into the graph, each with what was found ahead of it."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from bot.copies.ahead import Found
from bot.copies.proof import Proof

_MOST: Final = 256  # as many as are pending


class Since(NamedTuple):
    """Whoever came since a medium was found, by node: ``near``, at how many bits; the ``places`` at which features
    agree, and the ``proofs`` that were tried."""

    near: dict[int, int]
    places: dict[int, int]
    proofs: dict[int, Proof | None]


class Recent:
    """Pictures in the order in which they came, those after the node ``last``."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._kept: deque[tuple[int, str, Found | None]] = deque()

    def add(self, node: int, sha256: str, found: Found | None) -> None:
        """One more has come, of which this was found ahead."""
        self._kept.append((node, sha256, found))
        if len(self._kept) > _MOST:
            self._last, *_ = self._kept.popleft()

    def since(self, sha256: str, found: Found) -> Since | None:
        """Who came since a medium was found, as the two met when the later of them was found; None where some never
        did."""
        if found.upto < self._last:
            return None
        since = Since({}, {}, {})
        for node, other, theirs in reversed(self._kept):
            if node <= found.upto:
                break
            if theirs is None or theirs.bank != found.bank:
                return None
            mine = found.met.number > theirs.met.number
            (late, early), name = ((found, theirs), other) if mine else ((theirs, found), sha256)
            met = late.met
            if early.met.number < met.since:
                return None
            bits = (met.near if mine else met.back).get(name)
            places = met.places.get(name, 0)
            if bits is not None:
                since.near[node] = bits
            if bits is not None or places:
                since.places[node] = places
            if name in late.beside:
                since.proofs[node] = late.beside[name]
        return since
