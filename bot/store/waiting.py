"""Which posts a person may look at, by a filter, in the order of the queue: in SQL, so that the ten thousandth costs
nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from bot.store.connection import Connection
from detectors.evidence import Value

if TYPE_CHECKING:
    from bot.review.filters import Filter

Clause = tuple[str, tuple[object, ...]]


class Reader(Value):
    """Who asks, and when (microseconds). ``settles``: they decide where two others disagree; ``leads``: also where they
    are one of the two."""

    who: str
    now: int
    settles: bool
    leads: bool = False


class Waiting:
    """The queue as one person sees it: less what others hold, less what they gave an opinion on (others look blind)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ids(self, wanted: Filter, reader: Reader, limit: int, beside: Collection[str] = ()) -> list[str]:
        """Post ids, worst first, then the longest waiting; what this person skipped comes last, in that order."""
        found = self._ids(wanted, reader, limit, beside, skipped=False)
        if limit < 0 or len(found) < limit:
            found += self._ids(wanted, reader, -1 if limit < 0 else limit - len(found), beside, skipped=True)
        return found

    def _ids(self, wanted: Filter, reader: Reader, limit: int, beside: Collection[str], *, skipped: bool) -> list[str]:
        aside = "EXISTS (SELECT 1 FROM skips s WHERE s.who = ? AND s.post_id = p.id AND s.revision = p.revision)"
        clauses = [*self._visible(wanted, reader), (aside if skipped else f"NOT {aside}", (reader.who,))]
        if beside:
            clauses.append((f"p.id NOT IN ({','.join('?' * len(beside))})", tuple(beside)))
        where, parameters = _all(clauses)
        rows = self._connection.rows(
            f"SELECT p.id FROM posts p WHERE {where} ORDER BY p.priority DESC, p.queued_at, length(p.id), p.id LIMIT ?",
            (*parameters, limit),
        )
        return [row[0] for row in rows]

    def count(self, wanted: Filter, reader: Reader) -> int:
        """How many there are of these."""
        where, parameters = _all(self._visible(wanted, reader))
        row = self._connection.row(f"SELECT count(*) FROM posts p WHERE {where}", parameters)
        return 0 if row is None else int(row[0])

    def opinions(self, post_id: str) -> dict[str, str]:
        """Who gave an opinion on a post that others must look at too: name to decision."""
        return dict(self._connection.rows("SELECT who, decision FROM opinions WHERE post_id = ?", (post_id,)))

    def _visible(self, wanted: Filter, reader: Reader) -> list[Clause]:
        opinions = "(SELECT count(*) FROM opinions o WHERE o.post_id = p.id)"
        own = "(SELECT count(*) FROM opinions o WHERE o.post_id = p.id AND o.who = ?)"
        clauses: list[Clause] = [
            *_narrowed(wanted),
            (
                "NOT EXISTS (SELECT 1 FROM claims c WHERE c.post_id = p.id AND c.holder <> ? AND c.until > ?)",
                (reader.who, reader.now),
            ),
        ]
        if wanted.second is not None:
            clauses.append((f"{opinions} {'>' if wanted.second else '='} 0", ()))
        if reader.leads:
            clauses.append((f"({opinions} > 1 OR {own} = 0)", (reader.who,)))
        elif reader.settles:
            clauses.append((f"{own} = 0", (reader.who,)))
        else:
            clauses.append((f"({opinions} < 2 AND {own} = 0)", (reader.who,)))
        return clauses


def _narrowed(wanted: Filter) -> list[Clause]:
    """What a filter says by itself, whoever asks."""
    clauses: list[Clause] = []
    if len(wanted.statuses) == 1:
        clauses.append(("p.status = ?", wanted.statuses))
    else:
        clauses.append((f"p.status IN ({','.join('?' * len(wanted.statuses))})", wanted.statuses))
    if wanted.reasons:
        either = " OR ".join("instr(p.codes, ?) OR instr(p.codes, ?)" for _ in wanted.reasons)
        names = tuple(name for code in wanted.reasons for name in (f" {code} ", f" {code}."))
        clauses.append((f"({either})", names))
    if wanted.author is not None:
        clauses.append(("p.author_id = ?", (wanted.author,)))
    if wanted.cluster is not None:
        named = "key BETWEEN 'm:' || ? AND 'm:' || ? || 'g' AND substr(key, 3, 12) = ?"  # the first is for the index
        nodes = f"SELECT cluster FROM nodes WHERE {named} AND kind = 'media'"
        clauses.append(
            (
                f"p.id IN (SELECT post_id FROM occurrences WHERE cluster IN ({nodes}))",
                (wanted.cluster,) * 3,
            )
        )
    for word in wanted.text:
        said = " OR ".join(
            f"instr(lower(CAST(b.snapshot AS TEXT) ->> '$.{field}'), lower(?))"
            for field in ("title", "text", "author.nickname")
        )
        clauses.append(
            (
                f"EXISTS (SELECT 1 FROM sightings s JOIN bodies b USING (ref) WHERE s.post_id = p.id AND ({said}))",
                (word, word, word),
            )
        )
    return clauses


def _all(clauses: list[Clause]) -> Clause:
    return " AND ".join(clause for clause, _ in clauses), tuple(p for _, parameters in clauses for p in parameters)
