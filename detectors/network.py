"""Runs a kit's own mark network over an image pyramid, with onnxruntime.

The network (see ``training/network.py``) sees marks of about 12 to 60 px; each level of the pyramid halves the picture,
so that a mark of any size is of that size in some level. One thread, no state between pictures.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detectors.brand import Kit, verified_bytes
from detectors.picture import Picture

BASE: Final = 800
"""Long side, px, of the finest level: a mark of 24 px in the working picture (1280) is 15 px there."""
LEAST_LOGIT: Final = -3.0

_STRIDE: Final = 8
_MULTIPLE: Final = 16
_MARGIN: Final = 12
_LAST_LEVEL: Final = 28
_FAMILIAR: Final = 32.0
_MOST: Final = 50


Spot = tuple[float, float, float]
"""A suspected mark: its middle (x, y) and side, px of the working picture."""


class Sighting(NamedTuple):
    """What the network takes for a mark: its logit (uncalibrated), and the (2, 3) matrix from the unit square to the
    working picture."""

    mark: str
    logit: float
    pose: NDArray[np.float64]


def sightings(picture: Picture, kit: Kit, close: tuple[Spot, ...] = ()) -> list[Sighting]:
    """Peaks of every level, best first, at most ``_MOST``; none where the kit has no network.

    ``close``: places that deserve a look enlarged, because a cheaper stage suspects a mark too small for the levels.
    """
    if kit.model is None:
        return []
    found = [seen for spot in close for seen in _enlarged(picture, spot, kit)]
    longest = max(picture.rgb.shape[:2])
    scale = min(1.0, BASE / longest)
    level = _resized(picture.rgb, scale)
    while True:
        found += _peaks(level, scale, kit)
        scale /= 2
        if longest * scale < _LAST_LEVEL:
            break
        level = _resized(picture.rgb if scale > 0.5 else level, scale, picture.rgb.shape)
    return sorted(found, key=lambda each: (-each.logit, each.mark, each.pose.tolist()))[:_MOST]


def _enlarged(picture: Picture, spot: Spot, kit: Kit) -> list[Sighting]:
    """What the network sees around one spot, scaled so that a mark of the spot's side is ``_FAMILIAR`` px."""
    x, y, side = spot
    height, width = picture.rgb.shape[:2]
    left, top = max(0, round(x - 2 * side)), max(0, round(y - 2 * side))
    crop = picture.rgb[top : min(height, round(y + 2 * side)), left : min(width, round(x + 2 * side))]
    if min(crop.shape[:2]) < 2:
        return []
    scale = _FAMILIAR / side
    enlarged = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    offset = np.array([[0.0, 0.0, left], [0.0, 0.0, top]])
    return [each._replace(pose=each.pose + offset) for each in _peaks(np.asarray(enlarged, np.uint8), scale, kit)]


def _resized(pixels: NDArray[np.uint8], scale: float, full: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    height, width = (full or pixels.shape)[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _peaks(level: NDArray[np.uint8], scale: float, kit: Kit) -> list[Sighting]:
    height, width = level.shape[:2]
    right, bottom = ((-extent - 2 * _MARGIN) % _MULTIPLE + _MARGIN for extent in (width, height))
    edge = np.concatenate([level[0], level[-1], level[:, 0], level[:, -1]])
    ground = [float(value) for value in np.median(edge, axis=0)]
    framed = cv2.copyMakeBorder(level, _MARGIN, bottom, _MARGIN, right, cv2.BORDER_CONSTANT, value=ground)
    planes = np.ascontiguousarray((framed.transpose(2, 0, 1)[None].astype(np.float32) - 128) / 64)
    session = _network(kit)
    cells = np.asarray(session.run(None, {session.get_inputs()[0].name: planes})[0], np.float32)[0]
    assert kit.model is not None
    names = kit.model.marks
    found: list[Sighting] = []
    for index, name in enumerate(names):
        logits = cells[index]
        highest = cv2.dilate(logits, np.ones((3, 3), np.uint8))
        for row, column in np.argwhere((logits >= highest) & (logits > LEAST_LOGIT)):
            dx, dy, size, cos, sin = (float(value) for value in cells[len(names) :, row, column])
            x, y = (column + 0.5 + dx) * _STRIDE - _MARGIN, (row + 0.5 + dy) * _STRIDE - _MARGIN
            side = math.exp(min(max(size, -1.0), 3.0)) * _STRIDE
            norm = math.hypot(cos, sin) or 1.0
            linear = side / norm * np.array([[cos, -sin], [sin, cos]])
            corner = np.array([x, y]) - linear @ (0.5, 0.5)
            pose = np.concatenate([linear, corner[:, None]], axis=1) / scale
            found.append(Sighting(name, float(logits[row, column]), pose))
    return found


@functools.lru_cache(maxsize=4)
def _network(kit: Kit) -> onnxruntime.InferenceSession:
    assert kit.model is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # one is kept for each shape, and strangers choose the shapes
    options.log_severity_level = 3
    data = verified_bytes(kit.path(kit.model.file), kit.model.sha256)
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
