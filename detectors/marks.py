"""Where a picture shows a mark of the brand, and how surely: a cascade, each stage asked where the last left doubt.

1. network: the kit's own detector over a pyramid; small spots in the brand's colours are looked at enlarged.
2. closer: each place that may be a mark is looked at again at sizes of its own, and its outline is compared.
3. beside: what holds a mark (a lock-up) is looked for where the mark was found.

A kit without a network goes by outlines alone. Scores are probabilities that the mark is there, calibrated on
composites; what suffices, the campaign says. Deterministic and single-threaded. Boxes are in pixels of the full upright
picture.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import WHOLE, Kit
from detectors.colour import lab, seen
from detectors.evidence import Box, Mark
from detectors.groups import groups
from detectors.network import LEAST_LOGIT, Level, Sighting, again, glimpse, pyramid, sightings
from detectors.picture import WORKING, Picture
from detectors.poses import Pose, agreements, box, boxes, sample, shared, side
from detectors.silhouette import Outline, at, in_mask, in_tones

VERSION: Final = "4"
REPORTED: Final = 0.05
"""Marks less likely than this are not told."""

_GRID: Final = 24
_OWN: Final = 30.0  # Delta E within which a drawing's colours are its own
_UNKNOWN: Final = 60.0
_OVERLAP: Final = 0.3
_SAME: Final = 0.45

_DOUBTFUL: Final = -1.7  # logit from which a place is looked at again
_MOST: Final = 5
_HOPELESS: Final = -1.2  # mean logit below which no outline would save a place
_LOOKS: Final = (22.0, 40.0)  # px of a mark's side when it is looked at again
_UNSEEN: Final = LEAST_LOGIT - 1.0
_ALIKE: Final = 0.9  # similarity of an outline from which it speaks for the mark, and its place is the better one
_SMALL: Final = 36.0  # px; larger marks the network's own levels show well
_CLOSE: Final = 0.3
_ENLARGED: Final = 4
_FAMILIAR: Final = 32.0

# Log-odds of an outline where there is no network: constant, similarity, log2(side / 32 px) up to 1, Delta E to the
# nearest drawing over 60.
_OUTLINE_ODDS: Final = (-34.0, 39.0, 0.6, -1.5)
# Log-odds of a group where its mark is certain: constant, correlation of its other part.
_GROUP_ODDS: Final = (-9.0, 18.0)


class Findings(NamedTuple):
    """What is known of one place: the mean logit over the looks, the second best logit among the pyramid's levels, and
    how far the outline's similarity exceeds ``_ALIKE`` (in tenths, at least 0). The calibration weighs these."""

    logit: float
    again: float
    outline: float


class Candidate(NamedTuple):
    """A place that may hold a mark, and the log-odds that it does; ``findings`` where a network was asked."""

    mark: str
    pose: Pose
    odds: float
    findings: Findings | None


def marks(picture: Picture, kit: Kit) -> tuple[Mark, ...]:
    """Every mark of the kit with a probability of at least ``REPORTED``, most likely first."""
    found: list[Mark] = []
    for candidate in candidates(picture, kit):
        sure = _logistic(candidate.odds)
        if sure < REPORTED:
            continue
        stage = "outline" if candidate.findings is None else "network"
        variant, _ = _nearest_drawing(picture, kit, candidate.mark, candidate.pose)
        found.append(_mark(picture, candidate.mark, sure, candidate.pose, stage, variant))
        for name, likeness, pose in groups(picture, kit, candidate.mark, candidate.pose):
            together = sure * _logistic(_GROUP_ODDS[0] + _GROUP_ODDS[1] * likeness)
            if together >= REPORTED:
                found.append(_mark(picture, name, together, pose, "beside", variant))
    return tuple(sorted(found, key=lambda mark: (-mark.score, mark.name, mark.box)))


def candidates(picture: Picture, kit: Kit) -> list[Candidate]:
    """One candidate a place, the most likely first."""
    proposed = _by_outlines(picture, kit) if kit.model is None else _by_network(picture, kit)
    kept: list[Candidate] = []
    taken: list[Box] = []
    for one in sorted(proposed, key=lambda each: (-each.odds, each.mark, each.pose.tolist())):
        place = box(one.pose)
        if all(shared(place, other) < _OVERLAP for other in taken):
            kept.append(one)
            taken.append(place)
    return kept


