"""Every reason code has its words, in both languages."""

from __future__ import annotations

import re
import string

import pytest

from bot.model import Finding, Verdict
from bot.reasons import BY_PEOPLE, REASONS, Lang, describe, label, language, message, message_for_author
from bot.rules import RULES, code_of

PUBLISHED = {
    "window.early", "window.late", "window.unknown",
    "hashtag.missing", "hashtag.lookalike",
    "media.none", "media.unknown", "media.unreadable", "media.refused", "media.unavailable",
    "entry.notice",
    "author.ineligible", "author.unverified", "author.repeat",
    "duplicate.exact", "duplicate.self", "duplicate.near", "duplicate.partial", "duplicate.text", "duplicate.unordered",
    "brand.absent", "brand.unsure", "brand.only_official",
    "post.edited_late", "post.deleted",
    "content.contact", "content.code", "content.link", "content.unsafe", "content.offtopic", "content.stolen",
    "detector.fault",
    "accepted",
    "rule.other",
}  # fmt: skip
LANGS: tuple[Lang, ...] = ("zh", "en")


def verdict(status: str, *findings: Finding) -> Verdict:
    return Verdict(
        post_id="77",
        revision=1,
        status=status,  # type: ignore[arg-type]
        findings=findings,
        campaign="c",
        campaign_version="v",
    )


def test_no_published_code_was_lost() -> None:
    """Codes are added, never renamed or dropped; people have exactly theirs."""
    assert REASONS.keys() >= PUBLISHED
    assert set(BY_PEOPLE) == {"accepted", "content.unsafe", "content.offtopic", "content.stolen", "rule.other"}


def test_rules_and_reasons_are_the_same_codes() -> None:
    """Every code is given by exactly one rule, or by people."""
    codes = [code_of(rule) for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert set(codes) == REASONS.keys() - set(BY_PEOPLE)


@pytest.mark.parametrize("code", REASONS)
def test_words_in_both_languages(code: str) -> None:
    """Label, sentence and message are there; the Chinese ones are Chinese and end as Chinese does; both ask for the
    same details."""
    reason = REASONS[code]
    for zh, en in (
        (reason.zh.label, reason.en.label),
        (reason.zh.sentence, reason.en.sentence),
        (reason.zh.message, reason.en.message),
    ):
        assert re.search("[\u4e00-\u9fff]", zh)
        assert not re.search("[\u4e00-\u9fff]", en)
        assert _fields(zh) == _fields(en)
    assert reason.zh.message.endswith(("。", "！"))
    assert reason.en.message.endswith((".", "!"))


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_details_fill_the_sentence_and_words_are_translated() -> None:
    """Facts go in as they are, our own words in the reader's language, what is missing as unknown."""
    finding = Finding(code="hashtag.lookalike", stance="ask", detail={"expected": "标签", "why": "script"})
    assert describe(finding, "en") == "The hashtag resembles #标签# but differs: Traditional or Simplified characters."
    assert describe(finding, "zh") == "话题与 #标签# 相似但不完全一致：繁体与简体不同。"
    bare = Finding(code="media.unreadable", stance="ask", media=1)
    assert describe(bare, "en") == "The file could not be read as a photo or video: unknown. (media 1)"
    assert describe(bare, "zh", reason="too_many_pixels").endswith("too_many_pixels。（媒体 1）")


def test_an_attackers_text_is_no_template_and_is_bounded() -> None:
    """Braces in a post's text stay braces; a long text is cut."""
    finding = Finding(code="content.code", stance="ask", detail={"text": "{expected.__class__} {0}" + "x" * 1000})
    sentence = describe(finding, "en", expected="secret")
    assert "{expected.__class__} {0}" in sentence
    assert "secret" not in sentence
    assert len(sentence) < 200


def test_message_says_how_the_post_stands_and_each_deciding_reason_once() -> None:
    """Blocking reasons for an ineligible post, asking ones for one in review; numbered where there are several."""
    late = Finding(code="window.late", stance="block", detail={"ends": "E"})
    none = Finding(code="media.none", stance="block")
    ask = Finding(code="media.unavailable", stance="ask", media=0)
    assert message_for_author(verdict("ineligible", late, none, ask), "en").splitlines() == [
        "Hello! Your post 77 does not take part in the campaign, for this reason:",
        "1. " + message("window.late", "en", ends="E"),
        "2. " + message("media.none", "en"),
    ]
    again = Finding(code="media.unavailable", stance="ask", media=1)
    assert message_for_author(verdict("review", ask, again), "zh").splitlines() == [
        "您好！您的帖子（77）正在由工作人员审核，原因如下：",
        message("media.unavailable", "zh"),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_message_of_good_and_withdrawn_posts(lang: Lang) -> None:
    """An eligible post is welcomed, a withdrawn one is told what it means."""
    assert message("accepted", lang) in message_for_author(verdict("eligible"), lang)
    assert message("post.deleted", lang) in message_for_author(verdict("withdrawn"), lang)


def test_language_of_a_locale() -> None:
    """Chinese locales of any script give Chinese, all else English."""
    assert [language(x) for x in ("zh_CN.UTF-8", "zh-TW", "ZH", "en_US", "C", "", None)] == ["zh"] * 3 + ["en"] * 4
    assert (label("media.none", "zh"), label("media.none", "en")) == ("没有图片或视频", "No photo or video")
