"""Who looks at which post just now: leases with a fencing token, and what each person put aside for later."""

from __future__ import annotations

import msgspec

from bot.store.connection import Connection
from detectors.evidence import Value


class Lease(Value):
    """One claim as stored. ``until`` in microseconds; ``saw`` names the findings that were shown with it."""

    token: int
    post_id: str
    revision: int
    holder: str
    until: int
    saw: tuple[str, ...]


class Claims:
    """At most one claim a post; a token is never given twice. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, post_id: str) -> Lease | None:
        """The claim on a post, run out or not."""
        return self._one("post_id = ?", post_id)

    def by_token(self, token: int) -> Lease | None:
        """The claim of this token; None once it was released, used, or taken over."""
        return self._one("token = ?", token)

    def take(self, post_id: str, revision: int, holder: str, until: int, saw: tuple[str, ...]) -> Lease:
        """Claim a post, whoever held it before."""
        token = self._connection.insert(
            "INSERT OR REPLACE INTO claims (post_id, revision, holder, until, saw) VALUES (?, ?, ?, ?, ?)",
            (post_id, revision, holder, until, msgspec.json.encode(saw).decode()),
        )
        return Lease(token=token, post_id=post_id, revision=revision, holder=holder, until=until, saw=saw)

    def renew(self, token: int, until: int) -> bool:
        """Hold on for longer. False where the claim is gone."""
        return self._connection.run("UPDATE claims SET until = ? WHERE token = ?", (until, token)) > 0

    def release(self, token: int) -> None:
        """Let go; harmless where the claim is gone."""
        self._connection.run("DELETE FROM claims WHERE token = ?", (token,))

    def settle(self, post_id: str) -> None:
        """A decision was made: every claim on the post has ended, and nobody put it aside any more."""
        self._connection.run("DELETE FROM claims WHERE post_id = ?", (post_id,))
        self._connection.run("DELETE FROM skips WHERE post_id = ?", (post_id,))

    def skip(self, who: str, post_id: str, revision: int, at: int) -> None:
        """Put a post aside for one person: it comes again after all others."""
        self._connection.run("INSERT OR REPLACE INTO skips VALUES (?, ?, ?, ?)", (who, post_id, revision, at))

    def _one(self, where: str, key: str | int) -> Lease | None:
        row = self._connection.row(
            f"SELECT token, post_id, revision, holder, until, saw FROM claims WHERE {where}", (key,)
        )
        if row is None:
            return None
        token, post_id, revision, holder, until, saw = row
        seen = tuple(msgspec.json.decode(saw, type=list[str]))
        return Lease(token=token, post_id=post_id, revision=revision, holder=holder, until=until, saw=seen)
