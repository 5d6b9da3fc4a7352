"""Whether one picture or clip repeats another: pure on a pair, and the same whichever of the two came first.

First by whole-picture hashes; where these say nothing, two pictures by their local features: enough of them must agree
on where one lies in the other, span enough of one of the two, and what both show must look alike there. Features that
lie on a brand mark or on what everybody shares do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from bot.campaign import Campaign
from bot.campaign.policies import CopyPolicy
from bot.copies.parts import ALWAYS, NEVER, Detail, Sides, bits, hexed, is_doubtful, sides, written
from bot.copies.wholes import BITS, distance, repeat
from detectors.evidence import MediaEvidence, Quad, Value
from detectors.features import Features
from detectors.geometry import Alignment, aligned, inside, mapped, outline

SHARED_LEAST: Final = 3
"""Places at which two pictures must agree by word, signature and geometry before a proof by features is tried. On the
threshold split of benchmarks/copies.py 0.945 of 200 pictures pasted into another at 40 % do, 0.890 at four places; of
unrelated photographs 0.09 in 1,000, 0.04 at four."""

SURE: Final = 14
"""PDQ bits from which whole pictures are the same, whatever lies within. Of 79 copies farther away than that (seed 6 of
benchmarks/copies.py) the features doubted two, under words; screens and posters of one template reach 18 to 30."""
_WHOLE: Final = 0.85  # of either picture seen in the other: nearly the same picture, not a part
_MANY: Final = 30
_SAME: Final = 0.96  # alike, above what different pictures in one app's frame reach on the threshold split
_SHOWN: Final = 0.7  # alike, from which a shared picture is there as a whole; below, only its agreeing points are
_STRAIGHT: Final = 0.75  # alike, below which one picture must lie in the other as straight as editing lays it
_ASKEW: Final = 0.01
"""Of 166 copies under words, or small in others, none lay farther askew; of 130 pairs of photographs of one floor or
one carpet with different things on it, seven in eight did. (Photographs of the threshold split.)"""
_LESS: Final = 0.95  # of the least score of a copy, what hollow proofs reach at most
_MARK: Final = 0.5  # score from which a place holds a brand mark
_ANY: Final = 4  # agreeing features, below which a proof tells nothing: two always agree
_HALF: Final = 10  # agreeing features beyond the least that take the score half of the rest of its way to 1


class Proof(Value):
    """What makes one medium a copy of another. ``distance``: PDQ bits, least over orientations and frames; 256 where
    one has no hash, or where the features decide against it. By local features also ``inliers``, how many agree;
    ``area``, the greater share of a picture that they span; ``alike``, the share of what both show that looks the
    same; ``quad``, where the medium of the lower SHA-256 lies in the other, in pixels of that one, also beyond its
    edges; ``sides``, the link that rests on it, as the one and the other see it; ``doubtful``: what agrees may be a
    frame around different things. ``hollow``: too little agrees for a copy; it
    is kept because it tells which points are a frame. ``detail``: all this as it is stored beside the link."""

    kind: Literal["near", "partial"]
    distance: int
    inliers: int | None = None
    area: float | None = None
    alike: float | None = None
    quad: Quad | None = None

    sides: Sides = ALWAYS
    doubtful: bool = False
    hollow: bool = False
    detail: str = "{}"

    @property
    def certain(self) -> bool:
        """Whether it rests on hashes so near that no features have a say."""
        return self.inliers is None and self.distance <= SURE


@dataclass(frozen=True, eq=False)
class Sight:
    """One medium as a proof sees it. ``ignored``: which of its features do not count."""

    evidence: MediaEvidence
    features: Features | None = None
    ignored: npt.NDArray[np.bool_] | None = None


def sight(evidence: MediaEvidence, features: Features | None, shared: Iterable[Features], campaign: Campaign) -> Sight:
    """What counts in a medium. ``shared``: pictures that everybody shares and that may lie in this one."""
    if features is None:
        return Sight(evidence)
    uncounted = np.zeros(len(features), np.bool_)
    to_full = evidence.width / features.width
    for mark in evidence.marks:
        if mark.score >= _MARK:
            x, y, w, h = (value / to_full for value in mark.box)
            uncounted |= ((features.points >= (x, y)) & (features.points <= (x + w, y + h))).all(axis=1)
    for other in shared:
        found = aligned(other, features)
        if found is not None and found.inliers >= campaign.copies.inliers:
            if found.alike >= _SHOWN:
                uncounted |= inside(features.points, found.matrix, other)
            uncounted[found.pairs[:, 1]] = True
    return Sight(evidence, features, uncounted)


def ignored(first: Sight, second: Sight) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Which features of each do not count; None where a medium has none."""
    return None if first.ignored is None or second.ignored is None else (first.ignored, second.ignored)


