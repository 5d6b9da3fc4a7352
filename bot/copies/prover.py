"""Proofs of pairs from what the store holds: what is asked for again and again is kept unpacked."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from bot.campaign import Campaign
from bot.copies.proof import SHARED_LEAST, Proof, Sight, prove, sight
from bot.copies.wholes import least_distance, repeat
from bot.store.media import MediaFacts
from detectors.evidence import MediaEvidence
from detectors.feature_index import FeatureIndex
from detectors.features import Features, codes, unpack

_KEPT: Final = 512  # media whose features are kept unpacked: what is copied just now is mostly copied again
_UNLIKE: Final = 1 << 15  # pairs of which it is remembered that there is no proof


class Prover:
    """Proves pairs of media of which the store holds the evidence. Not for use from several threads."""

    def __init__(self, media: MediaFacts, campaign: Campaign, version: str) -> None:
        self._media, self._campaign, self._version = media, campaign, version
        self.renew()

    def renew(self) -> None:
        """Read anew what everybody shares, and forget what rests on it."""
        banked = self._media.bank()
        shared, features_of = FeatureIndex(), list[Features]()
        for sha256, *_ in banked:
            packed = self._media.features(sha256)
            features = unpack(packed)
            if features is not None:
                shared.add(len(features_of), codes(packed))
                features_of.append(features)
        self._sights: OrderedDict[str, Sight] = OrderedDict()
        self._unlike: set[tuple[str, str]] = set()
        self._shared, self._shared_features = shared, features_of
        self._banked = [pdq for *_, pdqs in banked for pdq in pdqs]
        self.bank = tuple(sha256 for sha256, *_ in banked)  # last: who fails on the way here tries again

    def outdated(self) -> bool:
        """Whether the bank has changed since it was read."""
        return self.bank != tuple(sha256 for sha256, *_ in self._media.bank())

    def proved(self, medium: MediaEvidence, other: str, places: int) -> Proof | None:
        """What a medium proves with another, named by its SHA-256. Without places in common they must be near by their
        hashes, as seen from either side: who searches whom decides on a few bits more or less."""
        unlike = _pair(medium.sha256, other) in self._unlike
        known = None if unlike else self._media.any_evidence(other, self._version)
        return self.pair(medium, known, places) if isinstance(known, MediaEvidence) else None

    def pair(self, medium: MediaEvidence, other: MediaEvidence, places: int) -> Proof | None:
        """The same, where both are at hand."""
        first, second = sorted((medium, other), key=lambda e: e.sha256)
        if first.sha256 == second.sha256:
            return None
        if not places and repeat(first, second, self._campaign) is None:
            return None
        proof = prove(self._sight(first), self._sight(second), self._campaign)
        if proof is None:
            if len(self._unlike) == _UNLIKE:
                self._unlike.clear()
            self._unlike.add(_pair(first.sha256, second.sha256))
        return proof

    def _sight(self, evidence: MediaEvidence) -> Sight:
        """The medium with its features, and which of these lie on what everybody shares."""
        seen = self._sights.get(evidence.sha256)
        if seen is None:
            packed = evidence.features or self._media.features(evidence.sha256)
            shared = (self._shared_features[key] for key, _ in self._shared.sharing(codes(packed), SHARED_LEAST))
            seen = sight(self._unbanked(evidence), unpack(packed), shared, self._campaign)
            self._sights[evidence.sha256] = seen
            if len(self._sights) > _KEPT:
                self._sights.popitem(last=False)
        else:
            self._sights.move_to_end(evidence.sha256)
        return seen

    def _unbanked(self, evidence: MediaEvidence) -> MediaEvidence:
        """Without the panels that are what everybody shares."""
        near = self._campaign.copies.near
        kept = (p for p in evidence.panels if least_distance(p.orientations, self._banked) > near)
        return msgspec.structs.replace(evidence, panels=tuple(kept))


def _pair(one: str, other: str) -> tuple[str, str]:
    return min(one, other), max(one, other)
