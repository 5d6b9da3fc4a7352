"""HTML from feeds into text."""

from __future__ import annotations

import pytest

from bot.admission.content import contacts, foreign_hosts
from bot.sources.html import looks_like_html, to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("#tag<br>word", "#tag\nword"),
        ("#tag<b>word</b>", "#tagword"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<ul><li>1<li>2</ul>", "1\n2"),
        ("a &amp;amp; b &lt;i&gt;", "a &amp; b <i>"),
        ("&#65283;tag", "＃tag"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
        ("<style>p{}</style><script>alert(1)</script>x", "x"),
        ("<!-- #tag -->x", "x"),
        ("<a href='https://a.example'>link</a>", "link (https://a.example)"),
        ("<a href='https://a.example/x'>https://a.example/x</a>", "https://a.example/x"),
        ("<a href=https://evil.example>gate.com</a> now<br>b", "gate.com now (https://evil.example)\nb"),
        (
            "<a href='//a.example/x'>1</a><a href=tg://resolve?domain=x>2</a>",
            "12 (https://a.example/x) (tg://resolve?domain=x)",
        ),
        ("#我的<a href='https://a.example/#tag#'>Gate</a>时刻#", "#我的Gate时刻# (https://a.example/)"),
        ("<a href='/topic/1'>#tag#</a><a>no</a><a href='javascript:x()'>js</a>", "#tag#nojs"),
        ("<a href='https://a.example/#我的Gate时刻#\"&gt;'>x</a>", "x (https://a.example/)"),
        ("<p><a href='https://a.example/图'>x</a></p><p>y</p>", "x (https://a.example/%E5%9B%BE)\ny"),
        ("mine<blockquote>theirs<br>too</blockquote>mine", "mine\n> theirs\n> too\nmine"),
        ("<blockquote><p>a</p><blockquote>b</blockquote></blockquote>c", "> a\n> b\nc"),
        ("line\nline", "line\nline"),
    ],
)
def test_to_text(markup: str, text: str) -> None:
    """Words on both sides of a block or break stay apart, inline markup does not part them, entities decode once."""
    assert to_text(markup) == text


def test_a_link_cannot_hide_in_markup() -> None:
    """Where a link leads is found by the rules on links, whatever its words are; it is no hashtag."""
    text = to_text(
        "join <a href='https://t.me/scam'>our group</a> <a href='https://evil.example/?#我的Gate时刻#'>here</a>"
    )
    assert foreign_hosts(text, ["gate.com"]) == ("t.me", "evil.example")
    assert [(found.kind, found.handle) for found in contacts(text)] == [("telegram", "scam")]
    assert "#" not in text


@pytest.mark.parametrize(
    "markup",
    [
        "<b>" * 30_000,
        "<div><b>" * 12_000,
        "<" * 99_999,
        "&" * 99_999,
        "<blockquote>" * 8_000,
        "".join(f"<a href=//x{n}>" for n in range(6_000)),
    ],
)
def test_hostile_markup_ends(markup: str) -> None:
    """Whatever is nested or left open, nothing is left of the tags and nothing crashes."""
    assert "<div" not in to_text(markup)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a<br/>b", True),
        ("<IMG SRC=x>", True),
        ("</p>", True),
        ("Q&amp;A", True),
        ("it&#39;s", True),
        ("I <3 this", False),
        ("a < b > c", False),
        ("<story>", False),
        ("&#35;tag", False),
        ("AT&T; R&D", False),
    ],
)
def test_looks_like_html(text: str, html: bool) -> None:
    """Only what editors and escaping functions write; a hash that a person escaped by hand stays escaped."""
    assert looks_like_html(text) is html
