"""Whole-picture perceptual hashes: PDQ with its eight orientations, and imagehash's pHash.

PDQ after "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Facebook, 2019): luma, two passes
of a box filter, 64 x 64 samples, the 16 x 16 lowest frequencies of their DCT without the constant row and column,
one bit each for "above the median". Bit order and hex form are the reference's.

Filter and sampling are linear and look at a few pixels around each sample, so they are done as 64 short weighted sums
a side. The reference turns a picture by turning its frequencies; but it samples a little off centre, so that the hash
of a mirrored screenshot comes out up to 44 bits away. Here each view is sampled anew, which is exact and costs 0.1 ms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from detectors.evidence import Fingerprint

__all__ = ["VERSION", "fingerprint", "hamming"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

VERSION: Final = "3"
_SAMPLES: Final = 64
_FREQUENCIES: Final = 16
_GRADIENT_PER_QUALITY: Final = 90.0
_PHASH_SAMPLES: Final = 32
_PHASH_FREQUENCIES: Final = 8

# C[i, j] = sqrt(2/64) cos(pi/128 (i+1) (2j+1)): the DCT-II of 64 samples, frequencies 1 to 16.
_DCT: Final[Floats] = np.sqrt(2 / _SAMPLES) * np.cos(
    np.pi / (2 * _SAMPLES) * np.outer(np.arange(1, _FREQUENCIES + 1), 2 * np.arange(_SAMPLES) + 1)
)

# The same for imagehash's pHash: frequencies 0 to 7 of 32 samples, unscaled.
_PHASH_DCT: Final[Floats] = np.cos(
    np.pi / (2 * _PHASH_SAMPLES) * np.outer(np.arange(_PHASH_FREQUENCIES), 2 * np.arange(_PHASH_SAMPLES) + 1)
)


def fingerprint(rgb: Pixels, *, frame: int | None = None, time: float | None = None) -> Fingerprint:
    """The hashes of (H, W, 3) uint8 RGB, or (H, W) uint8 luma; ``frame`` and ``time`` are passed through.

    Hash what was decoded at 512 pixels a side or more where there are so many: from 256 the hash is 22 bits away.
    ``orientations``: upright, mirrored left to right, mirrored top to bottom, turned by 180 degrees, and the
    transposes of these four.
    """
    gray = rgb if rgb.ndim == 2 else np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    halves = (_sampled(gray, backwards=False), _sampled(gray, backwards=True))
    views = [_sampled(half.T, backwards=mirrored).T for half in halves for mirrored in (False, True)]
    orientations = tuple(_hash(view) for view in (*views, *(view.T for view in views)))
    return Fingerprint(
        pdq=orientations[0],
        orientations=orientations,
        phash=_phash(gray),
        quality=_quality(views[0]),
        frame=frame,
        time=time,
    )


def upright(rgb: Pixels) -> tuple[str, int]:
    """The PDQ hash of a picture as it stands, and its quality: what ``fingerprint`` tells, at a fifth of the cost."""
    gray = rgb if rgb.ndim == 2 else np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    view = _sampled(_sampled(gray, backwards=False).T, backwards=False).T
    return _hash(view), _quality(view)


def hamming(a: str, b: str) -> int:
    """The number of bits in which two hashes of the same length in hex differ."""
    if len(a) != len(b):
        raise ValueError(f"hashes of {len(a)} and {len(b)} digits cannot be compared")
    return (int(a, 16) ^ int(b, 16)).bit_count()


def _sampled(values: Pixels | Floats, *, backwards: bool) -> Floats:
    """(n, m) to (64, m): the rows filtered and sampled, optionally as if their order were turned round."""
    places, weights = _taps(len(values))
    if backwards:
        places = len(values) - 1 - places
    return np.asarray((weights[:, None] @ values[places].astype(np.float64))[:, 0], np.float64)


@lru_cache(maxsize=128)
def _taps(side: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """For each of 64 samples of ``side`` pixels, the pixels it is made of and their weights, both (64, taps).

    Two passes of a box of ``side / 128`` pixels, rounded up and cut short at the ends, seen at 64 places.
    """
    window = (side + 2 * _SAMPLES - 1) // (2 * _SAMPLES)
    ahead = (window + 2) // 2
    box = np.arange(ahead - window, ahead)
    seen = ((np.arange(_SAMPLES) + 0.5) * side / _SAMPLES).astype(np.intp)
    outer, outer_weights = _boxed(seen[:, None], box, side)
    inner, inner_weights = _boxed(outer[..., None], box, side)
    places = seen[:, None] + np.arange(2 * box[0], 2 * box[-1] + 1)
    weights = np.zeros(places.shape)
    rows = np.arange(_SAMPLES)[:, None, None]
    np.add.at(weights, (rows, inner - places[:, :1, None]), outer_weights[..., None] * inner_weights)
    return np.clip(places, 0, side - 1), weights


def _boxed(centre: npt.NDArray[np.intp], box: npt.NDArray[np.intp], side: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """The places of a box around each centre (last axis 1), and equal weights for those within the picture."""
    places = centre + box
    within = (places >= 0) & (places < side)
    return places, within / np.maximum(1, within.sum(axis=-1, keepdims=True))


def _quality(samples: Floats) -> int:
    """PDQ's 0..100: how much the 64 x 64 samples change from one to the next, in whole percents of the range."""
    steps = sum(float(np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100, int(steps / _GRADIENT_PER_QUALITY))


def _phash(gray: Pixels) -> str:
    """``imagehash.phash``, but for two bits at most on 70 pictures of all kinds: it reduces in one step, which takes
    nine times as long, and leaves the transform to SciPy, which takes 0.4 s to import in each decoder."""
    side = (_PHASH_SAMPLES, _PHASH_SAMPLES)
    samples = np.asarray(Image.fromarray(gray).resize(side, Image.Resampling.LANCZOS, reducing_gap=4.0), np.float64)
    frequencies = _PHASH_DCT @ samples @ _PHASH_DCT.T
    return str(imagehash.ImageHash(frequencies > np.median(frequencies)))


def _hash(samples: Floats) -> str:
    """64 hex digits of (64, 64) samples; the lowest frequency is the last bit."""
    frequencies = (_DCT @ samples @ _DCT.T).ravel()
    middle = np.sort(frequencies)[len(frequencies) // 2 - 1 : len(frequencies) // 2 + 1].mean()  # their median
    return np.packbits((frequencies > middle)[::-1]).tobytes().hex()
