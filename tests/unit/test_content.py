"""Contact handles and foreign links."""

from __future__ import annotations

import pytest

from bot.admission.content import contacts, foreign_hosts, story

OWN = ("gate.com", "gate.io", "x.com")


@pytest.mark.parametrize(
    ("text", "kind", "handle"),
    [
        ("加微信 abc12345", "wechat", "abc12345"),
        ("微信：gatefan", "wechat", "gatefan"),
        ("ＶＸ：gatefan_8", "wechat", "gatefan_8"),
        ("薇信abc123456", "wechat", "abc123456"),
        ("加v13800138000", "wechat", "13800138000"),
        ("WeChat ID: gate-fan", "wechat", "gate-fan"),
        ("telegram: @scam_group", "telegram", "scam_group"),
        ("TG@abcde12", "telegram", "abcde12"),
        ("电报群 signal88", "telegram", "signal88"),
        ("进群 t.me/joinchat", "telegram", "joinchat"),
        ("https://t.me/+AbCd1234", "telegram", "+AbCd1234"),
        ("QQ群 123456789", "qq", "123456789"),
        ("扣扣12345", "qq", "12345"),
        ("WhatsApp +1 (415) 555-2671", "whatsapp", "+1 (415) 555-2671"),
        ("wa.me/14155552671", "whatsapp", "14155552671"),
        ("LINE ID: foo_bar", "line", "foo_bar"),
        ("电话13800138000", "phone", "13800138000"),
        ("+86 138-0013-8000", "phone", "+86 138-0013-8000"),
        ("１３８００１３８０００", "phone", "13800138000"),
        ("call +44 20 7946 0958 now", "phone", "+44 20 7946 0958"),
        ("mail me: a.b@c.example.org", "email", "a.b@c.example.org"),
        ("微\u200b信：gatefan", "wechat", "gatefan"),
    ],
)
def test_contacts(text: str, kind: str, handle: str) -> None:
    """Handles and numbers in both languages, with whatever width and invisible characters."""
    assert (kind, handle) in [(c.kind, c.handle) for c in contacts(text)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "第一次登录 Gate,到今天已经三年了",
        "我用微信支付买了一个抱枕",
        "join my telegram channel today",
        "wechat pay is great",
        "我坐飞机去了现场",
        "收益+20000000",
        "1753459200 1753459200000",
        "订单号 13800138000123",
        "0x13800138000ab",
        "BTC 13800138000.5",
        "Gate 3000万 2025-07-25",
        "@gate 你好",
        "#我的Gate时刻# Gate × F1",
    ],
)
def test_no_contacts(text: str) -> None:
    """Prose, figures, order numbers and mentions are no contacts."""
    assert contacts(text) == ()


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("https://gate.com/x https://www.gate.com HTTPS://GATE.IO:443/ https://gate.com./", ()),
        ("gate.io x.com/a/status/1", ()),
        ("https://gate.com，看这里", ()),
        ("https://x.com我的主页", ()),
        ("https://x.com我的.evil.com/", ("x.com我的.evil.com",)),
        ("http://gate.com@evil.com/", ("evil.com",)),
        ("https://evil.com\\@gate.com", ("evil.com",)),
        ("https://evil.com#@gate.com", ("evil.com",)),
        ("https://gаte.com", ("gаte.com",)),
        ("evil-gate.com/x xgate.com", ("evil-gate.com", "xgate.com")),
        ("https://gate.com.evil.net", ("gate.com.evil.net",)),
        ("binance.com 好", ("binance.com",)),
        ("bit.ly/abc bit.ly/def", ("bit.ly",)),
        ("https://[::1]/", ("[::1]",)),
        ("ｈｔｔｐｓ：／／ｅｖｉｌ．ｃｏｍ", ("evil.com",)),
        ("mail a@foo.com", ()),
        ("node.js U.S. e.g. 3.14", ()),
    ],
)
def test_foreign_hosts(text: str, hosts: tuple[str, ...]) -> None:
    """The host is what a browser would go to, compared whole; only those off the list are told."""
    assert foreign_hosts(text, OWN) == hosts


def test_findings_are_bounded() -> None:
    """A text of nothing but contacts and links gives eight of each, not thousands."""
    assert len(contacts(" ".join(f"1380013{i:04}" for i in range(1000)))) == 8
    assert len(foreign_hosts(" ".join(f"https://h{i}.com" for i in range(1000)), OWN)) == 8


def test_story_is_what_the_author_told() -> None:
    """Hashtags and URLs are no story."""
    assert story("#我的Gate时刻# 三年了 #BTC https://gate.com/x 真好").split() == ["三年了", "真好"]
    assert story("＃My Gate Moment＃ hello").split() == ["hello"]
    assert story("#BTC 今天 #ETH 明天").split() == ["今天", "明天"]
