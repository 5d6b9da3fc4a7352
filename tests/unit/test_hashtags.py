"""The three classes of hashtag, as golden tables."""

from __future__ import annotations

import pytest

from bot.admission.hashtags import classify

TAGS = ("我的Gate时刻",)

EXACT = [
    "#我的Gate时刻#",
    "今天 #我的Gate时刻# 三周年",
    "参与#我的Gate时刻#活动",
    "##我的Gate时刻##",
    "#BTC##我的Gate时刻#",
    "#BTC #我的Gate时刻# 好",
    "#Gate广场 我的故事 #我的Gate时刻#",
    "https://x.com/a/status/1 #我的Gate时刻#",
    "(https://x.com/a)#我的Gate时刻#",
    "看这里 https://gate.com/x，#我的Gate时刻#",
    "> 引用别人的话\n#我的Gate时刻# 自己的话",
    "#我的Gate時刻# 写错了，再来 #我的Gate时刻#",
    "我觉得>_<不错 #我的Gate时刻#",
]
NORMALISED = [
    "#我的Gate时刻",
    "#我的Gate时刻 三周年",
    "#我的Gate时刻\n三周年",
    "#我的Gate时刻。",
    "#我的Gate时刻，真好",
    "#我的Gate时刻!",
    "#我的Gate时刻🎉",
    "#我的Gate时刻 今天 #BTC",
    "#我的gate时刻#",
    "#我的GATE时刻#",
    "＃我的Gate时刻＃",
    "﹟我的Gate时刻﹟",
    "#我的Ｇａｔｅ时刻#",
    "#\u200b我的Gate时刻#",
    "#我的\u200dGate\u2060时刻#",
    "#我的Gate时刻\ufeff#",
    "#\ufe0f我的Gate时刻#",
    "#\u200e我的Gate时刻\u200f#",
    "#我\u00ad的Gate时刻#",
]
LOOKALIKE = [
    ("#我的Gаte时刻#", "confusable"),  # Cyrillic а
    ("#我的Gαtе时刻", "confusable"),  # Greek α, Cyrillic е
    ("#我的ᏀATE时刻#", "confusable"),  # Cherokee
    ("#我的𝐆𝐚𝐭𝐞时刻#", "stylised"),
    ("#我的𝓖𝓪𝓽𝓮时刻", "stylised"),
    ("#我的ⒼⒶⓉⒺ时刻#", "stylised"),
    ("#我的🅖🅐🅣🅔时刻#", "stylised"),
    ("#我的🇬🇦🇹🇪时刻#", "stylised"),
    ("#我的ɢᴀᴛᴇ时刻#", "stylised"),
    ("#我的G\u0336a\u0336t\u0336e\u0336时刻#", "stylised"),
    ("#我的Gàté时刻#", "stylised"),
    ("#我的Gate時刻#", "script"),
    ("#我的Gate時刻", "script"),
    ("# 我的Gate时刻 #", "spaces"),
    ("#我的 Gate 时刻#", "spaces"),
    ("#我的　Gate时刻#", "spaces"),
    ("#️⃣我的Gate时刻#️⃣", "hash"),
    ("#\u20e3我的Gate时刻#\u20e3", "hash"),
    ("＃\u200d\u20e3我的Gate时刻", "hash"),
    ("\\#我的Gate时刻\\#", "hash"),
    ("&#35;我的Gate时刻&#35;", "hash"),
    ("&#x23;我的Gate时刻", "hash"),
    ("%23我的Gate时刻", "hash"),
    ("♯我的Gate时刻♯", "hash"),
    ("RT @bob: #我的Gate时刻# 三周年", "quoted"),
    ("rt @bob #我的Gate时刻", "quoted"),
    ("说得好//@bob: #我的Gate时刻#", "quoted"),
    ("> #我的Gate时刻#\n说得好", "quoted"),
    ("转发自 bob\n#我的Gate时刻#", "quoted"),
    ("RT @bob: #我的Gate時刻#", "quoted"),
    ("#BTC#我的Gate时刻#", "pair"),
    ("#我的Gate时刻 分享#", "pair"),
    ("https://gate.com/x我的故事#我的Gate时刻#", "hash"),  # does the address end before or after the tag?
]
NONE = [
    "",
    "我的Gate时刻",
    "没有话题",
    "#我的Gate时刻分享#",
    "#我的Gate时刻分享",
    "#我的Gate时刻2",
    "#我的Gate时刻_",
    "#晒我的Gate时刻#",
    "#我的Gate#",
    "#Gate时刻#",
    "#我的Gate时候#",
    "#我得Gate时刻#",
    "#我的Gaet时刻#",
    "#Gate#",
    "#BTC #ETH",
    "# 我的Gate时刻",
    "#我的\nGate时刻#",
    "#我的-Gate-时刻#",
    "https://gate.com/#我的Gate时刻#",
    "https://gate.com/post/topic/我的Gate时刻",
    "https://gate.com/话题/#我的Gate时刻#",
    "https://gate.com/?q=%23我的Gate时刻",
    "www.gate.com/#我的Gate时刻",
    "gate.com/x#我的Gate时刻",
    "#刻时etaG的我#",
    "#\u202e刻时etaG的我\u202c#",
    "\u202e#我的Gate时刻#\u202c",
    "#我的\u202eGate\u202c时刻#",
    "#" * 50,
]