def _by_network(picture: Picture, kit: Kit) -> list[Candidate]:
    levels = pyramid(picture)
    found = sightings(levels, kit)
    small = [(n.x, n.y, n.side) for n in seen(picture, kit).neighbours if n.side < _SMALL and n.closeness > _CLOSE]
    for spot in small[:_ENLARGED]:
        found += glimpse(picture, levels, kit, spot, _FAMILIAR)
    looked = (_closer(picture, kit, levels, first, second) for first, second in _doubtful(found))
    return [each for each in looked if each is not None]


def _doubtful(found: list[Sighting]) -> list[tuple[Sighting, float]]:
    """The best sighting of each place and mark, best first, with the next best logit there; of few places at most."""
    ranked = sorted(found, key=lambda each: (-each.logit, each.mark, each.pose.tolist()))
    corners = boxes(np.array([each.pose for each in ranked]).reshape(-1, 2, 3))
    names = np.array([each.mark for each in ranked])
    free = np.ones(len(ranked), bool)
    places: list[tuple[Sighting, float]] = []
    for index, one in enumerate(ranked):
        if len(places) == _MOST or one.logit <= _DOUBTFUL:
            break
        if not free[index]:
            continue
        same = free & (names == one.mark) & (agreements(corners, corners[index]) > _SAME)
        free &= ~same
        same[index] = False
        places.append((one, ranked[int(np.argmax(same))].logit if same.any() else _UNSEEN))
    return places


def _closer(picture: Picture, kit: Kit, levels: Sequence[Level], first: Sighting, second: float) -> Candidate | None:
    """The place looked at again: at other sizes, for a mark stays one and chance does not, and by its outline. None as
    soon as there is no hope."""
    assert kit.model is not None
    logits, pose = [first.logit], first.pose
    for size in _LOOKS:
        seen_again = again(picture, levels, kit, first, size)
        logits.append(seen_again.logit if seen_again else _UNSEEN)
        pose = seen_again.pose if seen_again else pose  # the larger, the finer
        if sum(logits) < _HOPELESS * len(logits):
            return None
    outline = at(picture.gray, kit, first.mark, pose)
    alike = max(0.0, outline.similarity - _ALIKE) if outline else 0.0
    findings = Findings(sum(logits) / len(logits), second, 10 * alike)
    constant, *weights = kit.model.calibration
    odds = constant + sum(weight * value for weight, value in zip(weights, findings, strict=True))
    if outline and alike > 0:
        pose = outline.pose  # placed to the pixel
    return Candidate(first.mark, pose, odds, findings)


def _by_outlines(picture: Picture, kit: Kit) -> list[Candidate]:
    masks, step, _ = seen(picture, kit)
    present = [mask for mask in masks.values() if mask.any()]
    coloured = in_mask(functools.reduce(np.logical_or, present).astype(np.uint8) * 255, kit) if present else []
    found = [each._replace(pose=each.pose * step) for each in coloured] + in_tones(picture.gray, kit, WORKING)
    return [_outlined(picture, kit, outline) for outline in found]


def _outlined(picture: Picture, kit: Kit, outline: Outline) -> Candidate:
    _, delta = _nearest_drawing(picture, kit, outline.mark, outline.pose)
    constant, similarity, bigger, stray = _OUTLINE_ODDS
    steps = min(math.log2(max(side(outline.pose), 1) / 32), 1.0)
    odds = constant + similarity * outline.similarity + bigger * steps + stray * delta / _UNKNOWN
    return Candidate(outline.mark, outline.pose, odds, None)


def _nearest_drawing(picture: Picture, kit: Kit, mark: str, pose: Pose) -> tuple[str | None, float]:
    """The variant whose colours the picture shows at that pose (None: none of them), and the mean Delta E to it."""
    seen = lab(sample(picture.rgb, pose, WHOLE, _GRID, _GRID))
    best, least = None, _UNKNOWN
    for variant, colours, weight in _palettes(kit, mark):
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
