"""From rankings to winners: gather, say what stands in the way, freeze, and act on what comes up later.

Each function runs in the caller's transaction. Before the freeze the winners follow from what is stored now; after it
from what was frozen and from what people did since, and from nothing else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from bot.awards.allocation import Tier
from bot.awards.basis import Basis, Change, Move, moves, outcome, pseudonym
from bot.awards.gathering import Gathering, Problem
from bot.campaign import Campaign
from bot.errors import UserError
from bot.review import reject_codes
from bot.store import Store
from bot.store.people import Persons
from bot.store.times import from_us, to_us
from bot.store.winners import Winners
from detectors.evidence import Value

FRESH: Final = dt.timedelta(days=7)
"""A post counts as still public where it was seen so within this time before the first publication."""

_STOPS: Final = ("person.unconfirmed", "region.unknown", "post.unchecked", "post.not_eligible")
"""What keeps frozen winners from being published; all else is told only."""


class Proposal(Value):
    """How the winners stand. ``problems`` keep from freezing; ``frozen_at`` is None before the freeze, ``changes`` are
    what people did since. ``key`` hides people; it is never published."""

    basis: Basis
    tiers: tuple[Tier, ...]
    problems: tuple[Problem, ...]
    frozen_at: dt.datetime | None
    changes: tuple[Change, ...]
    key: str


class Awarding:
    """One campaign's winners over one reading of the store."""

    def __init__(self, store: Store, campaign: Campaign, now: dt.datetime) -> None:
        self._store, self._campaign, self._now = store, campaign, now
        self._kept = Winners(store.connection, store.log, campaign.name)
        self._persons = Persons(store.connection, store.log)
        self._records = {record.post_id: record for record in store.verdicts.all()}
        self._gathering = Gathering(store, campaign, now, self._records)

    def proposal(self) -> Proposal:
        """The winners as they stand, frozen or not, with what a person must see to."""
        frozen = self._kept.frozen()
        if frozen is not None:
            return self._frozen(*frozen)
        key = secrets.token_hex(32)
        basis, problems = self._gathering.basis(key)
        tiers = outcome(basis)
        return Proposal(
            basis=basis,
            tiers=tiers,
            problems=(*problems, *self._gathering.shares(tiers), *self._about(tiers, basis)),
            frozen_at=None,
            changes=(),
            key=key,
        )

    def freeze(self, who: str) -> Proposal:
        """Freeze what the awards rest on. Raises UserError while anything is unsettled, or when done already."""
        it = self.proposal()
        if it.frozen_at is not None:
            raise UserError(
                "the winners were frozen on {time}", time=it.frozen_at.astimezone(self._campaign.tz).isoformat()
            )
        _settled(it.problems)
        document = it.basis.document()
        facts: dict[str, object] = {
            "basis": hashlib.sha256(document).hexdigest(),
            "winners": {tier.tier: [award.post_id for award in tier.awards] for tier in it.tiers},
        }
        self._kept.freeze(document, it.key, facts, who, to_us(self._now))
        return msgspec.structs.replace(it, frozen_at=self._now)

    def publishable(self) -> Proposal:
        """The frozen winners. Raises UserError where nothing is frozen, or where something of a winner is unsettled."""
        it = self.proposal()
        if it.frozen_at is None:
            raise UserError("nothing is frozen yet: 'winners freeze' comes first")
        _settled([problem for problem in it.problems if problem.code in _STOPS])
        return it

    def disqualify(self, post_id: str, reason: str, note: str | None, who: str, *, person: bool) -> tuple[Move, ...]:
        """Take a post, or all of its person's, out of the running; returns who moved. Raises UserError."""
        if reason not in (*reject_codes(), "post.deleted"):
            raise UserError("unknown reason {reason}; known: {known}", reason=reason, known=", ".join(reject_codes()))
        before = self.proposal()
        if post_id not in before.basis.contenders:
            raise UserError("post {post_id} is in no ranking: there is nothing to take from it", post_id=post_id)
        gone = [post_id]
        if person:
            unit = self._gathering.unit(post_id)
            gone = [other for other in before.basis.contenders if self._gathering.unit(other) == unit]
        gone = [other for other in gone if other not in self._kept.disqualified()]
        if not gone:
            raise UserError("post {post_id} was disqualified already", post_id=post_id)
        self._kept.disqualify(gone, reason, note, who, to_us(self._now))
        return moves(before.tiers, self.proposal().tiers)

    def reinstate(self, post_id: str, who: str) -> tuple[Move, ...]:
        """Take back a disqualification, before the freeze. Raises UserError."""
        if self._kept.frozen_at() is not None:
            raise UserError("the winners are frozen: a disqualification is not taken back any more")
        before = self.proposal()
        if not self._kept.reinstate(post_id, who, to_us(self._now)):
            raise UserError("post {post_id} was not disqualified", post_id=post_id)
        return moves(before.tiers, self.proposal().tiers)

    def confirm(self, post_id: str, person: str | None, region: str | None, who: str) -> tuple[Move, ...]:
        """A moderator says who is behind a post, and where they live; returns who moved. Raises UserError."""
        record = self._records.get(post_id)
        if record is None:
            raise UserError("no post {post_id}", post_id=post_id)
        before = self.proposal()
        known = person or self._persons.of(post_id, record.author_id)
        if known is None:
            raise UserError("nobody is known behind post {post_id}: say who it is with --person ID", post_id=post_id)
        self._persons.confirm(post_id, record.author_id, known, region, who, to_us(self._now))
        return moves(before.tiers, self.proposal().tiers)

    def tick(self, post_ids: Sequence[str], how: str, who: str) -> None:
        """These posts were seen still public. Raises UserError for a post that is not known."""
        for post_id in post_ids:
            if post_id not in self._records:
                raise UserError("no post {post_id}", post_id=post_id)
            self._kept.check(post_id, how, who, to_us(self._now))

    def checked(self, post_id: str) -> tuple[dt.datetime, str, str] | None:
        """When, how and by whom a post was last seen public; None where that was not so shortly before the first
        publication, or before now where nothing is published."""
        found, published_at = self._kept.checked(post_id), self._kept.published_at()
        until = self._now if published_at is None else from_us(published_at)
        if found is None or from_us(found.at) < until - FRESH:
            return None
        return from_us(found.at), found.how, found.who

    def published(self, digest: str, who: str) -> None:
        """Note in the log what was written for the public."""
        self._kept.published(digest, who, to_us(self._now))

    def _frozen(self, document: bytes, key: str, at: int) -> Proposal:
        basis = msgspec.json.decode(document, type=Basis)
        changes = tuple(sorted(self._changes(basis, key, at), key=lambda change: change.at))
        tiers = outcome(basis, changes)
        return Proposal(
            basis=basis,
            tiers=tiers,
            problems=tuple(self._about(tiers, basis)),
            frozen_at=from_us(at),
            changes=changes,
            key=key,
        )

    def _changes(self, basis: Basis, key: str, since: int) -> Iterator[Change]:
        for post_id, (reason, at) in self._kept.disqualified().items():
            if at >= since and post_id not in basis.out:
                yield Change(kind="disqualified", post_id=post_id, at=from_us(at), reason=reason)
        for post_id in basis.contenders:
            record = self._records.get(post_id)
            said = None if record is None else self._persons.confirmed(post_id, record.author_id)
            if said is not None and said.at >= since:
                unit = pseudonym(key, f"person:{said.person}")
                yield Change(
                    kind="confirmed",
                    post_id=post_id,
                    at=from_us(said.at),
                    unit=unit,
                    region=self._gathering.home(said.region or self._gathering.region(post_id)),
                )

    def _about(self, tiers: Sequence[Tier], basis: Basis) -> Iterator[Problem]:
        """What a person must settle of those who win, or would if they were not waiting to be decided."""
        for tier in tiers:
            for passed in tier.passed:
                record = self._records.get(passed.post_id)
                if passed.why == "disqualified" and record is not None and record.status == "review":
                    yield Problem(code="post.review", about=passed.post_id)
            for award in tier.awards:
                record = self._records.get(award.post_id)
                if not award.confirmed:
                    yield Problem(code="person.unconfirmed", about=award.post_id)
                if award.form is None:
                    yield Problem(code="region.unknown", about=award.post_id)
                if self.checked(award.post_id) is None:
                    yield Problem(code="post.unchecked", about=award.post_id)
                if record is None or record.status != "eligible":
                    yield Problem(code="post.not_eligible", about=award.post_id)
                elif record.verdict.revision != basis.revisions.get(award.post_id):
                    yield Problem(code="post.changed", about=award.post_id)


def _settled(problems: Sequence[Problem]) -> None:
    """Raises UserError where anything is open."""
    if problems:
        first = f"{problems[0].code} ({problems[0].about})"
        raise UserError("{count} things must be settled first, such as {first}: 'winners propose'",
                        count=len(problems), first=first)  # fmt: skip
