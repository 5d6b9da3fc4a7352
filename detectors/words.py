"""The vocabulary of local features: the word and the signature of a descriptor, by which an index holds it.

A descriptor is cut in two halves, each is replaced by the nearest of 128 centres, and the pair is its word
(Babenko and Lempitsky, "The Inverted Multi-Index", 2012). Its signature is 64 signs of sums and differences of its
numbers, compared by Hamming distance (after Jegou, Douze and Schmid, "Hamming Embedding and Weak Geometric
Consistency", 2008). The centres are learnt from public photographs (``training/words.py``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from detectors.assets import assets_root

__all__ = ["CENTRES", "SIZE", "WORDS", "described", "halves", "signs"]

Numbers = npt.NDArray[np.uint8]

SIZE: Final = 128
CENTRES: Final = 128
"""Centres of one half."""
WORDS: Final = CENTRES**2
_FILE: Final = "features/words.npz"


def described(vectors: Numbers) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint64]]:
    """(n,) words below ``WORDS`` and (n,) signatures of (n, 128) descriptors in 0..15. In whole numbers throughout."""
    centres, levels = _vocabulary()
    nearest = [
        (centre**2).sum(axis=1)[None, :] - 2 * (half @ centre.T)
        for half, centre in zip(halves(vectors), centres, strict=True)
    ]
    first, second = (table.argmin(axis=1).astype(np.uint16) for table in nearest)
    above = signs(vectors) > levels
    packed = np.packbits(above, axis=1, bitorder="little").view("<u8")[:, 0]
    return first * np.uint16(CENTRES) + second, packed.astype(np.uint64)


def halves(vectors: Numbers) -> npt.NDArray[np.float32]:
    """(2, n, 64): the left and the right two columns of the descriptor's four. float32, in which these sums are
    exact."""
    cells = vectors.reshape(-1, 4, 2, 16).astype(np.float32)
    return np.ascontiguousarray(cells.transpose(2, 0, 1, 3).reshape(2, -1, 64))


def signs(vectors: Numbers) -> npt.NDArray[np.float32]:
    """(n, 64) sums and differences, from which a signature's signs are taken."""
    return np.asarray(vectors.astype(np.float32) @ _mixing(), np.float32)


@lru_cache(maxsize=1)
def _mixing() -> npt.NDArray[np.float32]:
    """(128, 64): every second row of a Hadamard matrix, its columns' signs changed by a fixed pattern."""
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < SIZE:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    flips = np.where(np.arange(1, SIZE + 1) ** 2 * 37 % 101 % 2 == 0, 1, -1).astype(np.float32)
    return np.ascontiguousarray((matrix * flips)[1::2].T)


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    with np.load(assets_root() / _FILE, allow_pickle=False) as stored:
        centres, levels = stored["centres"].astype(np.float32), stored["levels"].astype(np.float32)
    if centres.shape != (2, CENTRES, SIZE // 2) or levels.shape != (SIZE // 2,):
        raise ValueError(f"{_FILE} is not a vocabulary")
    return centres, levels
