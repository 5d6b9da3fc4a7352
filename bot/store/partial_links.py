"""Partial links of the graph of copies: who lies in whom, and which of these links count.

A link that may rest on what everybody shares counts only while enough of its points are not (``bot/copies/parts.py``),
on either side. That is a function of all links of a node, so one more or one less can change what others are worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.copies import parts
from bot.store.connection import Connection

Part = tuple[int, parts.Detail | None, int]
"""The other node, the proof by features, the points that agree in this node, as bits of a number."""

_TABLES: Final = ("links", "held_links")
_DOUBTFUL: Final = "kind = 'partial' AND json_extract(detail, '$.doubtful')"


class PartialLinks:
    """Reads the links that ``Graph`` writes. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, node: int) -> list[Part]:
        """The partial links of a node."""
        key = "(SELECT key FROM nodes WHERE id = {})"
        every = " UNION ALL ".join(
            f"SELECT {other}, detail, {key.format('?1')} < {key.format(other)} FROM links"
            f" WHERE {own} = ?1 AND kind = 'partial'"
            for own, other in ("ab", "ba")
        )
        found: list[Part] = []
        for other, text, first in self._connection.rows(f"{every} ORDER BY 1", (node,)):
            detail = parts.read(text)
            found.append((other, detail, 0 if detail is None else int(detail.points[0 if first else 1], 16)))
        return found

    def doubtful(self, node: int) -> dict[int, int]:
        """The partners of a node's doubtful links, those kept apart too, each with the places at which they agree."""
        every = " UNION ALL ".join(
            f"SELECT a + b - ?1, places FROM {table} WHERE (a = ?1 OR b = ?1) AND {_DOUBTFUL}" for table in _TABLES
        )
        return dict(self._connection.rows(every, (node,)))

    def all_doubtful(self) -> list[tuple[int, int, int]]:
        """Every doubtful link: two nodes, and the places at which they agree."""
        every = " UNION ALL ".join(f"SELECT a, b, places FROM {table} WHERE {_DOUBTFUL}" for table in _TABLES)
        return [(a, b, places) for a, b, places in self._connection.rows(every, ())]

    def tried(self, node: int) -> dict[int, tuple[str, int, bool]]:
        """The partners of a node's links that are doubtful, or were tried because one is in the other's sample, those
        kept apart too: the kind, the places at which they agree, and whether the link is doubtful."""
        every = " UNION ALL ".join(
            f"SELECT a + b - ?1, kind, places, coalesce({_DOUBTFUL}, 0) AS doubtful FROM {table}"
            " WHERE (a = ?1 OR b = ?1) AND (places > 0 OR doubtful)"
            for table in _TABLES
        )
        rows = self._connection.rows(every, (node,))
        return {other: (kind, places, bool(doubtful)) for other, kind, places, doubtful in rows}

    def counting(self, node: int) -> list[int]:
        """The partners whose links count."""
        mine = self.of(node)
        shared, found = _common(mine), []
        for other, detail, points in mine:
            if detail is not None and not detail.clear:
                if not parts.counts(points, shared, detail.least):
                    continue
                theirs = self.of(other)
                back = next(points for partner, _, points in theirs if partner == node)
                if not parts.counts(back, _common(theirs), detail.least):
                    continue
            found.append(other)
        return found

    def swayed(self, node: int, by: int) -> set[int]:
        """The partners whose links to this node count with its link ``by`` and not without it, or the reverse."""
        with_it = self.of(node)
        unsure = [(o, d.least, p) for o, d, p in with_it if d is not None and not d.clear and d.least < parts.NEVER]
        if not unsure:
            return set()
        without, shared = _common([part for part in with_it if part[0] != by]), _common(with_it)
        return {
            other
            for other, least, points in unsure
            if points & (without ^ shared)
            and parts.counts(points, without, least) != parts.counts(points, shared, least)
        }


def _common(links: Iterable[Part]) -> int:
    return parts.common([points for _, detail, points in links if detail is not None and detail.doubtful])
