"""Allocation keeps its written rule; and the judge of that would notice if it did not."""

from __future__ import annotations

import random

import msgspec
import pytest

from benchmarks.allocation import Campaign, broken, campaign_of, found
from bot.awards.allocation import Contender, Tier, allocate
from bot.awards.verify_winners import outcome
from bot.campaign.prizes import Prize


def test_random_campaigns_keep_the_rule() -> None:
    """The short form of benchmarks/allocation.py: counts exact, one prize a person, order kept, alternates right."""
    assert found(1_000, seed=3) == {}


def test_the_shipped_verifier_agrees() -> None:
    """What ``verify_winners.py`` computes by its own code is what the program gives, on 1,000 random campaigns."""
    for number in range(1_000):
        campaign = campaign_of(random.Random(number))
        contenders = {
            post_id: msgspec.to_builtins(who) | {"region": {"CN": "home", "US": "abroad", None: None}[who.region]}
            for post_id, who in campaign.contenders.items()
        }
        basis = {
            "prizes": msgspec.to_builtins(campaign.prizes),
            "one_prize": campaign.one_prize,
            "rankings": campaign.rankings,
            "contenders": contenders,
            "out": dict.fromkeys(campaign.disqualified, "rule.other"),
        }
        keys = ("tier", "place", "post_id", "rank", "form")
        said = [
            {
                "tier": tier.tier,
                "awards": [{key: getattr(award, key) for key in keys} for award in tier.awards],
                "alternates": list(tier.alternates),
            }
            for tier in campaign.awarded()
        ]
        assert outcome(basis, []) == said


@pytest.mark.parametrize("change", ["swap", "drop", "twice", "disqualified", "form"])
def test_a_wrong_outcome_is_noticed(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of error, put into a right outcome, is named by the judge."""
    campaign = next(
        c for n in range(10_000) if len((c := campaign_of(random.Random(n))).awarded()[0].awards) > 1 and c.one_prize
    )
    first, *rest = campaign.awarded()
    awards = list(first.awards)
    if change == "swap":
        awards[0], awards[1] = awards[1], awards[0]
    elif change == "drop":
        awards.pop()
    elif change == "twice":
        awards[1] = msgspec.structs.replace(awards[1], unit=awards[0].unit)
    elif change == "form":
        awards[0] = msgspec.structs.replace(awards[0], form="goods" if awards[0].form != "goods" else "voucher")
    else:
        campaign = msgspec.structs.replace(campaign, disqualified=frozenset({awards[0].post_id}))
    wrong = (msgspec.structs.replace(first, awards=tuple(awards)), *rest)
    assert not list(broken(campaign)) or change == "disqualified"
    monkeypatch.setattr(Campaign, "awarded", lambda _: wrong)
    assert list(broken(campaign))


def prize(tier: str, count: int, method: str) -> Prize:
    return msgspec.convert({"tier": tier, "count": count, "method": method, "goods": "g", "voucher": 20}, Prize)


def names(tiers: tuple[Tier, ...]) -> dict[str, list[str]]:
    return {tier.tier: [award.post_id for award in tier.awards] for tier in tiers}


def test_the_highest_stands_and_the_rest_moves_down() -> None:
    """A worked example: ann wins twice and keeps the higher; bob's second post is passed over; a disqualification
    moves each one up, also across tiers; without the one-prize rule two methods may reward one person."""
    owners = {"a1": "ann", "b1": "bob", "b2": "bob", "c1": "cat", "d1": "dan", "e1": "eve"}
    people = {p: Contender(post_id=p, unit=unit, confirmed=True, region="CN") for p, unit in owners.items()}
    prizes = (prize("grand", 1, "judged"), prize("second", 1, "judged"), prize("luck", 2, "draw"))
    rankings = {"judged": ("a1", "b1", "b2", "c1"), "draw": ("a1", "b2", "d1", "e1", "c1")}
    won = allocate(prizes, rankings, people)  # type: ignore[arg-type]  # a literal of known methods
    assert names(won) == {"grand": ["a1"], "second": ["b1"], "luck": ["d1", "e1"]}
    assert [(p.post_id, p.why) for p in won[2].passed] == [("a1", "won_higher"), ("b2", "won_higher")]
    assert won[2].alternates == ("c1",)
    late = allocate(prizes, rankings, people, disqualified={"a1"})  # type: ignore[arg-type]
    assert names(late) == {"grand": ["b1"], "second": ["c1"], "luck": ["d1", "e1"]}
    free = allocate(prizes, rankings, people, one_prize=False)  # type: ignore[arg-type]
    assert names(free) == {"grand": ["a1"], "second": ["b1"], "luck": ["a1", "b2"]}
