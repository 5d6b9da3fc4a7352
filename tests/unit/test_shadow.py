"""Shadow rules: what they find is recorded, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from bot.campaign import check_campaign, load_campaign
from bot.model import Case, Post
from bot.rules import SHADOW, admits, in_earnest, judge

CAMPAIGN = load_campaign()


def test_a_shadow_rule_is_recorded_without_effect(post_of: Callable[..., Post]) -> None:
    """The finding is a note that says what it would be; the status is what it is without; earnest, it would differ."""
    case = Case(post=post_of("no tag at all"))
    shadowed = msgspec.structs.replace(CAMPAIGN, shadow={"hashtag.missing": "block"})
    live, shadow = judge(case, CAMPAIGN), judge(case, shadowed)
    assert (live.status, in_earnest(live)) == ("ineligible", "ineligible")
    [found] = [f for f in shadow.findings if f.code == "hashtag.missing"]
    assert (found.stance, found.detail[SHADOW]) == ("note", "block")
    assert shadow.status != "ineligible"
    assert in_earnest(shadow) == "ineligible"
    assert admits(case.post, shadowed)
    assert not admits(case.post, CAMPAIGN)


def test_a_campaign_without_shadow_rules_keeps_its_version() -> None:
    """Only who has some gets another version."""
    assert msgspec.structs.replace(CAMPAIGN, shadow={}).version == CAMPAIGN.version
    assert msgspec.structs.replace(CAMPAIGN, shadow={"brand.absent": "block"}).version != CAMPAIGN.version


def test_shadow_rules_are_checked_like_stances(tmp_path: Path) -> None:
    """An unknown code, or a stance that is none, is told with its place."""
    file = tmp_path / "c.toml"
    file.write_text('[campaign]\nname = "c"\nhashtags = ["t"]\n[shadow]\n"brand.absent" = "block"\n')
    assert check_campaign(file) == []
    file.write_text(
        '[campaign]\nname = "c"\nhashtags = ["t"]\n[shadow]\n"brand.nosuch" = "block"\n"brand.absent" = "x"\n'
    )
    assert len(check_campaign(file)) == 2
