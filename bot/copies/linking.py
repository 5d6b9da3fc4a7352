"""Which pictures are linked: *find*, *prove*, *link*, for one medium at a time.

*find* asks the indexes for everything within the campaign's distance, or with local features in common. *prove*
(``bot/copies/proof.py``) is pure on a pair of media, ordered by hash, so that it gives the same whichever of the two
came first. *link* writes what is proven into the graph, in the caller's transaction.

Which pairs are linked is a function of the set of media: those whose hashes suffice, and those of whom one belongs to
the other's sample (``bot/copies/candidates.py``). A newcomer may take its place in the sample of a picture that is
crowded, and what falls out of it is then untied.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.campaign import Campaign
from bot.copies.candidates import batches, by_hash, proved
from bot.copies.crowds import Crowds
from bot.copies.proof import SHARED_LEAST, Proof, Sight, prove, sight
from bot.copies.wholes import Print, hashes, least_distance, panels, repeat
from bot.store import Store
from bot.store.graph import prints
from detectors.evidence import MediaEvidence
from detectors.feature_index import FeatureIndex
from detectors.features import Codes, Features, codes, unpack
from detectors.nearest import TURN_SLACK, HashIndex

_KEPT = 512  # media whose features are kept unpacked: what is copied just now is mostly copied again
_UNLIKE = 1 << 16  # pairs of which it is remembered that there is no proof


@dataclass(frozen=True, eq=False)
class _Medium:
    """A node's medium as the indexes know it."""

    node: int
    evidence: MediaEvidence
    words: Codes

    @property
    def prints(self) -> list[Print]:
        return [*hashes(self.evidence), *panels(self.evidence)]


