"""The vocabulary of local features: the word and the signature of a descriptor, by which an index holds it.

A descriptor is cut in two halves, each is replaced by the nearest of 128 centres, and the pair is its word
(Babenko and Lempitsky, "The Inverted Multi-Index", 2012). Its signature is 64 signs of sums and differences of its
numbers, compared by Hamming distance (after Jegou, Douze and Schmid, "Hamming Embedding and Weak Geometric
Consistency", 2008): two features pair where their words are equal and their signatures are at most ``RADIUS`` bits
apart. The centres are learnt from public photographs (``training/words.py``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from detectors.assets import assets_root

__all__ = ["CENTRES", "RADIUS", "SIZE", "WORDS", "described", "halves", "repeated", "signs"]

Numbers = npt.NDArray[np.uint8]

SIZE: Final = 128
CENTRES: Final = 128
"""Centres of one half."""
WORDS: Final = CENTRES**2
RADIUS: Final = 10
"""Bits. On the threshold split of benchmarks/copies.py, at 4 places, 0.960 of copies are candidates beside 0.8 of 1,000
unrelated photographs; with 10 bits 0.968 beside 1.1."""
_REPEATS: Final = 2
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


def repeated(words: npt.NDArray[np.uint16], signatures: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """(n,) which features of one picture pair with two others of it or more: crossings of a grid, letters, tiles.

    They tell little of where another picture lies in this one, and each pairs with many ("burstiness"; Jegou, Douze and
    Schmid, 2009): of a chart they are a seventh, in seven tenths of its pairs with other charts.
    """
    alike = (words[:, None] == words) & (np.bitwise_count(signatures[:, None] ^ signatures) <= RADIUS)
    return np.asarray(alike.sum(axis=1) > _REPEATS, np.bool_)


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
