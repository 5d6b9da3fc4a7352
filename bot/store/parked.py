"""Bulk actions, as far as they went over their quota: kept until somebody confirms or drops them."""

from __future__ import annotations

from bot.store.connection import Connection
from detectors.evidence import Value


class Row(Value):
    """One parked action. ``body`` is JSON, ``at`` in microseconds."""

    id: str
    who: str
    at: int
    body: str


class ParkedActions:
    """Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, row: Row) -> None:
        """Park an action."""
        self._connection.run("INSERT INTO parked VALUES (?, ?, ?, ?)", (row.id, row.who, row.at, row.body))

    def all(self) -> list[Row]:
        """Everything that is parked, oldest first."""
        rows = self._connection.rows("SELECT id, who, at, body FROM parked ORDER BY at, id")
        return [Row(id=i, who=who, at=at, body=body) for i, who, at, body in rows]

    def take(self, parked_id: str) -> Row | None:
        """Take an action out; None where there is none of this id."""
        found = next((row for row in self.all() if row.id == parked_id), None)
        self._connection.run("DELETE FROM parked WHERE id = ?", (parked_id,))
        return found
