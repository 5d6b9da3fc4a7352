"""Whether a mark was laid over a photo afterwards: then it lacks the noise that the camera left all around it.

A photographed logo has the same grain as everything beside it. One that was drawn onto the finished picture has none:
that much survives JPEG, as a rule, though not a strong one, nor a clever hand. So this is a signal for a person, and
never proof. Where the surroundings have no grain of their own (graphics, night skies, hard compression) nothing can be
told.
"""

from __future__ import annotations

from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from detectors.evidence import Box, Mark
from detectors.picture import Picture

__all__ = ["cleanness", "judged"]

VERSION: Final = "1"

_LEAST_SIDE: Final = 48  # working pixels: below this a mark has no plain areas worth the name
_PLAIN: Final = 20.0  # per cent of places, the plainest, whose grain is compared
_GRAIN: Final = 1.0  # grey levels: surroundings with less have no grain to speak of
_WINDOW: Final = (5, 5)


def judged(picture: Picture, mark: Mark) -> Mark:
    """The mark, with ``clean`` set."""
    return msgspec.structs.replace(mark, clean=cleanness(picture, mark.box))


def cleanness(picture: Picture, box: Box) -> float | None:
    """How much cleaner the plain areas in a box are than those around it, 0..1: 0 the same grain or more, 1 none at
    all. None where that cannot be told."""
    x, y, w, h = (round(value / picture.scale) for value in box)
    if min(w, h) < _LEAST_SIDE:
        return None
    grain = _grain(picture.gray, x, y, w, h)
    if grain is None:
        return None
    inside, outside = grain
    return round(max(0.0, 1.0 - inside / outside), 4)


def _grain(gray: npt.NDArray[np.uint8], x: int, y: int, w: int, h: int) -> tuple[float, float] | None:
    """Grey levels by which the plainest places vary, within the box and in the ring of its own width around it."""
    height, width = gray.shape
    left, top = max(0, x - w // 2), max(0, y - h // 2)
    right, bottom = min(width, x + w + w // 2), min(height, y + h + h // 2)
    part = gray[top:bottom, left:right].astype(np.float32)
    mean = cv2.blur(part, _WINDOW)
    spread = np.sqrt(np.maximum(cv2.blur(part * part, _WINDOW) - mean * mean, 0.0))
    within = np.zeros(spread.shape, np.bool_)
    within[max(0, y - top) : y - top + h, max(0, x - left) : x - left + w] = True
    clipped = (mean > 250) | (mean < 5)  # burnt-out and black areas have no grain in any photo
    inside, outside = spread[within], spread[~within & ~clipped]
    if inside.size < _LEAST_SIDE**2 or outside.size < _LEAST_SIDE**2:
        return None
    around = float(np.percentile(outside, _PLAIN))
    return (float(np.percentile(inside, _PLAIN)), around) if around >= _GRAIN else None
