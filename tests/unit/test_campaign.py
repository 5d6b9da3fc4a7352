"""The shipped campaign holds what was published; a wrong campaign file is told by line and key."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path

import msgspec
import pytest

from bot.campaign import Campaign, check_campaign, load_campaign, time_zone
from bot.errors import ConfigError
from bot.reasons import REASONS

SMALL = """\
[campaign]
name = "small"
zone = "UTC+8"
ends = 2025-07-26T00:00:00
hashtags = ["#MyTag#"]

[brand]
counts = ["mark"]
"""


@pytest.fixture(scope="module")
def shipped() -> Campaign:
    """The default campaign."""
    return load_campaign()


def test_hashtag_and_window_as_published(shipped: Campaign) -> None:
    """One spelling was published, no start, and an end that is itself out: 25 July 24:00 UTC+8."""
    assert shipped.name == "my-gate-moment"
    assert shipped.hashtags == ("我的Gate时刻",)
    assert shipped.starts is None
    assert shipped.ends is not None
    assert shipped.ends.timestamp() == 1753459200
    assert dt.datetime(2025, 1, 1, tzinfo=shipped.tz).utcoffset() == dt.timedelta(hours=8)
    assert shipped.closed(shipped.ends)
    assert not shipped.closed(shipped.ends - dt.timedelta(microseconds=1))


def test_prizes_as_published(shipped: Campaign) -> None:
    """Tiers, numbers, goods and what they are worth abroad."""
    assert [(p.tier, p.count, p.goods, p.voucher, p.method) for p in shipped.prizes] == [
        ("creative", 3, "Gate × F1 Red Bull car model", 200, "judged"),
        ("commemorative", 10, "Inter Milan player hoodie", 50, "judged"),
        ("participation", 50, "Gate pillow", 20, "draw"),
        ("share", 10, "Gate × Inter night light", 30, "views"),
    ]
    assert shipped.questionnaire == "https://www.gate.com/questionnaire/6872"


def test_rubric_and_elements_as_published(shipped: Campaign) -> None:
    """The weights of the sister event, and the six elements that count."""
    assert shipped.rubric == {"creativity": 40, "quality": 30, "engagement": 30}
    assert len(shipped.brand.elements) == 6
    assert shipped.brand.kit == "gate"


def test_who_is_out_as_enforced(shipped: Campaign) -> None:
    """Verification is wanted; sub-accounts, staff, institutions, affiliates are out; no region limit was published."""
    authors = shipped.authors
    assert authors.verified
    assert authors.unknown == "pass"
    assert set(authors.excluded_types) == {"sub", "staff", "institution", "affiliate"}
    assert (authors.regions, authors.excluded_regions) == ((), ())
    assert authors.one_account


def test_the_notice_as_published(shipped: Campaign) -> None:
    """The notice's own words stand in the file, from first line to last."""
    (text,) = shipped.notice.texts
    assert text.startswith("🎉【Gate 3000万纪念】晒出我的Gate时刻")
    assert text.rstrip().endswith("活动截止于7月25日 24:00 UTC+8")
    assert "#我的Gate时刻#" in text


BLOCK = (
    "window.early window.late hashtag.missing media.none entry.notice author.ineligible duplicate.exact duplicate.self"
)
ASK = (
    "window.unknown hashtag.lookalike media.unknown media.unreadable media.refused media.unavailable brand.absent "
    "brand.unsure brand.only_official duplicate.near duplicate.partial duplicate.text duplicate.unordered "
    "author.unverified author.repeat post.edited_late content.contact content.code content.link"
)


def test_stances_as_published(shipped: Campaign) -> None:
    """What the public interface says of each code is what the shipped file says, in so many words, and what a file that
    says nothing means."""
    wanted = dict.fromkeys(BLOCK.split(), "block") | dict.fromkeys(ASK.split(), "ask")
    assert shipped.stance == wanted | {"entry.quote": "ask"}
    for code, stance in wanted.items():
        assert shipped.stance_of(code) == REASONS[code].stance == stance
    assert shipped.stance_of("detector.fault") == "ask"
    with pytest.raises(KeyError):
        shipped.stance_of("accepted")


