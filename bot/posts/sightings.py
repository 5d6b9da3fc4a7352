"""One distinct snapshot of a post from one source, and when it was seen. Pure.

The store keeps one ``Sighting`` per (post, source, digest). Widening one (``join``) and adding one are the only ways
that what is known of a post grows, so the state is a join-semilattice: the order of deliveries cannot matter.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from bot.model import Snapshot
from detectors.evidence import Value

T = TypeVar("T")

RANKS = {"gate_square": 1}
"""Search is partial and cached, so it yields to every source that is not named here (rank 0)."""

REPLAYED = frozenset({"jsonl"})
"""Sources that may be read again at any time: seeing a snapshot there again does not say that it was still true."""

_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_encode = msgspec.json.Encoder(order="deterministic").encode


class Sighting(Value):
    """``not_before``: the proven lower bound of the post's appearance that held at the first sight, None where nothing
    bounded it. ``digest``: that of the snapshot."""

    source: str
    snapshot: Snapshot
    first_observed: dt.datetime
    last_observed: dt.datetime
    digest: str
    not_before: dt.datetime | None = None

    @property
    def observed(self) -> dt.datetime:
        """When this was last seen to be so."""
        return self.first_observed if self.source in REPLAYED else self.last_observed

    def looks(self) -> Iterator[dt.datetime]:
        """The instants at which the snapshot is known to have been true, as far as they are kept."""
        yield self.first_observed
        yield self.observed
        if self.snapshot.edited_at is not None:
            yield self.snapshot.edited_at

    @property
    def since(self) -> dt.datetime:
        """The earliest instant at which the snapshot is known to have been true."""
        return min(self.looks())


def digest(snapshot: Snapshot) -> str:
    """SHA-256, in hex, of the snapshot's canonical JSON: equal for equal snapshots, whatever offset their times had."""
    utc = {
        name: moment.astimezone(dt.UTC)
        for name in ("created_at", "edited_at")
        if (moment := getattr(snapshot, name)) is not None and moment.tzinfo is not dt.UTC
    }
    return hashlib.sha256(_encode(msgspec.structs.replace(snapshot, **utc) if utc else snapshot)).hexdigest()


def join(a: Sighting, b: Sighting) -> Sighting:
    """The least sighting that covers both, which must be of one source and one snapshot (else ``ValueError``).
    Commutative, associative, idempotent."""
    if (a.source, a.digest, a.snapshot.id) != (b.source, b.digest, b.snapshot.id):
        raise ValueError("only sightings of one snapshot from one source can be joined")
    first = min(a.first_observed, b.first_observed)
    bounds = [s.not_before for s in (a, b) if s.first_observed == first and s.not_before is not None]
    return msgspec.structs.replace(
        a,
        first_observed=first,
        last_observed=first if a.source in REPLAYED else max(a.last_observed, b.last_observed),
        not_before=max(bounds, default=None),
    )


def in_order(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The distinct sightings of one post, oldest snapshot first. ``ValueError`` where they are of none or several."""
    distinct: dict[tuple[str, str], Sighting] = {}
    for sighting in sightings:
        key = (sighting.source, sighting.digest)
        known = distinct.get(key)
        distinct[key] = sighting if known is None else join(known, sighting)
    if len({s.snapshot.id for s in distinct.values()}) != 1:
        raise ValueError("sightings of exactly one post are needed")
    return sorted(distinct.values(), key=_newness)


def _newness(sighting: Sighting) -> tuple[dt.datetime, dt.datetime, str, str]:
    return sighting.snapshot.edited_at or _NEVER, sighting.observed, sighting.digest, sighting.source


def rank(sighting: Sighting) -> int:
    """How far the sighting's source stands behind the best: 0 is heard first."""
    return RANKS.get(sighting.source, 0)


def stream(seen: list[Sighting], knows: Callable[[Snapshot], bool]) -> list[Sighting]:
    """Of ``seen``, those of the best rank whose snapshots ``knows`` something, in the same order."""
    knowing = [s for s in seen if knows(s.snapshot)]
    best = min(map(rank, knowing), default=0)
    return [s for s in knowing if rank(s) == best]


def newest(seen: list[Sighting], get: Callable[[Snapshot], T | None]) -> T | None:
    """The value of one field: from the best rank that knows it, there from the newest snapshot."""
    if len(seen) == 1:
        return get(seen[0].snapshot)
    knowing = stream(seen, lambda snapshot: get(snapshot) is not None)
    return get(knowing[-1].snapshot) if knowing else None


def changes(seen: list[Sighting], get: Callable[[Snapshot], T | None]) -> list[tuple[Sighting, Sighting]]:
    """Where one field's value changes along its stream: (last with the old value, first with the new one)."""
    if len(seen) == 1:
        return []
    knowing = stream(seen, lambda snapshot: get(snapshot) is not None)
    return [(a, b) for a, b in itertools.pairwise(knowing) if get(a.snapshot) != get(b.snapshot)]
