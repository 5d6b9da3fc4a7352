"""Filters: one typed line and the value it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.review.filters import WAITING, Filter, parse_filter

words = st.text(min_size=1, max_size=12).filter(lambda w: w.strip() != "")
filters = st.builds(
    Filter,
    reasons=st.lists(st.sampled_from(["brand.absent", "duplicate", "content.link"]), max_size=2).map(tuple),
    statuses=st.lists(st.sampled_from(["eligible", "ineligible", "review"]), min_size=1, max_size=2).map(tuple),
    author=st.none() | words,
    cluster=st.none() | words,
    text=st.lists(words, max_size=3).map(tuple),
    second=st.none() | st.booleans(),
    order=st.sampled_from(["worst", "informative"]),
)


@given(filters)
def test_a_filter_is_read_back_from_its_line(wanted: Filter) -> None:
    """``parse_filter(str(filter))`` is the same filter, whatever stands in its words."""
    assert parse_filter(str(wanted)) == wanted


def test_a_typed_line() -> None:
    """Keys narrow, words must occur, quotes hold blanks and colons, and a foreign colon belongs to its word."""
    typed = 'reason:duplicate author:u1 status:eligible status:ineligible second:yes "two words" http://a.test/'
    assert parse_filter(typed) == Filter(
        reasons=("duplicate",),
        author="u1",
        statuses=("eligible", "ineligible"),
        second=True,
        text=("two words", "http://a.test/"),
    )
    assert parse_filter("") == parse_filter("  ") == WAITING


@pytest.mark.parametrize(
    "line",
    ["reason:nosuch", "status:open", "second:maybe", "order:best", "author:", "author:a author:b", '""', "x" * 1001],
)
def test_what_is_wrong_is_said_in_one_line(line: str) -> None:
    """A wrong filter is refused, never widened in silence."""
    with pytest.raises(UserError) as refused:
        parse_filter(line)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_line_is_a_filter_or_refused(line: str) -> None:
    """No input gets another failure than the one for people, and what is read comes back the same."""
    try:
        wanted = parse_filter(line)
    except UserError:
        return
    assert parse_filter(str(wanted)) == wanted
