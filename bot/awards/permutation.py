"""Random numbers from a seed, and the one permutation that a draw rests on. Pure; docs/draw.md describes it."""

from __future__ import annotations

import hmac
import itertools
import struct
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_SPAN: Final = 2**32  # how many values a word has


def words(seed: bytes) -> Iterator[int]:
    """Endless 32-bit words: block i is HMAC-SHA256(seed, i as 8 bytes, big-endian), cut into eight words."""
    for counter in itertools.count():
        yield from struct.unpack(">8I", hmac.digest(seed, struct.pack(">Q", counter), "sha256"))


def below(bound: int, stream: Iterator[int]) -> int:
    """A number from 0 to ``bound - 1``, each as likely: words of the incomplete last stretch are thrown away, so that
    the remainder favours none. ``bound`` is 1 to 2**32."""
    usable = _SPAN - _SPAN % bound
    return next(word for word in stream if word < usable) % bound


def shuffled(items: Sequence[T], seed: bytes) -> list[T]:
    """The items in the order that the seed gives (Fisher and Yates, from the front): place i is filled by one of
    those not placed yet."""
    order, stream = list(items), words(seed)
    for place in range(len(order) - 1):
        chosen = place + below(len(order) - place, stream)
        order[place], order[chosen] = order[chosen], order[place]
    return order
