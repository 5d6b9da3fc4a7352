"""On what the graph of copies rests: hashes of the thresholds under which its links were proven."""

from __future__ import annotations

from bot.store.connection import Connection


class Grounds:
    """Every method runs in the caller's transaction, or is one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, ground: str) -> None:
        """From now on links are proven on this ground too."""
        if ground not in self.all():
            self._connection.run("INSERT OR IGNORE INTO grounds VALUES (?)", (ground,))

    def all(self) -> frozenset[str]:
        """Every ground on which links may have been proven."""
        return frozenset(row[0] for row in self._connection.rows("SELECT hash FROM grounds"))

    def clear(self) -> None:
        """The graph is built anew."""
        self._connection.run("DELETE FROM grounds")
