"""Winners as remembered: who was disqualified, whose post was seen still public, what was frozen."""

from __future__ import annotations

from collections.abc import Collection

from bot.posts.sightings import REPLAYED
from bot.store.awards import subject
from bot.store.connection import Connection
from bot.store.log import EventLog
from detectors.evidence import Value


class Checked(Value):
    """That a post was still public: when, how, and who says so."""

    at: int
    how: str
    who: str


class Winners:
    """One campaign's winners. Every method runs in the caller's transaction. Times in microseconds."""

    def __init__(self, connection: Connection, log: EventLog, campaign: str) -> None:
        self._connection, self._log, self._campaign = connection, log, campaign

    def disqualify(self, post_ids: Collection[str], reason: str, note: str | None, who: str, at: int) -> None:
        """Take posts out of the running, each with one event."""
        for post_id in post_ids:
            self._connection.run(
                "INSERT OR IGNORE INTO disqualified VALUES (?, ?, ?, ?, ?, ?)",
                (self._campaign, post_id, reason, note, who, at),
            )
            self._log.append("winner.disqualified", post_id, at, {"reason": reason, "who": who})

    def reinstate(self, post_id: str, who: str, at: int) -> bool:
        """Take a disqualification back. False where there is none."""
        done = self._connection.run(
            "DELETE FROM disqualified WHERE campaign = ? AND post_id = ?", (self._campaign, post_id)
        )
        if done:
            self._log.append("winner.reinstated", post_id, at, {"who": who})
        return bool(done)

    def disqualified(self) -> dict[str, tuple[str, int]]:
        """Post to reason and time."""
        return {
            post_id: (reason, at)
            for post_id, reason, at in self._connection.rows(
                "SELECT post_id, reason, at FROM disqualified WHERE campaign = ? ORDER BY at, post_id",
                (self._campaign,),
            )
        }

    def check(self, post_id: str, how: str, who: str, at: int) -> None:
        """Note that a post is still public."""
        self._connection.run("INSERT OR REPLACE INTO rechecks VALUES (?, ?, ?, ?)", (post_id, how, who, at))
        self._log.append("winner.rechecked", post_id, at, {"how": how, "who": who})

    def checked(self, post_id: str) -> Checked | None:
        """When a post was last known to be public: by a person, an export, or a source that reads the square live."""
        row = self._connection.row("SELECT at, how, who FROM rechecks WHERE post_id = ?", (post_id,))
        found = [] if row is None else [Checked(at=row[0], how=row[1], who=row[2])]
        marks = ",".join("?" * len(REPLAYED))
        seen = self._connection.row(
            f"SELECT last_observed, source FROM sightings WHERE post_id = ? AND source NOT IN ({marks})"
            " ORDER BY last_observed DESC LIMIT 1",
            (post_id, *sorted(REPLAYED)),
        )
        if seen is not None:
            found.append(Checked(at=seen[0], how="source", who=seen[1]))
        return max(found, key=lambda checked: checked.at, default=None)

    def freeze(self, document: bytes, key: str, facts: dict[str, object], who: str, at: int) -> None:
        """Keep what the awards rest on, for good."""
        self._connection.run(
            "INSERT INTO frozen_awards (campaign, at, who, document, key) VALUES (?, ?, ?, ?, ?)",
            (self._campaign, at, who, document, key),
        )
        self._log.append("winners.frozen", subject(self._campaign), at, {**facts, "who": who})

    def frozen(self) -> tuple[bytes, str, int] | None:
        """The frozen document, its key and when; None before."""
        row = self._connection.row("SELECT document, key, at FROM frozen_awards WHERE campaign = ?", (self._campaign,))
        return None if row is None else (bytes(row[0]), str(row[1]), int(row[2]))

    def frozen_at(self) -> int | None:
        """When the awards were frozen; None before."""
        row = self._connection.row("SELECT at FROM frozen_awards WHERE campaign = ?", (self._campaign,))
        return None if row is None else int(row[0])

    def published_at(self) -> int | None:
        """When winners were published for the first time; None before."""
        row = self._connection.row(
            "SELECT min(at) FROM events WHERE subject = ? AND kind = 'winners.published'", (subject(self._campaign),)
        )
        return None if row is None or row[0] is None else int(row[0])

    def published(self, digest: str, who: str, at: int) -> None:
        """Note what was written for the public."""
        self._log.append("winners.published", subject(self._campaign), at, {"manifest": digest, "who": who})
