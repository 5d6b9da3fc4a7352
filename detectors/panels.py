"""Pictures within a picture: what is left of one once borders, bars and the plain ground of a page are taken away.

A letterboxed frame, a framed photo and a screenshot of a feed hold a whole picture on a ground of one tone. Its box is
found, and hashed like a picture of its own: so one look at the index finds what the hash of the whole cannot, also
where too little texture is left for local features.
"""

from __future__ import annotations

from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from detectors.brand import Kit
from detectors.evidence import Box, Panel
from detectors.fingerprint import fingerprint
from detectors.picture import Picture
from detectors.resemblance import resemblances

__all__ = ["panels", "seen"]

Pixels = npt.NDArray[np.uint8]

_SMALL: Final = 256  # longer side of the copy that boxes are looked for in
_ONE_TONE: Final = 10  # grey levels from the ground within which a pixel belongs to it
_GROUND: Final = 0.3  # least share of the picture's edge that has the ground's tone
_LEAST: Final = 0.08  # of the whole picture's area
_MOST: Final = 0.97
_FULL: Final = 0.6  # least share of a box that is not ground
_EDGE: Final = 0.5  # least share of an edge's row or column that is not ground
_KEPT: Final = 2
OFFICIAL: Final = 31
"""PDQ's own bound of a match, in bits."""


def seen(picture: Picture, kit: Kit) -> tuple[Panel, ...]:
    """The panels of a picture, boxes in its full size; without those that are the kit's own pictures."""
    found = (msgspec.structs.replace(p, box=_scaled(p.box, picture.scale)) for p in panels(picture.gray))
    return tuple(p for p in found if all(r.distance > OFFICIAL for r in resemblances(p, kit)))


def panels(gray: Pixels) -> tuple[Panel, ...]:
    """The pictures, at most ``_KEPT``, that lie on one plain ground in (H, W) uint8 luma, the largest first; none where
    the edge of the picture is not mostly of one tone. Boxes are in pixels of ``gray``."""
    ratio = min(1.0, _SMALL / max(gray.shape))
    size = (max(1, round(gray.shape[1] * ratio)), max(1, round(gray.shape[0] * ratio)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    ground = _ground(small)
    if ground is None:
        return ()
    mask = _differs(small, ground).astype(np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    found = []
    for x, y, w, h, area in sorted(stats[1:].tolist(), key=lambda s: (-s[2] * s[3], s)):
        if _LEAST <= w * h / small.size <= _MOST and area >= _FULL * w * h:
            box = _exact(gray, ground, (x / ratio, y / ratio, w / ratio, h / ratio))
            if box is not None:
                found.append(box)
    return tuple(_panel(gray, box) for box in found[:_KEPT])


def _panel(gray: Pixels, box: tuple[int, int, int, int]) -> Panel:
    x, y, w, h = box
    print_ = fingerprint(gray[y : y + h, x : x + w])
    return Panel(box=(x, y, w, h), pdq=print_.pdq, orientations=print_.orientations, quality=print_.quality)


def _scaled(box: Box, scale: float) -> Box:
    x, y, w, h = (round(value * scale, 1) for value in box)
    return x, y, w, h


def _differs(gray: Pixels, ground: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(gray.astype(np.int16) - ground) > _ONE_TONE)


def _ground(small: Pixels) -> int | None:
    """The tone that most of the picture's edge has."""
    edge = np.concatenate((small[0], small[-1], small[:, 0], small[:, -1]))
    tone = int(np.argmax(np.convolve(np.bincount(edge, minlength=256), np.ones(9), "same")))
    share = (np.abs(edge.astype(np.int16) - tone) <= _ONE_TONE).mean()
    return tone if share >= _GROUND else None


def _exact(gray: Pixels, ground: int, rough: tuple[float, float, float, float]) -> tuple[int, int, int, int] | None:
    """The box to the pixel: within what is nearly it, the first and last rows and columns that are not ground."""
    x, y, w, h = rough
    margin = 1.5 * max(gray.shape) / _SMALL
    top, left = max(0, round(y - margin)), max(0, round(x - margin))
    part = gray[top : round(y + h + margin), left : round(x + w + margin)]
    mask = _differs(part, ground)
    middle = mask[mask.shape[0] // 8 : -(mask.shape[0] // 8) or None]
    columns = np.flatnonzero(middle.mean(axis=0) >= _EDGE)
    rows = np.flatnonzero(mask[:, mask.shape[1] // 8 : -(mask.shape[1] // 8) or None].mean(axis=1) >= _EDGE)
    if not len(columns) or not len(rows):
        return None
    width, height = int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
    if min(width, height) < 32 or width * height < 0.8 * w * h:
        return None
    return left + int(columns[0]), top + int(rows[0]), width, height
