"""A backlog does not keep those waiting who post now."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from bot.model import Delivery
from bot.sources import Batch
from bot.sources.post_json import parse_post
from bot.store import Store
from bot.store.times import to_us
from tests.faults.backlog import DRILL, backlog_line

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def delivered(raw: str) -> Delivery:
    post = parse_post(raw, zone=dt.UTC)
    return Delivery(source="push", observed_at=NOW, snapshot=post, raw=msgspec.Raw(raw.encode()))


def test_what_was_just_posted_is_claimed_first(tmp_path: Path) -> None:
    """Behind a thousand old posts, in whichever order they come, the new one is in the first claim; the old ones keep
    their order."""
    store = Store(tmp_path)
    old = Batch(deliveries=tuple(delivered(backlog_line(n)) for n in range(1000)))
    new = Batch(deliveries=(delivered(f'{{"id": "new", "created_at": "{NOW.isoformat()}"}}'), delivered('{"id": "?"}')))
    with store.transaction():
        assert store.take("push", old, NOW) == 1000
        assert store.take("push", new, NOW) == 2
        jobs = store.work.claim(128, to_us(NOW), 1, idle=True)
    store.close()
    assert [job.post_id for job in jobs[:4]] == ["new", "?", "b0", "b1"]


def test_new_posts_beside_a_backlog(tmp_path: Path) -> None:
    """The real daemon works a backlog off and answers new posts meanwhile; how fast, the long form measures:
    ``python -m tests.faults backlog``."""
    figures = DRILL.run(range(400), tmp_path)
    assert figures["new_posts"] > 0
    assert DRILL.broken(figures, timed=False) == {}
