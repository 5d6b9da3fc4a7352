"""Who stands behind a post, as far as a source told or a moderator confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.store.connection import Connection
from bot.store.log import EventLog
from detectors.evidence import Value


class Confirmed(Value):
    """A person and where they live (ISO 3166 alpha-2, None: not said), as a moderator confirmed at ``at``."""

    person: str
    region: str | None
    at: int


class Persons:
    """Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection, self._log = connection, log

    def of(self, post_id: str, account: str | None) -> str | None:
        """The verified person behind a post: whom a moderator confirmed, else whom a source named."""
        row = self._connection.row(
            "SELECT person FROM confirmed_persons WHERE owner = ?1"
            " UNION ALL SELECT person FROM accounts WHERE id = ?2 LIMIT 1",
            (_owner(post_id, account), account),
        )
        return None if row is None else str(row[0])

    def confirmed(self, post_id: str, account: str | None) -> Confirmed | None:
        """What a moderator said of whoever is behind a post; None where none did."""
        row = self._connection.row(
            "SELECT person, region, at FROM confirmed_persons WHERE owner = ?", (_owner(post_id, account),)
        )
        return None if row is None else Confirmed(person=row[0], region=row[1], at=row[2])

    def confirm(self, post_id: str, account: str | None, person: str, region: str | None, who: str, at: int) -> None:
        """A moderator knows whose account, or post where no account is known, it is. The log says that, not whose."""
        self._connection.run(
            "INSERT OR REPLACE INTO confirmed_persons (owner, person, region, who, at) VALUES (?, ?, ?, ?, ?)",
            (_owner(post_id, account), person, region, who, at),
        )
        self._log.append("person.confirmed", post_id, at, {"who": who})

    def forget(self, account: str, post_ids: Iterable[str]) -> None:
        """Erase what leads from draw, scores and awards to the person. What was published still verifies."""
        self._connection.run("DELETE FROM confirmed_persons WHERE owner = ?", (_owner("", account),))
        self._connection.run("UPDATE judges SET account = NULL WHERE account = ?", (account,))
        for post_id in post_ids:
            self._connection.run("DELETE FROM confirmed_persons WHERE owner = ?", (_owner(post_id, None),))
            self._connection.run(
                "UPDATE draw_entries SET post_id = NULL, unit = NULL, salt = NULL WHERE post_id = ?", (post_id,)
            )
            self._connection.run("UPDATE disqualified SET note = NULL WHERE post_id = ?", (post_id,))
            self._connection.run("DELETE FROM rechecks WHERE post_id = ?", (post_id,))


def _owner(post_id: str, account: str | None) -> str:
    return f"post:{post_id}" if account is None else f"author:{account}"
