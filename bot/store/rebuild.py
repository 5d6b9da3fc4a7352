"""The projections anew from the event log alone, to hold the stored ones against: they must be equal, row by row."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Final

from bot.decide import priority
from bot.fold import fold
from bot.model import Decision, Verdict
from bot.store.connection import Connection, Row
from bot.store.erasure import FORGOTTEN
from bot.store.facts import history

STORED: Final[dict[str, str]] = {
    "posts": "SELECT id, revision, status, decided_by, decided_at, priority, queued_at, codes FROM posts ORDER BY id",
    "opinions": "SELECT post_id, who, decision FROM opinions ORDER BY post_id, who",
    "pairs": "SELECT a, b, kind FROM pairs ORDER BY a, b",
    "decisions": (
        "SELECT seq, id, post_id, revision, action, code, who, at, saw, undoes, held, batch, pair_a, pair_b"
        " FROM decisions ORDER BY seq"
    ),
}
"""Each projection of the log, as an ordered SELECT. Notes are no part of the log: they may be about a person."""


def rebuilt(connection: Connection) -> dict[str, list[Row]]:
    """What ``STORED`` must give, from the log alone."""
    found: dict[str, list[Row]] = {name: [] for name in STORED}
    for post_id, rows in _by_post(connection):
        events = list(history(rows))
        forgotten = any(kind == FORGOTTEN for _, _, kind, _ in rows)
        seqs = [seq for seq, _, kind, _ in rows if kind in ("post.judged", "post.decided")]
        for seq, (at, event) in zip(seqs, events, strict=True):
            if isinstance(event, Decision):
                found["decisions"].append(_decision(seq, post_id, at, event))
        stand = None if forgotten else fold(events)
        if stand is not None:
            found["posts"].append(_post(post_id, stand.verdict, stand.outcome.status, stand.outcome.decided_by,
                                        stand.decided_at, stand.queued_at))  # fmt: skip
            newest = {o.who: o.id for o in stand.outcome.opinions}
            found["opinions"] += [(post_id, who, newest[who]) for who in sorted(newest)]
    found["decisions"].sort()
    found["pairs"] = _pairs(found["decisions"])
    return found


def differing(connection: Connection) -> list[str]:
    """The posts that do not stand as their history says: revision, status, by whom."""
    said = {row[0]: row[1:4] for row in rebuilt(connection)["posts"]}
    stored = {row[0]: tuple(row[1:4]) for row in connection.rows(STORED["posts"])}
    return sorted(post_id for post_id in said.keys() | stored.keys() if said.get(post_id) != stored.get(post_id))


def _by_post(connection: Connection) -> Iterator[tuple[str, list[Row]]]:
    rows = connection.rows(
        "SELECT subject, seq, at, kind, payload FROM events WHERE kind IN ('post.judged', 'post.decided', ?)"
        " ORDER BY subject, seq",
        (FORGOTTEN,),
    )
    for post_id, group in itertools.groupby(rows, key=lambda row: str(row[0])):
        yield post_id, [row[1:] for row in group]


def _post(post_id: str, verdict: Verdict, status: str, decided_by: str, decided_at: int, queued_at: int | None) -> Row:
    codes = dict.fromkeys(f.code for f in verdict.findings if f.stance != "supports")
    listed = f" {' '.join(codes)} " if codes else ""
    return (post_id, verdict.revision, status, decided_by, decided_at, priority(verdict), queued_at, listed)


def _decision(seq: int, post_id: str, at: int, d: Decision) -> Row:
    saw = json.dumps(d.saw, separators=(",", ":"), ensure_ascii=False)
    pair = d.pair or (None, None)
    return (seq, d.id, post_id, d.revision, d.action, d.code, d.who, at, saw, d.undoes, int(d.held), d.batch, *pair)


def _pairs(decisions: list[Row]) -> list[Row]:
    """The newest decision about each pair of media that was not undone."""
    undone = {row[9] for row in decisions}
    standing = {
        (f"m:{row[12]}", f"m:{row[13]}"): row[4] for row in decisions if row[12] is not None and row[1] not in undone
    }
    return [(*pair, standing[pair]) for pair in sorted(standing)]
