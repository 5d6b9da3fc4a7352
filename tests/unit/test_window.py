"""The window, to the instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from bot.admission.window import edit, place
from bot.campaign import Campaign
from bot.model import Interval, Post


def at(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


START, END = "2025-07-01T00:00:00+08:00", "2025-07-26T00:00:00+08:00"
CAMPAIGN = Campaign(name="c", hashtags=("t",), zone="UTC+8", starts=at(START), ends=at(END))


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2025-06-30T23:59:59.999999+08:00", "early"),
        (START, "inside"),
        ("2025-07-25T23:59:59.999999+08:00", "inside"),
        (END, "late"),
        ("2025-07-25T16:00:00Z", "late"),
        ("2025-07-25T15:59:59Z", "inside"),
        ("2026-01-01T00:00:00Z", "late"),
    ],
)
def test_a_given_time_decides(post_of: Callable[..., Post], created: str, expected: str) -> None:
    """The start is in, the end is out, in whatever zone the time is written."""
    given = Interval(earliest=at(created), latest=at(created))
    assert place(post_of(created_at=at(created), posted=given), CAMPAIGN) == expected


INSIDE, AFTER, BEFORE = "2025-07-10T00:00:00Z", "2025-08-01T00:00:00Z", "2025-06-01T00:00:00Z"


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (INSIDE, "2025-07-25T15:59:59Z", "inside"),
        (START, INSIDE, "inside"),
        (INSIDE, END, "unknown"),
        (INSIDE, AFTER, "unknown"),
        (AFTER, "2025-09-01T00:00:00Z", "unknown"),
        (END, END, "unknown"),
        (None, INSIDE, "unknown"),
        (BEFORE, INSIDE, "unknown"),
        (None, "2025-06-30T15:59:59Z", "early"),
        (BEFORE, BEFORE, "early"),
        (None, START, "unknown"),
        (None, None, "unknown"),
        (INSIDE, None, "unknown"),
    ],
)
def test_observation_proves_in_time_and_early_but_never_late(
    post_of: Callable[..., Post], earliest: str | None, latest: str | None, expected: str
) -> None:
    """Seen before the end is in time, seen before the start early; all else is for a person, however late."""
    posted = Interval(earliest=at(earliest), latest=at(latest))
    assert place(post_of(created_at=None, posted=posted), CAMPAIGN) == expected


def test_without_a_start_being_seen_before_the_end_suffices(post_of: Callable[..., Post]) -> None:
    """A bound that the campaign does not have needs no proof."""
    campaign = Campaign(name="c", hashtags=("t",), ends=at(END))
    assert place(post_of(created_at=None, posted=Interval(latest=at(INSIDE))), campaign) == "inside"
    assert place(post_of(created_at=None, posted=Interval()), Campaign(name="c", hashtags=("t",))) == "inside"


@pytest.mark.parametrize(
    ("edited_at", "edited", "expected"),
    [
        (None, None, "inside"),
        (INSIDE, (INSIDE, INSIDE), "inside"),
        (END, (END, END), "late"),
        (AFTER, None, "late"),
        (None, (INSIDE, "2025-07-25T15:59:59Z"), "inside"),
        (None, (INSIDE, AFTER), "unknown"),
        (None, (END, AFTER), "late"),
        (None, (None, AFTER), "unknown"),
        (None, (INSIDE, None), "unknown"),
    ],
)
def test_edits(
    post_of: Callable[..., Post],
    edited_at: str | None,
    edited: tuple[str | None, str | None] | None,
    expected: str,
) -> None:
    """An edit is late where its time or its lower bound is; it may be where it was only seen afterwards."""
    interval = None if edited is None else Interval(earliest=at(edited[0]), latest=at(edited[1]))
    assert edit(post_of(edited_at=at(edited_at), edited=interval), CAMPAIGN) == expected