class Linker:
    """The indexes of pictures in memory, and their links in the store. Not for use from several threads."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store, self._campaign, self._version = store, campaign, version
        self._hashes, self._features, self._crowds = HashIndex(), FeatureIndex(), Crowds()
        nodes: list[int] = []
        held: list[bytes] = []
        for media in store.graph.contents("media"):
            self._crowds.add([node for node, _, _ in media], [key[2:] for _, key, _ in media])
            named, hashes_of = prints(media)
            nodes += named
            held.append(hashes_of)
        self._hashes.fill(nodes, b"".join(held))
        self._features.fill((node, codes(packed)) for node, packed in store.media.feature_codes())
        self._crowds.settle_all(store.graph.partial_links.all_doubtful())
        self.forget_bank()

    def forget_bank(self) -> None:
        """Read anew what everybody shares: at start, and after the bank has changed."""
        self._sights: OrderedDict[str, Sight] = OrderedDict()
        self._unlike: set[tuple[int, int]] = set()
        self._shared = FeatureIndex()
        self._shared_features: list[Features] = []
        self._bank = self._bank_now()
        self._banked = [pdq for *_, pdqs in self._store.media.bank() for pdq in pdqs]
        for sha256, *_ in self._store.media.bank():
            packed = self._store.media.features(sha256)
            features = unpack(packed)
            if features is not None:
                self._shared.add(len(self._shared_features), codes(packed))
                self._shared_features.append(features)

    def bank_changed(self, sha256: str) -> set[str]:
        """A picture has entered the bank or left it: whatever shows it is found and proved anew, and the samples are
        filled up in which it leaves a gap. Returns the posts whose relations may change."""
        self.forget_bank()
        changed: set[str] = set()
        partial, crowded = self._store.graph.partial_links, set()
        shown = codes(self._store.media.features(sha256))
        nodes = [node for node, _ in self._features.sharing(shown, SHARED_LEAST)]
        for node in nodes:
            partners = partial.doubtful(node)
            changed |= self._store.graph.unlink(node)
            for other in (node, *partners):
                crowded |= {other} if self._crowds.crowded(other) else set()
                self._crowds.settle(other, partial.doubtful(other))
        for node in sorted({*nodes, *crowded}):
            medium = self._medium(node)
            if medium is not None:
                changed |= self._link_all(medium)
        return changed

    def add(self, evidence: MediaEvidence) -> tuple[int, set[str]]:
        """The node of a medium, linked to all that is like it, and the posts whose relations may change with it."""
        whole: list[Print] = [*hashes(evidence), *panels(evidence)]
        content = evidence.kind[:1].encode() + b"".join(bytes.fromhex(print_.pdq) for print_ in whole)
        node, new = self._store.graph.node(f"m:{evidence.sha256}", "media", content)
        if not new:
            return node, set()
        if self._bank != self._bank_now():
            self.forget_bank()
        label = self.label(evidence)
        if label is not None:
            self._store.graph.declare_common(node, label)
        words = codes(self._store.media.features(evidence.sha256))
        self._crowds.add([node], [evidence.sha256])
        for print_ in whole:
            self._hashes.add(node, print_.pdq)
        self._features.add(node, words)
        changed = self._link_all(_Medium(node, evidence, words))
        return node, changed | self._store.pairs.met(evidence.sha256)

    def label(self, evidence: MediaEvidence) -> str | None:
        """Whether this whole picture is one that everybody shares: "official:ASSET", "common:LABEL", else None."""
        if evidence.kind != "image":
            return None
        nearest = min(evidence.resemblances, key=lambda r: (r.distance, r.asset), default=None)
        if nearest is not None and nearest.distance <= self._campaign.copies.official:
            return f"official:{nearest.asset}"
        for sha256, label, kind, pdqs in self._store.media.bank():
            views = [v for f in hashes(evidence) for v in f.orientations]
            if sha256 == evidence.sha256 or least_distance(views, pdqs) <= self._campaign.copies.near:
                return f"{kind}:{label}"
        return None

    def _link_all(self, medium: _Medium) -> set[str]:
        """Prove what may be like this medium, and link it; then settle it, and whoever has it in a sample."""
        node, changed, met = medium.node, set[str](), dict[int, int]()
        near = self._near(medium)
        asking: set[int] = set()

        def always(places: Mapping[int, int]) -> set[int]:
            asking.update(self._crowds.asking(node, places))
            return asking | by_hash(near, places)

        for one in proved(
            batches(self._features, medium.words, near, self._crowds.open_to),
            lambda others: self._crowds.ranks(node, others),
            always,
            lambda other, places: self._proved(medium, other, places),
        ):
            if one.within or one.by_hash or one.key in asking:
                agree, proof = 0 if one.by_hash else one.places, one.proof
                detail = proof.detail(self._campaign)
                changed |= self._store.graph.link(node, one.key, proof.kind, proof.distance, detail, agree)
                met |= {one.key: agree} if proof.doubtful else {}
        for touched in sorted({node} | self._crowds.asking(node, met)):
            changed |= self._settle(touched)
        return changed

    def _settle(self, node: int) -> set[str]:
        """Say where the sample of a picture ends now, and untie what is beyond it."""
        partial = self._store.graph.partial_links
        self._crowds.settle(node, partial.doubtful(node))
        links, changed = partial.tried(node) if self._crowds.crowded(node) else {}, set[str]()
        for other in sorted(self._crowds.beyond(node, {other: places for other, (_, places) in links.items()})):
            changed |= self._store.graph.untie(node, other, links[other][0])
        return changed

    def _near(self, medium: _Medium) -> dict[int, int]:
        """Who is near by hash, at how many bits."""
        radius, near = self._campaign.copies.near + TURN_SLACK, dict[int, int]()
        for print_ in medium.prints:
            for key, bits in self._hashes.within(print_.orientations, radius):
                near[key] = min(bits, near.get(key, bits))
        near.pop(medium.node, None)
        return near

    def _medium(self, node: int) -> _Medium | None:
        sha256 = self._sha(node)
        evidence = self._store.media.any_evidence(sha256, self._version)
        if not isinstance(evidence, MediaEvidence):
            return None
        return _Medium(node, evidence, codes(self._store.media.features(sha256)))

    def _sha(self, node: int) -> str:
        return self._store.graph.key(node)[2:]

    def _proved(self, medium: _Medium, other: int, places: int) -> Proof | None:
        """What two media prove. Without places in common they must be near by their hashes, as seen from either side:
        who searches whom decides on a few bits more or less."""
        pair = (min(medium.node, other), max(medium.node, other))
        known = None if pair in self._unlike else self._store.media.any_evidence(self._sha(other), self._version)
        if not isinstance(known, MediaEvidence) or other == medium.node:
            return None
        first, second = sorted((medium.evidence, known), key=lambda e: e.sha256)
        if not places and repeat(first, second, self._campaign) is None:
            return None
        proof = prove(self._sight(first), self._sight(second), self._campaign)
        if proof is None:
            if len(self._unlike) == _UNLIKE:
                self._unlike.clear()
            self._unlike.add(pair)
        return proof

    def _sight(self, evidence: MediaEvidence) -> Sight:
        """The medium with its features, and which of these lie on what everybody shares."""
        seen = self._sights.get(evidence.sha256)
        if seen is None:
            packed = self._store.media.features(evidence.sha256)
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

    def _bank_now(self) -> tuple[str, ...]:
        return tuple(sha256 for sha256, *_ in self._store.media.bank())
