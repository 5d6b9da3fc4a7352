"""What there is to win, as it was published, and who gets it in which form."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.campaign import check_campaign, load_campaign
from bot.campaign.prizes import Prize, form

PUBLISHED = [
    # tier, count, method, goods, 奖品, voucher in US dollars
    ("creative", 3, "judged", "Gate × F1 Red Bull car model", "Gate × F1红牛联名赛车模型", 200),
    ("commemorative", 10, "judged", "Inter Milan player hoodie", "国际米兰同款球员卫衣", 50),
    ("participation", 50, "draw", "Gate pillow", "Gate 品牌抱枕", 20),
    ("share", 10, "views", "Gate × Inter night light", "Gate × 国米小夜灯", 30),
]


def test_every_prize_count_and_conversion_is_as_published() -> None:
    """Four tiers, 73 prizes: goods by name in both languages, and what each is worth abroad."""
    prizes = load_campaign().prizes
    assert [(p.tier, p.count, p.method, p.goods, p.goods_zh, p.voucher) for p in prizes] == PUBLISHED
    assert sum(prize.count for prize in prizes) == 73


def test_the_deadline_is_as_published() -> None:
    """25 July 2025, 24:00 UTC+8, itself out; no start; the questionnaire is 6872."""
    campaign = load_campaign()
    assert campaign.ends is not None and campaign.ends.isoformat() == "2025-07-26T00:00:00+08:00"
    assert campaign.ends.timestamp() == 1753459200
    assert campaign.starts is None
    assert campaign.questionnaire is not None and campaign.questionnaire.endswith("/6872")


def test_the_notice_tells_the_same_prizes() -> None:
    """Each count and each conversion stands in the notice that the campaign file holds word by word."""
    (notice,) = load_campaign().notice.texts
    for prize in load_campaign().prizes:
        assert f"{prize.count}名" in notice
        assert f"${prize.voucher} 合约体验券" in notice


@pytest.mark.parametrize(("_tier", "_count", "_method", "_goods", "_zh", "voucher"), PUBLISHED)
def test_goods_at_home_and_vouchers_abroad(
    _tier: str, _count: int, _method: str, _goods: str, _zh: str, voucher: int
) -> None:
    """A region at home gets the goods, any other the voucher; where the region is unknown nobody guesses."""
    campaign = load_campaign()
    prize = next(p for p in campaign.prizes if p.tier == _tier)
    home = campaign.awards.home
    assert (form(prize, "CN", home), form(prize, "US", home), form(prize, None, home)) == ("goods", "voucher", None)
    assert prize.voucher == voucher


def test_a_prize_without_a_voucher_is_goods_everywhere() -> None:
    """Where no conversion was published there is none."""
    prize = Prize(tier="a", count=1, method="draw", goods="cup")
    assert [form(prize, region, ("CN",)) for region in ("CN", "US", None)] == ["goods"] * 3


HEAD = '[campaign]\nname = "c"\nzone = "UTC+8"\nends = 2025-07-26T00:00:00\nhashtags = ["t"]\n'


@pytest.mark.parametrize(
    ("rest", "place", "message"),
    [
        ("[awards]\nmoment = 2025-07-25T23:59:59", "7: awards.moment", "before the campaign ends"),
        ('[awards]\nhome = ["china"]', "7: awards.home", "ISO 3166"),
        ("[awards]\nwindow_minutes = 0", "7: awards.window_minutes", ">= 1"),
        ("[awards]\nhomes = []", "7: awards.homes", "did you mean home?"),
        ('[[prizes]]\ntier = "a"\ncount = 1\nmethod = "rubric"\ngoods = ""', "9: prizes[0].method", "Invalid enum"),
    ],
)
def test_what_is_wrong_with_awards_is_told(tmp_path: Path, rest: str, place: str, message: str) -> None:
    """A campaign file that cannot be meant is told with line and key."""
    path = tmp_path / "c.toml"
    path.write_text(HEAD + rest + "\n")
    problems = check_campaign(path)
    assert problems and problems[0].startswith(f"{path}:{place}: "), problems
    assert message in problems[0]


def test_a_moment_without_a_zone_is_the_campaigns(tmp_path: Path) -> None:
    """As every time of a campaign file."""
    path = tmp_path / "c.toml"
    path.write_text(HEAD + "[awards]\nmoment = 2025-07-28T12:00:00\n")
    moment = load_campaign(path).awards.moment
    assert moment is not None and moment.isoformat() == "2025-07-28T12:00:00+08:00"


def test_the_rubric_has_a_default(tmp_path: Path) -> None:
    """As the sister event scored, where a campaign file says nothing."""
    path = tmp_path / "c.toml"
    path.write_text(HEAD)
    assert load_campaign(path).rubric == {"creativity": 40, "quality": 30, "engagement": 30}
