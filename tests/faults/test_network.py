"""Failing networks, stopped processes and jumping clocks: nothing is lost and no verdict is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import Store
from bot.store.work import LONGEST
from tests.faults.network import DRILL, drill, impossible


@pytest.mark.skipif(impossible() is not None, reason=str(impossible()))
def test_troubles_from_outside(tmp_path: Path) -> None:
    """A fault proxy before the media (delay, reset, black hole, half-close, cut, drip); SIGSTOP to the daemon; SIGSTOP
    to its decoders; a clock that jumps by hours and days. More: ``python -m tests.faults network``."""
    figures = drill(range(4), tmp_path, count=6)
    assert figures["trials"] == 4
    assert figures["decoders_stopped"] > 0
    assert DRILL.broken(figures) == {}


def test_what_was_due_in_a_future_that_is_no_more_is_due(tmp_path: Path) -> None:
    """A post that was put off while the clock was set ahead is not forgotten when it is set back; one that waits for
    an hour, as a server asked, goes on waiting."""
    store, hour = Store(tmp_path), 3_600_000_000
    with store.transaction():
        store.work.add(["a day ahead"], 24 * hour)
        store.work.add(["in an hour"], hour)
        assert hour < LONGEST < 2 * hour
        assert [job.post_id for job in store.work.claim(9, 0, 1, idle=True)] == ["a day ahead"]
    store.close()
