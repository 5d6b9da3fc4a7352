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
    """Where a post stands: by whom ("rules" or "moderator:NAME"), when (None: with the verdict), and why."""

    status: Status
    decided_by: str
    at: dt.datetime | None
    code: str | None = None


def seen(findings: Sequence[Finding]) -> tuple[str, ...]:
    """What a person saw, as stable names of the findings that block or ask: ``code`` or ``code@media``."""
    return tuple(sorted({_name(f) for f in findings if f.stance in ("block", "ask")}))


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """The newest approve, reject or reopen that was not undone."""
    undone = {d.undoes for d in decisions if d.action == "undo"}
    live = [d for d in decisions if d.action in ("approve", "reject", "reopen") and d.id not in undone]
    return live[-1] if live else None


def outcome(verdict: Verdict, decisions: Sequence[Decision]) -> Outcome:
    """The status of a post, from its verdict and its decisions, oldest first."""
    last = standing(decisions)
    by_rules = Outcome(status=verdict.status, decided_by="rules", at=None)
    if last is None or verdict.status == "withdrawn":
        return by_rules
    who = f"moderator:{last.who}"
    if last.action == "reopen":
        return Outcome(status="review", decided_by=who, at=last.at)
    if last.revision != verdict.revision or not set(seen(verdict.findings)) <= set(last.saw):
        return by_rules if verdict.status != "eligible" else Outcome(status="review", decided_by="rules", at=None)
    status: Status = "eligible" if last.action == "approve" else "ineligible"
    return Outcome(status=status, decided_by=who, at=last.at, code=last.code or "accepted")


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
