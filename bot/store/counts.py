"""Counting what is stored, for ``stats`` and ``doctor``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from bot.model import Verdict
from bot.store.connection import Connection
from bot.store.times import from_us
from detectors.evidence import Value

_STANDING = "d.action NOT IN ('undo', 'note') AND NOT EXISTS (SELECT 1 FROM decisions u WHERE u.undoes = d.id)"


class Waiting(Value):
    """The work list: posts not judged yet, and how many of them the world failed at least once."""

    open: int
    failed: int


class Counts:
    """Numbers over the whole store. Every method runs in the caller's transaction or outside one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reasons(self) -> dict[str, int]:
        """Posts per reason code that the rules found, whatever its stance but "supports"; most frequent first."""
        rows = self._connection.rows(
            "SELECT f.value ->> 'code', count(DISTINCT p.id)"
            " FROM posts p, json_each(CAST(p.verdict AS TEXT), '$.findings') f"
            " WHERE f.value ->> 'stance' <> 'supports' GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return dict(rows)

    def verdicts_with(self, code: str) -> Iterator[Verdict]:
        """The verdict of every post on which the rules found this."""
        for (verdict,) in self._connection.rows("SELECT verdict FROM posts WHERE instr(codes, ?)", (f" {code} ",)):
            yield msgspec.json.decode(verdict, type=Verdict)

    def moderators(self) -> dict[str, dict[str, int]]:
        """Decisions per person and action, undone ones included."""
        found: dict[str, dict[str, int]] = {}
        for who, action, count in self._connection.rows(
            "SELECT who, action, count(*) FROM decisions GROUP BY who, action ORDER BY who, action"
        ):
            found.setdefault(who, {})[action] = count
        return found

    def decided(self, zone: dt.tzinfo) -> dict[str, dict[str, int]]:
        """Decisions that stand per day, in this zone, and person; notes left out."""
        found: dict[str, dict[str, int]] = {}
        for at, who in self._connection.rows(f"SELECT at, who FROM decisions d WHERE {_STANDING} ORDER BY at, who"):
            day = found.setdefault(from_us(at).astimezone(zone).date().isoformat(), {})
            day[who] = day.get(who, 0) + 1
        return found

    def rejections(self) -> dict[str, dict[str, int]]:
        """Rejections that stand per reason and person; the most frequent reason first."""
        found: dict[str, dict[str, int]] = {}
        for code, who, count in self._connection.rows(
            f"SELECT code, who, count(*) FROM decisions d WHERE {_STANDING} AND action = 'reject' GROUP BY code, who"
            " ORDER BY code, who"
        ):
            found.setdefault(code, {})[who] = count
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

    def undone(self) -> dict[str, int]:
        """Decisions per person that they took back."""
        return dict(self._connection.rows("SELECT who, count(*) FROM decisions WHERE action = 'undo' GROUP BY who"))

    def second_opinions(self) -> list[str]:
        """The posts on which anybody gave an opinion that settled nothing by itself."""
        return [row[0] for row in self._connection.rows("SELECT DISTINCT post_id FROM decisions WHERE held ORDER BY 1")]

    def days(self, zone: dt.tzinfo) -> dict[str, int]:
        """Posts per day of their first sighting, in this zone."""
        found: dict[str, int] = {}
        for (first,) in self._connection.rows("SELECT min(first_observed) FROM sightings GROUP BY post_id ORDER BY 1"):
            day = from_us(first).astimezone(zone).date().isoformat()
            found[day] = found.get(day, 0) + 1
        return found

    def quarantine(self) -> dict[str, int]:
        """Lines that are no posts, per reason; most frequent first."""
        return dict(self._connection.rows("SELECT reason, count(*) FROM quarantine GROUP BY 1 ORDER BY 2 DESC, 1"))

    def waiting(self) -> Waiting:
        """The work list."""
        row = self._connection.row("SELECT count(*), count(*) FILTER (WHERE tries > 0) FROM work")
        return Waiting(open=row[0], failed=row[1]) if row else Waiting(open=0, failed=0)

    def oldest_in_queue(self) -> dt.datetime | None:
        """Since when the longest waiting post waits for a person."""
        row = self._connection.row("SELECT min(queued_at) FROM posts WHERE status = 'review'")
        return None if row is None or row[0] is None else from_us(row[0])

    def faults(self) -> dict[str, list[str]]:
        """Posts that met a bug of ours: their ids per name of the fault."""
        found: dict[str, list[str]] = {}
        for post_id, faults in self._connection.rows("SELECT id, faults FROM posts WHERE faults <> '[]' ORDER BY id"):
            for name in msgspec.json.decode(faults, type=list[str]):
                found.setdefault(name, []).append(post_id)
        return found
