"""Who reviews here, in which role; of their login tokens only the hashes."""

from __future__ import annotations

from typing import Literal

from bot.store.connection import Connection
from bot.store.log import EventLog
from bot.store.times import from_us
from detectors.evidence import Value

Role = Literal["moderator", "lead", "judge"]


class Moderator(Value):
    """One person who logs in."""

    name: str
    role: Role
    since: str


class Moderators:
    """Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection, self._log = connection, log

    def put(self, name: str, role: Role, token_hash: str, at: int) -> None:
        """Name a moderator, or give them another role and token."""
        self._connection.run("INSERT OR REPLACE INTO moderators VALUES (?, ?, ?, ?)", (name, role, token_hash, at))
        self._log.append("moderator.named", f"moderator:{name}", at, {"role": role})

    def remove(self, name: str, at: int) -> bool:
        """Take a moderator's login away. False where there is none of that name. Their decisions stay theirs."""
        if not self._connection.run("DELETE FROM moderators WHERE name = ?", (name,)):
            return False
        self._log.append("moderator.removed", f"moderator:{name}", at, {})
        return True

    def all(self) -> list[Moderator]:
        """Everybody, by name."""
        rows = self._connection.rows("SELECT name, role, at FROM moderators ORDER BY name")
        return [Moderator(name=name, role=role, since=from_us(at).isoformat()) for name, role, at in rows]

    def any(self) -> bool:
        """Whether anybody is named."""
        return self._connection.row("SELECT 1 FROM moderators LIMIT 1") is not None

    def role(self, name: str) -> Role | None:
        """The role of a person; None for somebody who is not named."""
        row = self._connection.row("SELECT role FROM moderators WHERE name = ?", (name,))
        return None if row is None else row[0]

    def by_token(self, token_hash: str) -> Moderator | None:
        """Whose token this is."""
        row = self._connection.row("SELECT name, role, at FROM moderators WHERE token_hash = ?", (token_hash,))
        return None if row is None else Moderator(name=row[0], role=row[1], since=from_us(row[2]).isoformat())
