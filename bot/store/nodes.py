"""All nodes of the graph of copies at once: what the indexes in memory are built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bot.store.connection import Connection

_STEP: Final = 65_536  # nodes read at once


class Nodes:
    """Reads the nodes that ``Graph`` writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, key: str) -> bool:
        """Whether there is a node of this content."""
        return self._connection.row("SELECT 1 FROM nodes WHERE key = ?", (key,)) is not None

    def last(self) -> int:
        """The newest node, 0 where there is none: numbers only grow."""
        row = self._connection.row("SELECT coalesce(max(id), 0) FROM nodes")
        return int(row[0]) if row else 0

    def contents(self, kind: str, after: int = 0) -> Iterator[list[tuple[int, str, bytes | None]]]:
        """(id, key, content) of every node of a kind after that one, in order of id, some at a time: a million at once
        would take more time to make room for than to read."""
        last = after
        select = "SELECT id, key, content FROM nodes WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"
        while rows := self._connection.rows(select, (kind, last, _STEP)):
            yield rows
            last = rows[-1][0]


def prints(media: Iterable[tuple[int, str, bytes | None]]) -> tuple[list[int], bytes]:
    """Every hash of media as ``Nodes.contents`` gives them: the node of each, and their 32 bytes one after another."""
    held = [(node, content) for node, _, content in media if content is not None]
    nodes = [node for node, content in held for _ in range(1, len(content), 32)]
    return nodes, b"".join([content[1:] for _, content in held])
