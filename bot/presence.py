"""Whether media show the brand, as a campaign counts it: the one place where mark scores meet its thresholds. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.campaign.policies import BrandPolicy
from detectors.evidence import Box, MediaEvidence, Value


class SeenMark(Value):
    """One mark and where: ``media`` counts from 0; ``frame`` and ``time`` only in a video."""

    name: str
    score: float
    box: Box
    media: int
    frame: int | None
    time: float | None


class Presence(Value):
    """``present`` is None where it cannot be told: nothing was seen, or the score lies between the campaign's bounds.
    ``score`` (0..1) is the best of the marks that count, None where nothing was seen. ``marks``: best first."""

    present: bool | None
    score: float | None
    marks: tuple[SeenMark, ...]


def presence(media: Iterable[tuple[int, MediaEvidence]], policy: BrandPolicy) -> Presence:
    """What a post's (or a file's) media show together; ``media`` are those that could be read, with their index."""
    seen = list(media)
    marks = tuple(
        SeenMark(name=m.name, score=m.score, box=m.box, media=index, frame=m.frame, time=m.time)
        for index, evidence in seen
        for m in evidence.marks
    )
    if not seen:
        return Presence(present=None, score=None, marks=())
    score = max((m.score for m in marks if m.name in policy.counts), default=0.0)
    colour = max(evidence.colour.score for _, evidence in seen)
    return Presence(
        present=_present(score, colour, policy), score=score, marks=tuple(sorted(marks, key=lambda m: -m.score))
    )


def _present(score: float, colour: float, policy: BrandPolicy) -> bool | None:
    """Colour alone never shows the brand: it only leaves a picture without a mark undecided."""
    if score >= policy.accept:
        return True
    return False if score < policy.absent and colour < policy.colour else None
