"""Runs a kit's own mark network with onnxruntime: over a pyramid of the picture, and more closely at single spots.

The network (see ``training/network.py``) sees marks of about 12 to 60 px; each level of the pyramid halves the picture,
so that a mark of any size is of that size in some level. One thread, no state between pictures.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detectors.brand import Kit, verified_bytes
from detectors.picture import Picture
from detectors.poses import Pose, agreement, box, side

BASE: Final = 800
"""Long side, px, of the finest level: a mark of 24 px in the working picture (1280) is 15 px there."""
LEAST_LOGIT: Final = -3.0
"""Peaks below it are not told."""

_STRIDE: Final = 8
_MULTIPLE: Final = 16
_MARGIN: Final = 12
_LAST_LEVEL: Final = 28
_MOST: Final = 24
_AROUND: Final = np.ones((3, 3), np.uint8)
_WINDOW: Final = 96  # px of a closer look
_SAME: Final = 0.3

Pixels = NDArray[np.uint8]


class Level(NamedTuple):
    """The picture at a scale: px of it a px of the working picture."""

    scale: float
    rgb: Pixels


Spot = tuple[float, float, float]
"""A suspected mark: its middle (x, y) and side, px of the working picture."""


class Sighting(NamedTuple):
    """What the network takes for a mark: its logit (uncalibrated), and the (2, 3) matrix from the unit square to the
    working picture."""

    mark: str
    logit: float
    pose: Pose


def pyramid(picture: Picture) -> tuple[Level, ...]:
    """The picture at ``BASE`` and at every half of it, down to ``_LAST_LEVEL`` px."""
    longest = max(picture.rgb.shape[:2])
    scale = min(1.0, BASE / longest)
    rgb = picture.rgb if scale == 1 else _resized(picture.rgb, scale, picture.rgb.shape, cv2.INTER_LINEAR)
    levels = [Level(scale, rgb)]
    while longest * scale / 2 >= _LAST_LEVEL:
        scale /= 2
        levels.append(Level(scale, _resized(levels[-1].rgb, scale, picture.rgb.shape, cv2.INTER_AREA)))
    return tuple(levels)


def sightings(levels: Sequence[Level], kit: Kit) -> list[Sighting]:
    """The peaks of all levels, best first, at most ``_MOST`` of a level and mark. The kit has a network."""
    found: list[Sighting] = []
    for level in levels:
        height, width = level.rgb.shape[:2]
        right, bottom = ((-extent - 2 * _MARGIN) % _MULTIPLE + _MARGIN for extent in (width, height))
        edge = np.concatenate([level.rgb[0], level.rgb[-1], level.rgb[:, 0], level.rgb[:, -1]])
        ground = [float(value) for value in np.median(edge, axis=0)]
        framed = cv2.copyMakeBorder(level.rgb, _MARGIN, bottom, _MARGIN, right, cv2.BORDER_CONSTANT, value=ground)
        for seen in _peaks(np.asarray(framed, np.uint8), kit):
            pose = seen.pose.copy()
            pose[:, 2] -= _MARGIN
            found.append(seen._replace(pose=pose / level.scale))
    return sorted(found, key=lambda each: (-each.logit, each.mark, each.pose.tolist()))


def glimpse(picture: Picture, levels: Sequence[Level], kit: Kit, spot: Spot, size: float) -> list[Sighting]:
    """The peaks in a window around one spot, scaled so that a mark of the spot's side is ``size`` px."""
    x, y, extent = spot
    scale = size / extent
    source = min((each for each in (Level(1.0, picture.rgb), *levels) if each.scale >= min(scale, 1)), key=_scale)
    ratio = scale / source.scale
    middle = (_WINDOW - 1) / 2
    corner = np.array([middle - scale * x, middle - scale * y])
    place = np.array([[ratio, 0, corner[0]], [0, ratio, corner[1]]])
    window = cv2.warpAffine(source.rgb, place, (_WINDOW, _WINDOW), borderMode=cv2.BORDER_REPLICATE)
    found = []
    for seen in _peaks(np.asarray(window, np.uint8), kit):
        pose = seen.pose.copy()
        pose[:, 2] -= corner
        found.append(seen._replace(pose=pose / scale))
    return found


def again(picture: Picture, levels: Sequence[Level], kit: Kit, seen: Sighting, size: float) -> Sighting | None:
    """The same mark at the same place when looked at with a side of ``size`` px; None where it is not seen then."""
    place = box(seen.pose)
    x, y, w, h = place
    looked = glimpse(picture, levels, kit, (x + w / 2, y + h / 2, max(side(seen.pose), 4.0)), size)
    same = [each for each in looked if each.mark == seen.mark and agreement(box(each.pose), place) > _SAME]
    return max(same, key=_logit, default=None)


def _logit(seen: Sighting) -> float:
    return seen.logit


def _scale(level: Level) -> float:
    return level.scale


def _resized(pixels: Pixels, scale: float, full: tuple[int, ...], method: int) -> Pixels:
    size = (max(1, round(full[1] * scale)), max(1, round(full[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _peaks(pixels: Pixels, kit: Kit) -> list[Sighting]:
    """What the network sees in RGB whose sides are multiples of 16, in px of it."""
    assert kit.model is not None
    session = _network(kit)
    planes = cv2.dnn.blobFromImage(pixels, 1 / 64, mean=(128, 128, 128))
    cells = np.asarray(session.run(None, {session.get_inputs()[0].name: planes})[0], np.float32)[0]
    names = kit.model.marks
    found: list[Sighting] = []
    for name, logits in zip(names, cells, strict=False):
        if logits.max() <= LEAST_LOGIT:
            continue
        rows, columns = np.nonzero((logits > LEAST_LOGIT) & (logits >= cv2.dilate(logits, _AROUND)))
        best = np.argsort(-logits[rows, columns], kind="stable")[:_MOST]
        rows, columns = rows[best], columns[best]
        dx, dy, size, cos, sin = cells[len(names) :, rows, columns].astype(np.float64)
        x, y = (columns + 0.5 + dx) * _STRIDE, (rows + 0.5 + dy) * _STRIDE
        extent = np.exp(np.clip(size, -1.0, 3.0)) * _STRIDE / np.maximum(np.hypot(cos, sin), 1e-6)
        a, b, wide = extent * cos / 2, extent * sin / 2, math.sqrt(_aspect(kit, name))
        across, down = np.array([a, b]) * wide, np.array([-b, a]) / wide
        poses = np.array([2 * across, 2 * down, np.array([x, y]) - across - down]).transpose(2, 1, 0)
        found += [Sighting(name, float(logit), pose) for logit, pose in zip(logits[rows, columns], poses, strict=True)]
    return found


@functools.lru_cache(maxsize=64)
def _aspect(kit: Kit, mark: str) -> float:
    """Width over height: the geometric mean over the mark's drawings."""
    ratios = []
    for asset in kit.of_mark(mark):
        height, width = kit.picture(asset).shape[:2]
        ratios.append(math.log(asset.box[2] * width / (asset.box[3] * height)))
    return math.exp(sum(ratios) / len(ratios))


@functools.lru_cache(maxsize=4)
def _network(kit: Kit) -> onnxruntime.InferenceSession:
    assert kit.model is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # one is kept for each shape, and strangers choose the shapes
    options.log_severity_level = 3
    data = verified_bytes(kit.path(kit.model.file), kit.model.sha256)
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
