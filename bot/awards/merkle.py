"""A Merkle tree over lines of bytes, as RFC 6962, section 2.1, defines it. Pure.

Leaves and inner nodes are hashed with different first bytes, so that none can pass for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(line: bytes) -> bytes:
    """SHA-256 of a zero byte and the line."""
    return hashlib.sha256(_LEAF + line).digest()


def root(lines: Sequence[bytes]) -> bytes:
    """The root over the lines in their order: 32 bytes. The root of no lines is the SHA-256 of nothing."""
    top = levels(lines)[-1]
    return top[0] if top else hashlib.sha256(b"").digest()


def levels(lines: Sequence[bytes]) -> list[list[bytes]]:
    """All hashes of the tree, from the leaves up to the root alone."""
    found = [[leaf_hash(line) for line in lines]]
    while len(found[-1]) > 1:
        found.append(_parents(found[-1]))
    return found


def path(tree: Sequence[Sequence[bytes]], index: int) -> tuple[tuple[str, bytes], ...]:
    """What is needed to get from one line to the root: ("left" or "right", sibling's hash), from the leaf upwards.
    ``tree``: its levels."""
    found = []
    for level in tree[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            found.append(("left" if sibling < index else "right", level[sibling]))
        index //= 2
    return tuple(found)


def follow(line: bytes, steps: Sequence[tuple[str, bytes]]) -> bytes:
    """The root that a line and its path lead to."""
    here = leaf_hash(line)
    for side, sibling in steps:
        here = hashlib.sha256(_NODE + (sibling + here if side == "left" else here + sibling)).digest()
    return here


def _parents(level: list[bytes]) -> list[bytes]:
    """The level above. A last one without a sibling moves up as it is, which gives the tree of the RFC."""
    pairs = [hashlib.sha256(_NODE + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) - len(level) % 2 :]
