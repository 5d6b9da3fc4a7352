"""Where a picture shows a mark of the brand, and how surely: a cascade, cheap stages first.

0. colour: brand colours side by side; where they are small, the place is looked at enlarged.
1. outline: blobs against the drawn silhouettes; a plain mark in its own colours is settled here.
2. network: the kit's own detector over a pyramid, where the outlines settled nothing.
3. beside: what holds a mark (a lock-up) is looked for where the mark was found.

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

from detectors.brand import WHOLE, Kit
from detectors.colour import Neighbours, beside, colour_masks, lab
from detectors.evidence import Box, Mark
from detectors.groups import groups
from detectors.network import BASE, LEAST_LOGIT, Sighting, sightings
from detectors.picture import WORKING, Picture
from detectors.poses import Pose, agreement, box, sample, shared, side
from detectors.silhouette import Outline, in_mask, in_tones

VERSION: Final = "2"
REPORTED: Final = 0.05
"""Marks less likely than this are not told."""

_SETTLED: Final = 0.99
_GRID: Final = 24
_OWN: Final = 30.0  # Delta E within which a drawing's colours are its own
_UNKNOWN: Final = 60.0
_OVERLAP: Final = 0.3
_SAME: Final = 0.45

# Log-odds of an outline: constant, similarity, log2(side / 32 px) up to 1, Delta E to the nearest drawing over 60.
_OUTLINE_ODDS: Final = (-34.0, 39.0, 0.6, -1.5)
_SMALL: Final = 36.0  # px; larger marks the network's own levels show well
_CLOSE: Final = 0.3
_ENLARGED: Final = 4
_NO_OUTLINE: Final = -9.0
_NO_SIGHTING: Final = LEAST_LOGIT - 1.0
# Log-odds of a group where its mark is certain: constant, correlation of its other part.
_GROUP_ODDS: Final = (-9.0, 18.0)


class Candidate(NamedTuple):
    """A place that may hold a mark, with what each stage says of it: log-odds of the outline and logit of the network
    (each at its floor where that stage did not see it; None where the network was not asked), and how close its
    colours are to the brand's neighbours."""

    mark: str
    pose: Pose
    outline: float
    network: float | None
    variant: str | None
    colour: float = 0.0


def marks(picture: Picture, kit: Kit) -> tuple[Mark, ...]:
    """Every mark of the kit with a probability of at least ``REPORTED``, most likely first."""
    found: list[Mark] = []
    for candidate in candidates(picture, kit):
        sure = probability(candidate, kit)
        stage = "outline" if candidate.network in (None, _NO_SIGHTING) else "network"
        if sure < REPORTED:
            continue
        found.append(_mark(picture, candidate.mark, sure, candidate.pose, stage, candidate.variant))
        for name, likeness, pose in groups(picture, kit, candidate.mark, candidate.pose):
            together = sure * _logistic(_GROUP_ODDS[0] + _GROUP_ODDS[1] * likeness)
            if together >= REPORTED:
                found.append(_mark(picture, name, together, pose, "beside", candidate.variant))
    return tuple(sorted(found, key=lambda mark: (-mark.score, mark.name, mark.box)))


def candidates(picture: Picture, kit: Kit) -> list[Candidate]:
    """What the stages propose, one candidate a place, the most likely first."""
    masks = colour_masks(picture.rgb, kit)
    present = [mask for mask in masks.values() if mask.any()]
    found = in_mask(functools.reduce(np.logical_or, present).astype(np.uint8) * 255, kit) if present else []
    found += in_tones(picture.gray, kit, WORKING if kit.model is None else BASE)
    proposed = [_outlined(picture, kit, outline) for outline in found]
    neighbours = beside(masks, kit)
    if not any(each.variant and _logistic(each.outline) >= _SETTLED for each in proposed):
        small = [(each.x, each.y, each.side) for each in neighbours if each.side < _SMALL and each.closeness > _CLOSE]
        asked = [each._replace(network=_NO_SIGHTING) for each in proposed] if kit.model else proposed
        proposed = asked + [_sighted(sighting) for sighting in sightings(picture, kit, tuple(small[:_ENLARGED]))]
    return _one_a_place([_coloured(each, neighbours) for each in proposed], kit)


