"""Partial links of the graph of copies: who lies in whom, and which of these links count.

A link that may rest on what everybody shares counts only while enough of its points are not (``bot/copies/parts.py``),
on either side. That is a function of all links of a node, so one more or one less can change what others are worth.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.copies import parts
from bot.store.connection import Connection

Part = tuple[int, parts.Detail | None, int]
"""The other node, the proof by features, the points that agree in this node, as bits of a number."""


class PartialLinks:
    """Reads the links that ``Graph`` writes. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, node: int, *, held: bool = False) -> list[Part]:
        """The partial links of a node, ``held``: also those that people keep apart."""
        tables = ["links", "held_links"] if held else ["links"]
        key = "(SELECT key FROM nodes WHERE id = {})"
        every = " UNION ALL ".join(
            f"SELECT {other}, detail, {key.format('?1')} < {key.format(other)} FROM {table}"
            f" WHERE {own} = ?1 AND kind = 'partial'"
            for table in tables
            for own, other in ("ab", "ba")
        )
        found: list[Part] = []
        for other, text, first in self._connection.rows(f"{every} ORDER BY 1", (node,)):
            detail = parts.read(text)
            found.append((other, detail, 0 if detail is None else int(detail.points[0 if first else 1], 16)))
        return found

    def doubtful(self, node: int) -> dict[int, int]:
        """The partners of a node's doubtful links, those kept apart too, each with the points that agree."""
        return {o: points for o, detail, points in self.of(node, held=True) if detail is not None and detail.doubtful}

    def all_doubtful(self) -> list[tuple[int, int]]:
        """Every doubtful link as a pair of nodes."""
        where = "WHERE kind = 'partial' AND json_extract(detail, '$.doubtful')"
        rows = self._connection.rows(
            f"SELECT a, b FROM links {where} UNION ALL SELECT a, b FROM held_links {where}", ()
        )
        return [(a, b) for a, b in rows]

    def by_features(self, node: int) -> dict[int, str]:
        """The partners of all links of a node that rest on local features, those kept apart too, and their kind."""
        every = " UNION ALL ".join(
            f"SELECT a + b - ?1, kind FROM {table} WHERE (a = ?1 OR b = ?1) AND detail <> '{{}}'"
            for table in ("links", "held_links")
        )
        return dict(self._connection.rows(every, (node,)))

    def counting(self, node: int) -> list[int]:
        """The partners whose links count."""
        mine = self.of(node)
        shared, found = _common(mine), []
        for other, detail, points in mine:
            if detail is not None and detail.doubtful:
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
        without = _common([part for part in with_it if part[0] != by])
        shared = _common(with_it)
        return {
            other
            for other, detail, points in with_it
            if detail is not None
            and detail.doubtful
            and parts.counts(points, without, detail.least) != parts.counts(points, shared, detail.least)
        }


def _common(links: Iterable[Part]) -> int:
    return parts.common([points for _, detail, points in links if detail is not None and detail.doubtful])
