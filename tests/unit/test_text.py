"""Stories: what is left of a text, how alike two are, and finding those that are."""

from __future__ import annotations

import pytest

from detectors.text import MAX_CHARS, similarity, story


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("#我的Gate时刻# 你好,世界!", "你好世界"),
        ("#tag你好", ""),
        ("#a 今天 #b 明天", "今天明天"),
        ("＃我的Gate时刻＃ Ｈｉ", "hi"),
        ("看 https://www.gate.com/post/1?x=#y 吧", "看吧"),
        ("謝謝你們", "谢谢你们"),
        ("@bob 好😀👍🏽 1️⃣", "好1"),
        ("", ""),
        ("#" * 50, ""),
        ("One, two!  three.", "one two three"),
        ("买了 BTC 和 ETH", "买了btc和eth"),
        ("o n e  t w o and three", "onetwo and three"),
    ],
)
def test_story(text: str, left: str) -> None:
    """Letters and digits only, folded; what all posts share is gone."""
    assert story(text) == left


def test_boilerplate_is_left_out_sentence_by_sentence() -> None:
    """A quoted notice and a repeated title do not make two stories alike; short words that also stand there stay."""
    notice = "🎉晒出我的Gate时刻,解锁限量好礼!\n活动截止于7月25日 24:00 UTC+8"
    assert story("我的故事。活动截止于 7月25日 24:00 utc+8！\n谢谢", (notice,)) == "我的故事谢谢"
    assert story("限量好礼。我的故事", (notice,)) == "限量好礼我的故事"
    assert story("标题\n我的故事", ("标题",)) == "我的故事"


def test_similarity() -> None:
    """0 to 1, symmetric; emptiness is like nothing."""
    assert similarity("一二三四", "一二三四") == similarity("one two", "one two") == 1.0
    assert similarity("一二三四", "一二五六") == similarity("one two six ten", "six one two eleven") == 0.5
    assert similarity("", "") == similarity("a", "") == 0.0


def test_whole_clauses_that_are_missing_weigh_more_than_words_here_and_there() -> None:
    """As many words differ: where they lie scattered the stories are more alike than where they lie together."""
    told = [f"word{n}" for n in range(40)]
    scattered = [f"other{n}" if n % 4 == 0 else word for n, word in enumerate(told)]
    together = [*told[:30], *(f"other{n}" for n in range(10))]
    assert similarity(" ".join(told), " ".join(scattered)) == 0.75
    assert similarity(" ".join(told), " ".join(together)) == 0.6275
    shorter = " ".join(told[:30])
    assert similarity(" ".join(told), shorter) == similarity(shorter, " ".join(told)) == 0.7171


@pytest.mark.parametrize("unit", ["#", "#a ", "http://", "a.", "@a", "ﷺ", "\u202e", "x"])
def test_hostile_texts(unit: str) -> None:
    """Only so much of a text is looked at, whatever it unfolds to."""
    assert len(story(unit * (MAX_CHARS * 2 // len(unit)))) <= MAX_CHARS
