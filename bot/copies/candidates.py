"""Which candidates are proved. All, where few are doubtful; of a crowd, those that have most in common.

A thousand screenshots of one app share its frame with the next one. Candidates are tried in the order of the places at
which two pictures agree (``detectors/votes.py``; of equals, an order that only hashes decide) until ``CROWD`` of them
are doubtful: these end a picture's *sample*. A copy agrees on the frame and on what is in it, so it stands before
whoever has the frame alone. A pair is linked where either is in the other's sample. Newcomers make a sample stricter
and never wider, so what is proved once need not be tried again, and the thousandth costs no more proofs than the
hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bot.copies.parts import CROWD
from bot.copies.proof import Proof


def positions(hashes: Sequence[str]) -> npt.NDArray[np.uint64]:
    """(n,) the part of each SHA-256 that ranks are made of. The rank of two pictures in each other's order is the
    exclusive or of their positions: the same from either side, and nothing that their time of arrival has a part in.
    """
    return np.frombuffer(bytes.fromhex("".join(sha256[:16] for sha256 in hashes)), ">u8").astype(np.uint64)


def proved(
    ordered: Sequence[int], always: Collection[int], prove: Callable[[int], Proof | None]
) -> Iterator[tuple[int, Proof, bool]]:
    """(candidate, proof, whether it is in the sample) for the sample, and for those of ``always`` beyond it.

    ``ordered`` are all candidates, those with most in common first; ``prove`` tries one.
    """
    doubtful = 0
    for key in ordered:
        within = doubtful < CROWD
        proof = prove(key) if within or key in always else None
        if proof is not None:
            yield key, proof, within
            doubtful += proof.doubtful
