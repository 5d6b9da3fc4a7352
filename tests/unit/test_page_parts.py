"""What the page is made of: plots, pieces of text, outlines. All of it pure."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaign import load_campaign
from bot.i18n import translator
from bot.model import Looked, MediaRef
from bot.review.page import charts
from bot.review.page.overlays import picture
from bot.review.page.reader import Reader
from bot.review.page.words import pieces
from bot.text_safety import one_line
from detectors.evidence import Code, Colour, Mark, MediaEvidence

HOSTILE = '"><script>alert(1)</script>&'


@given(st.text(max_size=200))
def test_pieces_are_the_whole_text(text: str) -> None:
    """Put together again, row by row, they are the text with what cannot be seen written out: nothing is lost."""
    rows = re.split("\r\n|[\r\n\u2028\u2029]", text)
    found = "".join("\n" if piece.kind == "break" else piece.text for piece in pieces(text))
    assert sorted(found.replace("\n", "")) == sorted("".join(map(one_line, rows)))


def test_a_letter_of_another_alphabet_stands_out() -> None:
    """In a hashtag only, and with its name."""
    odd = [(piece.text, piece.hint) for piece in pieces("а #我的Gаte时刻# \u202e") if piece.kind == "odd"]
    assert odd == [("а", "CYRILLIC SMALL LETTER A")]
    assert [piece.text for piece in pieces("а #我的Gаte时刻# \u202e") if piece.kind == "escape"] == ["\\u202e"]


@given(st.lists(st.tuples(st.text(max_size=9), st.integers(0, 10**7)), max_size=40))
def test_columns_are_as_high_as_their_numbers(rows: list[tuple[str, int]]) -> None:
    """Sound XML; a rectangle for each number above zero, heights in proportion, none out of the plot."""
    drawn = str(charts.columns(HOSTILE, [re.sub(r"[^ -~]", "", name) for name, _ in rows], {"a": [n for _, n in rows]}))
    heights = [float(r.get("height", 0)) for r in ElementTree.fromstring(drawn).iter("rect")]
    numbers = [number for _, number in rows if number > 0]
    assert len(heights) == len(numbers)
    for height, number in zip(heights, numbers, strict=True):
        assert 0 < height <= 200
        assert height == pytest.approx(max(heights) * number / max(numbers), abs=1.0)


@given(st.floats(0, 1e9))
def test_an_axis_has_few_round_steps(most: float) -> None:
    """It reaches the greatest value in at most five steps of whole numbers."""
    top, step = charts._axis(most)
    assert top >= most and step == int(step) >= 1 and round(top / step) <= 5


def test_when_a_post_was_made_is_drawn_as_far_as_it_is_known() -> None:
    """A point for an instant, a span for bounds, open to the side where nothing bounds it; nothing where none is."""
    day = [dt.datetime(2025, 7, n, tzinfo=dt.UTC) for n in range(1, 11)]
    window = (day[2], day[8])
    assert "<circle" in charts.moments("t", window, (day[4], day[4]), None)
    assert 'class="posted" x="0.0"' in charts.moments("t", window, (None, day[4]), None)
    assert charts.moments("t", (None, None), (None, None), None) == ""
    ElementTree.fromstring(charts.moments(HOSTILE, window, (day[1], day[4]), (day[5], None)))


def test_words_over_a_picture_never_cover_one_another() -> None:
    """Three marks on one place: two have words, the surest first; the third has its box alone."""
    marks = tuple(Mark(name=f"m{n}", score=n / 10, box=(100.0, 100.0, 50.0, 50.0)) for n in (3, 9, 5))
    evidence = MediaEvidence(
        sha256="a" * 64, kind="image", format="png", width=420, height=420, duration=None, marks=marks,
        colour=Colour(score=0.0, shares={}, adjacency=0.0), resemblances=(), fingerprints=(),
        codes=(Code(text=HOSTILE, quad=((300.0, 300.0), (320.0, 300.0), (320.0, 320.0), (300.0, 320.0))),),
    )  # fmt: skip
    reader = Reader(lang="en", say=translator("en"), campaign=load_campaign())
    drawn = picture(0, Looked(ref=MediaRef(type="image", url="https://a.test/"), result=evidence), reader)
    assert [(shape.words, shape.y is not None) for shape in drawn.shapes] == [
        ("m9 0.90", True), ("m5 0.50", True), ("m3 0.30", False), ("QR", True)
    ]  # fmt: skip
    assert [shape.kind for shape in drawn.shapes] == ["mark sure", "mark unsure", "mark unsure", "code"]
