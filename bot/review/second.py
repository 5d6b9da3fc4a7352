"""Second opinions: a flag, or a set share of decisions, sends a post blind to somebody else; two who disagree are
settled by a lead."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final

from bot.errors import UserError
from bot.model import Action
from bot.settings import Settings
from bot.store import Store
from bot.store.times import to_us
from bot.store.verdicts import Record
from bot.store.waiting import Reader
from detectors.evidence import Value


class Policy(Value):
    """``second_share``: how many of the decisions wait for a second moderator, 0 to 1. ``quota``: how many posts one
    bulk action may change; what is over waits for confirmation."""

    second_share: float = 0.0
    quota: int = 200


ALONE: Final = Policy()
"""No decision waits for a second moderator."""


def policy_of(settings: Settings) -> Policy:
    """What the settings say about it."""
    return Policy(second_share=settings.review.second_share, quota=settings.review.quota)


def settles(store: Store, who: str) -> bool:
    """Whether this person decides where two disagree: a lead. Where no moderators are named, anybody else may."""
    role = store.moderators.role(who)
    return role == "lead" or (role is None and not store.moderators.any())


def reader(store: Store, who: str, now: dt.datetime) -> Reader:
    """This person, as the queue asks who it is for: it shows nothing that ``may_decide`` would refuse."""
    leads = store.moderators.role(who) == "lead"
    return Reader(who=who, now=to_us(now), settles=settles(store, who), leads=leads)


def may_decide(store: Store, record: Record, who: str) -> dict[str, Action]:
    """The opinions that others gave on a post so far. Raises UserError where this person must not decide on it now."""
    given = _opinions(store, record)
    if len(given) > 1:
        if not settles(store, who):
            raise UserError("two moderators disagree about post {post}: a lead decides", post=record.post_id)
        if who in given and store.moderators.role(who) != "lead":
            raise UserError(
                "{who} gave an opinion on post {post}: somebody else settles it", who=who, post=record.post_id
            )
    elif who in given:
        raise UserError(
            "post {post} waits for a second pair of eyes, and those are not {who}'s;"
            " 'gatewarden undo' takes your opinion back",
            post=record.post_id,
            who=who,
        )
    return given


def hidden_from(store: Store, post_id: str, reader: str | None) -> frozenset[str]:
    """The ids of others' opinions on a post that this reader must not know while it waits for theirs. A lead who
    settles a disagreement, and None, may know them all."""
    given = store.waiting.opinions(post_id)
    if reader is None or (len(given) > 1 and settles(store, reader)):
        return frozenset()
    return frozenset(decision for who, decision in given.items() if who != reader)


def held(store: Store, record: Record, action: Action, who: str, policy: Policy) -> bool:
    """Whether this approval or rejection is an opinion that settles nothing yet. Raises UserError as ``may_decide``."""
    given = may_decide(store, record, who)
    if len(given) > 1:
        return False
    if not given:
        return _sampled(record, policy.second_share)
    [first] = given.values()
    return first not in ("flag", action)


def _opinions(store: Store, record: Record) -> dict[str, Action]:
    """Who gave an opinion on a post, and which: their newest."""
    given = store.waiting.opinions(record.post_id)
    if not given:
        return {}
    return {d.who: d.action for d in store.verdicts.decisions(record.post_id) if given.get(d.who) == d.id}


def _sampled(record: Record, share: float) -> bool:
    """Whether a revision belongs to the share: by its hash, so that nobody's luck or timing chooses."""
    digest = hashlib.sha256(f"second\0{record.post_id}\0{record.verdict.revision}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
