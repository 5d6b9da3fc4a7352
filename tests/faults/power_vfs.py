"""An SQLite that notes every write, and what a power cut would leave of them.

The store runs over apsw, whose SQLite lets files be watched from Python: each write, truncation, sync and removal is
noted in order. ``Disk.after_a_cut`` then says what a disk may hold where the power fails at one point of that order:
what was synced is there; of everything since, each sector of 512 bytes got there or not, in any order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apsw
from apsw.ext import query_info

SECTOR: Final = 512
NAME: Final = "watched"


@dataclass
class Note:
    """One thing that was done. ``kind``: write, truncate (``offset`` is the new size), sync, delete, told."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """The files as they were when the watch began, and everything done to them since."""

    before: dict[str, bytes]
    notes: list[Note] = field(default_factory=list)

    def after_a_cut(self, at: int, draw: random.Random) -> dict[str, bytes]:
        """The files, where the power failed before note number ``at``."""
        synced = {note.name: i for i, note in enumerate(self.notes[:at]) if note.kind == "sync"}
        files = {name: bytearray(data) for name, data in self.before.items()}
        for i, note in enumerate(self.notes[:at]):
            if note.kind == "delete" or i < synced.get(note.name, -1):
                _do(files, note)
            elif note.kind in ("write", "truncate"):
                self._perhaps(files, note, draw)
        return {name: bytes(data) for name, data in files.items()}

    def _perhaps(self, files: dict[str, bytearray], note: Note, draw: random.Random) -> None:
        if note.kind == "truncate":
            if draw.random() < 0.5:
                _do(files, note)
            return
        for start in range(0, len(note.data), SECTOR):
            if draw.random() < 0.5:
                part = note.data[start : start + SECTOR]
                _do(files, Note("write", note.name, note.offset + start, part))


def _do(files: dict[str, bytearray], note: Note) -> None:
    if note.kind == "delete":
        files.pop(note.name, None)
        return
    if note.kind == "sync":
        return
    data = files.setdefault(note.name, bytearray())
    if note.kind == "truncate":
        del data[note.offset :]
        data.extend(bytes(note.offset - len(data)))
    else:
        data.extend(bytes(max(0, note.offset - len(data))))
        data[note.offset : note.offset + len(note.data)] = note.data


class Watched(apsw.VFS):
    """The file system of SQLite, with notes taken of the files in one folder."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(NAME, base="", exclude=set())

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - apsw's names
        return _File(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - apsw's names
        self.disk.notes.append(Note("delete", Path(filename).name))
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "").name

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._note(Note("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._note(Note("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._note(Note("sync", self._name))
        super().xSync(flags)

    def _note(self, note: Note) -> None:
        if self._name:  # a nameless file is a temporary one of SQLite's own
            self._disk.notes.append(note)


class Connection:
    """As much of ``sqlite3.Connection`` as the store uses, over the watched SQLite. ``careless``: it syncs nothing."""

    def __init__(self, path: str, *, careless: bool = False, **_: object) -> None:
        self._careless = careless
        self._raw = apsw.Connection(path, vfs=NAME)
        self._raw.set_busy_timeout(30_000)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._raw.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Cursor:
        """Run one statement to its end."""
        if self._careless and sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous=OFF"
        before = self._raw.total_changes()
        rows = list(self._raw.execute(sql, parameters))
        changed = self._raw.total_changes() - before
        return Cursor(rows, changed, self._raw.last_insert_rowid(), lambda: query_info(self._raw, sql).description)

    def rollback(self) -> None:
        """End the transaction, if there is one."""
        if self.in_transaction:
            self._raw.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


@dataclass
class Cursor:
    """What a statement gave."""

    rows: list[Any]
    rowcount: int
    lastrowid: int
    describe: Callable[[], Any]

    @property
    def description(self) -> Any:
        """The columns, each a tuple that begins with its name."""
        return self.describe()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def fetchone(self) -> Any:
        """The first row, or None."""
        return self.rows[0] if self.rows else None

    def fetchall(self) -> list[Any]:
        """All rows."""
        return self.rows
