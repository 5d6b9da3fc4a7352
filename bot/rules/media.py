"""Rules on photos and videos: whether there are any, whether they could be looked at, what of the brand they show.

All but media.none are for admitted posts: nothing was downloaded for the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Refused, Stance, Unavailable
from bot.rules.facts import Facts
from bot.rules.rule import Hit
from detectors.evidence import Unreadable

_CLEAN = 0.9  # of 1: no grain at all


def media_none(facts: Facts) -> Iterator[Hit]:
    """The post has neither photo nor video, by a source that shows all of them."""
    if not facts.post.media and facts.post.media_complete:
        yield Hit()


def media_unknown(facts: Facts) -> Iterator[Hit]:
    """The sources so far show a part of the post's media only, and that part does not show the brand."""
    if facts.admitted and not facts.post.media_complete and facts.brand != "present":
        yield Hit(detail={"seen": len(facts.post.media)})


def media_unreadable(facts: Facts) -> Iterator[Hit]:
    """A file is no photo or video that can be decoded, or is beyond the limits."""
    yield from _failed(facts, Unreadable)


def media_refused(facts: Facts) -> Iterator[Hit]:
    """Policy forbids fetching a file: its address, size or type."""
    yield from _failed(facts, Refused)


def media_unavailable(facts: Facts) -> Iterator[Hit]:
    """A file could not be fetched, after several tries."""
    yield from _failed(facts, Unavailable)
    if facts.admitted:
        for i in range(len(facts.case.looked), len(facts.post.media)):
            yield Hit(media=i, detail={"reason": "not_looked_at"}, at_most=_tempered(facts))


def brand_absent(facts: Facts) -> Iterator[Hit]:
    """All media were seen, and none shows a brand element that counts."""
    if facts.admitted and facts.brand == "absent":
        yield Hit(detail={"score": facts.best(*facts.evidence).score})


def brand_unsure(facts: Facts) -> Iterator[Hit]:
    """A brand element may be there: the score lies between the campaign's bands, only the colours speak for it, or
    some of the media could not be looked at."""
    if facts.admitted and facts.brand == "unsure":
        best = facts.best(*(facts.evidence.keys() - facts.official.keys()))
        between = best.score >= facts.campaign.brand.absent
        why = "between" if between else "colour" if facts.coloured else "unseen"
        mark = best.mark.name if best.mark is not None else None
        yield Hit(media=best.media, detail={"score": best.score, "mark": mark, "why": why})


def brand_only_official(facts: Facts) -> Iterator[Hit]:
    """The brand shows only in an official poster or a bare logo, not in a picture of the author's own."""
    if facts.admitted and facts.brand == "only_official":
        for i, asset in sorted(facts.official.items()):
            yield Hit(media=i, detail={"asset": asset})


def brand_present(facts: Facts) -> Iterator[Hit]:
    """A picture that is not an official one shows a brand element that counts."""
    if facts.admitted and facts.brand == "present":
        best = facts.best(*(facts.evidence.keys() - facts.official.keys()))
        if best.mark is not None:
            yield Hit(media=best.media, detail={"mark": best.mark.name, "score": best.score})


def brand_pasted(facts: Facts) -> Iterator[Hit]:
    """The plain areas of a mark that counts are free of the grain that the photo has all around it, as where a logo was
    laid over a finished picture. A hint and no proof: a smooth sign before rough leaves can look the same."""
    if facts.admitted:
        for i in sorted(facts.evidence.keys() - facts.shared):
            best = facts.best(i)
            clean = None if best.mark is None else best.mark.clean
            if clean is not None and clean >= _CLEAN and best.score >= facts.campaign.brand.accept:
                yield Hit(media=i, detail={"mark": best.mark.name if best.mark else None, "clean": clean})


def _failed(facts: Facts, kind: type[Unreadable | Refused | Unavailable]) -> Iterator[Hit]:
    if facts.admitted:
        for i, item in enumerate(facts.case.looked):
            if isinstance(item.result, kind):
                yield Hit(media=i, detail={"reason": item.result.reason}, at_most=_tempered(facts))


def _tempered(facts: Facts) -> Stance:
    """One good picture of one's own outweighs bad ones: these ask at most."""
    return "ask" if facts.own else "block"
