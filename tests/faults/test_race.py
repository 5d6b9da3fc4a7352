"""Two moderators who press at the same instant: nothing is decided twice."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

from bot.clock import SystemClock
from bot.errors import UserError
from bot.review.desk import Desk
from bot.store import Store
from tests.integration.desks import CAMPAIGN, judge

POSTS = 1000


def at_once(folder: Path, lease: dt.timedelta, work: Callable[[Desk, threading.Barrier], None]) -> Store:
    """A thousand posts wait; two people, each with a connection of their own, do ``work`` side by side."""
    store = Store(folder)
    with store.transaction():
        for number in range(POSTS):
            judge(store, str(number), "brand.absent")
    barrier = threading.Barrier(2)
    failures: list[BaseException] = []

    def sit(who: str) -> None:
        own = Store(folder)
        own.connection.run("PRAGMA synchronous = OFF")  # what is raced for is order, not the disk
        try:
            work(Desk(own, CAMPAIGN, who, SystemClock(), lease), barrier)
        except BaseException as error:
            failures.append(error)
            barrier.abort()
            raise
        finally:
            own.close()

    threads = [threading.Thread(target=sit, args=(who,)) for who in ("amy", "bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return store


def decided(store: Store) -> list[int]:
    """How many decisions each post has."""
    return [row[0] for row in store.connection.rows("SELECT count(*) FROM decisions GROUP BY post_id")]


def test_claims_that_run_out_at_once_still_let_one_decide(tmp_path: Path) -> None:
    """Leases of no length: both hold each post, one after the other, then both decide at the same instant. The fencing
    token lets just the later holder through, a thousand times."""
    refused = []

    def work(desk: Desk, barrier: threading.Barrier) -> None:
        for number in range(POSTS):
            barrier.wait()
            claim = desk.claim(str(number))
            barrier.wait()
            try:
                desk.approve(claim)
            except UserError:
                refused.append(claim)

    store = at_once(tmp_path, dt.timedelta(0), work)
    assert decided(store) == [1] * POSTS
    assert len(refused) == POSTS
    assert store.log.verify() is None


def test_two_who_work_the_queue_down_share_it(tmp_path: Path) -> None:
    """Both take three at a time and decide all they took, until nothing waits: each post once, none left."""

    def work(desk: Desk, barrier: threading.Barrier) -> None:
        barrier.wait()
        while claims := desk.take(count=3):
            for claim in claims:
                with contextlib.suppress(UserError):
                    desk.reject(claim, "brand.absent")

    store = at_once(tmp_path, dt.timedelta(minutes=2), work)
    assert decided(store) == [1] * POSTS
    assert store.verdicts.queue() == []
