"""What rules ask about a case, each worked out once: the hashtag, the window, whose pictures these are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final, Literal

from bot.admission import hashtags, notice, window
from bot.campaign import Campaign
from bot.model import Case, Stance
from detectors.evidence import Mark, MediaEvidence, Value

NoticeState = Literal["no", "notice", "undecided", "perhaps"]
BrandState = Literal["present", "only_official", "unsure", "absent", "unseen"]

STANCES: Final[tuple[Stance, ...]] = ("supports", "note", "ask", "block")
"""From what speaks for a post to what decides against it."""

_SHARED: Final = ("official", "common")
_COPY: Final = ("exact", "near", "partial")


class Best(Value):
    """The best score of any counting mark, and where it was seen."""

    score: float = 0.0
    mark: Mark | None = None
    media: int | None = None


class Facts:
    """One case under one campaign. Every property is a function of these two alone."""

    def __init__(self, case: Case, campaign: Campaign) -> None:
        self.case, self.post, self.campaign = case, case.post, campaign

    @cached_property
    def hashtag(self) -> hashtags.HashtagMatch:
        """How the post carries the campaign's hashtag."""
        return hashtags.classify(self.post.text, self.post.title, self.campaign.hashtags)

    @cached_property
    def place(self) -> window.Place:
        """Where the post lies in the window."""
        return window.place(self.post, self.campaign)

    @cached_property
    def identified(self) -> str | None:
        """By what other than its words the post is the operators' own."""
        return notice.identified(self.post, self.campaign)

    @cached_property
    def notice(self) -> NoticeState:
        """Whether this is the campaign's notice. Words alone decide only where no media of one's own can stand under
        them: ``undecided`` until the media were looked at, ``perhaps`` where these are not known as official and
        nothing tells whether the author is."""
        if self.identified:
            return "notice"
        if not notice.is_notice_text(self.post, self.campaign):
            return "no"
        if not self.post.media:
            return "notice"
        if not self.case.looked:
            return "undecided"
        if self.evidence.keys() == set(range(len(self.post.media))) == self.evidence.keys() & self.shared:
            return "notice"
        return "no" if self.campaign.official_authors and self.post.author.id is not None else "perhaps"

    @cached_property
    def admitted(self) -> bool:
        """Whether media are wanted: the post may be an entry, as far as can be told without them."""
        return not (
            (self.hashtag.kind == "none" and self._blocks("hashtag.missing"))
            or (self.place == "early" and self._blocks("window.early"))
            or (self.place == "late" and self._blocks("window.late"))
            or (self.notice == "notice" and self._blocks("entry.notice"))
        )

    def _blocks(self, code: str) -> bool:
        return self.campaign.stance_of(code) == "block"

    @cached_property
    def evidence(self) -> Mapping[int, MediaEvidence]:
        """What was seen, by number of the media item."""
        results = enumerate(item.result for item in self.case.looked)
        return {i: result for i, result in results if isinstance(result, MediaEvidence)}

    @cached_property
    def official(self) -> Mapping[int, str]:
        """Media that are an official picture or a bare logo as a whole, with its name."""
        found = {r.media: r.asset or "" for r in self.case.relations if r.kind == "official" and r.media is not None}
        for i, seen in self.evidence.items():
            nearest = min(seen.resemblances, key=lambda r: (r.distance, r.asset), default=None)
            if seen.kind == "image" and nearest is not None and nearest.distance <= self.campaign.copies.official:
                found.setdefault(i, nearest.asset)
        return found

    @cached_property
    def shared(self) -> frozenset[int]:
        """Media that everybody shares: official ones, and those in the bank of common pictures."""
        common = {r.media for r in self.case.relations if r.kind in _SHARED and r.media is not None}
        return frozenset(common | self.official.keys())

    @cached_property
    def own(self) -> frozenset[int]:
        """Readable pictures of the author's own that show the brand: neither shared, nor copied, nor of uncertain
        origin, nor posted before. One of them outweighs unreadable and copied ones."""
        copied = {r.media for r in self.case.relations if r.kind in _COPY and r.order != "first"}
        accept = self.campaign.brand.accept
        return frozenset(i for i in self.evidence.keys() - copied - self.shared if self.best(i).score >= accept)

    def best(self, *media: int) -> Best:
        """The best counting mark in these media items, the first of equals."""
        found = (
            Best(score=mark.score, mark=mark, media=i)
            for i in sorted(media)
            for mark in self.evidence[i].marks
            if mark.name in self.campaign.brand.counts
        )
        return max(found, key=lambda best: best.score, default=Best())

    @cached_property
    def brand(self) -> BrandState:
        """What the media show of the brand, official pictures aside. ``absent`` only where all media of the post were
        seen in full; ``unseen`` where nothing can be said, and another finding says why."""
        policy, own = self.campaign.brand, sorted(self.evidence.keys() - self.official.keys())
        score = self.best(*own).score
        if own and score >= policy.accept:
            return "present"
        hinted = own and (score >= policy.absent or self.coloured)
        if hinted:
            return "unsure"
        if self.official:
            return "only_official"
        if not self.evidence or not self.post.media_complete or any(self.evidence[i].faults for i in own):
            return "unseen"
        return "absent" if len(self.evidence) == len(self.post.media) else "unsure"

    @cached_property
    def coloured(self) -> bool:
        """Whether the colours of a picture of one's own speak for the brand. They never suffice."""
        own = self.evidence.keys() - self.official.keys()
        return any(self.evidence[i].colour.score >= self.campaign.brand.colour for i in own)
