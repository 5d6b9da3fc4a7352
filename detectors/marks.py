"""Where a picture shows a mark of the brand, and how surely: a cascade, cheap stages first.

Scores are probabilities that the mark is there, calibrated on composites; what suffices, the campaign says.
Deterministic and single-threaded. Boxes are in pixels of the full upright picture.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import WHOLE, Asset, Fractions, Kit
from detectors.colour import colour_masks, lab
from detectors.evidence import Box, Mark
from detectors.picture import Picture
from detectors.silhouette import Outline, outlines

VERSION: Final = "1"
REPORTED: Final = 0.05
"""Marks less likely than this are not told."""

_GRID: Final = 24
_WORD_HEIGHT: Final = 32
_OWN: Final = 30.0  # Delta E within which a drawing's colours are its own
_UNKNOWN: Final = 60.0
_OVERLAP: Final = 0.3

# Log-odds of an outline: constant, similarity, log2(size / 32 px) up to 1, Delta E to the nearest drawing over 60.
_OUTLINE_ODDS: Final = (-34.0, 39.0, 0.6, -1.5)
# Log-odds of a lock-up beside a mark that is there: constant, correlation of the word.
_WORD_ODDS: Final = (-9.0, 18.0)


class _Candidate(NamedTuple):
    mark: str
    probability: float
    pose: NDArray[np.float64]
    stage: str
    variant: str | None


def marks(picture: Picture, kit: Kit) -> tuple[Mark, ...]:
    """Every mark of the kit with a probability of at least ``REPORTED``, most likely first."""
    masks = colour_masks(picture.rgb, kit)
    own = [mask.astype(np.uint8) * 255 for mask in _own_colours(masks)]
    found = [_weigh(picture, kit, outline) for outline in outlines(picture.gray, tuple(own), kit)]
    kept = _best_of_overlapping([candidate for candidate in found if candidate.probability >= REPORTED])
    kept += [group for candidate in kept for group in _groups(picture, kit, candidate)]
    told = [_mark(picture, candidate) for candidate in kept]
    return tuple(sorted(told, key=lambda mark: (-mark.score, mark.name, mark.box)))


def _own_colours(masks: dict[str, NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    """All brand colours as one mask: a mark of several colours is one blob in it."""
    present = [mask for mask in masks.values() if mask.any()]
    return [functools.reduce(np.logical_or, present)] if present else []


def _weigh(picture: Picture, kit: Kit, outline: Outline) -> _Candidate:
    variant, delta = _nearest_drawing(picture, kit, outline)
    size = math.sqrt(abs(float(np.linalg.det(outline.pose[:, :2]))))
    constant, similarity, bigger, stray = _OUTLINE_ODDS
    steps = min(math.log2(max(size, 1) / 32), 1.0)
    odds = constant + similarity * outline.similarity + bigger * steps + stray * delta / _UNKNOWN
    return _Candidate(outline.mark, _logistic(odds), outline.pose, "outline", variant)


def _nearest_drawing(picture: Picture, kit: Kit, outline: Outline) -> tuple[str | None, float]:
    """The variant whose colours the picture shows at that pose (None: none of them), and the mean Delta E to it."""
    seen = lab(_sample(picture.rgb, outline.pose, WHOLE, _GRID, _GRID))
    best, least = None, _UNKNOWN
    for variant, colours, weight in _palettes(kit, outline.mark):
        stray = float((np.linalg.norm(seen - colours, axis=2) * weight).sum())
        if stray < least:
            best, least = variant, stray
    return (best if least < _OWN else None), least


@functools.lru_cache(maxsize=32)
def _palettes(kit: Kit, mark: str) -> tuple[tuple[str | None, NDArray[np.float32], NDArray[np.float32]], ...]:
    """Each drawing that stands alone: variant, Lab on a grid, and the weight of each cell (0 outside, sum 1)."""
    palettes = []
    for asset in kit.of_mark(mark):
        if asset.box == WHOLE:
            small = cv2.resize(kit.picture(asset), (_GRID, _GRID), interpolation=cv2.INTER_AREA)
            inside = (small[..., 3] > 250).astype(np.float32)
            palettes.append((asset.variant, lab(np.ascontiguousarray(small[..., :3])), inside / max(inside.sum(), 1.0)))
    return tuple(palettes)


def _groups(picture: Picture, kit: Kit, candidate: _Candidate) -> list[_Candidate]:
    """Marks that hold this one, such as the lock-up, where the rest of their drawing stands beside it too."""
    best: dict[str, _Candidate] = {}
    for asset in kit.assets:
        if asset.mark is None or candidate.mark not in asset.holds or asset.mark in best:
            continue
        held = asset.holds[candidate.mark]
        # from the group's unit square to the picture, through the mark's place in it
        inner = np.array([[1 / held[2], 0, -held[0] / held[2]], [0, 1 / held[3], -held[1] / held[3]], [0, 0, 1]])
        pose = candidate.pose @ inner
        constant, slope = _WORD_ODDS
        sure = _logistic(constant + slope * _likeness(picture, kit, asset, held, pose)) * candidate.probability
        if sure >= REPORTED:
            best[asset.mark] = _Candidate(asset.mark, sure, pose, candidate.stage, candidate.variant)
    return list(best.values())


def _likeness(picture: Picture, kit: Kit, asset: Asset, held: Fractions, pose: NDArray[np.float64]) -> float:
    """|Correlation| 0..1 of the group's other part with the picture, best over small shifts and scales."""
    drawn = kit.picture(asset)[..., 3]
    width = round(_WORD_HEIGHT * drawn.shape[1] / drawn.shape[0])
    start = round((held[0] + held[2]) * width)
    word = np.asarray(cv2.resize(drawn, (width, _WORD_HEIGHT), interpolation=cv2.INTER_AREA)[:, start:], np.float32)
    strip = _sample(picture.gray, pose, (0.0, -0.15, 1.1, 1.3), round(width * 1.1), round(_WORD_HEIGHT * 1.3))
    strip = np.asarray(strip[:, start - 4 :], np.float32)
    if strip.std() < 4:
        return 0.0
    best = 0.0
    for scale in (0.9, 1.0, 1.08):
        template = cv2.resize(word, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if template.shape[0] <= strip.shape[0] and template.shape[1] <= strip.shape[1]:
            fit = np.nan_to_num(cv2.matchTemplate(strip, template, cv2.TM_CCOEFF_NORMED), posinf=0.0, neginf=0.0)
            best = max(best, float(np.abs(fit).max()))
    return min(best, 1.0)


def _sample(
    pixels: NDArray[np.uint8], pose: NDArray[np.float64], window: Fractions, width: int, height: int
) -> NDArray[np.uint8]:
    """(height, width, …) pixels of the picture under a window of the drawing's unit square."""
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


def _best_of_overlapping(candidates: list[_Candidate]) -> list[_Candidate]:
    kept: list[_Candidate] = []
    boxes: list[Box] = []
    for candidate in sorted(candidates, key=lambda each: (-each.probability, each.mark, each.pose.tolist())):
        box = _box(candidate.pose)
        if all(_shared(box, other) < _OVERLAP for other in boxes):
            kept.append(candidate)
            boxes.append(box)
    return kept


def _shared(a: Box, b: Box) -> float:
    """Intersection over the smaller box: a part of a mark is not a mark of its own."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0) / max(min(a[2] * a[3], b[2] * b[3]), 1e-6)


def _box(pose: NDArray[np.float64]) -> Box:
    corners = pose @ np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], np.float64)
    (left, top), (right, bottom) = corners.min(axis=1), corners.max(axis=1)
    return float(left), float(top), float(right - left), float(bottom - top)


def _mark(picture: Picture, candidate: _Candidate) -> Mark:
    """In full pixels, cut to the picture, rounded to tenths."""
    x, y, w, h = (value * picture.scale for value in _box(candidate.pose))
    left, top = min(max(x, 0.0), picture.width), min(max(y, 0.0), picture.height)
    right, bottom = min(max(x + w, left), picture.width), min(max(y + h, top), picture.height)
    return Mark(
        name=candidate.mark,
        score=round(candidate.probability, 4),
        box=(round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)),
        stage=candidate.stage,
        variant=candidate.variant,
    )


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
