"""Links as entrants paste them: every known form, and everything that only looks like one."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.awards.links import NoLink, SquareLink, XLink, square_link, time_of, x_link

S = "12871044"
T = "1948736251844567040"

SQUARE = [
    f"https://www.gate.com/post/status/{S}",
    f"https://gate.com/post/status/{S}",
    f"http://gate.io/post/status/{S}",
    f"https://www.gate.io/post/status/{S}/",
    f"https://www.gate.com/zh/post/status/{S}",
    f"https://www.gate.com/zh-tw/post/status/{S}?ref=VLRNAQ&utm_source=app#comments",
    f"https://www.gate.com/pt-br/post/status/{S}",
    f"HTTPS://WWW.GATE.COM/post/status/{S}",
    f"https://www.gate.com:443/post/status/{S}",
    f"www.gate.com/post/status/{S}",
    f"gate.com/zh/post/status/{S}",
    f"\ufeff  https://www.gate.com/post/status/{S}\u200b\u3000",
    f"我的作品：https://www.gate.com/post/status/{S}，求支持",
    f"<https://www.gate.com/post/status/{S}>",
    f"link:https://www.gate.com/post/status/{S}.",
    f"https://www.gate.com/post/status/{S} https://gate.io/zh/post/status/{S}",
    f"https://www.gate.com/post/status/{S}\nhttps://x.com/mia/status/{T}",
]
X = [
    f"https://x.com/Mia_30m/status/{T}",
    f"https://twitter.com/mia_30m/status/{T}",
    f"https://www.x.com/mia_30m/status/{T}",
    f"https://www.twitter.com/mia_30m/status/{T}",
    f"https://mobile.twitter.com/mia_30m/status/{T}",
    f"https://mobile.x.com/mia_30m/status/{T}",
    f"https://x.com/i/web/status/{T}",
    f"https://x.com/i/status/{T}",
    f"https://vxtwitter.com/mia_30m/status/{T}",
    f"https://fxtwitter.com/mia_30m/status/{T}",
    f"https://fixvx.com/mia_30m/status/{T}",
    f"https://x.com/mia_30m/status/{T}?s=20&t=aBcD_1-2",
    f"https://x.com/mia_30m/status/{T}/photo/1",
    f"https://x.com/mia_30m/status/{T}/video/1?s=46",
    f"https://x.com/mia_30m/status/{T}/analytics",
    f"https://twitter.com/mia_30m/statuses/{T}/",
    f"x.com/mia_30m/status/{T}",
    f"Check this out https://x.com/mia_30m/status/{T}!",
    f'"https://x.com/mia_30m/status/{T}"',
]


@pytest.mark.parametrize("cell", SQUARE)
def test_links_to_the_square_in_all_their_forms(cell: str) -> None:
    """The post id is the key, whatever the host, language, query and surroundings."""
    assert square_link(cell) == SquareLink(id=S)


@pytest.mark.parametrize("cell", X)
def test_links_to_x_in_all_their_forms(cell: str) -> None:
    """The status id is the key; the name before it is kept where there is one."""
    link = x_link(cell)
    assert isinstance(link, XLink)
    assert (link.id, link.user) == (T, None if "/i/" in cell else "mia_30m")


WRONG = [
    ("", "no_link"),
    (" \u3000\ufeff", "no_link"),
    ("x" * 2001, "too_long"),
    (f"https://x.com/{'a' * 2000}", "too_long"),
    ("已分享", "not_a_link"),
    (T, "not_a_link"),
    ("@mia_30m", "not_a_link"),
    (f"x.com / mia / status / {T}", "not_a_link"),
    (f"ftp://x.com/mia/status/{T}", "not_a_link"),
    (f"javascript://x.com/mia/status/{T}", "not_a_link"),
    (f"https:/x.com/mia/status/{T}", "not_a_link"),
    (f"https://x.com\\@evil.test/mia/status/{T}", "not_a_link"),
    (f"https://x.com@evil.test/mia/status/{T}", "not_a_link"),
    (f"https://evil.test@x.com/mia/status/{T}", "not_a_link"),
    (f"https://x.com:8443/mia/status/{T}", "not_a_link"),
    (f"https://[::1]/mia/status/{T}", "not_a_link"),
    (f"https://ｘ.com/mia/status/{T}", "not_a_link"),
    (f"https：//x.com/mia/status/{T}", "not_a_link"),
    (f"https://x.com/mia/status/{T}４", "not_a_link"),
    (f"https://x.com/mia/status/{T}我分享了", "not_a_link"),
    (f"\u202ehttps://x.com/mia/status/{T}\u202e", "not_a_link"),
    ("https://t.co/AbCdEf1234", "short_link"),
    ("https://bit.ly/3xyz", "short_link"),
    (f"https://evil-twitter.com/mia/status/{T}", "other_site"),
    (f"https://x.com.evil.test/mia/status/{T}", "other_site"),
    (f"https://xx.com/mia/status/{T}", "other_site"),
    (f"https://x.co/mia/status/{T}", "other_site"),
    (f"https://x.com./mia/status/{T}", "other_site"),
    (f"https://m.twitter.com/mia/status/{T}", "other_site"),
    (f"https://evil.test/?u=https://x.com/mia/status/{T}", "other_site"),
    (f"https://evil.test/https://x.com/mia/status/{T}", "other_site"),
    (f"evil.test/https://x.com/mia/status/{T}", "not_a_link"),
    ("https://weibo.com/1234/Abcd", "other_site"),
    ("https://x.com/mia_30m", "not_a_post"),
    ("https://x.com", "not_a_post"),
    ("https://x.com/search?q=%23gate", "not_a_post"),
    ("https://x.com/mia/lists/1", "not_a_post"),
    (f"https://x.com/a/b/status/{T}", "not_a_post"),
    (f"https://x.com/mia/status/{T}/../../eve", "not_a_post"),
    (f"https://x.com//mia/status/{T}", "not_a_post"),
    (f"https://x.com/mia%2Fstatus%2F{T}", "not_a_post"),
    (f"https://x.com/mía/status/{T}", "not_a_link"),
    (f"https://x.com/#/mia/status/{T}", "not_a_post"),
    (f"https://x.com/mia/status/{T}https://x.com/eve/status/{T}", "not_a_post"),
    ("https://x.com/mia/status/", "bad_id"),
    ("https://x.com/mia/status/0", "bad_id"),
    (f"https://x.com/mia/status/0{T}", "bad_id"),
    ("https://x.com/mia/status/9223372036854775808", "bad_id"),
    ("https://x.com/mia/status/1.94874E+18", "bad_id"),
    (f"https://x.com/mia/status/{T}abc", "bad_id"),
    (f"https://x.com/mia/status/{T}%20", "bad_id"),
    (f"https://x.com/mia/status/-{T}", "bad_id"),
    (f"https://x.com/mia/status/{T} https://x.com/mia/status/{int(T) + 1}", "two_links"),
    (f"https://x.com/mia/status/{T} https://evil.test/", "two_links"),
    (f"https://www.gate.com/post/status/{S}", "wrong_column"),
]


@pytest.mark.parametrize(("cell", "fault"), WRONG)
def test_what_is_no_link_to_a_post_on_x_is_told(cell: str, fault: str) -> None:
    """Nothing is mended or guessed; each way of being wrong has its name."""
    assert x_link(cell) == NoLink(fault=fault)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("https://www.gate.com/post/topic/我的Gate时刻", "not_a_link"),
        ("https://www.gate.com/post/topic/GateTime", "not_a_post"),
        ("https://www.gate.com/profile/mia", "not_a_post"),
        ("https://www.gate.com/questionnaire/6872", "not_a_post"),
        (f"https://www.gate.com/zh/tw/post/status/{S}", "not_a_post"),
        (f"https://www.gate.com/POST/status/{S}", "not_a_post"),
        ("https://www.gate.com/post/status/abc", "bad_id"),
        (f"https://gate.com.evil.test/post/status/{S}", "other_site"),
        (f"https://evilgate.com/post/status/{S}", "other_site"),
        (f"https://gate.xyz/post/status/{S}", "other_site"),
        (f"https://x.com/mia/status/{T}", "wrong_column"),
        (S, "not_a_link"),
    ],
)
def test_what_is_no_link_to_the_square_is_told(cell: str, fault: str) -> None:
    """As with links to X."""
    assert square_link(cell) == NoLink(fault=fault)  # type: ignore[arg-type]


def test_mirrors_are_hosts_of_the_square_where_the_campaign_names_them() -> None:
    """Whole hosts, compared exactly."""
    assert square_link(f"https://www.gate.xyz/post/status/{S}", ["www.gate.xyz"]) == SquareLink(id=S)
    assert square_link(f"https://a.www.gate.xyz/post/status/{S}", ["www.gate.xyz"]) == NoLink(fault="other_site")


def test_an_id_on_x_tells_its_time() -> None:
    """Twitter's own example: 1541815603606036480 is of 28 June 2022, 16:07:40.105 UTC."""
    assert time_of("1541815603606036480") == dt.datetime(2022, 6, 28, 16, 7, 40, 105000, dt.UTC)
