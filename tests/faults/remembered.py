"""What a data directory holds in the end, as a drill compares it, and what is wrong with it in itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from bot.decide import outcome
from bot.model import Verdict
from bot.store import Store


@contextlib.contextmanager
def opened(data: Path) -> Iterator[Store]:
    """The store, beside whoever else has it open."""
    store = Store(data)
    try:
        yield store
    finally:
        store.close()


def verdicts(data: Path) -> dict[str, Verdict]:
    """What the rules say of every post."""
    with opened(data) as store:
        return {record.post_id: record.verdict for record in store.verdicts.all()}


def wait_until_judged(data: Path, seconds: float = 300.0) -> None:
    """Until nothing is left on the work list."""
    until = time.monotonic() + seconds
    with opened(data) as store:
        while store.work.open():
            assert time.monotonic() < until, f"{store.work.open()} posts are not judged"
            time.sleep(0.02)


def unsound(data: Path) -> list[str]:
    """What contradicts itself: pages, references, the chain of events, doubled verdicts, a status that does not follow
    from verdict and decisions, a decision without its event."""
    with opened(data) as store:
        connection, found = store.connection, []
        integrity = connection.row("PRAGMA integrity_check")
        if integrity != ("ok",):
            found.append(f"integrity: {integrity}")
        lost = "SELECT 1 FROM links WHERE a NOT IN (SELECT id FROM nodes) OR b NOT IN (SELECT id FROM nodes)"
        if connection.rows("PRAGMA foreign_key_check") or connection.rows(lost):
            found.append("a reference leads nowhere")
        broken = store.log.verify()
        if broken is not None:
            found.append(broken)
        found += [
            f"judged twice: {row}"
            for row in connection.rows(
                "SELECT subject, payload FROM (SELECT subject, payload, lag(payload) OVER (PARTITION BY subject"
                " ORDER BY seq) AS before FROM events WHERE kind = 'post.judged') WHERE payload = before"
            )
        ]
        odd = connection.rows(
            "SELECT d.id FROM decisions d LEFT JOIN events e ON e.seq = d.seq AND e.kind = 'post.decided'"
            " AND e.payload ->> 'id' = d.id WHERE e.seq IS NULL"
        )
        events = connection.row("SELECT count(*) FROM events WHERE kind = 'post.decided'")
        rows = connection.row("SELECT count(*) FROM decisions")
        if odd or events != rows:
            found.append(f"{rows} decisions, {events} events of them")
        found += [
            f"{record.post_id} is {record.status}, decided is {stands}"
            for record in store.verdicts.all()
            if record.status != (stands := outcome(record.verdict, store.verdicts.decisions(record.post_id)).status)
        ]
        return found
