"""Numbers for the dashboard and the lists of the review page, as they stand. Read only."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from bot.model import Status
from bot.store.connection import Connection
from bot.store.graph import FORMER
from bot.store.times import from_us
from detectors.evidence import Value


class Leader(Value):
    """One post and how often it was viewed, as last counted by any source."""

    post_id: str
    status: Status
    views: int


class Shared(Value):
    """A cluster with posts that wait: one of them, how many wait, and how many posts there are in all."""

    post_id: str
    waiting: int
    posts: int


class Figures:
    """Every method runs in the caller's transaction or outside one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reasons(self) -> dict[str, Counter[str]]:
        """Per reason code that speaks against a post: posts by how they stand now; most frequent first."""
        found: dict[str, Counter[str]] = {}
        for codes, status, count in self._connection.rows(
            "SELECT codes, status, count(*) FROM posts GROUP BY codes, status"
        ):
            for code in codes.split():
                found.setdefault(code, Counter())[status] += count
        return dict(sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0])))

    def days(self, zone: dt.tzinfo) -> dict[dt.date, Counter[str]]:
        """Posts by the day of their first sighting, in this zone, and by how they stand now; days without any too."""
        found: dict[dt.date, Counter[str]] = {}
        for first, status in self._connection.rows(
            "SELECT s.first, p.status FROM posts p JOIN"
            " (SELECT post_id, min(first_observed) AS first FROM sightings GROUP BY post_id) s ON s.post_id = p.id"
        ):
            found.setdefault(from_us(first).astimezone(zone).date(), Counter())[status] += 1
        if not found:
            return {}
        span = (max(found) - min(found)).days
        return {day: found.get(day, Counter()) for day in (min(found) + dt.timedelta(n) for n in range(span + 1))}

    def queued(self) -> list[dt.datetime]:
        """Since when each post that waits for a person has waited, oldest first."""
        rows = self._connection.rows("SELECT queued_at FROM posts WHERE status = 'review' ORDER BY queued_at")
        return [from_us(since) for (since,) in rows]

    def decisions(self) -> dict[str, Counter[str]]:
        """Per person: decisions that stand, by action; the busiest first."""
        found: dict[str, Counter[str]] = {}
        for who, action, count in self._connection.rows(
            "SELECT who, action, count(*) FROM decisions d WHERE action NOT IN ('undo', 'note')"
            " AND NOT EXISTS (SELECT 1 FROM decisions u WHERE u.undoes = d.id) GROUP BY who, action"
        ):
            found.setdefault(who, Counter())[action] += count
        return dict(sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0])))

    def leaders(self, limit: int) -> list[Leader]:
        """The posts that were viewed most, less what was withdrawn."""
        rows = self._connection.rows(
            "SELECT s.post_id, p.status, max(s.views) AS most FROM stats s JOIN posts p ON p.id = s.post_id"
            " WHERE s.views IS NOT NULL AND p.status <> 'withdrawn' AND s.at ="
            " (SELECT max(at) FROM stats l WHERE l.post_id = s.post_id AND l.source = s.source AND l.views IS NOT NULL)"
            " GROUP BY s.post_id ORDER BY most DESC, length(s.post_id), s.post_id LIMIT ?",
            (limit,),
        )
        return [Leader(post_id=post_id, status=status, views=views) for post_id, status, views in rows]

    def clusters(self, limit: int) -> list[Shared]:
        """The clusters of pictures with posts that wait, those with most of them first."""
        rows = self._connection.rows(
            "SELECT min(p.id), count(DISTINCT p.id) AS waiting,"
            " (SELECT count(DISTINCT a.post_id) FROM occurrences a WHERE a.cluster = o.cluster) AS posts"
            " FROM occurrences o JOIN posts p ON p.id = o.post_id JOIN nodes n ON n.id = o.node"
            " WHERE p.status = 'review' AND o.slot BETWEEN 0 AND ? AND n.kind = 'media' AND n.common IS NULL"
            " GROUP BY o.cluster HAVING posts > 1 ORDER BY waiting DESC, posts DESC, min(p.id) LIMIT ?",
            (FORMER - 1, limit),
        )
        return [Shared(post_id=post_id, waiting=waiting, posts=posts) for post_id, waiting, posts in rows]
