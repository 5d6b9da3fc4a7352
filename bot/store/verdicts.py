"""Verdicts and decisions: what the rules made of each post, what people decided, what waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from bot.decide import Outcome, outcome
from bot.fold import Stand, fold, step
from bot.model import Decision, Status, Verdict
from bot.store.connection import Connection, Row
from bot.store.facts import facts, history, judged
from bot.store.log import EventLog
from bot.store.times import from_us, to_us
from detectors.evidence import Value

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Verdict).decode
_DONE = "action <> 'undo' AND NOT EXISTS (SELECT 1 FROM decisions u WHERE u.undoes = decisions.id)"
_STANDS = f"{_DONE} AND EXISTS (SELECT 1 FROM posts p WHERE p.id = decisions.post_id)"
_COLUMNS = "id, revision, author_id, status, decided_by, decided_at, queued_at, verdict, faults"


class Record(Value):
    """One judged post as it stands: the rules' verdict and what people made of it. ``queued_at`` in microseconds."""

    post_id: str
    author_id: str | None
    verdict: Verdict
    status: Status
    decided_by: str
    decided_at: int
    queued_at: int | None
    faults: tuple[str, ...]


class Verdicts:
    """The outcome of each post. Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection = connection
        self._log = log

    def record(self, verdict: Verdict, author_id: str | None, priority: int, faults: tuple[str, ...], at: int) -> bool:
        """Store a verdict. False where it says what was recorded before: nothing is doubled, and no time changes."""
        old = self.get(verdict.post_id)
        if old is not None and old.verdict == verdict and old.author_id == author_id and old.faults == faults:
            return False
        self._log.append("post.judged", verdict.post_id, at, judged(verdict))
        self._put(verdict, author_id, priority, faults, self._stand(verdict, old, at))
        return True

    def _put(
        self, verdict: Verdict, author_id: str | None, priority: int, faults: tuple[str, ...], stand: Stand
    ) -> None:
        codes = dict.fromkeys(f.code for f in verdict.findings if f.stance != "supports")
        self._connection.run(
            "INSERT OR REPLACE INTO posts"
            " (id, revision, author_id, status, decided_by, decided_at, priority, queued_at, verdict, faults, codes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (verdict.post_id, verdict.revision, author_id, stand.outcome.status, stand.outcome.decided_by,
             stand.decided_at, priority, stand.queued_at,
             _encode(verdict), _encode(faults).decode(), f" {' '.join(codes)} " if codes else ""),
        )  # fmt: skip
        self._connection.run("DELETE FROM opinions WHERE post_id = ?", (verdict.post_id,))
        for opinion in stand.outcome.opinions:
            self._connection.run(
                "INSERT OR REPLACE INTO opinions VALUES (?, ?, ?)", (verdict.post_id, opinion.who, opinion.id)
            )

    def _stand(self, verdict: Verdict, old: Record | None, at: int) -> Stand:
        """How a post stands with this verdict. Where people decided on it, its history says; else the row before it."""
        if old is not None and self._connection.row("SELECT 1 FROM decisions WHERE post_id = ?", (verdict.post_id,)):
            stand = fold(history(self._log.of(verdict.post_id)))
            assert stand is not None
            return msgspec.structs.replace(stand, verdict=verdict)
        before = None
        if old is not None:
            before = Stand(
                verdict=old.verdict,
                outcome=Outcome(status=old.status, decided_by=old.decided_by, at=None),
                decided_at=old.decided_at,
                queued_at=old.queued_at,
            )
        return step(before, verdict, outcome(verdict, ()), at)

    def decide(self, decision: Decision) -> Outcome:
        """Append one decision (an undo too) and return how the post stands after it. The post must have been judged."""
        at = to_us(decision.at)
        seq = self._log.append("post.decided", decision.post_id, at, facts(decision), version=2)
        pair_a, pair_b = decision.pair or (None, None)
        self._connection.run(
            "INSERT INTO decisions (id, seq, post_id, revision, action, code, note, who, at, saw, undoes, held, batch,"
            " pair_a, pair_b) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (decision.id, seq, decision.post_id, decision.revision, decision.action, decision.code, decision.note,
             decision.who, at, _encode(decision.saw).decode(), decision.undoes, int(decision.held), decision.batch,
             pair_a, pair_b),
        )  # fmt: skip
        row = self._connection.row("SELECT priority FROM posts WHERE id = ?", (decision.post_id,))
        record = self.get(decision.post_id)
        assert row is not None and record is not None
        stand = self._stand(record.verdict, record, at)
        self._put(record.verdict, record.author_id, int(row[0]), record.faults, stand)
        return stand.outcome

    def decisions(self, post_id: str) -> tuple[Decision, ...]:
        """Every decision on a post, oldest first."""
        return self._decisions("post_id = ? ORDER BY seq", (post_id,))

    def last_of(self, who: str, *, note: bool = False) -> tuple[Decision, ...]:
        """A person's newest decision (or newest note) that stands on a post still known, newest first: with all of its
        batch. Empty where there is none. What their next undo takes back."""
        found = self._decisions(
            f"who = ? AND action {'=' if note else '<>'} 'note' AND {_STANDS} ORDER BY seq DESC LIMIT 1", (who,)
        )
        if not found or found[0].batch is None:
            return found
        return self._decisions(f"batch = ? AND {_STANDS} ORDER BY seq DESC", (found[0].batch,))

    def count_decisions(self) -> int:
        """How many decisions there are, of every kind."""
        row = self._connection.row("SELECT count(*) FROM decisions")
        return 0 if row is None else int(row[0])

    def decided(self, limit: int) -> list[str]:
        """The posts that people approved or rejected, those decided last first."""
        return [
            row[0]
            for row in self._connection.rows(
                "SELECT post_id FROM decisions WHERE action IN ('approve', 'reject') GROUP BY post_id"
                " ORDER BY max(seq) DESC LIMIT ?",
                (limit,),
            )
        ]

    def pair(self, a: str, b: str) -> Literal["apart", "together"] | None:
        """What stands decided about two media, the lesser hash first: the newest decision that was not undone."""
        row = self._connection.row(
            f"SELECT action FROM decisions WHERE (pair_a, pair_b) = (?, ?) AND {_DONE} ORDER BY seq DESC LIMIT 1",
            (a, b),
        )
        return None if row is None else row[0]

    def _decisions(self, where: str, parameters: tuple[object, ...]) -> tuple[Decision, ...]:
        rows = self._connection.rows(
            "SELECT id, post_id, revision, action, code, note, who, at, saw, undoes, held, batch, pair_a, pair_b"
            f" FROM decisions WHERE {where}",
            parameters,
        )
        return tuple(
            Decision(id=i, post_id=p, revision=r, action=a, code=c, note=n, who=w, at=from_us(t),
                     saw=tuple(msgspec.json.decode(saw)), undoes=u, held=bool(h), batch=batch,
                     pair=None if first is None else (first, second))
            for i, p, r, a, c, n, w, t, saw, u, h, batch, first, second in rows
        )  # fmt: skip

    def get(self, post_id: str) -> Record | None:
        """How one post stands; None where it was never judged."""
        row = self._connection.row(f"SELECT {_COLUMNS} FROM posts WHERE id = ?", (post_id,))
        return None if row is None else _record(row)

    def ids(self) -> tuple[str, ...]:
        """The id of every judged post: shorter ids first, so that numbers sort as numbers."""
        return tuple(row[0] for row in self._connection.rows("SELECT id FROM posts ORDER BY length(id), id"))

    def all(self, statuses: Iterable[Status] = ()) -> list[Record]:
        """Every post (of these statuses), in order of id: shorter ids first, so that numbers sort as numbers."""
        wanted = tuple(statuses)
        where = f"WHERE status IN ({','.join('?' * len(wanted))})" if wanted else ""
        return [
            _record(row)
            for row in self._connection.rows(f"SELECT {_COLUMNS} FROM posts {where} ORDER BY length(id), id", wanted)
        ]

    def queue(self, limit: int = -1) -> list[Record]:
        """What waits for a human, worst first, then the longest waiting."""
        rows = self._connection.rows(
            f"SELECT {_COLUMNS} FROM posts WHERE status = 'review' ORDER BY priority DESC, queued_at,"
            " length(id), id LIMIT ?",
            (limit,),
        )
        return [_record(row) for row in rows]

    def waiting(self) -> tuple[int, int | None]:
        """How many posts wait for a person, and since when (microseconds) the oldest does; None where none waits."""
        row = self._connection.row("SELECT count(*), min(queued_at) FROM posts WHERE status = 'review'")
        return (0, None) if row is None else (int(row[0]), row[1])

    def counts(self) -> dict[str, int]:
        """Posts per status."""
        return dict(self._connection.rows("SELECT status, count(*) FROM posts GROUP BY status"))

    def show(self, who: str, post_id: str, revision: int) -> None:
        """Remember which revision this person was last shown."""
        self._connection.run("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", (who, post_id, revision))

    def shown(self, who: str, post_id: str) -> int | None:
        """The revision of a post that this person was last shown; None where they never saw it."""
        row = self._connection.row("SELECT revision FROM shown WHERE who = ? AND post_id = ?", (who, post_id))
        return None if row is None else int(row[0])


def _record(row: Row) -> Record:
    post_id, _, author_id, status, decided_by, decided_at, queued_at, verdict, faults = row
    return Record(
        post_id=post_id,
        author_id=author_id,
        verdict=_decode(verdict),
        status=status,
        decided_by=decided_by,
        decided_at=decided_at,
        queued_at=queued_at,
        faults=tuple(msgspec.json.decode(faults)),
    )
