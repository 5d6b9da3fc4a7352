"""Clusters of copies: who stands how in one, settling the copies at once, and correcting who belongs to it.

Settled are copies alone: posts all of whose pictures another author certainly had before. Never the head, never a post
that only shows a part, never one with a picture of its own or with pictures that nobody knows yet.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Literal

from bot.errors import UserError
from bot.model import Action, Decision
from bot.review.decisions import Act, Target, newest_revision, record_decision, reject_codes, settle
from bot.review.second import Policy
from bot.store import Store
from bot.store.graph import FIRST, FORMER, LATER, OWN, Occurrence
from bot.store.times import to_us
from detectors.evidence import Value

Standing = Literal["head", "copy", "mixed", "own", "unordered", "former", "partial"]


class Member(Value):
    """One post of a cluster. ``standing``: "head" was first; "copy" shows others' pictures only; "mixed" others' beside
    its own; "own" its author had before; "unordered": time cannot tell; "former": shows it no more; "partial": shows a
    part, or is a part, of one of them. ``media``: by which of its items. ``settles``: whether settling rejects it."""

    post_id: str
    revision: int
    status: str
    standing: Standing
    media: int
    settles: bool


class Cluster(Value):
    """Posts that show one picture, earliest first, partial ones last. ``name`` is None where no two posts do."""

    name: str | None
    members: tuple[Member, ...]


def cluster(store: Store, post_id: str) -> Cluster:
    """The cluster of the first picture that a post shares with another. Raises UserError where it shares none."""
    standings = store.graph.standings(post_id)
    nodes = [node for slot, (_, node) in sorted(standings.items()) if 0 <= slot < FORMER]
    own = [node for node in nodes if store.graph.common(node) is None]
    for node in own:
        number = store.graph.cluster(node)
        occurrences = store.graph.members(number)
        partial = _partners(store, {o.node for o in occurrences}, {o.post_id for o in occurrences})
        if len({o.post_id for o in occurrences}) > 1 or partial:
            members = _members(store, occurrences) + [
                member for part in partial if (member := _member(store, part, "partial")) is not None
            ]
            return Cluster(name=store.graph.cluster_name(number), members=tuple(members))
    raise UserError("post {post} shares no picture with another", post=post_id)


def _members(store: Store, occurrences: list[Occurrence]) -> list[Member]:
    shown: dict[str, Occurrence] = {}
    for occurrence in sorted(occurrences, key=lambda o: o.slot >= FORMER):  # what it shows now comes before what it did
        shown.setdefault(occurrence.post_id, occurrence)
    order = list(dict.fromkeys(o.post_id for o in occurrences))
    found = (_member(store, shown[post_id], _standing(store, shown[post_id])) for post_id in order)
    return [member for member in found if member is not None]


def _standing(store: Store, o: Occurrence) -> Standing:
    standings = store.graph.standings(o.post_id)
    worst = standings[o.slot][0]
    if worst == FIRST:
        return "head"
    if o.slot >= FORMER:
        return "former"
    if worst == OWN:
        return "own"
    if worst < LATER:
        return "unordered"
    post = store.intake.post(o.post_id)
    items = {slot: s for slot, s in standings.items() if 0 <= slot < FORMER}
    others = all(s >= LATER or store.graph.common(node) is not None for s, node in items.values())
    whole = post is not None and post.media_complete and len(items) == len(post.media)
    return "copy" if others and whole else "mixed"


def _member(store: Store, o: Occurrence, standing: Standing) -> Member | None:
    record = store.verdicts.get(o.post_id)
    if record is None:
        return None
    return Member(
        post_id=o.post_id,
        revision=record.verdict.revision,
        status=record.status,
        standing=standing,
        media=o.slot % FORMER,
        settles=standing == "copy" and record.status == "review",
    )


def _partners(store: Store, nodes: set[int], posts: set[str]) -> list[Occurrence]:
    """Where parts of these pictures, or pictures that these are parts of, stand in other posts: one a post."""
    found: dict[str, Occurrence] = {}
    for partner in sorted({p for node in nodes for p in store.graph.partners(node)}):
        for occurrence in store.graph.occurrences(partner):
            if occurrence.post_id not in posts and occurrence.slot < FORMER:
                found.setdefault(occurrence.post_id, occurrence)
    return list(found.values())


def settle_copies(
    store: Store, post_id: str, seen: Cluster | None, code: str, who: str, now: dt.datetime, policy: Policy
) -> tuple[Decision, ...]:
    """Reject the copies in a post's cluster, as far as they were ``seen`` (None: all), undone as one. What others hold,
    what changed since, and what waits for a second opinion is left. Raises UserError where nothing is to be settled."""
    if code not in reject_codes():
        raise UserError("unknown reason {code}", code=code)
    act = Act(action="reject", code=code, batch=secrets.token_hex(12))
    there = cluster(store, post_id).members
    known = {(m.post_id, m.revision) for m in (there if seen is None else seen.members)}
    done = []
    for member in there:
        if member.settles and (member.post_id, member.revision) in known and _free(store, member, who, now):
            target = Target(post_id=member.post_id, revision=member.revision)
            done.append(settle(store, target, act, who, now, policy))
    if not done:
        raise UserError("no copy in this cluster waits for you: nothing was decided")
    return tuple(done)


def _free(store: Store, member: Member, who: str, now: dt.datetime) -> bool:
    """Whether nothing stands in the way of settling a member now."""
    record, lease = store.verdicts.get(member.post_id), store.claims.of(member.post_id)
    return (
        record is not None
        and newest_revision(store, record) == member.revision
        and (lease is None or lease.holder == who or lease.until <= to_us(now))
        and not store.waiting.opinions(member.post_id)
    )


def keep_apart(store: Store, post_id: str, other: str, who: str, now: dt.datetime) -> tuple[Decision, ...]:
    """Say that a post's pictures are not those of another, whatever the proofs say. Remembered for the pictures, not
    the posts. Raises UserError where nothing ties the two."""
    pairs = [pair for a in _media(store, post_id) for b in _media(store, other) for pair in store.pairs.ties(a, b)]
    if not pairs:
        raise UserError("nothing that can be parted ties post {post} to {other}", post=post_id, other=other)
    return _pair(store, post_id, list(dict.fromkeys(pairs)), "apart", who, now)


def belong_together(
    store: Store, post_id: str, other: str, media: int, other_media: int, who: str, now: dt.datetime
) -> tuple[Decision, ...]:
    """Say that one picture of a post is one of another's, whatever the proofs say. Raises UserError."""
    pair = tuple(_nth(store, name, number) for name, number in ((post_id, media), (other, other_media)))
    if pair[0] == pair[1]:
        raise UserError("these are the same bytes: they belong together anyway")
    return _pair(store, post_id, [(pair[0], pair[1])], "together", who, now)


def _pair(
    store: Store, post_id: str, pairs: list[tuple[str, str]], action: Action, who: str, now: dt.datetime
) -> tuple[Decision, ...]:
    record = store.verdicts.get(post_id)
    if record is None:
        raise UserError("no post {post}", post=post_id)
    batch = secrets.token_hex(12)
    acts = [Act(action=action, batch=batch, pair=(min(pair), max(pair))) for pair in pairs]
    return tuple(record_decision(store, record, act, who, now) for act in acts)


def _media(store: Store, post_id: str) -> list[str]:
    """The hashes of a post's pictures that count, in their order."""
    standings = store.graph.standings(post_id)
    nodes = [node for slot, (_, node) in sorted(standings.items()) if 0 <= slot < FORMER]
    return [store.graph.key(node)[2:] for node in nodes if store.graph.common(node) is None]


def _nth(store: Store, post_id: str, media: int) -> str:
    standings = store.graph.standings(post_id)
    if media not in standings or not 0 <= media < FORMER:
        raise UserError("post {post} has no readable media {media}", post=post_id, media=media)
    return store.graph.key(standings[media][1])[2:]