def prove(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
    """The proof that two media, given in order of their hashes, are copies of one another; None where there is none.

    By hashes as ``wholes.repeat`` has it; else two pictures that share enough features over enough of one, and look
    the same there (``_weight``), are near where each shows nearly all of the other, else partial. Where hashes leave a
    doubt, and the features know of different things in one frame, these decide.
    """
    whole = repeat(first.evidence, second.evidence, campaign)
    by_hash = None if whole is None else Proof(kind=whole.kind, distance=whole.distance)
    sure = whole is not None and not whole.panel and whole.distance <= SURE
    if first.features is None or second.features is None or sure:
        return by_hash
    local = _by_features(first, second, distance(first.evidence, second.evidence), campaign)
    if whole is None or by_hash is None or local is None:
        return local or by_hash
    if whole.panel:
        return by_hash if local.doubtful else local
    return msgspec.structs.replace(local, distance=BITS) if local.doubtful and not local.hollow else by_hash


def likeliest(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
    """What speaks most for a copy, however little that is: a proof where there is one. For people who look closer."""
    proof = prove(first, second, campaign)
    least = distance(first.evidence, second.evidence)
    if proof is not None and least <= campaign.copies.near < proof.distance:
        return proof  # the features have decided against the hashes
    by_hash = Proof(kind="near" if first.evidence.kind == second.evidence.kind else "partial", distance=least)
    found = [by_hash] if proof is None else [proof, by_hash]
    return max(found, key=lambda proof: score_of(proof, campaign))


def placed(proof: Proof, first: MediaEvidence, second: MediaEvidence) -> Quad | None:
    """Where the second medium lies in the first, in pixels of the first: the proof's quad seen the other way round."""
    if proof.quad is None:
        return None
    forth = cv2.getPerspectiveTransform(_outline(first), np.array(proof.quad, np.float32))
    back = np.asarray(np.linalg.inv(forth), np.float64)
    return _rounded(mapped(back, _outline(second).astype(np.float64)))


def score_of(proof: Proof, campaign: Campaign) -> float:
    """How strong a proof is, 0..1, four decimals, comparable over all pairs.

    By hash ``1 - distance / 256``. By features it reaches the score of the campaign's farthest near copy where inliers
    and weight just suffice, and nears 1 with many inliers; less of either makes it less in proportion, and what is no
    copy for another reason stays below. The greater of the two counts.

    >>> from bot.campaign import load_campaign
    >>> campaign = load_campaign()
    >>> score_of(Proof(kind="near", distance=31), campaign)
    0.8789
    """
    by_hash = 1 - proof.distance / BITS
    if proof.inliers is None or proof.area is None or proof.alike is None:
        return round(by_hash, 4)
    base, policy = 1 - campaign.copies.near / BITS, campaign.copies
    over = max(0, proof.inliers - policy.inliers)
    by_features: float = base + (1 - base) * (1 - 2.0 ** (-over / _HALF))
    weight = _weight(proof.inliers, proof.area, proof.alike)
    for value, least in ((proof.inliers, least_points(policy, doubtful=proof.doubtful)), (weight, policy.weight)):
        if value < least:
            by_features = min(base, by_features) * value / least
    if proof.hollow:
        by_features = min(by_features, _LESS * base)
    return round(max(by_hash, by_features), 4)


def _weight(inliers: int, area: float, alike: float) -> float:
    """What a proof by features weighs: a copy's points are many, or span much, or what they hold looks the same."""
    return inliers * area * alike


def least_points(policy: CopyPolicy, *, doubtful: bool) -> int:
    """The points that a copy must share."""
    return policy.inliers if doubtful else policy.inliers_alike


def _by_features(first: Sight, second: Sight, distance: int, campaign: Campaign) -> Proof | None:
    a, b = first.features, second.features
    assert a is not None and b is not None
    found, policy = aligned(a, b, ignored(first, second)), campaign.copies
    if found is None or found.inliers < _ANY:
        return None
    framing = is_doubtful(found.alike, found.spread, found.covers)
    area, alike = round(min(1.0, max(found.spans)), 4), round(found.alike, 4)
    weight = _weight(found.inliers, area, alike)
    # Two photographs of one floor with different things on it agree, too: but a camera never stands as straight as
    # editing lays a picture.
    askew = found.alike < _STRAIGHT and found.askew > _ASKEW
    hollow = askew or found.inliers < least_points(policy, doubtful=framing) or weight < policy.weight
    doubtful = hollow or framing
    # Clusters are joined by near links, so these must be sure: all of either is in the other and looks the same.
    whole = min(found.covers) >= _WHOLE and found.inliers >= _MANY and found.alike >= _SAME and not doubtful
    points = (bits(found.pairs[:, 0].tolist()), bits(found.pairs[:, 1].tolist()))
    least = NEVER if hollow else least_points(policy, doubtful=doubtful)
    quad = _quad(found, a, b, second.evidence.width / b.width)
    detail = Detail(
        inliers=found.inliers, area=area, alike=alike, quad=quad, points=hexed(points), least=least, doubtful=doubtful
    )
    return Proof(
        kind="near" if whole else "partial",
        distance=distance,
        inliers=found.inliers,
        area=area,
        alike=alike,
        quad=quad,
        sides=sides(points, least, alike, doubtful=doubtful),
        doubtful=doubtful,
        hollow=hollow,
        detail=written(detail),
    )


def _quad(found: Alignment, a: Features, b: Features, to_full: float) -> Quad:
    return _rounded(mapped(found.matrix, outline(a)) * to_full)


def _rounded(points: npt.NDArray[np.float64]) -> Quad:
    corners = [(round(x, 1), round(y, 1)) for x, y in points.tolist()]
    return (corners[0], corners[1], corners[2], corners[3])


def _outline(medium: MediaEvidence) -> npt.NDArray[np.float32]:
    w, h = medium.width, medium.height
    return np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
