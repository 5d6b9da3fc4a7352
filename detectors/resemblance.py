"""How near a whole picture is to the kit's official pictures: posters, and the bare mark or lock-up as downloaded.

PDQ Hamming distance, the least over the eight orientations. Distances only: what is near enough, the campaign says.
"""

from __future__ import annotations

import functools
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import Kit
from detectors.evidence import Fingerprint, Panel, Resemblance
from detectors.fingerprint import upright

VERSION: Final = "1"
REPORTED: Final = 74
"""The least distance among 499,500 pairs of unrelated photographs, eight orientations: beyond it nothing is told."""

_GROUNDS: Final = (255, 0)
_MARGINS: Final = (0.12, 0.25, 0.5)  # of the longer side, how bare marks are mostly posted


def resemblances(seen: Fingerprint | Panel, kit: Kit) -> tuple[Resemblance, ...]:
    """The kit's assets within ``REPORTED`` bits of the picture, nearest first, each with its least distance.

    A picture of PDQ quality 0 is one flat tone, whose hash is noise: it resembles nothing.
    """
    if seen.quality == 0:
        return ()
    found: dict[str, int] = {}
    orientations = [int(orientation, 16) for orientation in seen.orientations]
    for file, pdq in _official(kit):
        distance = min((pdq ^ orientation).bit_count() for orientation in orientations)
        if distance <= REPORTED:
            found[file] = min(distance, found.get(file, distance))
    ordered = sorted(found.items(), key=lambda item: (item[1], item[0]))
    return tuple(Resemblance(asset=file, distance=distance) for file, distance in ordered)


@functools.lru_cache(maxsize=4)
def _official(kit: Kit) -> tuple[tuple[str, int], ...]:
    """(file, PDQ) of every asset: a poster as it is, a mark on white and on black, tight and with a margin."""
    entries: list[tuple[str, int]] = []
    for asset in kit.assets:
        pixels = kit.picture(asset)
        for ground in _GROUNDS if pixels[..., 3].min() < 255 else (255,):
            flat = _on(pixels, ground)
            margins = () if asset.kind == "poster" else _MARGINS
            for view in (flat, *(_framed(flat, ground, margin) for margin in margins)):
                pdq, quality = upright(view)
                if quality > 0:
                    entries.append((asset.file, int(pdq, 16)))
    return tuple(entries)


def _on(rgba: NDArray[np.uint8], ground: int) -> NDArray[np.uint8]:
    """In gray."""
    alpha = rgba[..., 3].astype(np.float32) / 255
    gray = cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY)
    laid: NDArray[np.uint8] = np.rint(gray * alpha + ground * (1 - alpha)).astype(np.uint8)
    return laid


def _framed(gray: NDArray[np.uint8], ground: int, margin: float) -> NDArray[np.uint8]:
    """Centred on a square ground."""
    side = round(max(gray.shape) * (1 + 2 * margin))
    framed = np.full((side, side), ground, np.uint8)
    top, left = (side - gray.shape[0]) // 2, (side - gray.shape[1]) // 2
    framed[top : top + gray.shape[0], left : left + gray.shape[1]] = gray
    return framed
