"""Marks that hold another, such as a lock-up: where the mark was found, does the rest stand beside it?"""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import Fractions, Kit
from detectors.picture import Picture
from detectors.poses import Pose, sample

_HEIGHT: Final = 32
_WINDOW: Final[Fractions] = (0.0, -0.15, 1.1, 1.3)
_SCALES: Final = (0.9, 1.0, 1.08)
_FLAT: Final = 4.0


class _Part(NamedTuple):
    """What stands to the right of the held mark in one drawing, at a height of 32 px and near scales."""

    group: str
    width: int
    start: int
    inner: NDArray[np.float64]  # (3, 3): from the group's unit square to the held mark's
    templates: tuple[NDArray[np.float32], ...]


def groups(picture: Picture, kit: Kit, mark: str, pose: Pose) -> list[tuple[str, float, Pose]]:
    """For each mark of the kit that holds ``mark``: its name, |correlation| 0..1 of its other part, and its pose."""
    best: dict[str, tuple[str, float, Pose]] = {}
    for part in _parts(kit, mark):
        outer = pose @ part.inner
        likeness = _likeness(picture, part, outer)
        if part.group not in best or likeness > best[part.group][1]:
            best[part.group] = (part.group, likeness, outer)
    return list(best.values())


def _likeness(picture: Picture, part: _Part, pose: Pose) -> float:
    """Best over small shifts and scales."""
    strip = sample(picture.gray, pose, _WINDOW, round(part.width * _WINDOW[2]), round(_HEIGHT * _WINDOW[3]))
    beside = np.asarray(strip[:, max(0, part.start - 4) :], np.float32)
    if beside.std() < _FLAT:
        return 0.0
    best = 0.0
    for template in part.templates:
        if template.shape[0] <= beside.shape[0] and template.shape[1] <= beside.shape[1]:
            fit = cv2.matchTemplate(beside, template, cv2.TM_CCOEFF_NORMED)
            best = max(best, float(np.abs(np.nan_to_num(fit, posinf=0.0, neginf=0.0)).max()))
    return min(best, 1.0)


@functools.lru_cache(maxsize=32)
def _parts(kit: Kit, mark: str) -> tuple[_Part, ...]:
    """One part for each shape: variants that differ in colour only are the same, for colour is not looked at here."""
    parts: dict[bytes, _Part] = {}
    for asset in kit.assets:
        if asset.mark is None or mark not in asset.holds:
            continue
        x, y, w, h = asset.holds[mark]
        drawn = kit.picture(asset)[..., 3]
        width = round(_HEIGHT * drawn.shape[1] / drawn.shape[0])
        start = round((x + w) * width)
        small = np.asarray(cv2.resize(drawn, (width, _HEIGHT), interpolation=cv2.INTER_AREA)[:, start:], np.float32)
        scaled = (cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for scale in _SCALES)
        inner = np.array([[1 / w, 0, -x / w], [0, 1 / h, -y / h], [0, 0, 1]])
        templates = tuple(np.asarray(each, np.float32) for each in scaled)
        parts.setdefault(drawn.tobytes(), _Part(asset.mark, width, start, inner, templates))
    return tuple(parts.values())
