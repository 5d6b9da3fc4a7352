"""The memory: one database and one folder of media per data directory. All SQL lives below this package.

``Store`` opens the database and hands out its rooms; a caller groups what belongs together with ``transaction``, which
seals the event log before it commits. Synchronous by design: the shell runs it on one thread of its own.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from bot.errors import UserError
from bot.sources import Batch
from bot.store.claims import Claims
from bot.store.connection import Connection
from bot.store.graph import Graph
from bot.store.grounds import Grounds
from bot.store.intake import Intake
from bot.store.log import EventLog
from bot.store.media import MediaFacts
from bot.store.moderators import Moderators
from bot.store.pairs import Pairs
from bot.store.parked import ParkedActions
from bot.store.shares import Shares
from bot.store.stories import Stories
from bot.store.times import to_us
from bot.store.verdicts import Verdicts
from bot.store.waiting import Waiting
from bot.store.work import Work

_NEW = dt.timedelta(hours=1)
_AHEAD = dt.timedelta(days=1)


class Store:
    """Everything remembered below one data directory. Raises ``UserError`` where it cannot be opened."""

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make the data directory {directory}: {error.strerror}") from error
        self.directory = directory
        self.connection = Connection(directory / "gatewarden.db")
        self.log = EventLog(self.connection)
        self.intake = Intake(self.connection, self.log)
        self.work = Work(self.connection)
        self.media = MediaFacts(self.connection, self.log)
        self.graph = Graph(self.connection)
        self.stories = Stories(self.connection, directory / "stories")
        self.grounds = Grounds(self.connection)
        self.pairs = Pairs(self.connection, self.graph)
        self.verdicts = Verdicts(self.connection, self.log)
        self.shares = Shares(self.connection, self.log)
        self.waiting = Waiting(self.connection)
        self.claims = Claims(self.connection)
        self.parked = ParkedActions(self.connection)
        self.moderators = Moderators(self.connection, self.log)
        self._lock: int | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; durable when it returns."""
        with self.connection.transaction():
            yield
            self.log.seal()

    def take(self, source: str, batch: Batch, now: dt.datetime) -> int:
        """Take a batch in and put its posts on the work list, in the caller's transaction; how many that are.

        What was just posted goes ahead of a backlog: who posts now is answered now, whatever an export or an outage
        has left to be worked off.
        """
        dirty = self.intake.take(source, batch, now)
        made = {delivery.snapshot.id: delivery.snapshot.created_at for delivery in batch.deliveries}
        new = {i for i, created in made.items() if created is None or now - created < _NEW}
        self.work.add([i for i in dirty if i in new], to_us(now - _AHEAD))
        self.work.add([i for i in dirty if i not in new], to_us(now))
        return len(dirty)

    def free(self) -> int:
        """Bytes of room on the disk."""
        return shutil.disk_usage(self.directory).free

    def lead(self, at: int) -> int | None:
        """Become the one process that judges posts here, and return its epoch; None while another one is.

        The lock is the operating system's, so it falls with the process that held it, however that died.
        """
        if self._lock is None:
            lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return None
            self._lock = lock
        with self.transaction():
            self.connection.run(
                "INSERT INTO terms (holder, at) VALUES (?, ?)", (f"{socket.gethostname()}:{os.getpid()}", at)
            )
            row = self.connection.row("SELECT max(epoch) FROM terms")
            epoch = int(row[0]) if row else 0
            self.work.recover(epoch)
        return epoch

    def close(self) -> None:
        """Close the database and let go of the lead; harmless when called twice."""
        self.connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
