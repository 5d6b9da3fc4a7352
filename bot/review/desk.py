"""A moderator's desk: what the web page, the terminal and the command line all work on.

Whoever wants to decide takes claims, draws what they name, and decides by them. A decision is refused where its claim
was taken over, or where the post has a newer revision or a finding that was not there to be seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Final

from bot.campaign import Campaign
from bot.clock import Clock
from bot.decide import seen
from bot.errors import UserError
from bot.model import Decision
from bot.review import bulk, decisions
from bot.review import cluster as clusters
from bot.review.bulk import BulkAction, Done, Parked, Plan
from bot.review.claims import Claim, TakenError, claim_of, free_for, still_held
from bot.review.cluster import Cluster
from bot.review.decisions import ACCEPTED, Act, Target
from bot.review.filters import WAITING, Filter
from bot.review.learning import uncertainty
from bot.review.second import ALONE, Policy, may_decide, policy_of, reader
from bot.settings import Settings
from bot.store import Store
from bot.store.times import to_us
from bot.store.verdicts import Record
from bot.store.waiting import Reader

_AHEAD: Final = 300  # posts among which the most informative are looked for
LEASE: Final = dt.timedelta(minutes=2)


def open_desk(store: Store, settings: Settings, campaign: Campaign, who: str, clock: Clock) -> Desk:
    """A desk as the settings want it."""
    review = settings.review
    return Desk(store, campaign, who, clock, dt.timedelta(seconds=review.lease), policy_of(settings))


class Desk:
    """One person's view of the queue. Each public method is one transaction, and raises UserError with nothing done.

    Not for use from several threads at once; several desks on one store are several people.
    """

    def __init__(
        self,
        store: Store,
        campaign: Campaign,
        who: str,
        clock: Clock,
        lease: dt.timedelta = LEASE,
        policy: Policy = ALONE,
    ) -> None:
        self.who = who
        self._store, self._campaign, self._clock = store, campaign, clock
        self._lease, self._policy = lease, policy

    def waiting(self, wanted: Filter = WAITING, limit: int = 50) -> tuple[Record, ...]:
        """The next posts, worst first: less what others hold, and what this person gave an opinion on."""
        ids = self._next(wanted, limit)
        return tuple(record for post_id in ids if (record := self._store.verdicts.get(post_id)) is not None)

    def count(self, wanted: Filter = WAITING) -> int:
        """How many posts ``waiting`` would show without a limit."""
        return self._store.waiting.count(wanted, self._reader())

    def take(
        self,
        wanted: Filter = WAITING,
        count: int = 3,
        beside: Collection[str] = (),
    ) -> tuple[Claim, ...]:
        """Claim the next posts: the one to show and those to fetch ahead. ``beside``: ids of claims already at hand."""
        with self._store.transaction():
            ids = self._next(wanted, count, beside)
            return tuple(self._take(self._known(post_id)) for post_id in ids)

    def claim(self, post_id: str, *, decided: bool = False) -> Claim:
        """Claim one post. Raises TakenError where somebody else holds it, and UserError where it does not wait for this
        person; ``decided``: also where it was decided already."""
        with self._store.transaction():
            record = self._known(post_id)
            free_for(self._store, post_id, self.who, self._clock.now())
            if record.status != "review" and not decided:
                raise UserError(
                    "post {post} does not wait any more: {status} ({by})",
                    post=post_id,
                    status=record.status,
                    by=record.decided_by,
                )
            may_decide(self._store, record, self.who)
            return self._take(record)

    def held(self, token: int) -> Claim:
        """The claim of a token, for a surface that remembers no more than that. Raises TakenError."""
        lease = self._store.claims.by_token(token)
        if lease is None or lease.holder != self.who:
            post_id = "" if lease is None else lease.post_id
            raise TakenError("this post is no longer held: look at it again", post_id, None)
        return claim_of(lease)

    def renew(self, claims: Iterable[Claim]) -> tuple[Claim, ...]:
        """Hold on to what is still held; returns these claims, with their new end."""
        until = to_us(self._clock.now() + self._lease)
        with self._store.transaction():
            tokens = [c.token for c in claims if self._store.claims.renew(c.token, until)]
            leases = [self._store.claims.by_token(token) for token in tokens]
            return tuple(claim_of(lease) for lease in leases if lease is not None)

    def release(self, claims: Iterable[Claim]) -> None:
        """Let go, undecided; harmless for what is gone."""
        with self._store.transaction():
            for claim in claims:
                self._store.claims.release(claim.token)

    def approve(self, claim: Claim) -> Decision:
        """Accept the post."""
        return self._decide(claim, Act(action="approve", code=ACCEPTED))

    def reject(self, claim: Claim, code: str, note: str | None = None) -> Decision:
        """Turn the post down, with the reason that its author will read."""
        if code not in decisions.reject_codes():
            raise UserError("unknown reason {code}", code=code)
        return self._decide(claim, Act(action="reject", code=code, note=note))

    def flag(self, claim: Claim, note: str | None = None) -> Decision:
        """Send the post to a second pair of eyes: it waits for anybody else."""
        return self._decide(claim, Act(action="flag", note=note))

    def skip(self, claim: Claim) -> None:
        """Put the post aside: for this person it comes after all others. Decides nothing."""
        with self._store.transaction():
            self._check(claim)
            now = to_us(self._clock.now())
            self._store.claims.skip(self.who, claim.post_id, claim.revision, now)
            self._store.claims.release(claim.token)

    def note(self, post_id: str, text: str) -> Decision:
        """Leave a note beside the post. Decides nothing, so it needs no claim."""
        with self._store.transaction():
            return decisions.leave_note(self._store, Target(post_id=post_id), text, self.who, self._clock.now())

    def reopen(self, post_id: str, note: str) -> Decision:
        """Put a decided post back into the queue."""
        with self._store.transaction():
            return decisions.reopen(self._store, Target(post_id=post_id), note, self.who, self._clock.now())

    def cluster(self, post_id: str) -> Cluster:
        """The posts that share the post's first shared picture, and how each stands."""
        return clusters.cluster(self._store, post_id)

    def settle_cluster(self, claim: Claim, code: str, drawn: Cluster | None = None) -> tuple[Decision, ...]:
        """Reject the copies in the post's cluster (as far as they were ``drawn``): never the head, never partial
        members, nothing that others hold."""
        with self._store.transaction():
            self._check(claim)
            now = self._clock.now()
            return clusters.settle_copies(self._store, claim.post_id, drawn, code, self.who, now, self._policy)

    def keep_apart(self, post_id: str, other: str) -> tuple[Decision, ...]:
        """Remember that the post's pictures are not those of another; what that touches is judged again, soon."""
        with self._store.transaction():
            return clusters.keep_apart(self._store, post_id, other, self.who, self._clock.now())

    def belong_together(self, post_id: str, other: str, media: int = 0, other_media: int = 0) -> tuple[Decision, ...]:
        """Remember that two pictures are one; what that touches is judged again, soon."""
        with self._store.transaction():
            now = self._clock.now()
            return clusters.belong_together(self._store, post_id, other, media, other_media, self.who, now)

    def plan(self, wanted: Filter, action: BulkAction, code: str | None = None, note: str | None = None) -> Plan:
        """What a bulk action over a filter would change, and what over the quota would be parked. Changes nothing."""
        return bulk.plan(self._store, wanted, action, code, note, self.who, self._clock.now(), self._policy)

    def carry_out(self, plan: Plan) -> Done:
        """Decide what was planned, as far as it stands as it was previewed; undone as one. Parks the excess."""
        with self._store.transaction():
            return bulk.carry_out(self._store, plan, self.who, self._clock.now(), self._policy)

    def parked(self) -> list[Parked]:
        """What bulk actions had over their quota, oldest first."""
        return bulk.parked(self._store)

    def confirm(self, parked_id: str) -> Done:
        """Decide a parked excess, as far as it stands as it was previewed."""
        with self._store.transaction():
            return bulk.confirm(self._store, parked_id, self.who, self._clock.now(), self._policy)

    def drop(self, parked_id: str) -> Parked:
        """Forget a parked excess, undecided."""
        with self._store.transaction():
            return bulk.drop(self._store, parked_id)

    def undo(self) -> tuple[Decision, Decision]:
        """Take back this person's newest decision that stands, a bulk or cluster action as a whole: (the undo, what it
        undoes), of the newest post of it. Again: the one before, and so on."""
        return self.undo_all()[0]

    def undo_all(self) -> tuple[tuple[Decision, Decision], ...]:
        """``undo``, told post by post."""
        with self._store.transaction():
            return tuple(decisions.undo(self._store, self.who, self._clock.now()))

    def _next(self, wanted: Filter, limit: int, beside: Collection[str] = ()) -> list[str]:
        if wanted.order == "worst":
            return self._store.waiting.ids(wanted, self._reader(), limit, beside)
        records = (self._store.verdicts.get(p) for p in self._store.waiting.ids(wanted, self._reader(), _AHEAD, beside))
        return uncertainty(self._store).order(r.verdict for r in records if r is not None)[:limit]

    def _decide(self, claim: Claim, act: Act) -> Decision:
        with self._store.transaction():
            self._check(claim)
            target = Target(post_id=claim.post_id, revision=claim.revision)
            return decisions.settle(self._store, target, act, self.who, self._clock.now(), self._policy)

    def _check(self, claim: Claim) -> None:
        still_held(self._store, claim, self.who)
        record = self._known(claim.post_id)
        if record.verdict.revision == claim.revision and not set(seen(record.verdict.findings)) <= set(claim.saw):
            raise UserError("post {post} has a new finding: look at it again. Nothing was decided", post=claim.post_id)

    def _take(self, record: Record) -> Claim:
        until = to_us(self._clock.now() + self._lease)
        saw = seen(record.verdict.findings)
        return claim_of(self._store.claims.take(record.post_id, record.verdict.revision, self.who, until, saw))

    def _known(self, post_id: str) -> Record:
        record = self._store.verdicts.get(post_id)
        if record is None:
            raise UserError("no post {post}", post=post_id)
        return record

    def _reader(self) -> Reader:
        return reader(self._store, self.who, self._clock.now())
