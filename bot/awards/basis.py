"""What prizes are given by, as one value that is frozen and published. Pure.

The outcome is always computed from it and from the acts of people after it, never stored.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from bot.awards.allocation import Contender, Tier, allocate
from bot.awards.canonical import canonical
from bot.campaign.prizes import Method, Prize
from detectors.evidence import Value

FORMAT: Final = "gatewarden-awards-1"
AT_HOME: Final = "home"
ABROAD: Final = "abroad"


class Score(Value):
    """A post's place among the judged: 0..100, its standard error, by how many judges."""

    score: float
    error: float
    scores: int


class Basis(Value):
    """``contenders``: their ``unit`` is a pseudonym, their ``region`` "home" or "abroad" (None: unknown). ``out``:
    posts that cannot win, and why. ``revisions``: what of each post was judged. ``scores``, ``views``, ``entries``:
    what the three rankings rest on, by post."""

    format: str
    campaign: str
    campaign_version: str
    at: dt.datetime
    prizes: tuple[Prize, ...]
    one_prize: bool
    rubric: tuple[tuple[str, int], ...]
    rankings: dict[Method, tuple[str, ...]]
    contenders: dict[str, Contender]
    out: dict[str, str]
    revisions: dict[str, int]
    scores: dict[str, Score]
    views: dict[str, int]
    entries: dict[str, str]

    def document(self) -> bytes:
        """Its canonical bytes."""
        return canonical(msgspec.to_builtins(self))


class Change(Value):
    """What a person did after the freeze: a post was "disqualified" for ``reason``, or its owner "confirmed" as
    ``unit`` who lives in ``region``."""

    kind: Literal["disqualified", "confirmed"]
    post_id: str
    at: dt.datetime
    reason: str | None = None
    unit: str | None = None
    region: str | None = None


def pseudonym(key: str, unit: str) -> str:
    """A name that is equal for equal people and leads to nobody without the key (hexadecimal)."""
    return hmac.digest(bytes.fromhex(key), unit.encode(), "sha256").hex()[:16]


def outcome(basis: Basis, changes: Sequence[Change] = ()) -> tuple[Tier, ...]:
    """The tiers as they stand after these changes."""
    contenders, out = dict(basis.contenders), dict(basis.out)
    for change in changes:
        if change.kind == "disqualified" and change.reason is not None:
            out[change.post_id] = change.reason
        elif change.unit is not None and change.post_id in contenders:
            contenders[change.post_id] = msgspec.structs.replace(
                contenders[change.post_id], unit=change.unit, confirmed=True, region=change.region
            )
    return allocate(
        basis.prizes,
        basis.rankings,
        contenders,
        disqualified=out,
        one_prize=basis.one_prize,
        home=(AT_HOME,),
    )


class Move(Value):
    """What a change did to one post: from which tier and place to which; None: none."""

    post_id: str
    before: tuple[str, int] | None
    after: tuple[str, int] | None


def moves(before: Sequence[Tier], after: Sequence[Tier]) -> tuple[Move, ...]:
    """Every post whose tier changed, or whose place in it did."""
    old, new = _places(before), _places(after)
    return tuple(
        Move(post_id=post_id, before=old.get(post_id), after=new.get(post_id))
        for post_id in dict.fromkeys((*old, *new))
        if old.get(post_id) != new.get(post_id)
    )


def _places(tiers: Sequence[Tier]) -> dict[str, tuple[str, int]]:
    return {award.post_id: (award.tier, award.place) for tier in tiers for award in tier.awards}
