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
from bot.review.claims import free_for
from bot.review.second import ALONE, Policy, held
from bot.store import Store
from bot.store.times import to_us
from bot.store.verdicts import Record
from detectors.evidence import Value

ACCEPTED: Final = "accepted"
MOST_NOTE: Final = 2000

_WITH_REVISION: Final = re.compile(r"(.+)@([1-9][0-9]{0,9})", re.ASCII | re.DOTALL)


class Target(Value):
    """A post that somebody means, and the revision they say they saw (None: whatever they were last shown)."""

    post_id: str
    revision: int | None = None


class Act(Value):
    """What is done to a post, beside who does it and when."""

    action: Action
    code: str | None = None
    note: str | None = None
    batch: str | None = None
    undoes: str | None = None
    pair: tuple[str, str] | None = None


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
            raise UserError("post {post} is not judged yet: try again in a moment", post=text)
        raise UserError("no post {post}: 'gatewarden queue' and 'gatewarden export' list what there is", post=text)
    return Target(post_id=text)


def approve(
    store: Store, targets: Sequence[Target], who: str, now: dt.datetime, policy: Policy = ALONE
) -> list[Decision]:
    """Accept posts, each once. Raises UserError, with nothing decided."""
    return [settle(store, target, Act(action="approve", code=ACCEPTED), who, now, policy) for target in _once(targets)]


def reject(
    store: Store,
    targets: Sequence[Target],
    code: str,
    note: str | None,
    who: str,
    now: dt.datetime,
    policy: Policy = ALONE,
) -> list[Decision]:
    """Turn posts down with a reason code, each once. Raises UserError, with nothing decided."""
    if code not in reject_codes():
        raise UserError("unknown reason {code}; known: {known}", code=code, known=", ".join(reject_codes()))
    return [
        settle(store, target, Act(action="reject", code=code, note=note), who, now, policy) for target in _once(targets)
    ]


def flag(store: Store, target: Target, note: str | None, who: str, now: dt.datetime) -> Decision:
    """Send a post to a second pair of eyes: it waits for anybody else. Raises UserError."""
    return settle(store, target, Act(action="flag", note=note), who, now, ALONE)


def reopen(store: Store, target: Target, note: str, who: str, now: dt.datetime) -> Decision:
    """Put a post back into the queue. Raises UserError."""
    return settle(store, target, Act(action="reopen", note=note), who, now, ALONE)


def leave_note(store: Store, target: Target, note: str, who: str, now: dt.datetime) -> Decision:
    """Keep a note beside a post; it decides nothing, so no revision stands in its way. Raises UserError."""
    return record_decision(store, _known(store, target), Act(action="note", note=note), who, now)


def undo(store: Store, who: str, now: dt.datetime, *, note: bool = False) -> list[tuple[Decision, Decision]]:
    """Take back this person's newest decision that still stands, with all of its batch: (the undo, what it undoes)
    each, newest first. ``note``: their newest note instead. Raises UserError."""
    last = store.verdicts.last_of(who, note=note)
    if not last:
        if note:
            raise UserError("nothing to undo: no note by {who} stands", who=who)
        raise UserError("nothing to undo: no decision by {who} stands", who=who)
    batch = secrets.token_hex(12) if len(last) > 1 else None
    return [(_undo(store, decision, who, now, batch), decision) for decision in last]


def _undo(store: Store, decision: Decision, who: str, now: dt.datetime, batch: str | None) -> Decision:
    record = _known(store, Target(post_id=decision.post_id))
    done = record_decision(store, record, Act(action="undo", batch=batch, undoes=decision.id), who, now)
    if decision.pair is not None:
        _tie(store, decision.pair, now)
    store.claims.settle(decision.post_id)
    return done


def newest_revision(store: Store, record: Record) -> int:
    """The newest revision there is of a post, judged or not."""
    post = store.intake.post(record.post_id)
    return record.verdict.revision if post is None else max(post.revision, record.verdict.revision)


def _once(targets: Sequence[Target]) -> list[Target]:
    """Each post once; a revision that somebody named counts. Raises UserError where two are named."""
    by_id: dict[str, Target] = {}
    for target in targets:
        known = by_id.setdefault(target.post_id, target)
        if known.revision is None:
            by_id[target.post_id] = target
        elif target.revision not in (None, known.revision):
            raise UserError("post {post} is named with two revisions. Nothing was decided", post=target.post_id)
    return list(by_id.values())


def settle(store: Store, target: Target, act: Act, who: str, now: dt.datetime, policy: Policy) -> Decision:
    """Decide on one post, if nothing stands against it. Raises UserError, with nothing decided."""
    record = _known(store, target)
    _guard(store, target, record, who)
    if record.status == "withdrawn":
        raise UserError("post {post} was deleted by its author: there is nothing to decide", post=target.post_id)
    free_for(store, target.post_id, who, now)
    opinion = act.action in ("approve", "reject") and held(store, record, act.action, who, policy)
    decision = record_decision(store, record, act, who, now, held=opinion)
    store.claims.settle(target.post_id)
    return decision


def _guard(store: Store, target: Target, record: Record, who: str) -> None:
    """Nobody decides on what they have not seen."""
    newest = newest_revision(store, record)
    saw = target.revision if target.revision is not None else store.verdicts.shown(who, target.post_id)
    if saw is not None and saw > newest:
        raise UserError(
            "post {post} has no revision {saw}: its newest is {newest}", post=target.post_id, saw=saw, newest=newest
        )
    if saw is not None and saw < newest:
        raise UserError(
            "post {post} changed: its newest revision is {newest}, {who} saw {saw}; look again with"
            " 'gatewarden show {post}'. Nothing was decided",
            post=target.post_id,
            newest=newest,
            who=who,
            saw=saw,
        )
    if newest != record.verdict.revision:
        raise UserError(
            "revision {newest} of post {post} is not judged yet. Nothing was decided",
            newest=newest,
            post=target.post_id,
        )


def _known(store: Store, target: Target) -> Record:
    record = store.verdicts.get(target.post_id)
    if record is None:
        raise UserError("no post {post}", post=target.post_id)
    return record


def record_decision(
    store: Store, record: Record, act: Act, who: str, now: dt.datetime, *, held: bool = False
) -> Decision:
    """Write one decision, whatever stands against it. Raises UserError for a note that is none."""
    if act.note is not None and not 0 < len(act.note.strip()) <= MOST_NOTE:
        raise UserError("a note has 1 to {most} characters", most=MOST_NOTE)
    decision = Decision(
        id=secrets.token_hex(12),
        post_id=record.post_id,
        revision=record.verdict.revision,
        action=act.action,
        code=act.code,
        note=act.note,
        who=who,
        at=now,
        saw=seen(record.verdict.findings),
        undoes=act.undoes,
        held=held,
        batch=act.batch,
        pair=act.pair,
    )
    store.verdicts.decide(decision)
    if decision.pair is not None:
        _tie(store, decision.pair, now)
    return decision


def _tie(store: Store, pair: tuple[str, str], now: dt.datetime) -> None:
    """Let the graph follow what stands decided about two media; what that touches is judged again, soon."""
    touched = store.pairs.put(*pair, store.verdicts.pair(*pair))
    store.work.add(sorted(touched), to_us(now))
