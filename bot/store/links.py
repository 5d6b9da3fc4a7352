"""Links of the graph of copies as they are stored: those that stand, and those that people put aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bot.copies import parts
from bot.store.connection import Connection

TABLES: Final = ("links", "held_links")


class Link(NamedTuple):
    """What is proven of a node and another one. ``places``: at how many the two pictures agree, where the link stands
    only as long as one is in the other's sample."""

    other: int
    kind: str
    distance: int
    detail: str = "{}"
    places: int = 0


Pair = tuple[int, int]
"""Two nodes, the lower first."""
_PROVEN: Final = " UNION ALL ".join(
    f"SELECT a + b - ?1 FROM {table} WHERE (a = ?1 OR b = ?1) AND distance >= 0" for table in TABLES
)
_DECIDED: Final = " UNION ALL ".join(
    f"SELECT n.id FROM nodes m JOIN pairs p ON p.{own} = m.key JOIN nodes n ON n.key = p.{other} WHERE m.id = ?1"
    for own, other in ("ab", "ba")
)
"""With whom people decided about a node, apart or together: their proofs are put aside."""
_BY_FEATURES: Final = "distance >= 0 AND (kind = 'partial' OR places > 0 OR detail <> '{}')"
_UNTIE: Final = {table: f"DELETE FROM {table} WHERE (a, b) = (?, ?) AND places > 0 RETURNING kind" for table in TABLES}


class Links:
    """Every method runs in the caller's transaction. What follows from links is for ``Graph`` to see to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, node: int, links: Sequence[Link], *, new: bool) -> tuple[list[Link], list[Link]]:
        """Store what is proven of a node, where it was not; ``new``: nothing was. Returns what is new: what stands, and
        what is put aside."""
        proven = set() if new else {row[0] for row in self._connection.rows(_PROVEN, (node,))}
        fresh = [link for link in links if link.other not in proven and link.other != node]
        decided = {row[0] for row in self._connection.rows(_DECIDED, (node,))} if fresh else set()
        both = [link for link in fresh if link.other not in decided], [link for link in fresh if link.other in decided]
        for table, some in zip(TABLES, both, strict=True):
            self._insert(table, node, some)
        return both

    def _insert(self, table: str, node: int, links: Iterable[Link]) -> None:
        rows = [
            (min(node, other), max(node, other), kind, distance, detail, places)
            for other, kind, distance, detail, places in links
        ]
        if rows:
            self._connection.run_each(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", rows)

    def untie(self, pairs: Iterable[Pair]) -> list[int]:
        """Forget the links of some nodes that depend on samples. Returns one node of each that joined clusters."""
        joined = list[int]()
        for pair in pairs:
            gone = self._connection.rows(_UNTIE["links"], pair)
            joined += [pair[0] for (kind,) in gone if kind != "partial"]
            if not gone:
                self._connection.run(_UNTIE["held_links"], pair)
        return joined

    def forget(self, node: int) -> None:
        """Forget the links of a node that rest on features, also those put aside."""
        for table in TABLES:
            self._connection.run(f"DELETE FROM {table} WHERE (a = ?1 OR b = ?1) AND {_BY_FEATURES}", (node,))

    def distance(self, a: int, b: int) -> int | None:
        """The distance of the link of two nodes; 0 for the same, None where others or people link them."""
        if a == b:
            return 0
        row = self._connection.row("SELECT distance FROM links WHERE a = ? AND b = ?", (min(a, b), max(a, b)))
        return None if row is None or row[0] < 0 else int(row[0])

    def proof(self, a: int, b: int) -> parts.Detail | None:
        """The proof by local features of the link of two nodes; None where it rests on something else."""
        row = self._connection.row("SELECT detail FROM links WHERE a = ? AND b = ?", (min(a, b), max(a, b)))
        return None if row is None else parts.read(row[0])

    def joining(self, node: int) -> list[tuple[int, int]]:
        """The links of a node that join clusters: neither partial nor resting on what everybody shares."""
        rows = self._connection.rows(
            "SELECT l.a, l.b FROM links l JOIN nodes m ON m.id = l.a JOIN nodes n ON n.id = l.b"
            " WHERE (l.a = ?1 OR l.b = ?1) AND l.kind <> 'partial' AND m.common IS NULL AND n.common IS NULL",
            (node,),
        )
        return [(a, b) for a, b in rows]
