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

from bot.awards.canonical import canonical
from bot.errors import UserError
from detectors.evidence import Value

AHEAD: Final = dt.timedelta(hours=1)
"""How long before its randomness a list of entries must be published, at least."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_HEX: Final = re.compile("(?:[0-9a-f]{2})+")
_PARTY: Final = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class Chain(Value):
    """A drand network: round 1 comes at ``genesis`` (Unix seconds), then one every ``period`` seconds."""

    chain: str
    public_key: str
    genesis: int
    period: int

    def time_of(self, number: int) -> dt.datetime:
        """When a round comes."""
        return _EPOCH + dt.timedelta(seconds=self.genesis + (number - 1) * self.period)

    def first_at(self, moment: dt.datetime) -> int:
        """The first round that comes at this moment or later."""
        seconds = -((_EPOCH - moment) // dt.timedelta(seconds=1)) - self.genesis  # rounded up
        return max(1, -(-seconds // self.period) + 1)


QUICKNET: Final = Chain(
    chain="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key="83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    genesis=1692803367,
    period=3,
)
"""The network of the League of Entropy that signs a round every three seconds."""


class DrandRound(Value, tag="drand", tag_field="kind"):
    """The randomness will be this round of this chain."""

    chain: str
    public_key: str
    genesis: int
    period: int
    round: int

    @property
    def due(self) -> dt.datetime:
        """When the round comes."""
        chain = Chain(chain=self.chain, public_key=self.public_key, genesis=self.genesis, period=self.period)
        return chain.time_of(self.round)


class Parties(Value, tag="parties", tag_field="kind"):
    """The randomness will be what these parties reveal; ``promises``: name to SHA-256 of name and secret."""

    not_before: dt.datetime
    promises: dict[str, str]

    @property
    def due(self) -> dt.datetime:
        """From when they may reveal."""
        return self.not_before


Source = DrandRound | Parties


class Beacon(Value):
    """One round as drand publishes it."""

    round: int
    randomness: str
    signature: str


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
            raise UserError(f"party {name!r}: a name has 1 to 40 letters, digits, dots, hyphens and underscores")
        if len(promise) != 64 or not _HEX.fullmatch(promise):
            raise UserError(f"party {name}: a promise is a SHA-256 in 64 small hexadecimal digits")
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


def from_beacon(source: DrandRound, beacon: Beacon) -> bytes:
    """The 32 random bytes of a round. Raises UserError where it is another round, or does not fit its signature.

    That the network signed it is not proved here (BLS12-381): whoever runs the draw asks two hosts of different
    operators, and a reader can look the round up for ever.
    """
    if beacon.round != source.round:
        raise UserError(f"this is round {beacon.round} of drand, and round {source.round} was announced")
    if not all(_HEX.fullmatch(text) for text in (beacon.randomness, beacon.signature)):
        raise UserError("the round's randomness and signature must be hexadecimal")
    digest = hashlib.sha256(bytes.fromhex(beacon.signature)).digest()
    if digest.hex() != beacon.randomness:
        raise UserError(f"round {beacon.round}: its randomness is not the SHA-256 of its signature")
    return digest


def from_reveals(source: Parties, told: Reveals) -> bytes:
    """The 32 random bytes of all secrets together. Raises UserError, which names who is missing or broke a promise."""
    if strangers := sorted(set(told.reveals) - set(source.promises)):
        raise UserError(f"no party of this draw: {', '.join(strangers)}")
    if missing := sorted(set(source.promises) - set(told.reveals)):
        raise UserError(f"not revealed yet: {', '.join(missing)}; without every secret there is no draw")
    for name, secret in told.reveals.items():
        if promise(name, secret) != source.promises[name]:
            raise UserError(f"what {name} reveals is not what {name} promised")
    return hashlib.sha256(canonical(told.reveals)).digest()


Told = Beacon | Reveals


def randomness(source: Source, told: Told) -> bytes:
    """The 32 random bytes. Raises UserError where what is told is not what was announced."""
    if isinstance(source, DrandRound) and isinstance(told, Beacon):
        return from_beacon(source, told)
    if isinstance(source, Parties) and isinstance(told, Reveals):
        return from_reveals(source, told)
    raise UserError(f"this draw waits for {'a drand round' if isinstance(source, DrandRound) else 'secrets'}")


class _Round(msgspec.Struct):
    """A round as a host says it; whatever else it says is left aside."""

    round: int
    randomness: str
    signature: str


def decode_beacon(text: bytes) -> Beacon:
    """A round of drand as a host or a file gives it. Raises ``msgspec.DecodeError``."""
    said = msgspec.json.decode(text, type=_Round)
    return Beacon(round=said.round, randomness=said.randomness, signature=said.signature)


def decode_told(source: Source, text: bytes) -> Told:
    """What a file says. Raises UserError."""
    what = "drand round" if isinstance(source, DrandRound) else "set of secrets"
    try:
        if isinstance(source, DrandRound):
            return decode_beacon(text)
        return msgspec.json.decode(text, type=Reveals)
    except msgspec.DecodeError as error:
        raise UserError(f"this is no {what}: {error}") from None