def test_the_shipped_file_is_sound() -> None:
    """Nothing is wrong with it, its brand kit and the marks that count included."""
    assert check_campaign("my-gate-moment") == []


def test_the_version_is_of_the_content(tmp_path: Path) -> None:
    """The same rules written otherwise have the same version; any other rule has another."""
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text(SMALL)
    head, brand = SMALL.split("\n\n")
    other.write_text(f'# moved\n{brand}kit="gate"\n{head}\n'.replace("#MyTag#", "MyTag"))
    assert load_campaign(one) == load_campaign(other)
    assert load_campaign(one).version == load_campaign(str(other)).version
    other.write_text(SMALL + "accept = 0.9\n")
    assert load_campaign(one).version != load_campaign(other).version


def test_json_is_lossless_and_the_version_cannot_be_given(shipped: Campaign) -> None:
    """A campaign survives its JSON form; a claimed version is replaced by the true one."""
    assert msgspec.json.decode(msgspec.json.encode(shipped), type=Campaign) == shipped
    assert msgspec.structs.replace(shipped, version="mine").version == shipped.version


def test_times_without_zone_are_the_campaigns(tmp_path: Path) -> None:
    """A local time in the file is in the campaign's zone; one with an offset stays itself."""
    path = tmp_path / "c.toml"
    path.write_text(SMALL)
    assert load_campaign(path).ends == dt.datetime.fromisoformat("2025-07-26T00:00:00+08:00")
    path.write_text(SMALL.replace("00:00:00", "00:00:00Z"))
    assert load_campaign(path).ends == dt.datetime.fromisoformat("2025-07-26T00:00:00+00:00")
    with pytest.raises(ValueError, match="aware"):
        Campaign(name="x", hashtags=("t",), ends=dt.datetime(2025, 7, 26))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (("counts =", "count ="), "8: brand.count", "unknown key; did you mean counts?"),
        (("[brand]", "[brnd]"), "7: brnd", "unknown key; did you mean brand?"),
        (("zone =", "zon ="), "3: campaign.zon", "unknown key; did you mean zone?"),
        (("UTC+8", "Asia/Atlantis"), "3: campaign.zone", "unknown zone"),
        (("UTC+8", "../etc/passwd"), "3: campaign.zone", "unknown zone"),
        (("UTC+8", "UTC+99"), "3: campaign.zone", "unknown zone"),
        (('name = "small"', "name = 3"), "2: campaign.name", "Expected `str`, got `int`"),
        (('name = "small"\n', ""), "1: campaign.name", "missing required field `name`"),
        (('["#MyTag#"]', '"MyTag"'), "5: campaign.hashtags", "Expected `array`"),
        (('["#MyTag#"]', "[]"), "5: campaign.hashtags", "needs a hashtag"),
        (('["#MyTag#"]', '["##"]'), "5: campaign.hashtags[0]", "length >= 1"),
        (("2025-07-26T00:00:00", "2025-07-26"), "4: campaign.ends", "Expected"),
        (("ends =", "starts = 2026-01-01T00:00:00Z\nends ="), "5: campaign.ends", "ends before it starts"),
        (('["mark"]', '["mark"]\naccept = 2'), "9: brand.accept", "<= 1.0"),
        (('["mark"]', '["mark"]\nabsent = 0.9'), "9: brand.absent", "overlap"),
        (('["mark"]', "[]"), "8: brand.counts", "no mark counts"),
        (('["mark"]', '["logo"]'), "8: brand.counts", "no mark 'logo'"),
        (('["mark"]', '["mark"]\nkit = "none"'), "9: brand.kit", "no brand kit"),
        (
            ('["mark"]', '["mark"]\n[stance]\n"window.lat" = "ask"'),
            "10: stance.window.lat",
            "did you mean window.late?",
        ),
        (('["mark"]', '["mark"]\n[stance]\n"window.late" = "maybe"'), "10: stance.window.late", "got 'maybe'"),
        (('["mark"]', '["mark"]\n[stance]\n"detector.fault" = "note"'), "10: stance.detector.fault", "no campaign can"),
        (('["mark"]', '["mark"]\n[stance]\n"content.unsafe" = "ask"'), "10: stance.content.unsafe", "no campaign can"),
        (('["mark"]', '["mark"]\n[rubric]\na = 40\nb = 50'), "9: rubric", "sum to 90"),
        (('["mark"]', '["mark"]\n[authors]\nregions = ["china"]'), "10: authors.regions", "ISO 3166"),
        (
            ('["mark"]', '["mark"]\n[authors]\nexcluded_types = ["bot"]'),
            "10: authors.excluded_types[0]",
            "Invalid enum",
        ),
        (('["mark"]', '["mark"]\n[content]\nhosts = ["https://a.b"]'), "10: content.hosts", "no host name"),
        (
            ('["mark"]', '["mark"]\n[[prizes]]\ntier = "a"\ncount = 0\nmethod = "draw"\ngoods = ""'),
            "11: prizes[0].count",
            ">= 1",
        ),
        (
            ('["mark"]', '["mark"]\n' + '[[prizes]]\ntier = "a"\ncount = 1\nmethod = "draw"\ngoods = ""\n' * 2),
            "15: prizes[1].tier",
            "second prize",
        ),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(
    tmp_path: Path, change: tuple[str, str], place: str, message: str
) -> None:
    """Each kind of mistake names its place in the file."""
    path = tmp_path / "c.toml"
    assert change[0] in SMALL
    path.write_text(SMALL.replace(*change))
    problems = check_campaign(path)
    assert problems[0].startswith(f"{path}:{place}: "), problems
    assert message in problems[0]
    assert "\n" not in problems[0]


