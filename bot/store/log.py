"""The append-only event log, hash-chained per committed batch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from bot.store.connection import Connection, Row

GENESIS = "0" * 64
_encode = msgspec.json.Encoder(order="deterministic").encode


class EventLog:
    """Events of what happened, in order. ``append`` inside a transaction, then ``seal`` once before it commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unsealed = False

    def append(self, kind: str, subject: str, at: int, payload: Mapping[str, object], version: int = 1) -> int:
        """Record one event; returns its sequence number. The payload holds ids, hashes and facts, never words of a
        post. ``version`` is that of the payload's form: whoever reads events reads every form there was.
        """
        self._unsealed = True
        return self._connection.insert(
            "INSERT INTO events (at, kind, subject, version, payload) VALUES (?, ?, ?, ?, ?)",
            (at, kind, subject, version, _encode(payload).decode()),
        )

    def seal(self) -> None:
        """Chain all events since the last seal to it: hash = SHA-256(previous hash, then each event's canonical
        row).
        """
        if not self._unsealed:
            return
        last = self._connection.row("SELECT last_seq, hash FROM seals ORDER BY last_seq DESC LIMIT 1")
        after, previous = (int(last[0]), str(last[1])) if last else (0, GENESIS)
        events = self._events(after, None)
        if events:
            self._connection.run(
                "INSERT INTO seals (last_seq, first_seq, hash) VALUES (?, ?, ?)",
                (events[-1][0], events[0][0], _chain(previous, events)),
            )
        self._unsealed = False

    def verify(self) -> str | None:
        """None when every event stands as it was sealed, else one line that names the first broken batch."""
        previous, after = GENESIS, 0
        for last_seq, first_seq, stored in self._connection.rows(
            "SELECT last_seq, first_seq, hash FROM seals ORDER BY last_seq"
        ):
            if _chain(previous, self._events(after, last_seq)) != stored:
                return f"the event log was changed between events {first_seq} and {last_seq}"
            previous, after = stored, last_seq
        loose = self._connection.row("SELECT count(*) FROM events WHERE seq > ?", (after,))
        return None if loose is None or loose[0] == 0 else f"{loose[0]} events after {after} are not sealed"

    def head(self) -> dict[str, object]:
        """The newest seal: whoever kept it can tell later whether anything before it was changed."""
        row = self._connection.row("SELECT last_seq, hash FROM seals ORDER BY last_seq DESC LIMIT 1")
        return {"last_seq": 0, "hash": GENESIS} if row is None else {"last_seq": row[0], "hash": row[1]}

    def of(self, subject: str) -> list[Row]:
        """(seq, at, kind, payload) of one post's events, oldest first."""
        return self._connection.rows(
            "SELECT seq, at, kind, payload FROM events WHERE subject = ? ORDER BY seq", (subject,)
        )

    def _events(self, after: int, until: int | None) -> list[Row]:
        return self._connection.rows(
            "SELECT seq, at, kind, subject, version, payload FROM events WHERE seq > ? AND seq <= ? ORDER BY seq",
            (after, 2**62 if until is None else until),
        )


def _chain(previous: str, events: list[Row]) -> str:
    digest = hashlib.sha256(previous.encode())
    for event in events:
        digest.update(_encode(event))
    return digest.hexdigest()
