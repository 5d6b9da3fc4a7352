"""Times as they come in: RFC 3339, or a Unix number in s, ms, us or ns by magnitude. Pure.

Nothing here passes through binary floating point, and what is finer than a microsecond is cut off, never rounded up:
the last nanosecond before a deadline stays before it.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_FLOOR, Context, Decimal

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?"
)
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_MAGNITUDES = ((10**11, -6), (10**14, -3), (10**17, 0))
"""Below the first number the unit is a second, and so on; the second is the exponent of a microsecond in that unit."""
_NANOSECONDS = 3
_EXACT = Context(prec=100, rounding=ROUND_FLOOR)


def parse_instant(value: str | int | Decimal, zone: dt.tzinfo) -> tuple[dt.datetime, bool]:
    """The instant, in UTC, and whether its zone had to be assumed to be ``zone`` because it named none.

    Raises ``ValueError`` with a short reason for anything else.
    """
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) is None:
            return _rfc3339(value, zone)
        value = Decimal(value)
    return _unix(Decimal(value)), False


def _unix(number: Decimal) -> dt.datetime:
    if not number.is_finite() or number.adjusted() > 20:
        raise ValueError("out of range")
    exponent = next((exponent for below, exponent in _MAGNITUDES if number < below), _NANOSECONDS)
    whole = number.quantize(Decimal((0, (1,), exponent)), context=_EXACT)
    try:
        return EPOCH + dt.timedelta(microseconds=int(whole.scaleb(-exponent, context=_EXACT)))
    except OverflowError:
        raise ValueError("out of range") from None


def _rfc3339(text: str, zone: dt.tzinfo) -> tuple[dt.datetime, bool]:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("neither RFC 3339 nor a Unix number")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, utc, sign, hours, minutes = match.groups()[6:]
    leap = second == 60  # a leap second is the instant after it, as in Unix time
    assumed = utc is None and sign is None
    try:
        if utc is not None:
            zone = dt.UTC
        elif sign is not None:
            if int(minutes) > 59:
                raise ValueError("out of range")
            offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
            zone = dt.timezone(offset if sign == "+" else -offset)
        micro = 0 if leap or fraction is None else int(fraction[:6].ljust(6, "0"))
        moment = dt.datetime(year, month, day, hour, minute, 59 if leap else second, micro, zone).astimezone(dt.UTC)
        return moment + dt.timedelta(seconds=leap), assumed
    except (ValueError, OverflowError):
        raise ValueError("out of range") from None
