"""Hashtags on any text whatever."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.admission import hashtags
from bot.admission.hashtags import classify
from bot.admission.letters import fold, revealed, visible

TAGS = ("我的Gate时刻", "My Gate Moment")
RANK = ("exact", "normalised", "lookalike", "none")

PIECES = [
    "#",
    "＃",
    "\\#",
    "&#35;",
    "\ufe0f\u20e3",
    "我的",
    "Gate",
    "gаte",
    "时刻",
    "時刻",
    " ",
    "\n",
    "\u202e",
    "\u202c",
]
PIECES += ["\u200b", "https://a.b/", "gate.com/", "RT @x ", "//@x:", "> ", "\u0300\u0316", "𝐆", "#我的Gate时刻#"]
PIECES += ["\ufdd0", "\ud800", "。"]
pieces = st.sampled_from(PIECES)
texts = st.one_of(st.text(), st.lists(pieces, max_size=40).map("".join))


@given(texts, texts)
@example("#我的Gate時\ud800#", "#123456\udfff7890#")
def test_never_raises_and_is_deterministic(text: str, title: str) -> None:
    """Any text gives a class, and the same one again; only a match names a tag."""
    match = classify(text, title, TAGS)
    assert match == classify(text, title, TAGS)
    assert (match.tag is None) == (match.kind == "none")
    assert match.tag is None or match.tag in TAGS


@given(texts)
@example("ß\u0345")
@example("ｶﾞ")
def test_folding_is_idempotent(text: str) -> None:
    """What was folded folds to itself."""
    assert fold(fold(text)) == fold(text)
    assert visible(visible(text)) == visible(text)


@given(texts)
def test_invisible_characters_do_not_matter(text: str) -> None:
    """Taking invisible characters away first changes nothing: no look-alike and no other tag comes to count."""
    if "\u202e" not in text:  # this control is what folding takes away
        before, after = classify(text, "", TAGS), classify(revealed(text), "", TAGS)
        assert before.counts == after.counts


@given(
    st.lists(st.sampled_from(["参与 ", "活动", "三周年!", "\n", "好。"])).map("".join),
    st.sampled_from(["", " 后面", "\n", "。x"]),
)
def test_the_tag_counts_between_any_words(before: str, after: str) -> None:
    """Plain words around the tag never hide it."""
    assert classify(f"{before}#我的Gate时刻#{after}", "", TAGS).kind == "exact"
    assert classify(f"{before}#我的gate时刻{after}", "", TAGS).counts


HOSTILE = ["#", "#a", "# a", "#我的Gate时候", "#我的Gate時", "&#35;", "\\", "\u0300\u0316", "#\u0300\u0316", "https://"]
HOSTILE += ["a.", "www.", "RT @", "//@", "> \n", "#\u202e", "\ufe0f", "#12345678 ", "a/#", "ﬁ#", "🅖#", "&#0", "%23%"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_is_linear_on_hostile_text(piece: str) -> None:
    """100 kB of anything: every hash is looked at once, a bounded window of text after it, at most three readings."""
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    looked: list[int] = []
    real = hashtags._bodies

    def counted(part: str, window: int) -> Iterator[tuple[str, str]]:
        for body, doubt in real(part, window):
            assert len(body) <= window < 100
            looked.append(len(body))
            yield body, doubt

    with patch.object(hashtags, "_bodies", counted):
        assert classify(text, "", TAGS).kind == "none"
    assert len(looked) <= 3 * len(text)
