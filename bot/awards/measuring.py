"""Counting the views of every shared post on X, now, from X's API, within a budget.

Each batch is committed by itself: whatever ends a measurement, what was counted stays and is not paid for again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from bot.admission.hashtags import classify
from bot.awards.leaderboard import Count, Said
from bot.awards.links import SquareLink, square_link
from bot.awards.shares import moment_of, window
from bot.awards.x_api import MOST, Reply, XApi, XPost
from bot.campaign import Campaign
from bot.clock import Clock
from bot.errors import UserError
from bot.settings import X
from bot.store import Store
from detectors.evidence import Value

_LOOK = 30.0  # seconds after which the clock is looked at again: somebody may set it


class Measured(Value):
    """What one measurement brought. ``posts``: shared posts on X, ``due`` of them had to be asked for; ``counted``:
    posts with views, versions included; ``missing``: those without, per code. ``charged``: posts that X charges for,
    and ``cost`` in US dollars."""

    moment: dt.datetime | None
    posts: int
    due: int
    counted: int
    missing: dict[str, int]
    requests: int
    charged: int
    cost: float


async def measure(
    store: Store,
    campaign: Campaign,
    api: XApi,
    prices: X,
    clock: Clock,
    who: str,
    *,
    again: bool = False,
    done: Callable[[int], None] = lambda count: None,
) -> Measured:
    """Count the views of every share that was not dropped. ``again``: also those that need no new count. ``done`` is
    told how many posts were asked for. Raises UserError where the window is over or the budget does not suffice, and
    what ``XApi.lookup`` raises."""
    with store.transaction():
        moment = moment_of(store, campaign, who, clock.now())
    at = None if moment is None else moment.at
    posts = {share.x_id for share in store.shares.entered() if share.state != "dropped"}
    chains = store.shares.chains()
    shared = {chains.get(post) for post in posts}
    wanted = posts | {x_id for x_id, chain in chains.items() if chain in shared}
    due = wanted if again else wanted - _counted_already(store, campaign, at, clock.now())
    run = _Run(store, campaign, api, prices, clock, who, at)
    run.afford(due)
    try:
        await run.count(sorted(due, key=lambda x_id: (len(x_id), x_id)), done)
    finally:
        run.conclude(len(posts), len(due))
    return run.outcome(len(posts), len(due))


async def await_moment(store: Store, campaign: Campaign, clock: Clock, who: str) -> None:
    """Wait until views count. Raises UserError where no moment is fixed."""
    with store.transaction():
        moment = moment_of(store, campaign, who, clock.now())
    if moment is None:
        raise UserError("no moment is fixed: gatewarden shares fix-moment TIME")
    while (rest := (moment.at - clock.now()).total_seconds()) > 0:
        await clock.sleep(min(rest, _LOOK))


def _counted_already(store: Store, campaign: Campaign, moment: dt.datetime | None, now: dt.datetime) -> set[str]:
    """Posts that need no count now: at the moment, those counted in its window; before, those counted today (UTC)."""
    until = None if moment is None else moment + window(campaign)
    if until is not None and now > until:
        raise UserError(
            "the window for counting closed at {time}: a count taken now does not stand for the moment"
            " (--again takes one all the same)",
            time=until.astimezone(campaign.tz).isoformat(),
        )
    since = moment if moment is not None and now >= moment else _day(now)
    return {count.x_id for count in store.shares.counts(since, now) if count.failure != "x.unreadable"}


class _Run:
    """One measurement under way."""

    def __init__(
        self,
        store: Store,
        campaign: Campaign,
        api: XApi,
        prices: X,
        clock: Clock,
        who: str,
        moment: dt.datetime | None,
    ) -> None:
        self._campaign = campaign
        self._store, self._api, self._prices, self._clock, self._who = store, api, prices, clock, who
        self._moment = moment
        self._before = api.requests
        self._missing: Counter[str] = Counter()
        self._counted: list[Count] = []
        self._charged = 0

    def afford(self, ids: set[str]) -> None:
        """Raises UserError where asking for these would cost more than is left of the budget."""
        new = ids - self._store.shares.read_since(_day(self._clock.now()))
        price, spent = self._prices.price, self._store.shares.charged() * self._prices.price
        if new and spent + len(new) * price > self._prices.budget + 1e-9:
            raise UserError(
                "counting {posts} posts costs up to ${cost}; ${spent} of [x] budget ${budget} are spent",
                posts=len(new),
                cost=f"{len(new) * price:.2f}",
                spent=f"{spent:.2f}",
                budget=f"{self._prices.budget:.2f}",
            )

    async def count(self, ids: Sequence[str], done: Callable[[int], None]) -> None:
        """Count these, and every other version that X tells of."""
        asked = set[str]()
        waiting = list(ids)
        while waiting:
            batch, waiting = waiting[:MOST], waiting[MOST:]
            self.afford(set(batch))
            reply = await self._api.lookup(batch)
            asked.update(batch)
            self._keep(reply)
            known = asked.union(waiting, (post.id for post in reply.found))
            waiting += [v for post in reply.found for v in post.versions if v not in known]
            waiting = list(dict.fromkeys(waiting))
            done(len(asked))

    def _keep(self, reply: Reply) -> None:
        """Commit one reply, with what it costs."""
        now = self._clock.now()
        counts = [
            Count(x_id=post.id, at=now, views=post.views, failure="x.no_count" if post.views is None else None)
            for post in reply.found
        ]
        counts += [Count(x_id=gone.id, at=now, views=None, failure=gone.code) for gone in reply.missing]
        chains = {version: post.versions[0] for post in reply.found for version in post.versions}
        shares = self._store.shares
        with self._store.transaction():
            charged = len({post.id for post in reply.found} - shares.read_since(_day(now)))
            shares.charge(now.date().isoformat(), charged)
            shares.count(counts, chains, "api")
            shares.hear({post.id: _said(post, self._campaign) for post in reply.found})
        self._charged += charged
        self._counted += [count for count in counts if count.views is not None]
        self._missing.update(count.failure for count in counts if count.failure is not None)

    def conclude(self, posts: int, due: int) -> None:
        """Record what came of it, whatever ended it."""
        digest = hashlib.sha256(msgspec.json.encode(sorted((c.x_id, c.views or 0) for c in self._counted))).hexdigest()
        fact = {
            **msgspec.to_builtins(self.outcome(posts, due)),
            "counts": digest,
            "who": self._who,
        }
        with self._store.transaction():
            self._store.shares.log("shares.measured", self._clock.now(), fact)

    def outcome(self, posts: int, due: int) -> Measured:
        """What it has brought so far."""
        return Measured(
            moment=self._moment,
            posts=posts,
            due=due,
            counted=len(self._counted),
            missing=dict(self._missing),
            requests=self._api.requests - self._before,
            charged=self._charged,
            cost=round(self._charged * self._prices.price, 6),
        )


def _day(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _said(post: XPost, campaign: Campaign) -> Said:
    """What a post on X says that bears on a share. A look-alike of the hashtag will do: nothing rests on it alone."""
    squares = [square_link(link, campaign.awards.mirrors) for link in post.links]
    return Said(
        account=post.account,
        tagged=classify(post.text, "", campaign.hashtags).kind != "none",
        posts=tuple(dict.fromkeys(square.id for square in squares if isinstance(square, SquareLink))),
    )
