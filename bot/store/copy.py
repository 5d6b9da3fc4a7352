"""A consistent copy of the database while others write to it, and the proof that it can be restored."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bot.errors import UserError
from bot.store.connection import Connection, DatabaseError, OperationalError
from bot.store.log import EventLog
from detectors.evidence import Value


class Contents(Value):
    """What a database holds, as far as a copy must agree with it: rows per table, and the event log's last seal."""

    rows: dict[str, int]
    seal: str | None


def copy_database(connection: Connection, target: Path) -> None:
    """Write the database as it is at one moment to a new file. Raises UserError."""
    try:
        connection.run("VACUUM INTO ?", (str(target),))
    except OperationalError as error:
        raise UserError(f"cannot write the copy {target}: {error}") from error


def prove(path: Path) -> Contents:
    """Open a copy as a restore would, and check it whole: every page, every reference, the event log's chain.

    Raises UserError, which names what is broken.
    """
    connection = Connection(path)
    try:
        gone = missing(connection)
        if gone:
            raise UserError(f"{path} is damaged: no table {gone[0]}")
        problem = connection.row("PRAGMA integrity_check")
        if problem is None or problem[0] != "ok":
            raise UserError(f"{path} is damaged: {problem[0] if problem else 'no answer'}")
        if connection.row("PRAGMA foreign_key_check") is not None:
            raise UserError(f"{path} is damaged: a row refers to what is not there")
        broken = EventLog(connection).verify()
        if broken is not None:
            raise UserError(f"{path}: {broken}")
        return contents(connection)
    except DatabaseError as error:
        raise UserError(f"{path} is damaged: {error}") from error
    finally:
        connection.close()


def missing(connection: Connection) -> list[str]:
    """The tables that the migrations make and the database has not."""
    with contextlib.closing(Connection(Path(":memory:"))) as new:
        return sorted(set(new.db.table_names()) - set(connection.db.table_names()))


def contents(connection: Connection) -> Contents:
    """What a database holds now."""
    tables = connection.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    rows = {}
    for (name,) in tables:
        row = connection.row(f'SELECT count(*) FROM "{name}"')
        rows[str(name)] = int(row[0]) if row else 0
    seal = connection.row("SELECT hash FROM seals ORDER BY last_seq DESC LIMIT 1")
    return Contents(rows=rows, seal=None if seal is None else str(seal[0]))
