"""Marks that hold another, such as a lock-up: where the mark was found, does the rest stand beside it?"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from detectors.brand import Asset, Fractions, Kit
from detectors.picture import Picture
from detectors.poses import Pose, sample

_HEIGHT: Final = 32
_MARGIN: Final = 0.15
_FLAT: Final = 4.0


def groups(picture: Picture, kit: Kit, mark: str, pose: Pose) -> list[tuple[str, float, Pose]]:
    """For each mark of the kit that holds ``mark``: its name, |correlation| 0..1 of its other part, and its pose."""
    best: dict[str, tuple[str, float, Pose]] = {}
    seen: set[bytes] = set()
    for asset in kit.assets:
        if asset.mark is None or mark not in asset.holds:
            continue
        shape = kit.picture(asset)[..., 3].tobytes()
        if shape in seen:  # variants differ in colour, and colour is not looked at here
            continue
        seen.add(shape)
        held = asset.holds[mark]
        # from the group's unit square to the picture, through the mark's place in it
        inner = np.array([[1 / held[2], 0, -held[0] / held[2]], [0, 1 / held[3], -held[1] / held[3]], [0, 0, 1]])
        outer = pose @ inner
        likeness = _likeness(picture, kit, asset, held, outer)
        if asset.mark not in best or likeness > best[asset.mark][1]:
            best[asset.mark] = (asset.mark, likeness, outer)
    return list(best.values())


def _likeness(picture: Picture, kit: Kit, asset: Asset, held: Fractions, pose: Pose) -> float:
    """Best over small shifts and scales; the other part is what lies to the right of the mark."""
    drawn = kit.picture(asset)[..., 3]
    width = round(_HEIGHT * drawn.shape[1] / drawn.shape[0])
    start = round((held[0] + held[2]) * width)
    part = np.asarray(cv2.resize(drawn, (width, _HEIGHT), interpolation=cv2.INTER_AREA)[:, start:], np.float32)
    window = (0.0, -_MARGIN, 1.1, 1 + 2 * _MARGIN)
    strip = sample(picture.gray, pose, window, round(width * window[2]), round(_HEIGHT * window[3]))
    beside = np.asarray(strip[:, max(0, start - 4) :], np.float32)
    if beside.std() < _FLAT:
        return 0.0
    best = 0.0
    for scale in (0.9, 1.0, 1.08):
        template = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if template.shape[0] <= beside.shape[0] and template.shape[1] <= beside.shape[1]:
            fit = cv2.matchTemplate(beside, template, cv2.TM_CCOEFF_NORMED)
            best = max(best, float(np.abs(np.nan_to_num(fit, posinf=0.0, neginf=0.0)).max()))
    return min(best, 1.0)
