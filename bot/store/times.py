"""Times as the database holds them: integer microseconds since 1970 UTC, with sentinels for the unbounded."""

from __future__ import annotations

import datetime as dt

from bot.model import Interval

UNBOUNDED = 2**62
"""Stands for "no bound is known" at the late end, its negative at the early end: beyond any date, within SQLite's
integers.
"""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def to_us(moment: dt.datetime) -> int:
    """Exact microseconds since 1970 of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(value: int) -> dt.datetime:
    """The aware datetime, in UTC, of a number made by ``to_us``."""
    return _EPOCH + dt.timedelta(microseconds=value)


def span(interval: Interval) -> tuple[int, int]:
    """Both ends as integers; an unbounded end becomes the sentinel on its side."""
    earliest = -UNBOUNDED if interval.earliest is None else to_us(interval.earliest)
    latest = UNBOUNDED if interval.latest is None else to_us(interval.latest)
    return min(earliest, latest), latest
