"""Times as they come in, to the microsecond and never rounded up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from bot.posts.instants import parse_instant

CHINA = dt.timezone(dt.timedelta(hours=8))
DEADLINE = dt.datetime(2025, 7, 25, 16, tzinfo=dt.UTC)
LAST = DEADLINE - dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2025-07-26T00:00:00+08:00", DEADLINE),
        ("2025-07-25T16:00:00Z", DEADLINE),
        ("2025-07-25t16:00:00z", DEADLINE),
        ("2025-07-25 11:30:00.000000-04:30", DEADLINE),
        ("2025-07-25T15:59:59.999999999999Z", LAST),
        ("2025-07-25T15:59:60Z", DEADLINE),
        (1753459200, DEADLINE),
        (1753459200_000, DEADLINE),
        (1753459200_000_000, DEADLINE),
        (1753459200_000_000_000, DEADLINE),
        (1753459199_999_999_999, LAST),
        ("1753459200", DEADLINE),
        (Decimal("1753459199.9999999999"), LAST),
        (Decimal("1753459199999.9999999"), LAST),
        (Decimal("1753459200.123"), DEADLINE + dt.timedelta(milliseconds=123)),
        (Decimal("1.7534592E+9"), DEADLINE),
        (10**11 - 1, dt.datetime(5138, 11, 16, 9, 46, 39, tzinfo=dt.UTC)),
        (10**11, dt.datetime(1973, 3, 3, 9, 46, 40, tzinfo=dt.UTC)),
        (10**14, dt.datetime(1973, 3, 3, 9, 46, 40, tzinfo=dt.UTC)),
        (10**17, dt.datetime(1973, 3, 3, 9, 46, 40, tzinfo=dt.UTC)),
        (-1, dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC)),
    ],
)
def test_instants(value: str | int | Decimal, instant: dt.datetime) -> None:
    """RFC 3339 and Unix numbers by magnitude; what is finer than a microsecond is cut off."""
    assert parse_instant(value, CHINA) == (instant, False)


def test_a_time_without_a_zone_is_assumed_to_be_in_the_given_one() -> None:
    """And says so."""
    assert parse_instant("2025-07-26T00:00:00", CHINA) == (DEADLINE, True)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "soon",
            "2025-07-26",
            "2025-07-26T00:00",
            "2025-07-26T00:00:00+0800",
            "1e9",
            "NaN",
            "２０２５-07-26T00:00:00Z",
        ),
        *("2025-13-01T00:00:00Z", "2025-07-26T24:00:00Z", "2025-07-26T00:00:00+08:60", "2025-07-26T00:00:00Z\n"),
        *("0001-01-01T00:00:00+08:00", 10**30, -(10**18), Decimal("1E+999999999"), Decimal("NaN"), Decimal("Infinity")),
    ],
)
def test_what_is_no_time(value: str | int | Decimal) -> None:
    """A reason, at once, also for numbers whose expansion would fill the memory."""
    with pytest.raises(ValueError, match=r"out of range|neither RFC 3339 nor a Unix number"):
        parse_instant(value, CHINA)
