"""Poses: (2, 3) affine matrices from a drawing's unit square (x right, y down) to pixels of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import Fractions
from detectors.evidence import Box

Pose = NDArray[np.float64]


def sample(pixels: NDArray[np.uint8], pose: Pose, window: Fractions, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, …) pixels of the picture under a window of the unit square, linearly interpolated."""
    x, y, w, h = window
    cells = np.array([[w / width, 0, x + w / width / 2], [0, h / height, y + h / height / 2], [0, 0, 1]])
    sampled = cv2.warpAffine(
        pixels,
        pose @ cells,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(sampled, np.uint8)


def side(pose: Pose) -> float:
    """The side in px of a square of the pose's area."""
    return float(np.sqrt(abs(np.linalg.det(pose[:, :2]))))


def box(pose: Pose) -> Box:
    """The upright box around the posed unit square."""
    x, y, w, h = boxes(pose[None])[0].tolist()
    return x, y, w, h


def boxes(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """``box`` of each of (N, 2, 3) poses, (N, 4)."""
    corners = poses @ np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], np.float64)
    low = corners.min(axis=2)
    return np.concatenate([low, corners.max(axis=2) - low], axis=1)


def shared(a: Box, b: Box) -> float:
    """Intersection over the smaller box, 0..1: a part of a mark is not a mark of its own."""
    return _both(a, b) / max(min(a[2] * a[3], b[2] * b[3]), 1e-6)


def agreement(a: Box, b: Box) -> float:
    """Intersection over union, 0..1: the same place and the same size."""
    both = _both(a, b)
    return both / max(a[2] * a[3] + b[2] * b[3] - both, 1e-6)


def agreements(boxes: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """``agreement`` of each of (N, 4) boxes with one."""
    low = np.maximum(boxes[:, :2], place[:2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], place[:2] + place[2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    return np.asarray(both / np.maximum(boxes[:, 2:].prod(axis=1) + place[2:].prod() - both, 1e-6))


def _both(a: Box, b: Box) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0)
