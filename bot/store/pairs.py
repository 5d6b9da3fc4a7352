"""What people decided about pairs of pictures: kept apart, or belonging together, whatever their proofs say.

Kept by content hash, so that the graph of copies honours it also when it is built anew. A link that is kept apart is
put aside, not lost: taking the decision back restores it. Clusters stay a function of sets: of the proven links, less
the pairs apart, plus the pairs together.
"""

from __future__ import annotations

from typing import Literal

from bot.store.connection import Connection
from bot.store.graph import Graph

Kind = Literal["apart", "together"]
Pair = tuple[str, str]

_BY_PEOPLE = -1  # in the place of a measured distance


class Pairs:
    """Decisions about pairs of media, by SHA-256. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, graph: Graph) -> None:
        self._connection, self._graph = connection, graph

    def of(self, a: str, b: str) -> Kind | None:
        """What was decided about two media; None where nothing stands."""
        row = self._connection.row("SELECT kind FROM pairs WHERE (a, b) = (?, ?)", _keys(a, b))
        return None if row is None else row[0]

    def put(self, a: str, b: str, kind: Kind | None) -> set[str]:
        """Remember a decision about two media (None: there is none any more). Returns the posts that it touches."""
        keys = _keys(a, b)
        old = self.of(a, b)
        if old == kind:
            return set()
        self._connection.run("DELETE FROM pairs WHERE (a, b) = (?, ?)", keys)
        if kind is not None:
            self._connection.run("INSERT INTO pairs VALUES (?, ?, ?)", (*keys, kind))
        nodes = self._nodes(keys)
        if nodes is None:
            return set()
        clusters = {self._graph.cluster(node) for node in nodes}
        self._apply(nodes, kind)
        return self._graph.regroup(clusters) | self._graph.posts(nodes)

    def met(self, sha256: str) -> set[str]:
        """A picture has come whose pairs may have been decided before it did. Returns the posts that this touches."""
        key = f"m:{sha256}"
        rows = self._connection.rows("SELECT a, b FROM pairs WHERE kind = 'together' AND (a = ?1 OR b = ?1)", (key,))
        touched: set[str] = set()
        for a, b in rows:
            nodes = self._nodes((a, b))
            if nodes is not None:
                self._apply(nodes, "together")
                touched |= self._graph.regroup({self._graph.cluster(node) for node in nodes}) | self._graph.posts(nodes)
        return touched

    def ties(self, a: str, b: str) -> list[Pair]:
        """The pairs to keep apart so that picture ``a`` no longer counts as ``b``: with every picture linked to it
        through which it hangs together with ``b``; empty where nothing ties the two."""
        nodes = self._nodes((f"m:{a}", f"m:{b}"))
        if nodes is None:
            return []
        here, there = nodes
        found = [n for n in self._linked(here, "near") if there in self._reached(n, without=here)]
        if there in self._linked(here, "partial"):
            found.append(there)
        return [(a, self._graph.key(node)[2:]) for node in dict.fromkeys(found)]

    def _apply(self, nodes: tuple[int, int], kind: Kind | None) -> None:
        """Make the link of two nodes what was decided: put a proven one aside or back, and add one by people."""
        nodes = (min(nodes), max(nodes))
        here = "(a, b) = (?, ?)"
        self._connection.run(f"DELETE FROM links WHERE {here} AND distance = {_BY_PEOPLE}", nodes)
        self._connection.run(f"INSERT OR IGNORE INTO links SELECT * FROM held_links WHERE {here}", nodes)
        self._connection.run(f"DELETE FROM held_links WHERE {here}", nodes)
        if kind is not None:
            self._connection.run(f"INSERT INTO held_links SELECT * FROM links WHERE {here}", nodes)
            self._connection.run(f"DELETE FROM links WHERE {here}", nodes)
        if kind == "together":
            self._connection.run(f"INSERT INTO links VALUES (?, ?, 'near', {_BY_PEOPLE}, '{{}}', 0)", nodes)

    def _nodes(self, keys: Pair) -> tuple[int, int] | None:
        """The two nodes, in the order of the keys; None where one of the media never came."""
        found = [self._connection.row("SELECT id FROM nodes WHERE key = ?", (key,)) for key in keys]
        if found[0] is None or found[1] is None:
            return None
        return int(found[0][0]), int(found[1][0])

    def _linked(self, node: int, kind: str) -> list[int]:
        rows = self._connection.rows(
            "SELECT a + b - ?1 FROM links WHERE (a = ?1 OR b = ?1) AND kind = ?2 ORDER BY 1", (node, kind)
        )
        return [int(row[0]) for row in rows]

    def _reached(self, start: int, without: int) -> set[int]:
        """The nodes that hang together with one through near links, a node left out."""
        reached, waiting = {start}, [start]
        while waiting:
            for other in self._linked(waiting.pop(), "near"):
                if other != without and other not in reached:
                    reached.add(other)
                    waiting.append(other)
        return reached


def _keys(a: str, b: str) -> Pair:
    """Two media as the graph names them, in the order of their hashes."""
    return (f"m:{min(a, b)}", f"m:{max(a, b)}")
