"""From rankings to winners: gather, say what stands in the way, freeze, and act on what comes up later.

Each function runs in the caller's transaction. Before the freeze the winners follow from what is stored now; after it
from what was frozen and from what people did since, and from nothing else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from bot.awards.allocation import Contender, Tier
from bot.awards.basis import ABROAD, AT_HOME, FORMAT, Basis, Change, Move, Score, moves, outcome, pseudonym
from bot.awards.drawing import codes, draws
from bot.awards.leaderboard import Board
from bot.awards.panel import Panel
from bot.awards.prizes import Method
from bot.awards.shares import leaderboard
from bot.campaign import Campaign
from bot.errors import UserError
from bot.review import reject_codes
from bot.store import Store
from bot.store.people import Persons
from bot.store.times import from_us, to_us
from bot.store.winners import Winners
from detectors.evidence import Value

FRESH: Final = dt.timedelta(days=7)
"""A post counts as still public where it was seen so within this time before the freeze."""


_STOPS: Final = ("person.unconfirmed", "region.unknown", "post.unchecked", "post.not_eligible")
"""What keeps frozen winners from being published; all else is told only."""


class Problem(Value):
    """Something that a person must settle first: a code, and what it is about."""

    code: str
    about: str


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

    def proposal(self) -> Proposal:
        """The winners as they stand, frozen or not, with what a person must see to."""
        frozen = self._kept.frozen()
        if frozen is not None:
            return self._frozen(*frozen)
        key = secrets.token_hex(32)
        basis, problems = self._gather(key)
        tiers = outcome(basis)
        return Proposal(
            basis=basis,
            tiers=tiers,
            problems=(*problems, *self._about(tiers, basis)),
            frozen_at=None,
            changes=(),
            key=key,
        )

    def freeze(self, who: str) -> Proposal:
        """Freeze what the awards rest on. Raises UserError while anything is unsettled, or when done already."""
        it = self.proposal()
        if it.frozen_at is not None:
            raise UserError(f"the winners were frozen on {it.frozen_at.astimezone(self._campaign.tz):%F %T}")
        if it.problems:
            first = f"{it.problems[0].code} ({it.problems[0].about})"
            raise UserError(f"{len(it.problems)} things must be settled first, such as {first}: 'winners propose'")
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
        open_ = [p for p in it.problems if p.code in _STOPS]
        if open_:
            first = f"{open_[0].code} ({open_[0].about})"
            raise UserError(f"{len(open_)} things must be settled first, such as {first}: 'winners propose'")
        return it

    def disqualify(self, post_id: str, reason: str, note: str | None, who: str, *, person: bool) -> tuple[Move, ...]:
        """Take a post, or all of its person's, out of the running; returns who moved. Raises UserError."""
        if reason not in (*reject_codes(), "post.deleted"):
            raise UserError(f"unknown reason {reason}; known: {', '.join(reject_codes())}")
        before = self.proposal()
        if post_id not in before.basis.contenders:
            raise UserError(f"post {post_id} is in no ranking: there is nothing to take from it")
        gone = [post_id]
        if person:
            unit = self._unit(post_id)
            gone = [other for other in before.basis.contenders if self._unit(other) == unit]
        self._kept.disqualify(gone, reason, note, who, to_us(self._now))
        return moves(before.tiers, self.proposal().tiers)

    def reinstate(self, post_id: str, who: str) -> tuple[Move, ...]:
        """Take back a disqualification, before the freeze. Raises UserError."""
        if self._kept.frozen() is not None:
            raise UserError("the winners are frozen: a disqualification is not taken back any more")
        before = self.proposal()
        if not self._kept.reinstate(post_id, who, to_us(self._now)):
            raise UserError(f"post {post_id} was not disqualified")
        return moves(before.tiers, self.proposal().tiers)

    def confirm(self, post_id: str, person: str | None, region: str | None, who: str) -> tuple[Move, ...]:
        """A moderator says who is behind a post, and where they live; returns who moved. Raises UserError."""
        record = self._records.get(post_id)
        if record is None:
            raise UserError(f"no post {post_id}")
        before = self.proposal()
        known = person or self._persons.of(post_id, record.author_id)
        if known is None:
            raise UserError(f"nobody is known behind post {post_id}: say who it is with --person ID")
        self._persons.confirm(post_id, record.author_id, known, region, who, to_us(self._now))
        return moves(before.tiers, self.proposal().tiers)

    def tick(self, post_ids: Sequence[str], how: str, who: str) -> None:
        """These posts were seen still public. Raises UserError for a post that is not known."""
        for post_id in post_ids:
            if post_id not in self._records:
                raise UserError(f"no post {post_id}")
            self._kept.check(post_id, how, who, to_us(self._now))

    def checked(self, post_id: str) -> tuple[dt.datetime, str, str] | None:
        """When, how and by whom a post was last seen public; None where that was not so shortly before the freeze,
        or before now where nothing is frozen."""
        found, frozen = self._kept.checked(post_id), self._kept.frozen()
        until = self._now if frozen is None else from_us(frozen[2])
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
                    region=self._home(said.region or self._region(post_id)),
                )

    def _gather(self, key: str) -> tuple[Basis, tuple[Problem, ...]]:
        """What the awards would rest on now, and what of it is not there yet."""
        wanted = {prize.method for prize in self._campaign.prizes}
        rankings: dict[Method, tuple[str, ...]] = {}
        problems: list[Problem] = []
        scores: dict[str, Score] = {}
        views: dict[str, int] = {}
        entries: dict[str, str] = {}
        if "judged" in wanted:
            panel = Panel(self._store, self._campaign)
            found = panel.ranking()
            rankings["judged"] = tuple(s.post_id for s in found)
            scores = {s.post_id: Score(score=s.score, error=s.error, scores=s.scores) for s in found}
            if missing := panel.missing():
                problems.append(Problem(code="judging.unfinished", about=f"{len(missing)} posts"))
        if "draw" in wanted:
            entries = self._drawn()
            rankings["draw"] = tuple(entries)
            if not entries:
                problems.append(Problem(code="draw.not_held", about=self._campaign.name))
        if "views" in wanted:
            board = leaderboard(self._store, self._campaign, self._now)
            views = {place.post_id: place.views for place in board.places}
            rankings["views"] = tuple(views)
            problems += _unfinished(board)
        contenders = {p: self._contender(p, key) for ranking in rankings.values() for p in ranking}
        basis = Basis(
            format=FORMAT,
            campaign=self._campaign.name,
            campaign_version=self._campaign.version,
            at=self._now,
            prizes=self._campaign.prizes,
            one_prize=self._campaign.awards.one_prize,
            rubric=tuple(self._campaign.rubric.items()),
            rankings=rankings,
            contenders=contenders,
            out=self._out(contenders),
            revisions={p: self._records[p].verdict.revision for p in contenders if p in self._records},
            scores=scores,
            views=views,
            entries=entries,
        )
        return basis, tuple(problems)

    def _drawn(self) -> dict[str, str]:
        """Post to entry, in the order of the draw; whoever was forgotten is left out."""
        it = draws(self._store).get(self._campaign.name)
        if it is None or it.result is None:
            return {}
        posts = {entry.entry: entry.post_id for entry in it.entries}
        return {post_id: name for name in it.result.ranking if (post_id := posts[name]) is not None}

    def _out(self, contenders: Collection[str]) -> dict[str, str]:
        """Who cannot win: disqualified, or eligible no more."""
        said = {post_id: reason for post_id, (reason, _) in self._kept.disqualified().items()}
        for post_id in contenders:
            record = self._records.get(post_id)
            if record is None:
                said.setdefault(post_id, "post.forgotten")
            elif record.status != "eligible":
                said.setdefault(post_id, next(iter(codes(self._store, record)), record.status))
        return {post_id: reason for post_id, reason in sorted(said.items()) if post_id in contenders}

    def _contender(self, post_id: str, key: str) -> Contender:
        record = self._records.get(post_id)
        known = record is not None and self._persons.of(post_id, record.author_id) is not None
        return Contender(
            post_id=post_id,
            unit=pseudonym(key, self._unit(post_id)),
            confirmed=known,
            region=self._home(self._region(post_id)),
        )

    def _unit(self, post_id: str) -> str:
        record = self._records.get(post_id)
        account = None if record is None else record.author_id
        person = self._persons.of(post_id, account)
        if person is not None:
            return f"person:{person}"
        return f"post:{post_id}" if account is None else f"author:{account}"

    def _region(self, post_id: str) -> str | None:
        record = self._records.get(post_id)
        said = None if record is None else self._persons.confirmed(post_id, record.author_id)
        if said is not None and said.region is not None:
            return said.region
        post = self._store.intake.post(post_id)
        return None if post is None else post.author.region

    def _home(self, region: str | None) -> str | None:
        return None if region is None else AT_HOME if region in self._campaign.awards.home else ABROAD

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


def _unfinished(board: Board) -> list[Problem]:
    if board.final:
        return []
    moment = "not fixed" if board.moment is None else board.moment.isoformat()
    return [Problem(code="views.not_final", about=moment)]