def _coloured(candidate: Candidate, neighbours: list[Neighbours]) -> Candidate:
    """With the closeness of the best brand neighbours that lie in the candidate and are of about its size."""
    x, y, w, h = box(candidate.pose)
    inside = [
        each.closeness
        for each in neighbours
        if x <= each.x <= x + w and y <= each.y <= y + h and 0.4 < each.side / max(side(candidate.pose), 1) < 1.8
    ]
    return candidate._replace(colour=max(inside, default=0.0))


def probability(candidate: Candidate, kit: Kit) -> float:
    """The calibrated probability, 0..1; where no network was asked, by the outline alone."""
    if kit.model is None or candidate.network is None:
        return _logistic(candidate.outline)
    constant, network, outline, colour = kit.model.calibration
    odds = constant + network * candidate.network + outline * candidate.outline + colour * candidate.colour
    return _logistic(odds)


def _outlined(picture: Picture, kit: Kit, outline: Outline) -> Candidate:
    variant, delta = _nearest_drawing(picture, kit, outline)
    constant, similarity, bigger, stray = _OUTLINE_ODDS
    steps = min(math.log2(max(side(outline.pose), 1) / 32), 1.0)
    odds = constant + similarity * outline.similarity + bigger * steps + stray * delta / _UNKNOWN
    return Candidate(outline.mark, outline.pose, max(odds, _NO_OUTLINE), None, variant)


def _sighted(sighting: Sighting) -> Candidate:
    return Candidate(sighting.mark, sighting.pose, _NO_OUTLINE, sighting.logit, None)


def _one_a_place(proposed: list[Candidate], kit: Kit) -> list[Candidate]:
    """Candidates of one mark that agree in their box speak of one thing, and the best of each stage is kept; then the
    likeliest mark a place."""
    merged: list[Candidate] = []
    boxes: list[Box] = []
    for one in _likeliest_first(proposed, kit):
        place = box(one.pose)
        for index, other in enumerate(merged):
            if one.mark == other.mark and agreement(place, boxes[index]) > _SAME:
                finer = max(one, other, key=lambda each: each.outline)  # an outline is placed to the pixel
                merged[index] = other._replace(
                    pose=finer.pose if finer.outline > 0 else other.pose,
                    outline=max(one.outline, other.outline),
                    network=_higher(one.network, other.network),
                    colour=max(one.colour, other.colour),
                    variant=other.variant or one.variant,
                )
                break
        else:
            merged.append(one)
            boxes.append(place)
    kept: list[Candidate] = []
    taken: list[Box] = []
    for one in _likeliest_first(merged, kit):
        place = box(one.pose)
        if all(shared(place, other) < _OVERLAP for other in taken):
            kept.append(one)
            taken.append(place)
    return kept


def _higher(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)


def _likeliest_first(those: list[Candidate], kit: Kit) -> list[Candidate]:
    return sorted(those, key=lambda each: (-probability(each, kit), each.mark, each.pose.tolist()))


def _nearest_drawing(picture: Picture, kit: Kit, outline: Outline) -> tuple[str | None, float]:
    """The variant whose colours the picture shows at that pose (None: none of them), and the mean Delta E to it."""
    seen = lab(sample(picture.rgb, outline.pose, WHOLE, _GRID, _GRID))
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


def _mark(picture: Picture, name: str, sure: float, pose: Pose, stage: str, variant: str | None) -> Mark:
    """In full pixels, cut to the picture, rounded to tenths."""
    x, y, w, h = (value * picture.scale for value in box(pose))
    left, top = min(max(x, 0.0), picture.width), min(max(y, 0.0), picture.height)
    right, bottom = min(max(x + w, left), picture.width), min(max(y + h, top), picture.height)
    return Mark(
        name=name,
        score=round(sure, 4),
        box=(round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)),
        stage=stage,
        variant=variant,
    )


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
