"""How people's decisions stand over the rules' verdict. Pure.

A decision is bound to the revision and the findings its maker saw. It holds until the post gets a new revision, or a
blocking or asking finding that was not among those; a new detector version or another score alone never reopens it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.model import Decision, Finding, Status, Verdict
from detectors.evidence import Value


class Outcome(Value):
    """Where a post stands: by whom ("rules" or "moderator:NAME"), when (None: with the verdict), and why.

    ``opinions``: what people think of it while others must look too; until then it waits."""

    status: Status
    decided_by: str
    at: dt.datetime | None
    code: str | None = None
    opinions: tuple[Decision, ...] = ()


def seen(findings: Sequence[Finding]) -> tuple[str, ...]:
    """What a person saw, as stable names of the findings that block or ask: ``code`` or ``code@media``."""
    return tuple(sorted({_name(f) for f in findings if f.stance in ("block", "ask")}))


def live(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that were not undone, undoing ones and notes left out."""
    undone = {d.undoes for d in decisions if d.action == "undo"}
    return [d for d in decisions if d.action in _DECIDING and d.id not in undone]


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """The newest approve, reject or reopen that was not undone and settled something."""
    return next((d for d in reversed(live(decisions)) if d.action != "flag" and not d.held), None)


def opinions(verdict: Verdict, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The held opinions and flags since anything was settled, as far as they are about this verdict, oldest first."""
    found: list[Decision] = []
    for decision in live(decisions):
        if decision.action == "flag" or decision.held:
            found.append(decision)
        else:
            found.clear()
    return tuple(d for d in found if _about(d, verdict))


def outcome(verdict: Verdict, decisions: Sequence[Decision]) -> Outcome:
    """The status of a post, from its verdict and its decisions, oldest first."""
    by_rules = Outcome(status=verdict.status, decided_by="rules", at=None)
    if verdict.status == "withdrawn":
        return by_rules
    held = opinions(verdict, decisions)
    if held:  # whoever looks next must not read from this what the others think
        return Outcome(status="review", decided_by="rules", at=None, opinions=held)
    last = standing(decisions)
    if last is None:
        return by_rules
    who = f"moderator:{last.who}"
    if last.action == "reopen":
        return Outcome(status="review", decided_by=who, at=last.at)
    if not _about(last, verdict):
        return by_rules if verdict.status != "eligible" else Outcome(status="review", decided_by="rules", at=None)
    status: Status = "eligible" if last.action == "approve" else "ineligible"
    return Outcome(status=status, decided_by=who, at=last.at, code=last.code or "accepted")


_DECIDING = ("approve", "reject", "reopen", "flag")


def _about(decision: Decision, verdict: Verdict) -> bool:
    """Whether its maker saw this revision and every finding that speaks against it now."""
    return decision.revision == verdict.revision and set(seen(verdict.findings)) <= set(decision.saw)


_WORTH = {"detector": 4, "duplicate": 3, "content": 3, "hashtag": 2, "author": 2, "post": 2, "window": 2}
"""How soon a person should look, by the family of the reason: what may wrong somebody comes before what is merely
unsure.
"""


def priority(verdict: Verdict) -> int:
    """Where a post stands in the queue: higher is sooner. The worst asking family counts first, then how many ask."""
    asks = [f.code.partition(".")[0] for f in verdict.findings if f.stance == "ask"]
    return 100 * max((_WORTH.get(family, 1) for family in asks), default=0) + min(len(asks), 99)


def _name(finding: Finding) -> str:
    return finding.code if finding.media is None else f"{finding.code}@{finding.media}"
