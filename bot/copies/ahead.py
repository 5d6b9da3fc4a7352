"""Finding and proving ahead: beside the one serial step, on a reading connection of its own.

What is found ahead is what the serial step would find among all that was committed at that moment; the serial step
(``bot/copies/linking.py``) adds whoever came since. Proofs are pure on a pair, and samples only become stricter as
pictures come: so the two together try all that the serial step alone would have tried, and the links are the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from bot.campaign import Campaign
from bot.copies.crowds import Crowds
from bot.copies.finder import Finder, Medium
from bot.copies.proof import Proof
from bot.copies.prover import Prover
from bot.store import Store
from detectors.evidence import MediaEvidence
from detectors.features import codes

_PAGES: Final = 4096  # KiB of the database kept in memory: little is asked for twice


class Found(NamedTuple):
    """Whom a medium was held against, among the nodes up to ``upto`` and while everybody shared ``bank``. ``near``:
    who is near by hash, at how many bits; ``tried``: the places at which features agree, and the proof."""

    upto: int
    bank: tuple[str, ...]
    near: Mapping[int, int]
    tried: Mapping[int, tuple[int, Proof | None]]


class Ahead:
    """Reads the store below a directory, which it opens when it is first asked. For use from any thread."""

    def __init__(self, directory: Path, campaign: Campaign, version: str) -> None:
        self._directory, self._campaign, self._version = directory, campaign, version
        self._reading = threading.Lock()
        self._store: Store | None = None
        self._closed = False

    def find(self, evidence: MediaEvidence, indexes: Callable[[], tuple[Finder, Crowds]]) -> Found | None:
        """Find and prove. None where the medium is in the graph already, or after ``close``. ``evidence`` has its
        features with it; ``indexes`` are asked for only once it is known up to where they must reach."""
        with self._reading:
            if self._closed:
                return None
            if self._store is None:
                self._store = Store(self._directory)
                self._store.connection.run("PRAGMA query_only = ON")
                self._store.connection.run(f"PRAGMA cache_size = -{_PAGES}")
                self._prover = Prover(self._store.media, self._campaign, self._version)
            return self._find(self._store, self._prover, evidence, indexes)

    def _find(
        self, store: Store, prover: Prover, evidence: MediaEvidence, indexes: Callable[[], tuple[Finder, Crowds]]
    ) -> Found | None:
        if store.graph.nodes.known(f"m:{evidence.sha256}"):
            return None
        prover.refresh()
        upto = store.graph.nodes.last()
        finder, crowds = indexes()
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
        return Found(upto, prover.bank, {key: near[key] for key in near.keys() & tried.keys()}, tried)

    def close(self) -> None:
        """Wait for who is reading, and read no more; harmless when called twice."""
        with self._reading:
            self._closed = True
            if self._store is not None:
                self._store.close()
                self._store = None
