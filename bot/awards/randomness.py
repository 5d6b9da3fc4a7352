"""Where a draw's randomness comes from, and how to tell that it is the one that was announced. Pure.

Two sources. A round of drand's public beacon: nobody can know it before its time, everybody can look it up afterwards.
Or several parties who each promise a secret beforehand and reveal it afterwards: one honest party suffices.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from bot.awards.beacon import HEX, Beacon, Chain, DrandRound, decode_beacon, from_beacon
from bot.awards.canonical import canonical
from bot.errors import UserError
from detectors.evidence import Value

AHEAD: Final = dt.timedelta(hours=1)
"""How long before its randomness a list of entries must be published, at least."""

_PARTY: Final = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class Parties(Value, tag="parties", tag_field="kind"):
    """The randomness will be what these parties reveal; ``promises``: name to SHA-256 of name and secret."""

    not_before: dt.datetime
    promises: dict[str, str]

    @property
    def due(self) -> dt.datetime:
        """From when they may reveal."""
        return self.not_before


Source = DrandRound | Parties


class Reveals(Value):
    """The parties' secrets by name."""

    reveals: dict[str, str]


def drand_round(chain: Chain, now: dt.datetime, at: dt.datetime | None) -> DrandRound:
    """The first round from ``at`` on (default: an hour from now). Raises UserError where that is too soon."""
    number = chain.first_at(_later(now, at))
    return DrandRound(
        chain=chain.chain, public_key=chain.public_key, genesis=chain.genesis, period=chain.period, round=number
    )


def parties(promises: Mapping[str, str], now: dt.datetime, at: dt.datetime | None) -> Parties:
    """What several parties will reveal. Raises UserError for fewer than two, or for what is no promise."""
    if len(promises) < 2:
        raise UserError("a draw without drand needs two parties or more, of whom one at least is not yours")
    for name, promise in promises.items():
        if not _PARTY.fullmatch(name):
            raise UserError(
                "party {name}: a name has 1 to 40 letters, digits, dots, hyphens and underscores", name=f"{name!r}"
            )
        if len(promise) != 64 or not HEX.fullmatch(promise):
            raise UserError("party {name}: a promise is a SHA-256 in 64 small hexadecimal digits", name=name)
    return Parties(not_before=_later(now, at).replace(microsecond=0), promises=dict(sorted(promises.items())))


def _later(now: dt.datetime, at: dt.datetime | None) -> dt.datetime:
    soonest = (now + AHEAD).replace(microsecond=0) + dt.timedelta(seconds=1)
    if at is None:
        return soonest
    if at < now + AHEAD:
        raise UserError("the randomness must come an hour from now or later: people need time to keep the list")
    return at.astimezone(dt.UTC)


def promise(name: str, secret: str) -> str:
    """What a party publishes beforehand. The name is in it, so that nobody can promise another's secret as theirs."""
    return hashlib.sha256(canonical([name, secret])).hexdigest()


def from_reveals(source: Parties, told: Reveals) -> bytes:
    """The 32 random bytes of all secrets together. Raises UserError, which names who is missing or broke a promise."""
    if strangers := sorted(set(told.reveals) - set(source.promises)):
        raise UserError("no party of this draw: {names}", names=", ".join(strangers))
    if missing := sorted(set(source.promises) - set(told.reveals)):
        raise UserError("not revealed yet: {names}; without every secret there is no draw", names=", ".join(missing))
    for name, secret in told.reveals.items():
        if promise(name, secret) != source.promises[name]:
            raise UserError("what {name} reveals is not what {name} promised", name=name)
    return hashlib.sha256(canonical(told.reveals)).digest()


Told = Beacon | Reveals


def randomness(source: Source, told: Told) -> bytes:
    """The 32 random bytes. Raises UserError where what is told is not what was announced."""
    if isinstance(source, DrandRound):
        if not isinstance(told, Beacon):
            raise UserError("this draw waits for a round of drand, not for secrets")
        return from_beacon(source, told)
    if not isinstance(told, Reveals):
        raise UserError("this draw waits for secrets, not for a round of drand")
    return from_reveals(source, told)


def decode_told(source: Source, text: bytes) -> Told:
    """What a file says. Raises UserError."""
    try:
        return decode_beacon(text) if isinstance(source, DrandRound) else msgspec.json.decode(text, type=Reveals)
    except msgspec.DecodeError as error:
        raise UserError("this is not what the draw waits for: {error}", error=error) from None
