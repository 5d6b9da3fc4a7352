"""Judges and their marks, as remembered."""

from __future__ import annotations

import secrets

import msgspec

from bot.awards.canonical import canonical
from bot.awards.judging import Held, Marked
from bot.store.awards import subject
from bot.store.connection import Connection
from bot.store.log import EventLog


class Judging:
    """One campaign's judging. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog, campaign: str) -> None:
        self._connection, self._log, self._campaign = connection, log, campaign

    def seed(self) -> str | None:
        """What codes and orders come from; None where judging has not begun."""
        row = self._connection.row("SELECT seed FROM judgings WHERE campaign = ?", (self._campaign,))
        return None if row is None else str(row[0])

    def add_judge(self, name: str, account: str | None, at: int) -> bool:
        """Admit a judge. ``account``: their own on the square, whose posts they never meet. False: known already, and
        only the account is noted."""
        if self.seed() is None:
            self._connection.run("INSERT INTO judgings VALUES (?, ?, ?)", (self._campaign, secrets.token_hex(32), at))
        new = name not in self.judges()
        self._connection.run(
            "INSERT INTO judges VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET account = excluded.account",
            (self._campaign, name, account, at),
        )
        self._log.append("judge.added", subject(self._campaign), at, {"judge": name})
        return new

    def judges(self) -> dict[str, str | None]:
        """Name to account of every judge."""
        return dict(
            self._connection.rows(
                "SELECT name, account FROM judges WHERE campaign = ? ORDER BY name", (self._campaign,)
            )
        )

    def mark(self, marked: Marked, revision: int, at: int) -> None:
        """Remember what a judge gave, or that they stand back; a later word replaces an earlier one."""
        self._connection.run(
            "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?)",
            (self._campaign, marked.post_id, marked.judge, revision,
             None if marked.marks is None else canonical(marked.marks).decode(), at),
        )  # fmt: skip
        self._connection.run("DELETE FROM held_posts WHERE campaign = ? AND judge = ? AND post_id = ?",
                             (self._campaign, marked.judge, marked.post_id))  # fmt: skip
        kind = "judge.recused" if marked.marks is None else "judge.marked"
        facts = {"judge": marked.judge, "revision": revision, "marks": marked.marks}
        self._log.append(kind, marked.post_id, at, facts)

    def hold(self, held: Held, until: int) -> None:
        """Keep a post for a judge; what they held before is free again."""
        self._connection.run(
            "INSERT OR REPLACE INTO held_posts VALUES (?, ?, ?, ?)", (self._campaign, held.judge, held.post_id, until)
        )

    def held(self, now: int) -> list[Held]:
        """What is kept for judges at this moment."""
        rows = self._connection.rows(
            "SELECT judge, post_id FROM held_posts WHERE campaign = ? AND until > ? ORDER BY judge",
            (self._campaign, now),
        )
        return [Held(judge=judge, post_id=post_id) for judge, post_id in rows]

    def marks(self) -> list[Marked]:
        """Everything given, in order of post and judge."""
        return [
            Marked(post_id=post_id, judge=judge, marks=None if marks is None else msgspec.json.decode(marks))
            for post_id, judge, marks in self._connection.rows(
                "SELECT post_id, judge, marks FROM marks WHERE campaign = ? ORDER BY post_id, judge", (self._campaign,)
            )
        ]
