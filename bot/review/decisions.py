"""What people decide. Each function runs in the caller's transaction, so that several posts are decided all or none.

A decision names who made it and is bound to the revision and the findings that stood at that moment. It is refused
where the post changed after that person last saw it.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from typing import Final

from bot.decide import seen
from bot.errors import UserError
from bot.model import Action, Decision
from bot.reasons import REASONS
from bot.store import Store
from bot.store.verdicts import Record
from detectors.evidence import Value

ACCEPTED: Final = "accepted"
MOST_NOTE: Final = 2000

_WITH_REVISION: Final = re.compile(r"(.+)@([1-9][0-9]{0,9})", re.ASCII | re.DOTALL)


class Target(Value):
    """A post that somebody means, and the revision they say they saw (None: whatever they were last shown)."""

    post_id: str
    revision: int | None = None


def reject_codes() -> tuple[str, ...]:
    """The reason codes that a person may reject with: every code that speaks against a post."""
    return tuple(sorted(code for code, reason in REASONS.items() if code != ACCEPTED and reason.stance != "supports"))


def find(store: Store, text: str) -> Target:
    """The post that ``ID`` or ``ID@REV`` names. A known id that holds an ``@`` itself is taken whole.

    Raises UserError where there is no such post.
    """
    if store.verdicts.get(text) is None:
        match = _WITH_REVISION.fullmatch(text)
        if match is not None and store.verdicts.get(match[1]) is not None:
            return Target(post_id=match[1], revision=int(match[2]))
        if store.work.open([text]) or (match is not None and store.work.open([match[1]])):
            raise UserError(f"post {text} is not judged yet: try again in a moment")
        raise UserError(f"no post {text}: 'gatewarden queue' and 'gatewarden export' list what there is")
    return Target(post_id=text)


def approve(store: Store, targets: Sequence[Target], who: str, now: dt.datetime) -> list[Decision]:
    """Accept posts. Raises UserError, with nothing decided."""
    return [_settle(store, target, "approve", ACCEPTED, None, who, now) for target in targets]


def reject(
    store: Store, targets: Sequence[Target], code: str, note: str | None, who: str, now: dt.datetime
) -> list[Decision]:
    """Turn posts down with a reason code. Raises UserError, with nothing decided."""
    if code not in reject_codes():
        raise UserError(f"unknown reason {code}; known: {', '.join(reject_codes())}")
    return [_settle(store, target, "reject", code, note, who, now) for target in targets]


def reopen(store: Store, target: Target, note: str, who: str, now: dt.datetime) -> Decision:
    """Put a post back into the queue. Raises UserError."""
    return _settle(store, target, "reopen", None, note, who, now)


def leave_note(store: Store, target: Target, note: str, who: str, now: dt.datetime) -> Decision:
    """Keep a note beside a post; it decides nothing, so no revision stands in its way. Raises UserError."""
    return _record(store, _known(store, target), "note", None, note, who, now)


def undo(store: Store, who: str, now: dt.datetime) -> tuple[Decision, Decision]:
    """Take back this person's newest decision that still stands: (the undo, what it undoes). Raises UserError."""
    last = store.verdicts.last_of(who)
    if last is None:
        raise UserError(f"nothing to undo: no decision by {who} stands")
    record = store.verdicts.get(last.post_id)
    if record is None:
        raise UserError(f"post {last.post_id} was forgotten: its decision cannot be undone")
    return _record(store, record, "undo", None, None, who, now, undoes=last.id), last


def newest_revision(store: Store, record: Record) -> int:
    """The newest revision there is of a post, judged or not."""
    post = store.intake.post(record.post_id)
    return record.verdict.revision if post is None else max(post.revision, record.verdict.revision)


def _settle(
    store: Store, target: Target, action: Action, code: str | None, note: str | None, who: str, now: dt.datetime
) -> Decision:
    record = _known(store, target)
    _guard(store, target, record, who)
    if record.status == "withdrawn":
        raise UserError(f"post {target.post_id} was deleted by its author: there is nothing to decide")
    return _record(store, record, action, code, note, who, now)


def _guard(store: Store, target: Target, record: Record, who: str) -> None:
    """Nobody decides on what they have not seen."""
    newest = newest_revision(store, record)
    saw = target.revision if target.revision is not None else store.verdicts.shown(who, target.post_id)
    if saw is not None and saw > newest:
        raise UserError(f"post {target.post_id} has no revision {saw}: its newest is {newest}")
    if saw is not None and saw < newest:
        raise UserError(
            f"post {target.post_id} changed: its newest revision is {newest}, {who} saw {saw}; "
            f"look again with 'gatewarden show {target.post_id}'. Nothing was decided"
        )
    if newest != record.verdict.revision:
        raise UserError(f"revision {newest} of post {target.post_id} is not judged yet. Nothing was decided")


def _known(store: Store, target: Target) -> Record:
    record = store.verdicts.get(target.post_id)
    if record is None:
        raise UserError(f"no post {target.post_id}")
    return record


def _record(
    store: Store,
    record: Record,
    action: Action,
    code: str | None,
    note: str | None,
    who: str,
    now: dt.datetime,
    undoes: str | None = None,
) -> Decision:
    if note is not None and not 0 < len(note.strip()) <= MOST_NOTE:
        raise UserError(f"a note has 1 to {MOST_NOTE} characters")
    decision = Decision(
        id=secrets.token_hex(12),
        post_id=record.post_id,
        revision=record.verdict.revision,
        action=action,
        code=code,
        note=note,
        who=who,
        at=now,
        saw=seen(record.verdict.findings),
        undoes=undoes,
    )
    store.verdicts.decide(decision)
    return decision
