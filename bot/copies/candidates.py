"""Which candidates are proved: all that lie near by hash or share features, until only what everybody shares is left.

A thousand screenshots of one app share its frame with the next one. Once a few proofs show which of a picture's points
are such a frame, a candidate must have others in common: so the thousandth costs a few proofs and not a thousand, and
what is left out could not have counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bot.copies.parts import common
from bot.copies.proof import Proof

_PROOFS = 12
"""Doubtful links after which it is asked, each time, what they have in common."""

Mask = npt.NDArray[np.bool_]
Proved = tuple[Proof, int]
"""A proof, and the points of the picture asked for that agree in it, as bits of a number."""


def proved(
    near: set[int], sharing: Callable[[Mask], set[int]], points: int, prove: Callable[[int], Proved | None]
) -> Iterator[tuple[int, Proof, int]]:
    """(candidate, proof, agreeing points), those in ``near`` first.

    ``near`` are candidates by hash, ``sharing`` those that share some of the picture's ``points`` features; ``prove``
    tries one.
    """
    waiting = [*sorted(near), *sorted(sharing(np.ones(points, np.bool_)) - near, key=_scattered)]
    doubtful: list[int] = []
    ask = _PROOFS
    while waiting:
        key = waiting.pop(0)
        found = prove(key)
        if found is None:
            continue
        proof, agreeing = found
        yield key, proof, agreeing
        if proof.doubtful:
            doubtful.append(agreeing)
            if len(doubtful) == ask:
                ask += _PROOFS
                shared = common(doubtful)
                left = near | sharing(np.array([not shared >> point & 1 for point in range(points)], np.bool_))
                waiting = [candidate for candidate in waiting if candidate in left]


def _scattered(key: int) -> int:
    """An order in which the earliest do not bear the links of all that come later."""
    return key * 0x9E3779B1 % 2**32
