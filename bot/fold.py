"""How a post stands, folded from its history alone. Pure: projections are held against this.

What was undone counts as never done, so that an undo restores exactly what was: status, by whom and since when.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.decide import Outcome, outcome, standing
from bot.model import Decision, Verdict
from detectors.evidence import Value


class Stand(Value):
    """A post at one moment of its history. Times in microseconds; ``queued_at`` is None where it does not wait."""

    verdict: Verdict
    outcome: Outcome
    decided_at: int
    queued_at: int | None


def fold(history: Iterable[tuple[int, Verdict | Decision]]) -> Stand | None:
    """How a post stands after its verdicts and decisions, each with its time, oldest first. None before any verdict."""
    events = list(history)
    times = {event.id: at for at, event in events if isinstance(event, Decision)}
    undone = {e.undoes for _, e in events if isinstance(e, Decision)}
    stand: Stand | None = None
    verdict: Verdict | None = None
    decisions: list[Decision] = []
    for at, event in events:
        if isinstance(event, Verdict):
            verdict = event
        elif event.id in undone or event.action in ("undo", "note", "apart", "together"):
            continue
        else:
            decisions.append(event)
        if verdict is not None:
            last = standing(decisions)
            stand = step(stand, verdict, outcome(verdict, decisions), at, None if last is None else times[last.id])
    return stand


def step(old: Stand | None, verdict: Verdict, now: Outcome, at: int, settled: int | None = None) -> Stand:
    """How a post stands after one more verdict or decision, made at ``at``. ``settled``: when somebody last settled it.

    The rules stand by what they said of this revision since they first said it; a post waits since it began to.
    """
    if now.at is not None and settled is not None:
        decided_at = settled
    else:
        said = (verdict.revision, now.status, now.decided_by)
        same = old is not None and said == (old.verdict.revision, old.outcome.status, old.outcome.decided_by)
        decided_at = old.decided_at if old is not None and same else at
    waiting = old.queued_at if old is not None and old.queued_at is not None else at
    return Stand(
        verdict=verdict,
        outcome=now,
        decided_at=decided_at,
        queued_at=waiting if now.status == "review" else None,
    )
