"""The panel of judges at work: what each may see and say. Each function runs in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from bot.awards.judging import (
    KEPT,
    MOST,
    Held,
    Marked,
    Standing,
    code,
    counting,
    next_post,
    open_to,
    ranking,
    takes_score,
)
from bot.campaign import Campaign
from bot.errors import UserError
from bot.media.looked import looked
from bot.store import Store
from bot.store.awards import frozen
from bot.store.blobs import Blobs
from bot.store.judging import Judging
from bot.store.people import Persons
from bot.store.times import to_us
from bot.store.verdicts import Record
from detectors.evidence import MediaEvidence, Value

_ENGAGEMENT: Final = "engagement"


class Blind(Value):
    """What a judge sees of a post: its words and what can be shown of its media, neither id nor author. Counters are
    None unless the rubric asks for engagement. ``scored``, ``left``: how many posts this judge has scored, and how many
    may still come to them, this one included."""

    code: str
    title: str | None
    text: str | None
    media: tuple[MediaEvidence, ...]
    likes: int | None
    comments: int | None
    views: int | None
    scored: int
    left: int


class Panel:
    """One campaign's judging, over one reading of the store. Raises UserError where there is no rubric."""

    def __init__(self, store: Store, campaign: Campaign) -> None:
        if not campaign.rubric:
            raise UserError("the campaign {name} has no [rubric]: there is nothing to judge by", name=campaign.name)
        self._store, self._campaign = store, campaign
        self._kept = Judging(store.connection, store.log, campaign.name)
        self._persons = Persons(store.connection, store.log)
        self._posts = {record.post_id: record for record in store.verdicts.all(("eligible",))}

    def add(self, name: str, account: str | None, now: dt.datetime) -> bool:
        """Admit a judge; True where they are new."""
        return self._kept.add_judge(name, account, to_us(now))

    def next(self, judge: str, now: dt.datetime) -> Record | None:
        """What this judge scores next, which is then kept for them; None where nothing is left for them, or the rest is
        kept for others just now. Raises UserError for a stranger."""
        seed, panel = self._enter(judge, now), self._campaign.awards.panel
        held = self._kept.held(to_us(now))
        found = next_post(self._posts, self.marks(), judge, self._barred(judge), seed, panel, held)
        if found is None:
            return None
        self._kept.hold(Held(judge=judge, post_id=found), to_us(now + KEPT))
        return self._posts[found]

    def standing(self, judge: str) -> tuple[int, int]:
        """How many posts this judge has scored, and how many may still come. Raises UserError for a stranger."""
        self._admit(judge)
        given = self.marks()
        scored = sum(marked.judge == judge and marked.marks is not None for marked in given)
        return scored, len(open_to(self._posts, given, judge, self._barred(judge), self._campaign.awards.panel))

    def code(self, record: Record, judge: str) -> str:
        """What this judge knows the post by."""
        self._admit(judge)
        return code(record.post_id, self._begun())

    def blind(self, record: Record, judge: str) -> Blind:
        """What this judge sees of a post."""
        post = self._store.intake.post(record.post_id)
        results = () if post is None else (item.result for item in looked(self._store, "", post)[0])
        stats = None if post is None or _ENGAGEMENT not in self._campaign.rubric else post.stats
        scored, left = self.standing(judge)
        return Blind(
            code=self.code(record, judge),
            title=None if post is None else post.title,
            text=None if post is None else post.text,
            media=tuple(item for item in results if isinstance(item, MediaEvidence)),
            likes=None if stats is None else stats.likes,
            comments=None if stats is None else stats.comments,
            views=None if stats is None else stats.views,
            scored=scored,
            left=left,
        )

    def sheet(self, record: Record, judge: str, blobs: Blobs) -> dict[str, Any]:
        """What this judge sees of a post, with the files of its media and the criteria."""
        it = self.blind(record, judge)
        return {
            "code": it.code,
            "title": it.title,
            "text": it.text,
            "media": [str(blobs.path(item.sha256)) for item in it.media],
            "likes": it.likes,
            "comments": it.comments,
            "views": it.views,
            "rubric": dict(self._campaign.rubric),
            "most": MOST,
        }

    def score(self, named: str, marks: Mapping[str, int], judge: str, now: dt.datetime) -> str:
        """A judge's marks for the post of that code, one a criterion; returns the post's id. Raises UserError."""
        record = self._of(named, judge, now)
        if set(marks) != set(self._campaign.rubric):
            raise UserError("give one mark for each of {criteria}", criteria=", ".join(self._campaign.rubric))
        for name, mark in marks.items():
            if not 0 <= mark <= MOST:
                raise UserError("{name}: a mark is a whole number from 0 to {most}", name=name, most=MOST)
        held = self._kept.held(to_us(now))
        if not takes_score(record.post_id, judge, self.marks(), self._campaign.awards.panel, held):
            raise UserError("post {code} needs no score of yours by now, others have it: ask for the next", code=named)
        return self._mark(record, judge, dict(marks), now)

    def recuse(self, named: str, judge: str, now: dt.datetime) -> str:
        """The judge stands back from the post of that code; returns its id. Raises UserError."""
        return self._mark(self._of(named, judge, now), judge, None, now)

    def ranking(self) -> tuple[Standing, ...]:
        """The eligible posts that have a score, the best first."""
        seed = self._kept.seed()
        return () if seed is None else ranking(self.marks(), self._posts, self._campaign.rubric, seed)

    def marks(self) -> list[Marked]:
        """What counts of everything given: to posts that are still eligible, by the rubric as it is."""
        return counting(self._kept.marks(), self._posts, self._campaign.rubric)

    def seed(self) -> str | None:
        """What codes and ties come from; None where judging has not begun."""
        return self._kept.seed()

    def missing(self) -> dict[str, int]:
        """How many scores each eligible post still needs; posts that have enough are left out."""
        counts = dict.fromkeys(self._posts, self._campaign.awards.panel)
        for marked in self.marks():
            if marked.marks is not None:
                counts[marked.post_id] -= 1
        return {post_id: count for post_id, count in counts.items() if count > 0}

    def progress(self) -> dict[str, dict[str, int]]:
        """Per judge how many posts they scored and stood back from."""
        found = {name: {"scored": 0, "recused": 0} for name in self._kept.judges()}
        for marked in self.marks():
            found[marked.judge]["recused" if marked.marks is None else "scored"] += 1
        return found

    def _mark(self, record: Record, judge: str, marks: dict[str, int] | None, now: dt.datetime) -> str:
        if frozen(self._store.connection, self._campaign.name) is not None:
            raise UserError("the winners are frozen: no score changes any more")
        marked = Marked(post_id=record.post_id, judge=judge, marks=marks)
        self._kept.mark(marked, record.verdict.revision, to_us(now))
        return record.post_id

    def _of(self, named: str, judge: str, now: dt.datetime) -> Record:
        seed, barred = self._enter(judge, now), self._barred(judge)
        for post_id, record in self._posts.items():
            if code(post_id, seed) == named and post_id not in barred:
                return record
        raise UserError("no post {code} for {judge}: 'judge next' names one", code=named, judge=judge)

    def _admit(self, judge: str) -> bool:
        """Whether somebody is a judge of this campaign already, or has the role and becomes one as they come. Raises
        UserError for a stranger."""
        if judge in self._kept.judges():
            return True
        if self._store.moderators.role(judge) != "judge":
            raise UserError("{judge} is no judge here: 'judge add {judge}' admits one", judge=judge)
        return False

    def _enter(self, judge: str, now: dt.datetime) -> str:
        """The seed, for a judge."""
        if not self._admit(judge):
            self.add(judge, None, now)
        return self._begun()

    def _begun(self) -> str:
        seed = self._kept.seed()
        assert seed is not None, "judging began with the first judge"
        return seed

    def _barred(self, judge: str) -> set[str]:
        """The judge's own posts, under whatever account."""
        account = self._kept.judges().get(judge)
        if account is None:
            return set()
        person = self._persons.of("", account)
        return {
            post_id
            for post_id, record in self._posts.items()
            if record.author_id == account
            or (person is not None and self._persons.of(post_id, record.author_id) == person)
        }
