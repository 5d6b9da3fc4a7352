"""Many posts at once: what a filter finds, previewed, decided together, and undone as one.

A plan names the revision and the findings of each post as they were previewed; what changed since is left alone. One
action changes at most the quota; what is over is parked until somebody confirms it.
"""

from __future__ import annotations

import collections
import datetime as dt
import secrets
from typing import Literal

import msgspec

from bot.decide import seen
from bot.errors import UserError
from bot.model import Decision
from bot.review.decisions import ACCEPTED, MOST_NOTE, Act, Target, reject_codes, settle
from bot.review.filters import Filter
from bot.review.second import Policy, reader
from bot.store import Store
from bot.store.parked import Row
from bot.store.times import from_us, to_us
from detectors.evidence import Value

BulkAction = Literal["approve", "reject"]


class Aim(Value):
    """One post as it was previewed."""

    post_id: str
    revision: int
    saw: tuple[str, ...]


class Plan(Value):
    """What a bulk action would do: ``targets`` at once, ``excess`` once it is confirmed. ``by_reason`` and
    ``by_status`` count both, by what was found and by how they stand; ``filter`` is the line they were found with."""

    action: BulkAction
    code: str
    note: str | None
    filter: str
    targets: tuple[Aim, ...]
    excess: tuple[Aim, ...]
    by_reason: dict[str, int]
    by_status: dict[str, int]


class Done(Value):
    """What came of one: its decisions, the posts that were left because they changed or are in other hands, and the id
    under which the excess waits (None: there was none)."""

    batch: str
    decisions: tuple[Decision, ...]
    left: tuple[str, ...]
    parked: str | None = None


class Parked(Value):
    """A parked excess. ``who`` found it, ``at`` when."""

    id: str
    who: str
    at: dt.datetime
    plan: Plan


def plan(
    store: Store,
    wanted: Filter,
    action: BulkAction,
    code: str | None,
    note: str | None,
    who: str,
    now: dt.datetime,
    policy: Policy,
) -> Plan:
    """Find what would change, in the order of the queue; changes nothing. Raises UserError."""
    if action == "reject" and code not in reject_codes():
        raise UserError("unknown reason {code}; known: {known}", code=code, known=", ".join(reject_codes()))
    if note is not None and not 0 < len(note.strip()) <= MOST_NOTE:
        raise UserError("a note has 1 to {most} characters", most=MOST_NOTE)
    if "withdrawn" in wanted.statuses:
        raise UserError("withdrawn posts were deleted by their authors: there is nothing to decide")
    aims, reasons, statuses = [], collections.Counter[str](), collections.Counter[str]()
    for post_id in store.waiting.ids(wanted, reader(store, who, now), -1):
        record = store.verdicts.get(post_id)
        if record is not None:
            aims.append(Aim(post_id=post_id, revision=record.verdict.revision, saw=seen(record.verdict.findings)))
            reasons.update({f.code for f in record.verdict.findings if f.stance in ("ask", "block")})
            statuses[record.status] += 1
    return Plan(
        action=action,
        code=ACCEPTED if action == "approve" else code or "",
        note=note,
        filter=str(wanted),
        targets=tuple(aims[: policy.quota]),
        excess=tuple(aims[policy.quota :]),
        by_reason=dict(reasons.most_common()),
        by_status=dict(statuses.most_common()),
    )


def carry_out(store: Store, planned: Plan, who: str, now: dt.datetime, policy: Policy) -> Done:
    """Decide what was planned, as one batch, and park the excess."""
    done = _decide(store, planned, planned.targets, secrets.token_hex(12), who, now, policy)
    if not planned.excess:
        return done
    rest = msgspec.structs.replace(planned, targets=planned.excess, excess=())
    store.parked.put(Row(id=done.batch, who=who, at=to_us(now), body=msgspec.json.encode(rest).decode()))
    return msgspec.structs.replace(done, parked=done.batch)


def parked(store: Store) -> list[Parked]:
    """Every excess that waits to be confirmed, oldest first."""
    return [_parked(row) for row in store.parked.all()]


def confirm(store: Store, parked_id: str, who: str, now: dt.datetime, policy: Policy) -> Done:
    """Decide a parked excess. Confirmed by who began it, it is one with what was decided then, also for undo. Raises
    UserError."""
    found = drop(store, parked_id)
    batch = parked_id if found.who == who else secrets.token_hex(12)
    return _decide(store, found.plan, found.plan.targets, batch, who, now, policy)


def drop(store: Store, parked_id: str) -> Parked:
    """Forget a parked excess, undecided. Raises UserError where there is none of this id."""
    row = store.parked.take(parked_id)
    if row is None:
        raise UserError("nothing is parked as {id}: 'gatewarden parked list' shows what is", id=parked_id)
    return _parked(row)


def _parked(row: Row) -> Parked:
    return Parked(id=row.id, who=row.who, at=from_us(row.at), plan=msgspec.json.decode(row.body, type=Plan))


def _decide(
    store: Store, planned: Plan, aims: tuple[Aim, ...], batch: str, who: str, now: dt.datetime, policy: Policy
) -> Done:
    act = Act(action=planned.action, code=planned.code, note=planned.note, batch=batch)
    decisions, left = [], []
    for aim in aims:
        record = store.verdicts.get(aim.post_id)
        try:
            if record is None or not set(seen(record.verdict.findings)) <= set(aim.saw):
                raise UserError("post {post} changed", post=aim.post_id)
            target = Target(post_id=aim.post_id, revision=aim.revision)
            decisions.append(settle(store, target, act, who, now, policy))
        except UserError:  # it changed, or somebody else looks at it: it is told, and waits on
            left.append(aim.post_id)
    return Done(batch=batch, decisions=tuple(decisions), left=tuple(left))
