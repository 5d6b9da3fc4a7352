"""A store of judged posts and several people's desks on it, with a clock that tests set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.campaign import load_campaign
from bot.decide import priority
from bot.model import Finding, Stance, Status, Verdict
from bot.review.desk import Desk
from bot.review.second import ALONE, Policy
from bot.store import Store
from bot.store.times import to_us

CAMPAIGN = load_campaign()
START = dt.datetime(2025, 7, 21, 4, tzinfo=dt.UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> dt.datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits at a desk")

    def forward(self, **by: float) -> None:
        self.at += dt.timedelta(**by)


def judge(
    store: Store,
    post_id: str,
    *codes: str,
    at: dt.datetime = START,
    revision: int = 1,
    status: Status = "review",
    author: str | None = "u1",
    stance: Stance = "ask",
) -> None:
    """Record a verdict, as the pipeline does."""
    findings = tuple(Finding(code=code, stance=stance) for code in codes)
    verdict = Verdict(
        post_id=post_id, revision=revision, status=status, findings=findings, campaign="c", campaign_version="v"
    )
    with store.transaction():
        store.verdicts.record(verdict, author, priority(verdict), (), to_us(at))


def desks(store: Store, clock: Clock, *names: str, policy: Policy = ALONE) -> list[Desk]:
    """One desk a person."""
    return [Desk(store, CAMPAIGN, name, clock, policy=policy) for name in names]


def ids(found: Sequence[object]) -> list[str]:
    """The post ids of records or claims."""
    return [str(getattr(item, "post_id")) for item in found]  # noqa: B009 - records and claims alike
