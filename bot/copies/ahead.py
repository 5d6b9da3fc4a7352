"""Finding and proving ahead: beside the one serial step, on a reading connection of its own.

What is found ahead is what the serial step would find among all that was committed at that moment; the serial step
(``bot/copies/linking.py``) adds whoever came since. Proofs are pure on a pair, and within one *stage* of the indexes
samples only become stricter: so the two together try all that the serial step alone would have tried, and the links are
the same. A change of the bank, and a transaction that is rolled back, begin another stage.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from bot.campaign import Campaign
from bot.copies.candidates import by_hash
from bot.copies.crowds import Crowds
from bot.copies.finder import Finder, Medium
from bot.copies.parts import CROWD
from bot.copies.pending import Met, Pending
from bot.copies.proof import Proof
from bot.copies.prover import Prover
from bot.store import Store
from detectors.evidence import MediaEvidence
from detectors.features import Codes, codes

_KEPT: Final = 16_384  # tries kept for posts that are still to be related, of some of which that never comes
_PAGES: Final = 4096  # KiB of the database kept in memory: little is asked for twice


class Indexes(NamedTuple):
    """What may be searched from any thread. ``stage`` is another object once samples may have become wider."""

    finder: Finder
    crowds: Crowds
    stage: object


class Found(NamedTuple):
    """Whom a medium was held against, among the nodes up to ``upto``, at a stage, and while everybody shared ``bank``.
    ``near``: who is near by hash, at how many bits; ``tried``: the places at which features agree, and the proof.
    ``met``: how it stands to those in flight, and ``beside``, what of these it was tried with proves, by SHA-256.
    ``words``: its features, as the indexes know them."""

    upto: int
    stage: object
    bank: tuple[str, ...]
    near: Mapping[int, int]
    tried: Mapping[int, tuple[int, Proof | None]]
    met: Met
    beside: Mapping[str, Proof | None]
    words: Codes


class Ahead:
    """Reads the store below a directory, which it opens when it is first asked, and keeps what it found until that is
    taken. For use from any thread."""

    def __init__(self, directory: Path, campaign: Campaign, version: str) -> None:
        self._directory, self._campaign, self._version = directory, campaign, version
        self._reading, self._keeping = threading.Lock(), threading.Lock()
        self._opened: tuple[Store, Prover] | None = None
        self._closed = False
        self._found: OrderedDict[str, Found] = OrderedDict()
        self._pending = Pending()

    def find(self, evidence: MediaEvidence, indexes: Callable[[], Indexes]) -> None:
        """Find and prove, unless the medium is in the graph already, and keep that. ``evidence`` has its features with
        it; ``indexes`` are asked for only once it is known up to where they must reach."""
        with self._reading:
            if self._closed:
                return
            try:
                store, prover = self._opened = self._opened or self._open()
                found = self._find(store, prover, evidence, indexes)
            except BaseException:
                self._drop()  # whatever is half done; the next one opens anew
                raise
        if found is not None:
            self._keep(evidence.sha256, found)

    def take(self, sha256: str) -> Found | None:
        """What was found for a medium, once."""
        with self._keeping:
            return self._found.pop(sha256, None)

    def close(self) -> None:
        """Wait for who is reading just now, and read no more; harmless when called twice."""
        self._closed = True
        with self._reading:
            self._drop()

    def _keep(self, sha256: str, found: Found) -> None:
        with self._keeping:
            self._found.pop(sha256, None)
            self._found[sha256] = found
            while sum(len(one.tried) + len(one.beside) + 1 for one in self._found.values()) > _KEPT:
                self._found.popitem(last=False)

    def _open(self) -> tuple[Store, Prover]:
        store = Store(self._directory)
        try:
            store.connection.run("PRAGMA query_only = ON")
            store.connection.run(f"PRAGMA cache_size = -{_PAGES}")
            return store, Prover(store.media, self._campaign, self._version)
        except BaseException:
            store.close()
            raise

    def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()
        self._pending = Pending(self._pending.number)

    def _find(
        self, store: Store, prover: Prover, evidence: MediaEvidence, indexes: Callable[[], Indexes]
    ) -> Found | None:
        if store.graph.nodes.known(f"m:{evidence.sha256}"):
            return None
        if prover.outdated():
            prover.renew()
        upto = store.graph.nodes.last()
        finder, crowds, stage = indexes()
        medium = Medium(0, evidence, codes(evidence.features))
        near = {key: bits for key, bits in finder.near(medium, self._campaign.copies.near).items() if key <= upto}
        tried: dict[int, tuple[int, Proof | None]] = {}

        def prove(other: int, places: int) -> Proof | None:
            proof = prover.proved(evidence, store.graph.key(other)[2:], places)
            tried[other] = places, proof
            return proof

        batches = (
            ({key: places for key, places in found.items() if key <= upto}, bound)
            for found, bound in finder.batches(medium, near, crowds.open_to)
        )
        for _ in crowds.linked(medium.position, near, batches, prove):
            pass  # whom ``prove`` was asked for, and what it said, is all there is to keep
        met = self._pending.meet(medium, self._campaign.copies.near)
        beside = {
            sha256: prover.pair(evidence, self._pending.evidence(sha256), met.places.get(sha256, 0))
            for sha256 in _likely(met, tried.values())
            if not store.graph.nodes.known(f"m:{sha256}")
        }
        self._pending.keep(medium)
        near = {key: near[key] for key in near.keys() & tried.keys()}
        return Found(upto, stage, prover.bank, near, tried, met, beside, medium.words)


def _likely(met: Met, tried: Iterable[tuple[int, Proof | None]]) -> set[str]:
    """Whom of those in flight the sample of a medium may have room for, and who is near by hash."""
    doubtful = sorted((places for places, proof in tried if proof is not None and proof.doubtful), reverse=True)
    least = doubtful[CROWD - 1] if len(doubtful) >= CROWD else 0
    near = by_hash(met.near, {sha256: met.places.get(sha256, 0) for sha256 in met.near})
    return near | {sha256 for sha256, places in met.places.items() if places >= least}
