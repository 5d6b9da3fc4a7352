"""Opening the database: which SQLite, which journal, one writer at a time.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database with two writing connections (fixed in 3.51.3, 3.50.7 and 3.44.6).
On such a build the rollback journal is used, fully synchronised: slower, and safe. ``journal`` says which, for
``doctor``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed, else the standard one

from bot.errors import UserError
from bot.store.award_tables import migrations

Row = tuple[Any, ...]
DatabaseError: type[Exception] = sqlite3.DatabaseError
OperationalError: type[Exception] = sqlite3.OperationalError
_BUSY_SECONDS = 30.0
_PREPARED = 512  # statements kept compiled: more than there are, for compiling one costs more than most of them do


def wal_is_sound(version: tuple[int, ...]) -> bool:
    """Whether this SQLite version is free of the WAL-reset corruption bug.

    >>> wal_is_sound((3, 40, 1)), wal_is_sound((3, 44, 6)), wal_is_sound((3, 51, 2)), wal_is_sound((3, 53, 4))
    (False, True, False, True)
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is not as we made it: a table or column is gone, or its pages are broken."""
    signs = ("no such table", "no such column", "malformed", "not a database")
    return isinstance(error, sqlite3.DatabaseError) and any(sign in str(error) for sign in signs)


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite build in use."""
    version: tuple[int, ...] = sqlite3.sqlite_version_info
    return version


class Connection:
    """One connection, used from one thread at a time. All that a process writes goes through one."""

    def __init__(self, path: Path) -> None:
        try:
            self._raw = sqlite3.connect(
                str(path),
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=_PREPARED,
            )
            self.journal = "wal" if wal_is_sound(sqlite3.sqlite_version_info) else "delete"
            self._raw.execute(f"PRAGMA journal_mode={self.journal}")
            self._raw.execute(f"PRAGMA synchronous={'FULL' if self.journal == 'wal' else 'EXTRA'}")
            self._raw.execute("PRAGMA foreign_keys=ON")
            self._raw.execute("PRAGMA cache_size=-32768")
            self._raw.execute("PRAGMA journal_size_limit=67108864")
            self.db = Database(self._raw)
            if migrations.pending(self.db):
                with self.transaction():
                    migrations.apply(self.db)
        except sqlite3.DatabaseError as error:
            raise UserError(f"cannot open the database {path}: {error}") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. The write lock is taken at once, so that two processes wait instead of failing half-way."""
        if self._raw.in_transaction:
            yield from self._part()
            return
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._raw.rollback()
            raise
        self._raw.execute("COMMIT")

    def _part(self) -> Iterator[None]:
        self._raw.execute("SAVEPOINT part")  # one name for all, the innermost is meant: what is prepared stays so
        try:
            yield
        except BaseException:
            if self._raw.in_transaction:  # some errors have ended all of it
                self._raw.execute("ROLLBACK TO part")
                self._raw.execute("RELEASE part")
            raise
        self._raw.execute("RELEASE part")

    def run(self, sql: str, parameters: tuple[object, ...] = ()) -> int:
        """Execute one statement and return how many rows it changed."""
        return int(self._raw.execute(sql, parameters).rowcount)

    def run_each(self, sql: str, parameters: Iterable[tuple[object, ...]]) -> None:
        """Execute one statement with each of these parameters."""
        self._raw.executemany(sql, parameters)

    def insert(self, sql: str, parameters: tuple[object, ...] = ()) -> int:
        """Execute one INSERT and return the new row's number."""
        number: int | None = self._raw.execute(sql, parameters).lastrowid
        assert number is not None, "not an INSERT"
        return number

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[Row]:
        """All rows of a query."""
        return list(self._raw.execute(sql, parameters))

    def row(self, sql: str, parameters: tuple[object, ...] = ()) -> Row | None:
        """The first row of a query, None where there is none."""
        found: Row | None = self._raw.execute(sql, parameters).fetchone()
        return found

    def close(self) -> None:
        """Close; harmless when called twice."""
        self._raw.close()
