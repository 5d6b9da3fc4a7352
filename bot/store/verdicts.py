"""Verdicts and decisions: what the rules made of each post, what people decided, what waits for them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.decide import Outcome, outcome
from bot.model import Decision, Status, Verdict
from bot.store.connection import Connection, Row
from bot.store.log import EventLog
from bot.store.times import from_us, to_us
from detectors.evidence import Value

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Verdict).decode
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
        fact = {
            "revision": verdict.revision,
            "status": verdict.status,
            "codes": [[f.code, f.stance, f.media] for f in verdict.findings],
            "campaign": verdict.campaign_version,
        }
        self._log.append("post.judged", verdict.post_id, at, fact)
        self._put(verdict, author_id, priority, faults, at, old)
        return True

    def _put(
        self,
        verdict: Verdict,
        author_id: str | None,
        priority: int,
        faults: tuple[str, ...],
        at: int,
        old: Record | None,
    ) -> None:
        now = outcome(verdict, self.decisions(verdict.post_id))
        if now.at is not None:
            decided_at = to_us(now.at)
        else:  # the rules stand by what they said of this revision since they first said it
            said = (verdict.revision, now.status, now.decided_by)
            unchanged = old is not None and (old.verdict.revision, old.status, old.decided_by) == said
            decided_at = old.decided_at if old is not None and unchanged else at
        queued = (
            (old.queued_at if old is not None and old.queued_at is not None else at) if now.status == "review" else None
        )
        self._connection.run(
            "INSERT OR REPLACE INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (verdict.post_id, verdict.revision, author_id, now.status, now.decided_by, decided_at, priority, queued,
             _encode(verdict), _encode(faults).decode()),
        )  # fmt: skip

    def decide(self, decision: Decision) -> Outcome:
        """Append one decision (an undo too) and return how the post stands after it. The post must have been judged."""
        at = to_us(decision.at)
        fact = {"revision": decision.revision, "action": decision.action, "code": decision.code, "who": decision.who,
                "id": decision.id, "undoes": decision.undoes}  # fmt: skip
        seq = self._log.append("post.decided", decision.post_id, at, fact)
        self._connection.run(
            "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (decision.id, seq, decision.post_id, decision.revision, decision.action, decision.code, decision.note,
            decision.who,
             at, _encode(decision.saw).decode(), decision.undoes),
        )  # fmt: skip
        row = self._connection.row("SELECT priority FROM posts WHERE id = ?", (decision.post_id,))
        record = self.get(decision.post_id)
        assert row is not None and record is not None
        self._put(record.verdict, record.author_id, int(row[0]), record.faults, at, record)
        return outcome(record.verdict, self.decisions(decision.post_id))

    def decisions(self, post_id: str) -> tuple[Decision, ...]:
        """Every decision on a post, oldest first."""
        return self._decisions("post_id = ? ORDER BY seq", (post_id,))

    def last_of(self, who: str) -> Decision | None:
        """The newest decision of a person that is neither an undo nor undone: what their next undo takes back."""
        found = self._decisions(
            "who = ? AND action <> 'undo' AND id NOT IN (SELECT undoes FROM decisions WHERE undoes IS NOT NULL)"
            " ORDER BY seq DESC LIMIT 1",
            (who,),
        )
        return found[0] if found else None

    def _decisions(self, where: str, parameters: tuple[object, ...]) -> tuple[Decision, ...]:
        rows = self._connection.rows(
            f"SELECT id, post_id, revision, action, code, note, who, at, saw, undoes FROM decisions WHERE {where}",
            parameters,
        )
        return tuple(
            Decision(id=i, post_id=p, revision=r, action=a, code=c, note=n, who=w, at=from_us(t),
                     saw=tuple(msgspec.json.decode(saw)), undoes=u)
            for i, p, r, a, c, n, w, t, saw, u in rows
        )  # fmt: skip

    def get(self, post_id: str) -> Record | None:
        """How one post stands; None where it was never judged."""
        row = self._connection.row(f"SELECT {_COLUMNS} FROM posts WHERE id = ?", (post_id,))
        return None if row is None else _record(row)

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
