"""Partial links of the graph of copies: who lies in whom, and which of these links count.

A link that may rest on what everybody shares counts only while enough of its points are not (``bot/copies/parts.py``),
on either side. That is a function of all proven links of a node, so one more or one less can change what others are
worth. Links that people put aside do not count, and still tell what everybody shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.copies.parts import ALWAYS, Side, Sides, common, read_sides
from bot.store.connection import Connection
from bot.store.links import TABLES

_BY_FEATURES: Final = "kind = 'partial' AND detail <> '{}'"


class PartialLinks:
    """Reads the links that ``Graph`` writes. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        key = "(SELECT key FROM nodes WHERE id = {})"
        self._of = " UNION ALL ".join(
            f"SELECT {other}, detail, {key.format('?1')} < {key.format(other)}, '{table}' FROM {table}"
            f" WHERE {own} = ?1 AND kind = 'partial'"
            for table in TABLES
            for own, other in ("ab", "ba")
        )

    def of(self, node: int) -> dict[int, Side]:
        """The partial links of a node, those put aside too, by partner."""
        return {other: side for other, side, _ in self._all(node)}

    def held(self) -> list[tuple[int, int, int, Sides]]:
        """Every link that rests on features, or was tried because one is in the other's sample, those put aside too:
        two nodes, the places at which they agree, and how it is seen, first by the one with the lower SHA-256."""
        every = " UNION ALL ".join(
            f"SELECT a, b, places, kind = 'partial', detail FROM {table} WHERE places > 0 OR {_BY_FEATURES}"
            for table in TABLES
        )
        return [
            (a, b, places, read_sides(detail) if partial else ALWAYS)
            for a, b, places, partial, detail in self._connection.rows(every)
        ]

    def counting(self, node: int) -> list[int]:
        """The partners whose links count."""
        mine = self._all(node)
        shared, found = _common(side for _, side, _ in mine), []
        for other, side, stands in mine:
            if stands and side.counts(shared):
                theirs = self.of(other) if side.needed else {}
                if not theirs or theirs[node].counts(_common(theirs.values())):
                    found.append(other)
        return sorted(found)

    def _all(self, node: int) -> list[tuple[int, Side, bool]]:
        """The partial links of a node: the partner, the node's side, and whether the link stands."""
        return [
            (other, read_sides(text)[0 if first else 1], table == "links")
            for other, text, first, table in self._connection.rows(self._of, (node,))
        ]


def _common(links: Iterable[Side]) -> int:
    return common(side.points for side in links if side.doubtful)