@pytest.mark.parametrize("text", EXACT)
def test_exact(text: str) -> None:
    """The tag as published, in a closed pair, counts wherever it stands in the author's own words."""
    match = classify(text, "", TAGS)
    assert (match.kind, match.tag, match.counts) == ("exact", TAGS[0], True)


@pytest.mark.parametrize("text", NORMALISED)
def test_normalised(text: str) -> None:
    """Case, width, invisible characters and a missing closing hash do not matter."""
    match = classify(text, "", TAGS)
    assert (match.kind, match.tag, match.counts) == ("normalised", TAGS[0], True)


@pytest.mark.parametrize(("text", "why"), LOOKALIKE)
def test_lookalike(text: str, why: str) -> None:
    """What looks like the tag, or is not surely the author's own, is never decided by the machine; and it says why."""
    match = classify(text, "", TAGS)
    assert (match.kind, match.tag, match.counts, match.why) == ("lookalike", TAGS[0], False, why)


@pytest.mark.parametrize("text", NONE)
def test_none(text: str) -> None:
    """Another tag, a typo, a tag in a URL or turned round is no match, not even a look-alike."""
    assert classify(text, "", TAGS).kind == "none"


def test_title_counts_and_the_better_of_both_wins() -> None:
    """A tag in the title alone counts, and a look-alike in the text does not take it away."""
    assert classify("", "#我的Gate时刻#", TAGS).kind == "exact"
    assert classify("#我的Gate時刻#", "#我的Gate时刻", TAGS).kind == "normalised"
    assert classify("#我的Gate時刻#", "no tag", TAGS).kind == "lookalike"


def test_any_alias_counts_and_is_named() -> None:
    """Each spelling of the list is compared whole; the match says which one was met."""
    tags = (*TAGS, "MyGateMoment", "My Gate Moment")
    assert classify("#mygatemoment!", "", tags).tag == "MyGateMoment"
    assert classify("#My gate moment#", "", tags).tag == "My Gate Moment"
    assert classify("#MyGateMoments", "", tags).kind == "none"
    assert classify("#MyGateMornent", "", tags).kind == "lookalike"


def test_traditional_campaign_takes_simplified_as_a_lookalike() -> None:
    """The script is compared both ways."""
    match = classify("#我的Gate时刻#", "", ("我的Gate時刻",))
    assert (match.kind, match.why) == ("lookalike", "script")


def test_without_any_hashtag_nothing_matches() -> None:
    """An empty list is no match, and no error."""
    assert classify("#我的Gate时刻#", "", ()).kind == "none"