def test_all_unknown_keys_are_told_at_once_and_loading_raises_the_first(tmp_path: Path) -> None:
    """A person mends a file in one go; a program gets a ConfigError with the first problem."""
    path = tmp_path / "c.toml"
    path.write_text(SMALL + "x = 1\ny = 2\n")
    first, second = check_campaign(path)
    assert first == f"{path}:9: brand.x: unknown key"
    assert second == f"{path}:10: brand.y: unknown key"
    with pytest.raises(ConfigError) as caught:
        load_campaign(path)
    assert str(caught.value) == first


def test_an_unknown_name_lists_the_shipped_ones(tmp_path: Path) -> None:
    """Neither a name nor a file: the message says what there is."""
    for name in ("none-such", str(tmp_path / "none.toml"), "../campaigns/my-gate-moment"):
        with pytest.raises(ConfigError, match="my-gate-moment"):
            load_campaign(name)


def test_zones_by_offset() -> None:
    """Fixed offsets need no time zone database; what is neither an offset nor a name is refused."""
    for name, hours in (("UTC", 0.0), ("Z", 0.0), ("UTC+8", 8.0), ("+05:30", 5.5), ("GMT-3", -3.0)):
        assert time_zone(name).utcoffset(None) == dt.timedelta(hours=hours)
    for name in ("", "UTC+15", "+8:99", "Mars/Base"):
        with pytest.raises(ValueError, match="unknown zone"):
            time_zone(name)


@pytest.mark.skipif(not zoneinfo.available_timezones(), reason="this machine has no time zone database")
def test_zones_by_name() -> None:
    """IANA names are zones, summer time included."""
    at = dt.datetime(2025, 7, 1)  # noqa: DTZ001 - a zone is asked about a local time
    assert time_zone("Asia/Shanghai").utcoffset(at) == dt.timedelta(hours=8)
    assert time_zone("Europe/Berlin").utcoffset(at) == dt.timedelta(hours=2)
