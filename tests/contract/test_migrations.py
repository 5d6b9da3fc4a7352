"""A database of an earlier release is opened, brought up to date, and loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from bot.model import Finding, Verdict
from bot.review.decisions import undo
from bot.store import Store
from bot.store.rebuild import STORED, differing, rebuilt
from bot.store.schema import migrations
from tests.integration.desks import START

AT = 1_753_012_800_000_000


def earlier(folder: Path) -> None:
    """A data directory as it was before there were claims: one post, approved, taken back, rejected with a note."""
    raw = sqlite3.connect(str(folder / "gatewarden.db"), isolation_level=None)
    db = Database(raw)
    migrations.apply(db, stop_before="m003_people")
    findings = (Finding(code="brand.absent", stance="ask"), Finding(code="brand.absent", stance="ask", media=1))
    verdict = Verdict(post_id="1", revision=1, status="review", findings=findings, campaign="c", campaign_version="v")
    judged = {
        "revision": 1,
        "status": "review",
        "campaign": "v",
        "codes": [[f.code, f.stance, f.media] for f in findings],
    }
    events = [("post.judged", judged)]
    decisions = [("d1", "approve", "accepted", None, None), ("d2", "undo", None, None, "d1"),
                 ("d3", "reject", "rule.other", "why", None)]  # fmt: skip
    for ident, action, code, _, undoes in decisions:
        fact = {"revision": 1, "action": action, "code": code, "who": "amy", "id": ident, "undoes": undoes}
        events.append(("post.decided", fact))
    for number, (kind, fact) in enumerate(events):
        raw.execute(
            "INSERT INTO events (at, kind, subject, payload) VALUES (?, ?, '1', ?)",
            (AT + number, kind, json.dumps(fact, separators=(",", ":"))),
        )
    for number, (ident, action, code, note, undoes) in enumerate(decisions):
        raw.execute(
            "INSERT INTO decisions VALUES (?, ?, '1', 1, ?, ?, ?, 'amy', ?, ?, ?)",
            (ident, number + 2, action, code, note, AT + number + 1, '["brand.absent","brand.absent@1"]', undoes),
        )
    raw.execute(
        "INSERT INTO posts VALUES ('1', 1, 'u1', 'ineligible', 'moderator:amy', ?, 102, NULL, ?, '[]')",
        (AT + 3, msgspec.json.encode(verdict)),
    )
    raw.close()


def test_what_was_decided_before_there_were_claims_still_stands(tmp_path: Path) -> None:
    """Decisions, undo chain and notes are carried over; events of the older form are read; undo goes on from there."""
    earlier(tmp_path)
    store = Store(tmp_path)
    found = store.verdicts.decisions("1")
    assert [(d.id, d.action, d.note, d.undoes, d.held, d.batch) for d in found] == [
        ("d1", "approve", None, None, False, None),
        ("d2", "undo", None, "d1", False, None),
        ("d3", "reject", "why", None, False, None),
    ]
    assert differing(store.connection) == []
    assert {name: store.connection.rows(select) for name, select in STORED.items()} == rebuilt(store.connection)
    assert store.connection.rows("PRAGMA foreign_key_check") == []
    with store.transaction():
        assert undo(store, "amy", START)[0][1].id == "d3"
    record = store.verdicts.get("1")
    assert record is not None
    assert (record.status, record.queued_at) == ("review", AT)


def test_links_of_an_earlier_release_are_kept(tmp_path: Path) -> None:
    """Rows stored in the order of the older picture lie in that of the newer one, and are found from either."""
    raw = sqlite3.connect(str(tmp_path / "gatewarden.db"), isolation_level=None)
    migrations.apply(Database(raw), stop_before="m008_newest_last")
    for node in (1, 2, 3, 4):
        raw.execute("INSERT INTO nodes (id, key, kind, cluster) VALUES (?, ?, 'media', ?)", (node, f"m:{node}", node))
    rows = [(1, 4, "partial", 256, "{}", 3), (2, 3, "near", 7, "{}", 0), (3, 4, "partial", 80, "{}", 0)]
    raw.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", rows)
    raw.execute("INSERT INTO held_links VALUES (1, 2, 'partial', 90, '{}', 5)")
    raw.close()
    store = Store(tmp_path)
    assert store.connection.rows("SELECT * FROM links ORDER BY a, b") == rows
    assert sorted(store.graph.partial_links.of(4)) == [1, 3]
    assert sorted(store.graph.partial_links.of(1)) == [2, 4]
    assert store.graph.links.distance(3, 2) == 7
    assert [link[:3] for link in sorted(store.graph.partial_links.held())] == [(1, 2, 5), (1, 4, 3)]
    assert store.connection.rows("PRAGMA foreign_key_check") == []
    store.close()
