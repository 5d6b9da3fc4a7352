"""The work list: which posts wait to be looked at, which are being looked at, which gave trouble.

A post is on the list until a verdict for its newest generation is recorded; every change of a post raises the
generation. ``crashes`` is counted before an attempt is made and cleared by an orderly end, so that a post that kills
the process is met again with its count; ``tries`` counts what the world refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.store.connection import Connection
from detectors.evidence import Value

LONGEST = 3_700 * 1_000_000
"""Microseconds: no wait is longer, for a server's ``Retry-After`` is cut to an hour."""


class Job(Value):
    """A claim on one post. ``tries``: transient failures so far; ``crashes``: attempts that never ended, this one
    included.
    """

    post_id: str
    generation: int
    tries: int
    crashes: int


class Work:
    """Claims on posts, by the one process that holds the data directory's lease."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, post_ids: Iterable[str], at: int) -> None:
        """Put posts on the list, or raise their generation. What was parked or waiting is due at once."""
        for post_id in post_ids:
            self._connection.run(
                "INSERT INTO work (post_id, generation, state, due) VALUES (?, 1, 'ready', ?) ON CONFLICT"
                " (post_id) DO UPDATE SET"
                " generation = generation + 1, due = excluded.due, tries = 0, state = CASE state WHEN"
                " 'busy' THEN 'busy' ELSE 'ready' END",
                (post_id, at),
            )

    def claim(self, limit: int, at: int, epoch: int, *, idle: bool, steady: bool = True) -> list[Job]:
        """Take up to ``limit`` due posts, oldest due first, counting the attempt before it is made.

        A post whose attempt once ended with the process is a suspect. Suspects go after all others, the least suspected
        first, and each alone (``idle``: nothing else is in flight), so that a count above one is the post's own doing.
        It might still be chance where somebody ends the process again and again: a second time alone is for a process
        that has stood for a while (``steady``).
        What is due later than anybody can have asked for was put there under a clock that has been set back: it is due.
        """
        self._connection.run("UPDATE work SET due = ?1 WHERE state = 'ready' AND crashes = 0 AND due > ?1 + ?2",
                             (at, LONGEST))  # fmt: skip
        due = "SELECT post_id, generation, tries, crashes + 1 FROM work WHERE state = 'ready' AND due <= ?"
        rows = self._connection.rows(f"{due} AND crashes = 0 ORDER BY due, rowid LIMIT ?", (at, limit))
        if not rows and idle:
            once = "" if steady else " AND crashes = 1"
            rows = self._connection.rows(f"{due}{once} ORDER BY crashes, due, rowid LIMIT 1", (at,))
        for row in rows:
            self._connection.run(
                "UPDATE work SET state = 'busy', crashes = crashes + 1, epoch = ? WHERE post_id = ?", (epoch, row[0])
            )
        return [
            Job(post_id=post_id, generation=generation, tries=tries, crashes=crashes)
            for post_id, generation, tries, crashes in rows
        ]

    def done(self, job: Job, at: int) -> bool:
        """A verdict was reached for the job's generation. False where the post changed meanwhile: it is due again
        at once.
        """
        if self._connection.run("DELETE FROM work WHERE post_id = ? AND generation = ?", (job.post_id, job.generation)):
            return True
        self.give_back(job, at)
        return False

    def give_back(self, job: Job, due: int) -> None:
        """Hand a job back unfinished and uncounted (shutdown, or the post changed under it)."""
        self._connection.run(
            "UPDATE work SET state = 'ready', crashes = 0, due = ? WHERE post_id = ?", (due, job.post_id)
        )

    def give_back_all(self, jobs: Iterable[Job], due: int) -> None:
        """Hand several jobs back."""
        for job in jobs:
            self.give_back(job, due)

    def retry(self, job: Job, due: int, reason: str) -> None:
        """The world failed: try again at ``due``."""
        self._connection.run(
            "UPDATE work SET state = 'ready', crashes = 0, tries = tries + 1, due = ?, reason = ? WHERE post_id = ?",
            (due, reason, job.post_id),
        )

    def recover(self, epoch: int) -> int:
        """After a crash: everything an older epoch had claimed is ready again. Returns how many."""
        return self._connection.run("UPDATE work SET state = 'ready' WHERE state = 'busy' AND epoch <> ?", (epoch,))

    def open(self, post_ids: Iterable[str] | None = None) -> int:
        """How many posts are not yet judged (of these, where given)."""
        if post_ids is None:
            row = self._connection.row("SELECT count(*) FROM work")
            return 0 if row is None else int(row[0])
        return sum(
            1 for post_id in post_ids if self._connection.row("SELECT 1 FROM work WHERE post_id = ?", (post_id,))
        )
