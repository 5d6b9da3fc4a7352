"""The files of a published draw, as bytes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bot.awards.canonical import canonical
from bot.awards.draw import Commitment, Entry, Result
from bot.awards.randomness import Told


def files(
    commitment: Commitment, entries: Sequence[Entry], told: Told | None = None, result: Result | None = None
) -> dict[str, bytes]:
    """What is published before the draw, and with ``told`` and ``result`` after it: file name to content."""
    found = {"commitment.json": commitment.document(), "entries.jsonl": b"".join(e.line + b"\n" for e in entries)}
    if told is not None and result is not None:
        found |= {"beacon.json": canonical(msgspec.to_builtins(told)), "result.json": result.document()}
    return found
