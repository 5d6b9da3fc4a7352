"""Which candidates are proved. All, where few are doubtful; of a crowd, those that have most in common.

A thousand screenshots of one app share its frame with the next one. Candidates are tried in the order of the places at
which two pictures agree (``detectors/votes.py``; of equals, an order that only hashes decide) until ``CROWD`` of them
are doubtful: these end a picture's *sample*. A copy agrees on the frame and on what is in it, so it stands before
whoever has the frame alone. A pair is linked where either is in the other's sample. Newcomers make a sample stricter
and never wider, so what is proved once need not be tried again, and the thousandth costs no more proofs than the
hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from bot.copies.parts import CROWD
from bot.copies.proof import SURE, Proof
from detectors.nearest import TURN_SLACK

Keys = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
K = TypeVar("K")
Batch = tuple[dict[int, int], int]
"""Places by candidate, and the most that anyone in a later batch can have."""


class Candidate(NamedTuple):
    """Who was tried, the places at which the features agree, what is proved, and whether it is in the sample."""

    key: int
    places: int
    proof: Proof
    within: bool

    @property
    def by_hash(self) -> bool:
        """Whether the link stands whatever sample it is in: hashes suffice, or there is nothing else."""
        return self.proof.certain or not self.places


def positions(hashes: Sequence[str]) -> Ranks:
    """(n,) the part of each SHA-256 that ranks are made of. The rank of two pictures in each other's order is the
    exclusive or of their positions: the same from either side, and nothing that their time of arrival has a part in.
    """
    return np.frombuffer(bytes.fromhex("".join(sha256[:16] for sha256 in hashes)), ">u8").astype(np.uint64)


def by_hash(near: Mapping[K, int], places: Mapping[K, int]) -> set[K]:
    """Those near by hash, at so many bits, that are tried whatever sample they are in."""
    return {key for key, bits in near.items() if bits <= SURE + TURN_SLACK or not places[key]}


def proved(
    found: Iterable[Batch],
    ranks: Callable[[Keys], Ranks],
    always: Callable[[Mapping[int, int]], set[int]],
    prove: Callable[[int, int], Proof | None],
) -> Iterator[Candidate]:
    """The sample, and beyond it those of whom ``always`` says so, given the first batch; ``prove`` tries one,
    given its places."""
    waiting: list[tuple[int, int, int]] = []
    doubtful, needed = 0, set[int]()
    for number, (places, bound) in enumerate(found):
        needed = needed if number else always(places)
        keys, counts = (np.fromiter(half, np.int64, len(places)) for half in (places.keys(), places.values()))
        waiting += zip((-counts).tolist(), ranks(keys).tolist(), keys.tolist(), strict=True)
        waiting.sort(reverse=True)
        while waiting and (-waiting[-1][0] > bound or doubtful >= CROWD):
            agreeing, _, key = waiting.pop()
            within = doubtful < CROWD
            proof = prove(key, -agreeing) if within or key in needed else None
            if proof is not None:
                yield Candidate(key, -agreeing, proof, within)
                doubtful += proof.doubtful
        if doubtful >= CROWD:
            return
