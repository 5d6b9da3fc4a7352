"""A picture beside the earlier one that it repeats: which points of the two show the same, and where each lies in the
other. For people's eyes; the proof that a verdict rests on was made when the posts were related."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bot.campaign import Campaign
from bot.copies.originals import Original
from bot.copies.proof import ignored, sight
from bot.media.looked import looked
from bot.reports.dossier import Dossier
from bot.store import Store
from detectors.evidence import MediaEvidence, Point, Quad, Value
from detectors.features import Features, unpack
from detectors.geometry import Alignment, aligned, mapped, outline

_LINES: Final = 48  # pairs of points that a person can take in


class Comparison(Value):
    """Two pictures. ``agreeing``: points of this and of the original that show the same, as shares (0..1) of width and
    height, at most 48 of ``points``; ``here``: where the original lies in this picture, ``there``: where this lies in
    the original, in pixels of the full pictures. Where the two agree by their hashes alone there are none of these."""

    original: Original
    ours: MediaEvidence
    theirs: MediaEvidence
    points: int = 0
    agreeing: tuple[tuple[Point, Point], ...] = ()
    here: Quad | None = None
    there: Quad | None = None


def comparisons(store: Store, campaign: Campaign, it: Dossier) -> tuple[Comparison, ...]:
    """Each picture of a post that repeats an earlier one, beside it, as far as both are known."""
    return tuple(
        made
        for original in it.originals
        if original.media is not None and (made := _compared(store, campaign, it, original)) is not None
    )


def _compared(store: Store, campaign: Campaign, it: Dossier, original: Original) -> Comparison | None:
    post = store.intake.post(original.post_id)
    if post is None or original.media is None or original.source_media is None:
        return None
    results = [item.result for item in looked(store, "", post)[0]]
    if original.source_media >= len(results) or original.media >= len(it.looked):
        return None  # the picture has left the post since
    ours, theirs = it.looked[original.media].result, results[original.source_media]
    if not isinstance(ours, MediaEvidence) or not isinstance(theirs, MediaEvidence):
        return None
    plain = Comparison(original=original, ours=ours, theirs=theirs)
    a, b = (unpack(store.media.features(evidence.sha256)) for evidence in (ours, theirs))
    if a is None or b is None or ours.sha256 == theirs.sha256:
        return plain
    found = aligned(a, b, ignored(sight(ours, a, (), campaign), sight(theirs, b, (), campaign)))
    if found is None:
        return plain
    return Comparison(
        original=original,
        ours=ours,
        theirs=theirs,
        points=found.inliers,
        agreeing=_pairs(found, a, b),
        here=_quad(np.asarray(np.linalg.inv(found.matrix), np.float64), b, ours.width / a.width),
        there=_quad(found.matrix, a, theirs.width / b.width),
    )


def _pairs(found: Alignment, a: Features, b: Features) -> tuple[tuple[Point, Point], ...]:
    chosen = found.pairs[:: -(-len(found.pairs) // _LINES)]
    left = a.points[chosen[:, 0]] / (a.width, a.height)
    right = b.points[chosen[:, 1]] / (b.width, b.height)
    return tuple(
        ((round(x, 4), round(y, 4)), (round(u, 4), round(v, 4)))
        for (x, y), (u, v) in zip(left.tolist(), right.tolist(), strict=True)
    )


def _quad(matrix: npt.NDArray[np.float64], picture: Features, to_full: float) -> Quad | None:
    corners = mapped(matrix, outline(picture)) * to_full
    if not np.isfinite(corners).all():
        return None
    a, b, c, d = ((round(x, 1), round(y, 1)) for x, y in corners.tolist())
    return (a, b, c, d)
