"""The stories in the graph, and the index that finds those alike: blocks of signatures in files beside the database.

The database says which files are the index, in the transaction that wrote them: so it always knows the stories that
are stored, up to the newest thousand, which are signed at each start. Whatever else lies in the folder is no longer
needed, and whatever is missing (in a copy of the database, say) is made anew from the words.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.store.connection import Connection, OperationalError
from detectors.text_blocks import FORMAT, Block, merged

_PAGE = 4096


class Stories:
    """A shelf for the index, and the words. ``put`` and ``forget`` run in the caller's transaction."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection, self._folder = connection, folder
        self._known: list[str] = []

    def words(self, node: int) -> str:
        """The story of a node; "" where it was forgotten."""
        row = self._connection.row("SELECT content FROM nodes WHERE id = ? AND kind = 'text'", (node,))
        return "" if row is None or row[0] is None else bytes(row[0]).decode()

    def after(self, node: int) -> Iterator[tuple[int, int, str]]:
        """(node, cluster, words) of the stories after this node, in order."""
        select = (
            "SELECT id, cluster, content FROM nodes WHERE id > ? AND kind = 'text' AND content IS NOT NULL"
            f" ORDER BY id LIMIT {_PAGE}"
        )
        while page := self._connection.rows(select, (node,)):
            for node, cluster, content in page:
                yield node, cluster, bytes(content).decode()

    def families(self) -> list[tuple[int, int]]:
        """(node, cluster) of every node in the cluster of another."""
        return [(node, cluster) for node, cluster in self._connection.rows(
            "SELECT id, cluster FROM nodes WHERE cluster <> id"
        )]  # fmt: skip

    def names(self) -> Sequence[str]:
        """The files that are the index. None where one is missing or of another release."""
        with self._connection.transaction():
            rows = self._connection.rows("SELECT name, stories FROM story_blocks ORDER BY place")
            if not all(name.startswith(f"{FORMAT}-") and self._whole(name, n) for name, n in rows):
                self.put([])
                rows = []
            self._known = [name for name, _ in rows]
            self._tidy({*self._known})
        return self._known

    def moved(self) -> bool:
        """Whether somebody else has changed the index since it was read."""
        return self._named() != self._known

    def _named(self) -> list[str]:
        return [name for (name,) in self._connection.rows("SELECT name FROM story_blocks ORDER BY place")]

    def _whole(self, name: str, stories: int) -> bool:
        """Whether the file is there, and all of it."""
        try:
            size = (self._folder / name).stat().st_size
        except OSError:
            return False
        with self.open(name) as block:
            return len(block) == stories and block.whole(size)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Block]:
        """The block of that name; it holds no descriptor when this is over, and no memory at all."""
        with _as_sqlite(), (self._folder / name).open("rb", buffering=0) as file:
            number = file.fileno()
            yield Block(lambda start, size: os.pread(number, size, start))

    def keep(self, pieces: Iterable[npt.NDArray[Any]]) -> str:
        """Write a new file; returns its name. Raises OperationalError where there is no room for it."""
        name = f"{FORMAT}-{secrets.token_hex(8)}"
        with _as_sqlite():
            self._folder.mkdir(exist_ok=True)
            with (self._folder / name).open("xb") as file:
                for piece in pieces:
                    file.write(np.ascontiguousarray(piece).data)
        return name

    def put(self, names: Sequence[str]) -> None:
        """From now on these files are the index: safe on the disk before the database says so."""
        before = self._named()
        with _as_sqlite():
            for name in names:
                if name not in before:
                    _sync(self._folder / name)
            if names:
                _sync(self._folder)
        with self._connection.transaction():
            self._connection.run("DELETE FROM story_blocks")
            for place, name in enumerate(names):
                with self.open(name) as block:
                    row = (place, name, len(block))
                self._connection.run("INSERT INTO story_blocks VALUES (?, ?, ?)", row)
        self._tidy({*before, *names})  # those before it: should this not be committed, they still are the index
        self._known = list(names)

    def forget(self, nodes: Sequence[int]) -> None:
        """Write the blocks that know one of these stories anew, without it."""
        names, gone = self.names(), np.array(nodes, np.int64)
        kept: list[str] = []
        for name in names:
            with self.open(name) as block:
                part = block.without(gone)
            if part is None:
                kept.append(name)
            elif len(part):
                kept.append(self.keep(merged([part])))
        if kept != names:
            self.put(kept)

    def tidy(self) -> None:
        """Remove the files that are not the index. Nobody else may be writing: in a transaction."""
        self._tidy({*self._named()})

    def _tidy(self, kept: set[str]) -> None:
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)


@contextlib.contextmanager
def _as_sqlite() -> Iterator[None]:
    """What a disk refuses is told as SQLite tells it."""
    try:
        yield
    except OSError as error:
        what = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "disk I/O error"
        raise OperationalError(f"{what}: {error}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
