"""The campaign's own notice, and those who quote it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from bot.admission.notice import identified, is_notice_text, own_letters
from bot.campaign import load_campaign
from bot.model import Author, Post

CAMPAIGN = load_campaign()
(NOTICE,) = CAMPAIGN.notice.texts
HALF = NOTICE[: len(NOTICE) * 6 // 10]
STORY = "三年前我在大学宿舍注册了账号,第一次抢购成功的那晚我和室友庆祝到天亮"


@pytest.mark.parametrize(
    "text",
    [
        NOTICE,
        NOTICE.replace("\n", " "),
        NOTICE.replace("\n", ""),
        "".join(c for c in NOTICE if c.isalnum() or c.isspace() or c in "#,!?"),
        NOTICE.replace("Gate", "ＧＡＴＥ"),
        NOTICE.replace(",", "，").replace("!", "！").replace(":", "："),
        HALF + "...",
        "【公告】\n" + NOTICE + "\n3",
        NOTICE.replace("7月25日", "7月26日"),
    ],
)
def test_the_notice_is_known_however_it_is_laid_out(post_of: Callable[..., Post], text: str) -> None:
    """Line breaks, emoji, widths, case, a cut end and small changes do not hide it."""
    assert is_notice_text(post_of(text), CAMPAIGN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#我的Gate时刻#",
        f"#我的Gate时刻# {STORY}",
        f"{NOTICE}\n{STORY}",
        f"{STORY}\n> {NOTICE}",
        NOTICE[:200],
        "参与 #我的Gate时刻# ,在Gate广场晒出你的故事,一起见证下一个3000万!",
        STORY * 50,
        "晒出我的Gate时刻,解锁限量好礼!" * 30,
    ],
)
def test_own_words_or_a_short_quotation_make_no_notice(post_of: Callable[..., Post], text: str) -> None:
    """Who adds words of their own, or quotes a little of it, has written a post of their own."""
    assert not is_notice_text(post_of(text), CAMPAIGN)


def test_own_words_in_the_title_count(post_of: Callable[..., Post]) -> None:
    """The title is part of what remains."""
    assert not is_notice_text(post_of(NOTICE, title=STORY), CAMPAIGN)


def test_known_by_id_and_author(post_of: Callable[..., Post]) -> None:
    """The campaign's lists identify a post by its id, and by its author's id or person."""
    campaign = replace(CAMPAIGN, notices=("n1",), official_authors=("gate",))
    assert identified(post_of(id="n1"), campaign) == "id"
    assert identified(post_of(author=Author(id="gate")), campaign) == "author"
    assert identified(post_of(author=Author(id="x", person="gate")), campaign) == "author"
    assert identified(post_of(author=Author(nickname="gate")), campaign) is None
    assert identified(post_of(author=Author()), campaign) is None


def test_own_letters_leave_out_what_is_quoted() -> None:
    """Only the author's own letters and digits are counted."""
    assert own_letters(NOTICE, CAMPAIGN) == 0
    letters = sum(map(str.isalnum, STORY))
    assert own_letters(STORY, CAMPAIGN) == letters
    assert own_letters(f"{NOTICE}\n{STORY}", CAMPAIGN) == letters
