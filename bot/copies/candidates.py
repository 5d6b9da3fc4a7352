"""Which candidates are proved. All, where few are doubtful; of a crowd, a sample, and whoever shares more than it does.

A thousand screenshots of one app share its frame with the next one. The first of them in an order that only hashes
decide are its *sample*: as many as it takes to find ``CROWD`` doubtful links. What the sample shows to be everybody's
then tells whom else to try: a candidate must have others in common. So the thousandth costs a few proofs and not a
thousand, and what is left out could not have counted.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bot.copies.parts import CROWD
from bot.copies.proof import Proof
from detectors.features import Codes

MORE = 8
"""Places outside of what any of a sample shows that two pictures of a crowd must share to be tried: twice what is asked
of others. Charts of one exchange agree on a few grid lines by chance, each pair on its own; most copies on twenty."""

Proved = tuple[Proof, int]
"""A proof, and the points of the picture asked for that agree in it, as bits of a number."""


def positions(hashes: Sequence[str]) -> npt.NDArray[np.uint64]:
    """(n,) the part of each SHA-256 that ranks are made of. The rank of two pictures in each other's order is the
    exclusive or of their positions: the same from either side, and nothing that their time of arrival has a part in.
    """
    return np.frombuffer(bytes.fromhex("".join(sha256[:16] for sha256 in hashes)), ">u8").astype(np.uint64)


def proved(
    ranked: Sequence[int],
    always: set[int],
    beyond: Callable[[int], set[int]],
    prove: Callable[[int], Proved | None],
) -> Iterator[tuple[int, Proof, int]]:
    """(candidate, proof, agreeing points) for the sample, for those of ``always``, and for those beyond it.

    ``ranked`` are all candidates in order of rank; ``beyond`` tells who shares more than the given points, as
    bits of a number; ``prove`` tries one.
    """
    doubtful: list[int] = []
    others: set[int] | None = None
    for key in ranked:
        if len(doubtful) == CROWD:
            if others is None:
                others = always | beyond(any_of(doubtful))
            if key not in others:
                continue
        found = prove(key)
        if found is None:
            continue
        proof, agreeing = found
        yield key, proof, agreeing
        if proof.doubtful and others is None:
            doubtful.append(agreeing)


def any_of(links: Iterable[int]) -> int:
    """The points that any link shows, each given as its bits."""
    return functools.reduce(operator.or_, links, 0)


def less(words: Codes, shared: int) -> Codes:
    """Features without the points of a number's bits."""
    return words.of(np.array([not shared >> point & 1 for point in range(len(words))], np.bool_))
