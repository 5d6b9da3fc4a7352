"""What sources delivered: sightings, counters, positions, polls, and what could not be read."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

import msgspec

from bot.model import Author, Delivery, MediaRef, Post, Quarantined, Snapshot, Stats
from bot.posts.merge import author_of, merge, url_key
from bot.posts.sightings import REPLAYED, Sighting, digest
from bot.sources import Batch
from bot.store.connection import Connection
from bot.store.erasure import FORGOTTEN
from bot.store.log import EventLog
from bot.store.times import from_us, to_us

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Snapshot).decode
_COUNTERS = Stats.__struct_fields__


class Intake:
    """Takes deliveries in and gives merged posts out."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection = connection
        self._log = log

    def take(self, source: str, batch: Batch, now: dt.datetime) -> tuple[str, ...]:
        """Store one batch with its feed position, in the caller's transaction. Returns the posts that must be
        judged again.
        """
        at = to_us(now)
        dirty: dict[str, None] = {}
        for delivery in batch.deliveries:
            if not self.forgotten(delivery.snapshot.id) and self._sight(delivery, at):
                dirty.update(dict.fromkeys((delivery.snapshot.id, *self._meet(delivery.snapshot.author))))
        for item in batch.quarantined:
            self._quarantine(item)
        if batch.position is not None:
            self._connection.run("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", (source, batch.position, at))
        if batch.poll is not None:
            poll = batch.poll
            self._connection.run(
                "INSERT OR REPLACE INTO polls VALUES (?, ?, ?, ?)",
                (source, to_us(poll.started), to_us(poll.finished), int(poll.complete)),
            )
        for delivery_id in batch.delivery_ids:
            self._connection.run("INSERT OR IGNORE INTO pushes VALUES (?, ?)", (delivery_id, at))
        return tuple(dirty)

    def _sight(self, delivery: Delivery, at: int) -> bool:
        snapshot, observed = delivery.snapshot, to_us(delivery.observed_at)
        bare = msgspec.structs.replace(snapshot, stats=None)
        if snapshot.stats is not None:  # counters never cause a judgement: they are looked up when shown
            self._count(snapshot.id, delivery.source, observed, snapshot.stats)
        not_before = None if delivery.not_before is None else to_us(delivery.not_before)
        key = (snapshot.id, delivery.source, digest(bare))
        old = self._connection.row(
            "SELECT first_observed, last_observed, not_before FROM sightings WHERE post_id = ? AND"
            " source = ? AND digest = ?",
            key,
        )
        if old is not None:
            return self._see_again(key, (int(old[0]), int(old[1]), old[2]), observed, not_before)
        ref, salt, body = secrets.token_hex(12), secrets.token_hex(12), _encode(bare)
        self._connection.run("INSERT INTO bodies VALUES (?, ?, ?, ?)", (ref, salt, body, bytes(delivery.raw)))
        self._connection.run(
            "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, observed, observed, not_before, ref)
        )
        seen = {
            "source": delivery.source,
            "ref": ref,
            "observed": observed,
            "hash": hashlib.sha256(salt.encode() + body).hexdigest(),
        }
        self._log.append("post.seen", snapshot.id, at, seen)
        return True

    def _meet(self, author: Author) -> list[str]:
        """Learn whose account this is. Returns the account's judged posts where that is news: their author has another
        name now. Should sources contradict each other, the lesser name stands, whoever spoke first.
        """
        if author.id is None or author.person is None:
            return []
        learned = self._connection.run(
            "INSERT INTO accounts VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET person = excluded.person"
            " WHERE excluded.person < person",
            (author.id, author.person),
        )
        if not learned:
            return []
        return [row[0] for row in self._connection.rows("SELECT id FROM posts WHERE author_id = ?", (author.id,))]

    def person(self, account: str) -> str | None:
        """The person behind an account, as far as any post told."""
        row = self._connection.row("SELECT person FROM accounts WHERE id = ?", (account,))
        return None if row is None else str(row[0])

    def _see_again(
        self, key: tuple[str, str, str], old: tuple[int, int, int | None], observed: int, not_before: int | None
    ) -> bool:
        """Widen a known sighting. True where that can change the merge: an earlier
        first sight, or a last one that moves past another sighting."""
        first, last, bound = old
        if key[1] in REPLAYED:  # a file fed again is a repetition, not a later sight of the post
            last, observed = min(first, observed), min(first, observed)
        if observed < first:
            bound = not_before
        elif observed == first and not_before is not None:
            bound = not_before if bound is None else max(bound, not_before)
        if first <= observed <= last and bound == old[2]:
            return False
        self._connection.run(
            "UPDATE sightings SET first_observed = ?, last_observed = ?, not_before = ?"
            " WHERE post_id = ? AND source = ? AND digest = ?",
            (min(first, observed), max(last, observed), bound, *key),
        )
        if observed < first or bound != old[2]:
            return True
        newer = self._connection.row(
            "SELECT 1 FROM sightings WHERE post_id = ? AND last_observed > ? AND (source, digest) <> (?, ?) LIMIT 1",
            (key[0], last, key[1], key[2]),
        )
        return newer is not None

    def _count(self, post_id: str, source: str, at: int, stats: Stats) -> None:
        """Add to the time series what is news: another value than the last, or, from a file that may be fed again at
        any time, one that was not there before. Where two stand at one instant, the greater counters hold.
        """
        values = (stats.views, stats.likes, stats.comments, stats.shares)
        if source in REPLAYED:
            same = "post_id = ? AND source = ? AND (views, likes, comments, shares) IS (?, ?, ?, ?)"
            known = self._connection.row(f"SELECT min(at) FROM stats WHERE {same}", (post_id, source, *values))
            if known is not None and known[0] is not None:
                if known[0] <= at:
                    return
                self._connection.run(f"DELETE FROM stats WHERE {same}", (post_id, source, *values))
        elif values == self._connection.row(
            "SELECT views, likes, comments, shares FROM stats WHERE post_id = ? AND source = ? AND at"
            " <= ? ORDER BY at DESC LIMIT 1",
            (post_id, source, at),
        ):
            return
        greater = ", ".join(f"{c} = coalesce(max({c}, excluded.{c}), {c}, excluded.{c})" for c in _COUNTERS)
        self._connection.run(
            f"INSERT INTO stats VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET {greater}",
            (post_id, source, at, *values),
        )

    def _quarantine(self, item: Quarantined) -> None:
        key = hashlib.sha256(f"{item.source}\0{item.raw}".encode("utf-8", "surrogatepass")).hexdigest()
        self._connection.run(
            "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?)",
            (
                key,
                item.source,
                item.line,
                item.reason,
                item.raw.encode("utf-8", "replace").decode(),
                to_us(item.observed_at),
            ),
        )

    def sightings(self, post_id: str) -> list[Sighting]:
        """Every distinct snapshot of a post with when it was seen."""
        rows = self._connection.rows(
            "SELECT s.source, b.snapshot, s.first_observed, s.last_observed, s.not_before, s.digest"
            " FROM sightings s JOIN bodies b USING (ref) WHERE s.post_id = ?",
            (post_id,),
        )
        return [
            Sighting(
                source=source,
                snapshot=_decode(body),
                first_observed=from_us(first),
                last_observed=from_us(last),
                not_before=None if bound is None else from_us(bound),
                digest=key,
            )
            for source, body, first, last, bound, key in rows
        ]

    def post(self, post_id: str, *, counters: bool = True) -> Post | None:
        """The merge of all that is known of a post, its newest counters included (unless nobody asks for them); None
        where nothing is (or was forgotten).
        """
        sightings = self.sightings(post_id)
        if not sightings:
            return None
        shas: dict[str, str] = {}
        if any(sighting.snapshot.media for sighting in sightings):
            select = "SELECT key, sha256 FROM attachments WHERE post_id = ? AND sha256 IS NOT NULL"
            shas = dict(self._connection.rows(select, (post_id,)))
        merged = merge(sightings, shas.get)
        return msgspec.structs.replace(merged, stats=self.stats(post_id)) if counters else merged

    def author(self, post_id: str) -> Author | None:
        """The author of a post alone, where nothing else of it is asked for: a fraction of the work of ``post``."""
        sightings = self.sightings(post_id)
        return author_of(sightings) if sightings else None

    def stats(self, post_id: str) -> Stats | None:
        """The newest of each counter of a post: one that a source leaves out erases none. None: nobody counted."""
        newest = ", ".join(
            f"(SELECT {c} FROM stats WHERE post_id = ?1 AND {c} IS NOT NULL"
            " ORDER BY at DESC, source = 'gate_square', source LIMIT 1)"
            for c in _COUNTERS
        )
        row = self._connection.row(f"SELECT {newest} WHERE EXISTS (SELECT 1 FROM stats WHERE post_id = ?1)", (post_id,))
        return None if row is None else Stats(views=row[0], likes=row[1], comments=row[2], shares=row[3])

    def attach(self, post_id: str, ref: MediaRef, *, sha256: str | None, failure: str | None) -> None:
        """Remember what came of fetching one media item of a post: its hash, or why there is none (kind:reason)."""
        self._connection.run(
            "INSERT OR REPLACE INTO attachments VALUES (?, ?, ?, ?)", (post_id, url_key(ref), sha256, failure)
        )

    def attachments(self, post_id: str) -> dict[str, tuple[str | None, str | None]]:
        """Per media key: (sha256, failure)."""
        rows = self._connection.rows("SELECT key, sha256, failure FROM attachments WHERE post_id = ?", (post_id,))
        return {key: (sha256, failure) for key, sha256, failure in rows}

    def position(self, source: str) -> str | None:
        """Where a source stood when its last batch was committed."""
        row = self._connection.row("SELECT position FROM positions WHERE source = ?", (source,))
        return None if row is None else str(row[0])

    def forgotten(self, post_id: str) -> bool:
        """Whether this post was erased on its author's wish: it is not taken in again."""
        erased = "SELECT 1 FROM events WHERE subject = ? AND kind = ? LIMIT 1"
        return self._connection.row(erased, (post_id, FORGOTTEN)) is not None

    def known(self, post_ids: tuple[str, ...], source: str) -> frozenset[str]:
        """Which of these posts this source has delivered before."""
        marks = ",".join("?" * len(post_ids))
        return frozenset(
            row[0]
            for row in self._connection.rows(
                f"SELECT DISTINCT post_id FROM sightings WHERE source = ? AND post_id IN ({marks})", (source, *post_ids)
            )
        )

    def pushed(self, delivery_id: str) -> bool:
        """Whether this push delivery was taken before."""
        return self._connection.row("SELECT 1 FROM pushes WHERE id = ?", (delivery_id,)) is not None

    def forget_pushes(self, before: dt.datetime) -> None:
        """Drop delivery ids from outside the replay window."""
        self._connection.run("DELETE FROM pushes WHERE at < ?", (to_us(before),))

    def quarantined(self) -> list[Quarantined]:
        """Everything that could not be read as a post."""
        rows = self._connection.rows("SELECT source, line, reason, raw, at FROM quarantine ORDER BY at, line")
        return [Quarantined(source=s, line=n, reason=r, raw=raw, observed_at=from_us(at)) for s, n, r, raw, at in rows]
