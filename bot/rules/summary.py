"""What export tells of a post beside its verdict: the brand in its media, and figures that judges may sort by. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.admission import content, notice
from bot.campaign import Campaign
from bot.campaign.policies import BrandPolicy
from bot.model import Case
from bot.reasons import Detail
from bot.rules.facts import Facts
from detectors.evidence import Box, MediaEvidence, Value


class SeenMark(Value):
    """One mark, and in which media item (from 0), frame and second of it."""

    name: str
    score: float
    box: Box
    media: int
    frame: int | None = None
    time: float | None = None


class BrandSummary(Value):
    """``present``: True where a counting mark reaches the campaign's ``accept``, in an official picture too; False
    where nothing speaks for the brand; None where that cannot be told. ``score`` (0..1) is the best of the counting
    marks, None where nothing was seen. ``marks`` are all marks, best first, whether they count or not."""

    present: bool | None
    score: float | None
    marks: tuple[SeenMark, ...]


def brand_summary(case: Case, campaign: Campaign) -> BrandSummary:
    """What the media of a post show of the brand. ``present`` is False only where all of them were seen."""
    facts = Facts(case, campaign)
    found = brand_in(facts.evidence.items(), campaign.brand)
    if found.present is False and facts.brand != "absent":
        return msgspec.structs.replace(found, present=None)
    return found


def brand_in(media: Iterable[tuple[int, MediaEvidence]], policy: BrandPolicy) -> BrandSummary:
    """What these media, with their numbers, show of the brand; also for files that belong to no post."""
    seen = list(media)
    if not seen:
        return BrandSummary(present=None, score=None, marks=())
    marks = [
        SeenMark(name=mark.name, score=mark.score, box=mark.box, media=i, frame=mark.frame, time=mark.time)
        for i, evidence in seen
        for mark in evidence.marks
    ]
    marks.sort(key=lambda mark: (-mark.score, mark.media, mark.frame or 0, mark.name, mark.box))
    score = max((mark.score for mark in marks if mark.name in policy.counts), default=0.0)
    hinted = score >= policy.absent or any(evidence.colour.score >= policy.colour for _, evidence in seen)
    present = True if score >= policy.accept and marks else None if hinted else False
    return BrandSummary(present=present, score=score, marks=tuple(marks))


def features(case: Case, campaign: Campaign) -> dict[str, Detail]:
    """Figures of one post. ``story_chars``: letters and digits of its text that are neither hashtag, URL nor quoted
    from the notice. ``brand_score`` and ``megapixels`` are of the best and of the largest media item, None where none
    was seen."""
    facts, post = Facts(case, campaign), case.post
    sizes = [seen.width * seen.height for seen in facts.evidence.values()]
    return {
        "story_chars": notice.own_letters(content.story(post.text), campaign),
        "title_chars": len(post.title),
        "hashtag": facts.hashtag.kind,
        "media_count": len(post.media),
        "image_count": sum(ref.type == "image" for ref in post.media),
        "video_count": sum(ref.type == "video" for ref in post.media),
        "brand_score": facts.best(*facts.evidence).score if facts.evidence else None,
        "megapixels": round(max(sizes) / 1e6, 3) if sizes else None,
    }
