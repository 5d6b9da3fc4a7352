"""The draw: who is in it, what is published beforehand, and the order that comes out. Pure; docs/draw.md describes it.

Everything public is bytes in one canonical form, so that a stranger can check it without this program
(``verify_draw.py``, written apart from this file).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from bot.awards import merkle, randomness
from bot.awards.canonical import canonical
from bot.awards.permutation import shuffled
from bot.model import Status
from detectors.evidence import Value

FORMAT: Final = "gatewarden-draw-1"
SAME_UNIT: Final = "draw.same_person"
NAMELESS: Final = "draw.author_unknown"
WAITING: Final = "draw.not_decided"


class Candidate(Value):
    """A judged post as the draw sees it. ``codes``: the reasons that kept it from being eligible."""

    post_id: str
    author_id: str | None
    person: str | None
    status: Status
    codes: tuple[str, ...] = ()

    @property
    def unit(self) -> str | None:
        """Who draws: the verified person where one is known, else the account. None: nobody is known."""
        if self.person is not None:
            return f"person:{self.person}"
        return None if self.author_id is None else f"author:{self.author_id}"


class Entry(Value):
    """One post in the frozen list. ``out``: why it does not draw; None where it does. ``entry`` hides the post
    behind ``salt``, which only its author is told; ``unit``: who draws with it. All but ``entry`` and ``out`` may be
    erased."""

    entry: str
    out: tuple[str, ...] | None
    post_id: str | None
    unit: str | None
    salt: str | None

    @property
    def line(self) -> bytes:
        """What is published of it."""
        return canonical({"entry": self.entry, "out": self.out})


class Commitment(Value):
    """What is published before the randomness is known. ``entries``: lines of the list; ``drawn_from``: those of them
    that draw; ``root``: of the Merkle tree over the lines."""

    format: str
    campaign: str
    campaign_version: str
    committed_at: dt.datetime
    root: str
    entries: int
    drawn_from: int
    randomness: randomness.Source

    def document(self) -> bytes:
        """Its canonical bytes."""
        return canonical(_plain(self))


class Result(Value):
    """What came out. ``ranking``: every entry that draws, the first the first to win, the tail the alternates.
    ``commitment``: SHA-256 of the commitment's document."""

    format: str
    commitment: str
    randomness: str
    seed: str
    ranking: tuple[str, ...]

    def document(self) -> bytes:
        """Its canonical bytes."""
        return canonical(_plain(self))


def entry_name(post_id: str, salt: str) -> str:
    """A post as a hash that says nothing to whoever lacks the salt (32 hexadecimal digits)."""
    return hmac.digest(bytes.fromhex(salt), post_id.encode(), "sha256").hex()


def freeze(candidates: Sequence[Candidate], salt: Callable[[], str]) -> tuple[Entry, ...]:
    """The list of entries, in the order of their hashes, which tells nothing.

    Every judged post is in it: an eligible one draws, unless its author is unknown or it is not the first (by length
    of id, then id) of its unit; all others carry their reasons.
    """
    seen: set[str] = set()
    entries = []
    for candidate in sorted(candidates, key=lambda c: (len(c.post_id), c.post_id)):
        unit, secret = candidate.unit, salt()
        out = _why_out(candidate, unit, seen)
        if out is None and unit is not None:
            seen.add(unit)
        name = entry_name(candidate.post_id, secret)
        entries.append(Entry(entry=name, out=out, post_id=candidate.post_id, unit=unit, salt=secret))
    return tuple(sorted(entries, key=lambda e: e.entry))


def _why_out(candidate: Candidate, unit: str | None, seen: set[str]) -> tuple[str, ...] | None:
    if candidate.status != "eligible":
        return tuple(sorted(set(candidate.codes))) or (WAITING,)
    if unit is None:
        return (NAMELESS,)
    return (SAME_UNIT,) if unit in seen else None


def commit(
    campaign: str, version: str, entries: Sequence[Entry], source: randomness.Source, now: dt.datetime
) -> Commitment:
    """The commitment to these entries, in their order, and to this randomness."""
    return Commitment(
        format=FORMAT,
        campaign=campaign,
        campaign_version=version,
        committed_at=now.astimezone(dt.UTC).replace(microsecond=0),
        root=root(entries),
        entries=len(entries),
        drawn_from=sum(entry.out is None for entry in entries),
        randomness=source,
    )


def root(entries: Sequence[Entry]) -> str:
    """The Merkle root over what is published of the entries."""
    return merkle.root([entry.line for entry in entries]).hex()


def draw(commitment: Commitment, entries: Sequence[Entry], told: randomness.Told) -> Result:
    """The permutation of all entries that draw. Raises UserError where the randomness is not the announced one."""
    digest, random = hashlib.sha256(commitment.document()), randomness.randomness(commitment.randomness, told)
    seed = hmac.digest(random, FORMAT.encode() + digest.digest(), "sha256")
    return Result(
        format=FORMAT,
        commitment=digest.hexdigest(),
        randomness=random.hex(),
        seed=seed.hex(),
        ranking=tuple(shuffled([entry.entry for entry in entries if entry.out is None], seed)),
    )


def _plain(value: Value) -> Any:
    """As JSON values; times in UTC with whole seconds and a Z."""
    return msgspec.to_builtins(value)
