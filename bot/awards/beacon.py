"""Rounds of drand's public beacon: when they come, and whether the network signed them. Pure.

The scheme is quicknet's, "bls-unchained-g1-rfc9380": what is signed is the SHA-256 of the round's number in 8 bytes,
big-endian, hashed to the curve BLS12-381 as RFC 9380 says; the signature is a point of its group G1, the key one of G2.
A round has one such signature and no other, and its randomness is the signature's SHA-256: there is nothing to choose.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Final

import msgspec
from py_arkworks_bls12381 import GT, G1Point, G2Point

from bot.errors import ConfigError, UserError
from bot.settings import Draw
from detectors.evidence import Value

HEX: Final = re.compile("(?:[0-9a-f]{2})+")

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SUITE: Final = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # of signatures in G1, as the BLS draft names it


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


class Beacon(Value):
    """One round as drand publishes it."""

    round: int
    randomness: str
    signature: str


def chain_of(settings: Draw) -> Chain:
    """The network that the settings name. Raises ConfigError where its facts do not give its hash: one is mistyped."""
    try:
        key, group = bytes.fromhex(settings.public_key), bytes.fromhex(settings.group_hash)
        facts = settings.period.to_bytes(4, "big") + settings.genesis.to_bytes(8, "big") + key + group
        G2Point.from_compressed_bytes(key)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            "[draw] public_key, group_hash, genesis or period is not what drand tells: {error}", error=error
        ) from None
    if hashlib.sha256(facts + settings.beacon_id.encode()).hexdigest() != settings.chain:
        raise ConfigError("[draw] chain is not the hash of the other facts: copy all from HOST/CHAIN/info of drand")
    return Chain(chain=settings.chain, public_key=settings.public_key, genesis=settings.genesis, period=settings.period)


def from_beacon(source: DrandRound, beacon: Beacon) -> bytes:
    """The 32 random bytes of a round. Raises UserError where it is another round, or the network did not sign it."""
    if beacon.round != source.round:
        raise UserError(
            "this is round {number} of drand, and round {announced} was announced",
            number=beacon.round,
            announced=source.round,
        )
    if not all(HEX.fullmatch(text) for text in (beacon.randomness, beacon.signature)):
        raise UserError("the round's randomness and signature must be hexadecimal")
    signature = bytes.fromhex(beacon.signature)
    if not _signed(source, signature):
        raise UserError("round {number}: the signature is not that of drand's network", number=beacon.round)
    digest = hashlib.sha256(signature).digest()
    if digest.hex() != beacon.randomness:
        raise UserError("round {number}: its randomness is not the SHA-256 of its signature", number=beacon.round)
    return digest


def message(number: int) -> bytes:
    """What the network signs of a round."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def _signed(source: DrandRound, signature: bytes) -> bool:
    """Whether e(signature, generator of G2) = e(message, key)."""
    try:
        point = G1Point.from_compressed_bytes(signature)
        key = G2Point.from_compressed_bytes(bytes.fromhex(source.public_key))
    except ValueError:
        return False
    return GT.pairing_check([point, -G1Point.hash_to_curve(message(source.round), _SUITE)], [G2Point(), key])


class _Round(msgspec.Struct):
    """A round as a host says it; whatever else it says is left aside."""

    round: int
    randomness: str
    signature: str


def decode_beacon(text: bytes) -> Beacon:
    """A round of drand as a host or a file gives it. Raises ``msgspec.DecodeError``."""
    said = msgspec.json.decode(text, type=_Round)
    return Beacon(round=said.round, randomness=said.randomness, signature=said.signature)
