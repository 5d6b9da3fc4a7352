"""Forgetting one author: what they said, who they were, what they showed. The event log still verifies afterwards.

Erased: every body and raw record of their posts, counters, verdicts, notes on them, what was put aside with their id,
the evidence of media that nobody else posted, and the words of their stories. Kept: that posts of these ids were seen,
judged and decided (the log holds ids and salted hashes only), and which pictures came first, under a name that leads
back to nobody: else whoever copied from them would become the original.
"""

from __future__ import annotations

import secrets

from bot.store.connection import Connection
from bot.store.graph import PERSON, TEXT
from bot.store.log import EventLog
from detectors.evidence import Value

FORGOTTEN = "post.forgotten"


class Erased(Value):
    """Which posts were forgotten, the hashes of media whose bytes nobody needs any more, and the nodes that lost their
    words or name."""

    post_ids: tuple[str, ...]
    media: tuple[str, ...]
    nodes: tuple[int, ...]


class Erasure:
    """Runs in the caller's transaction, on a connection that overwrites what it deletes (see ``overwrite``)."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection, self._log = connection, log

    def overwrite(self) -> None:
        """From now on deleted rows are overwritten with zeros. Outside a transaction."""
        self._connection.run("PRAGMA secure_delete = ON")

    def flush(self) -> None:
        """Take deleted rows out of the journal beside the database too. Outside a transaction."""
        self._connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def author(self, author_id: str, at: int) -> Erased:
        """Forget an author. Their posts stay forgotten when a source delivers them again."""
        posts = self._posts(author_id)
        media = self._media_of_nobody_else(posts)
        for post_id in posts:
            self._erase_post(post_id)
            self._log.append(FORGOTTEN, post_id, at, {})
        for sha256 in media:
            self._connection.run("DELETE FROM evidence WHERE sha256 = ?", (sha256,))
            self._connection.run("DELETE FROM features WHERE sha256 = ?", (sha256,))
            self._connection.run("DELETE FROM media WHERE sha256 = ?", (sha256,))
        nodes = self._rename(author_id, posts)
        self._connection.run("DELETE FROM quarantine WHERE instr(raw, '\"' || ? || '\"') > 0", (author_id,))
        return Erased(post_ids=tuple(posts), media=tuple(media), nodes=tuple(nodes))

    def _posts(self, author_id: str) -> list[str]:
        rows = self._connection.rows(
            "SELECT DISTINCT s.post_id FROM sightings s JOIN bodies b USING (ref)"
            " WHERE CAST(b.snapshot AS TEXT) ->> '$.author.id' = ?1 UNION SELECT id FROM posts WHERE author_id = ?1",
            (author_id,),
        )
        return sorted(str(row[0]) for row in rows)

    def _media_of_nobody_else(self, posts: list[str]) -> list[str]:
        mine = {sha for post_id in posts for sha in self._media_of(post_id)}
        gone = set(posts)
        return sorted(
            sha
            for sha in mine
            if all(
                row[0] in gone
                for row in self._connection.rows("SELECT post_id FROM attachments WHERE sha256 = ?", (sha,))
            )
        )

    def _media_of(self, post_id: str) -> list[str]:
        return [
            row[0]
            for row in self._connection.rows(
                "SELECT sha256 FROM attachments WHERE post_id = ? AND sha256 IS NOT NULL", (post_id,)
            )
        ]

    def _erase_post(self, post_id: str) -> None:
        refs = self._connection.rows("SELECT ref FROM sightings WHERE post_id = ?", (post_id,))
        for table in ("sightings", "stats", "attachments", "work", "shown", "opinions", "claims", "skips"):
            self._connection.run(f"DELETE FROM {table} WHERE post_id = ?", (post_id,))
        for (ref,) in refs:
            self._connection.run("DELETE FROM bodies WHERE ref = ?", (ref,))
        self._connection.run("DELETE FROM posts WHERE id = ?", (post_id,))
        self._connection.run("UPDATE decisions SET note = NULL WHERE post_id = ?", (post_id,))

    def _rename(self, author_id: str, posts: list[str]) -> list[int]:
        """Take the author's name out of the graph, and the words of stories that are theirs alone. Returns the nodes
        that are empty now."""
        emptied = []
        row = self._connection.row("SELECT person FROM accounts WHERE id = ?", (author_id,))
        self._connection.run("DELETE FROM accounts WHERE id = ?", (author_id,))
        nobody = f"f:{secrets.token_hex(12)}"
        shared = row is not None and self._connection.row("SELECT 1 FROM accounts WHERE person = ?", (row[0],))
        for post_id in posts:
            nodes = self._connection.rows(
                "SELECT node FROM occurrences WHERE post_id = ? AND slot IN (?, ?)", (post_id, TEXT, PERSON)
            )
            self._connection.run("DELETE FROM occurrences WHERE post_id = ? AND slot = ?", (post_id, PERSON))
            if not shared:  # another account of the same person is still among us, and its own pictures stay its own
                self._connection.run("UPDATE occurrences SET author = ? WHERE post_id = ?", (nobody, post_id))
            emptied += [int(node) for (node,) in nodes if self._empty(int(node), set(posts))]
        return emptied

    def _empty(self, node: int, gone: set[str]) -> bool:
        """Take the words, or the person's name, out of a node, if nobody else is at it."""
        rows = self._connection.rows("SELECT post_id FROM occurrences WHERE node = ?", (node,))
        alone = all(row[0] in gone for row in rows)
        if alone:
            self._connection.run(
                "UPDATE nodes SET key = ?, content = NULL WHERE id = ?", (f"f:{secrets.token_hex(12)}", node)
            )
        return alone
