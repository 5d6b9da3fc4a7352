"""Who gets which prize. Pure: the same rankings, people and disqualifications always give the same awards.

The rule, tier by tier from the highest: a tier's places go to the first of its ranking who may have them. The highest
is the one with the greatest voucher, the earlier in the file among equals; where a tier has no voucher, the order of
the file alone says it. Passed over is whoever is disqualified, whoever has won a higher tier (any, where one prize a
person is the rule; else one of the same method), and a person's later post. So the highest prize stands, and everybody
behind moves up. Who comes next are the alternates. A disqualification changes nobody else's award for the worse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal

from bot.campaign.prizes import Form, Method, Prize, form
from detectors.evidence import Value

Why = Literal["disqualified", "won_higher", "same_person"]

ALTERNATES: Final = 10
"""How many alternates are named at least; as many as there are places where that is more."""


class Contender(Value):
    """Whose post it is. ``unit``: the verified person where ``confirmed``, else the account: a name that stands for
    them, equal for equal people. ``region``: ISO 3166 alpha-2."""

    post_id: str
    unit: str
    confirmed: bool
    region: str | None = None


class Award(Value):
    """One place of a tier. ``rank``: where the post stands in its ranking, from 1. ``form``: None where the winner's
    region is unknown and decides it. ``confirmed``: False where a moderator must first say who it is."""

    tier: str
    place: int
    post_id: str
    unit: str
    rank: int
    form: Form | None
    confirmed: bool


class Passed(Value):
    """Who stood before a winner and was passed over."""

    post_id: str
    rank: int
    why: Why


class Tier(Value):
    """The outcome of one tier. ``alternates``: post ids, the next first."""

    tier: str
    method: Method
    count: int
    awards: tuple[Award, ...]
    alternates: tuple[str, ...]
    passed: tuple[Passed, ...]


def allocate(
    prizes: Sequence[Prize],
    rankings: Mapping[Method, Sequence[str]],
    contenders: Mapping[str, Contender],
    *,
    disqualified: Collection[str] = (),
    one_prize: bool = True,
    home: Collection[str] = (),
) -> tuple[Tier, ...]:
    """The tiers in the order of the prizes. ``rankings``: post ids, the best first; each must be a contender."""
    won: dict[Method, set[str]] = {}
    found = {
        prize.tier: _tier(prize, rankings.get(prize.method, ()), contenders, disqualified, won, one_prize, home)
        for prize in highest_first(prizes)
    }
    return tuple(found[prize.tier] for prize in prizes)


def highest_first(prizes: Sequence[Prize]) -> list[Prize]:
    """The tiers in the order in which they are filled."""
    if any(prize.voucher is None for prize in prizes):
        return list(prizes)
    return sorted(prizes, key=lambda prize: -(prize.voucher or 0))


def _tier(
    prize: Prize,
    ranking: Sequence[str],
    contenders: Mapping[str, Contender],
    disqualified: Collection[str],
    won: dict[Method, set[str]],
    one_prize: bool,
    home: Collection[str],
) -> Tier:
    """One tier's places; who wins is added to ``won``."""
    higher = frozenset().union(*won.values()) if one_prize else frozenset(won.get(prize.method, ()))
    awards: list[Award] = []
    alternates: list[str] = []
    passed: list[Passed] = []
    for rank, who, why in _walk(ranking, contenders, disqualified, higher):
        if why is not None:
            if len(awards) < prize.count:
                passed.append(Passed(post_id=who.post_id, rank=rank, why=why))
        elif len(awards) < prize.count:
            awards.append(
                Award(
                    tier=prize.tier,
                    place=len(awards) + 1,
                    post_id=who.post_id,
                    unit=who.unit,
                    rank=rank,
                    form=form(prize, who.region, home),
                    confirmed=who.confirmed,
                )
            )
        elif len(alternates) < max(prize.count, ALTERNATES):
            alternates.append(who.post_id)
        else:
            break
    won.setdefault(prize.method, set()).update(award.unit for award in awards)
    return Tier(
        tier=prize.tier,
        method=prize.method,
        count=prize.count,
        awards=tuple(awards),
        alternates=tuple(alternates),
        passed=tuple(passed),
    )


def _walk(
    ranking: Sequence[str], contenders: Mapping[str, Contender], disqualified: Collection[str], higher: Collection[str]
) -> Iterator[tuple[int, Contender, Why | None]]:
    """Each of a ranking with its rank, and why it is passed over (None: it is not)."""
    seen: set[str] = set()
    for rank, post_id in enumerate(ranking, 1):
        who = contenders[post_id]
        if post_id in disqualified:
            yield rank, who, "disqualified"
        elif who.unit in higher:
            yield rank, who, "won_higher"
        elif who.unit in seen:
            yield rank, who, "same_person"
        else:
            seen.add(who.unit)
            yield rank, who, None
