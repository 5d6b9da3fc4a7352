"""Random campaigns against the written rule of allocation: ``python -m benchmarks.allocation``, half a minute.

The rule is stated here once more, as what must be true of any outcome, not as a way to reach it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args

from bot.awards.allocation import Contender, Tier, allocate
from bot.campaign.prizes import Method, Prize
from detectors.evidence import Value

_METHODS: Final[tuple[Method, ...]] = get_args(Method)


class Campaign(Value):
    """One random campaign."""

    prizes: tuple[Prize, ...]
    rankings: dict[Method, tuple[str, ...]]
    contenders: dict[str, Contender]
    disqualified: frozenset[str]
    one_prize: bool

    def awarded(self, *more: str) -> tuple[Tier, ...]:
        """The outcome, with ``more`` posts disqualified."""
        out = self.disqualified.union(more)
        return allocate(
            self.prizes, self.rankings, self.contenders, disqualified=out, one_prize=self.one_prize, home=("CN",)
        )


def campaign_of(rng: random.Random) -> Campaign:
    """Up to 60 posts of a few people, up to six tiers of any method, some posts disqualified."""
    posts = [str(number) for number in range(rng.randrange(60))]
    people = rng.randrange(1, 40)
    contenders = {
        post_id: Contender(
            post_id=post_id,
            unit=f"u{rng.randrange(people)}",
            confirmed=rng.random() < 0.8,
            region=rng.choice(("CN", "US", None)),
        )
        for post_id in posts
    }
    worths = rng.choice(((None, 5), (5, 10, 20)))
    prizes = tuple(
        Prize(
            tier=f"t{number}",
            count=rng.randrange(1, 12),
            method=rng.choice(_METHODS),
            goods="g",
            voucher=rng.choice(worths),
        )
        for number in range(rng.randrange(1, 7))
    )
    return Campaign(
        prizes=prizes,
        rankings={method: tuple(rng.sample(posts, rng.randrange(len(posts) + 1))) for method in _METHODS},
        contenders=contenders,
        disqualified=frozenset(rng.sample(posts, rng.randrange(len(posts) // 4 + 1))),
        one_prize=rng.random() < 0.7,
    )


def broken(campaign: Campaign) -> Iterator[str]:
    """What is wrong with the outcome; nothing where it keeps the rule."""
    tiers = campaign.awarded()
    yield from _counts_and_order(campaign, tiers)
    units = [(award.unit, None if campaign.one_prize else tier.method) for tier in tiers for award in tier.awards]
    if max(Counter(units).values(), default=0) > 1:
        yield "a person has two prizes"
    if any(award.post_id in campaign.disqualified for tier in tiers for award in tier.awards):
        yield "a disqualified post won"
    for tier, prize in zip(tiers, campaign.prizes, strict=True):
        for award in tier.awards:
            region = campaign.contenders[award.post_id].region
            right = "goods" if prize.voucher is None or region == "CN" else None if region is None else "voucher"
            if award.form != right:
                yield "goods and vouchers are mixed up"


def _counts_and_order(campaign: Campaign, tiers: tuple[Tier, ...]) -> Iterator[str]:
    """Every place is taken while somebody may have it, and nobody stands before a winner without a reason."""
    higher: list[tuple[str, str]] = []  # (method, unit) of all tiers above
    for number in by_height(campaign):
        tier, prize = tiers[number], campaign.prizes[number]
        taken = {unit for method, unit in higher if campaign.one_prize or method == prize.method}
        free = list(
            dict.fromkeys(
                campaign.contenders[p].unit
                for p in campaign.rankings[prize.method]
                if p not in campaign.disqualified and campaign.contenders[p].unit not in taken
            )
        )
        if len(tier.awards) != min(prize.count, len(free)):
            yield "a place is free though somebody may have it, or taken twice"
        if [award.unit for award in tier.awards] != free[: prize.count]:
            yield "the order of the ranking is not kept"
        named = [campaign.contenders[p].unit for p in tier.alternates]
        if named != free[prize.count :][: len(named)] or (len(named) < 10 and len(named) != len(free[prize.count :])):
            yield "the alternates are not the next ones"
        before = {p.post_id for p in tier.passed} | {award.post_id for award in tier.awards}
        last = max((award.rank for award in tier.awards), default=0)
        if not set(campaign.rankings[prize.method][:last]) <= before:
            yield "somebody before a winner was passed over without a word"
        higher += [(prize.method, award.unit) for award in tier.awards]


def by_height(campaign: Campaign) -> list[int]:
    """The tiers' numbers in the file, the highest tier first: by worth where each has one, then by the file."""
    worth = [prize.voucher for prize in campaign.prizes]
    return sorted(range(len(worth)), key=lambda n: (0 if None in worth else -(worth[n] or 0), n))


def promoted_wrong(campaign: Campaign, rng: random.Random) -> Iterator[str]:
    """What goes wrong when a winner is disqualified late."""
    tiers = campaign.awarded()
    winners = [award for tier in tiers for award in tier.awards]
    if not winners:
        return
    gone = rng.choice(winners)
    theirs = [p for p, who in campaign.contenders.items() if who.unit == gone.unit]
    after = campaign.awarded(*theirs)
    heights = [
        {
            (award.unit, None if campaign.one_prize else it[n].method): h
            for h, n in enumerate(by_height(campaign))
            for award in it[n].awards
        }
        for it in (tiers, after)
    ]
    for key, height in heights[0].items():
        if key[0] != gone.unit and heights[1].get(key, len(tiers)) > height:
            yield "a disqualification took a prize from somebody else"
    at = next(number for number, tier in enumerate(tiers) if gone in tier.awards)
    above = by_height(campaign)[: by_height(campaign).index(at)]
    if campaign.one_prize and [after[n].awards for n in above] != [tiers[n].awards for n in above]:
        yield "a higher tier changed"
    if tiers[at].alternates:
        now = {award.post_id for award in after[at].awards}
        then = {award.post_id for award in tiers[at].awards} - {gone.post_id}
        if not then <= now or now - then - set(theirs) != {tiers[at].alternates[0]}:
            yield "the first alternate was not promoted"


def main() -> None:
    """Print how many campaigns broke the rule, and how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=10_000)
    count = parser.parse_args().campaigns
    print(json.dumps({"campaigns": count, "awards": awards(count), "broken": found(count)}))


def found(count: int, seed: int = 11) -> dict[str, int]:
    """How often each part of the rule was broken over so many campaigns; empty where it never was."""
    wrong: Counter[str] = Counter()
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        campaign = campaign_of(rng)
        wrong.update([*broken(campaign), *promoted_wrong(campaign, rng)])
    return dict(wrong)


def awards(count: int, seed: int = 11) -> int:
    """How many prizes were given: that the campaigns are not empty."""
    made = (campaign_of(random.Random(seed * 1_000_003 + number)) for number in range(count))
    return sum(len(tier.awards) for campaign in made for tier in campaign.awarded())


if __name__ == "__main__":
    main()
