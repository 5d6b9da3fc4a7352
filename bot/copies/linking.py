"""Which pictures are linked: *find*, *prove*, *link*, for one medium at a time.

*find* (``finder.py``) asks the indexes for everything within the campaign's distance, or with local features in common.
*prove* (``prover.py``, ``proof.py``) is pure on a pair of media, ordered by hash, so that it gives the same whichever
came first. *link* writes what is proven into the graph, in the caller's transaction. The first two are mostly done
beforehand, beside this one serial step (``ahead.py``), which then only sees to whoever came since.

Which pairs are linked is a function of the set of media: those whose hashes suffice, and those of whom one belongs to
the other's sample (``bot/copies/candidates.py``). A newcomer may take its place in the sample of a picture that is
crowded, and what falls out of it is then untied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.campaign import Campaign
from bot.copies.ahead import Found, Indexes
from bot.copies.candidates import Batch
from bot.copies.crowds import Crowds
from bot.copies.finder import Finder, Medium
from bot.copies.proof import SHARED_LEAST, Proof
from bot.copies.prover import Prover
from bot.copies.wholes import hashes, held, least_distance
from bot.store import Store
from bot.store.nodes import prints
from detectors.evidence import MediaEvidence
from detectors.features import codes


class Linker:
    """The indexes of pictures in memory, and their links in the store. Not for use from several threads, but for
    ``indexes``."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store, self._campaign, self._version = store, campaign, version
        self._finder, self._crowds, self._stage = Finder(), Crowds(), object()
        self._prover = Prover(store.media, campaign, version)
        nodes: list[int] = []
        held: list[bytes] = []
        for media in store.graph.nodes.contents("media"):
            self._crowds.add([node for node, _, _ in media], [key[2:] for _, key, _ in media])
            named, hashes_of = prints(media)
            nodes += named
            held.append(hashes_of)
        self._finder.hashes.fill(nodes, b"".join(held))
        self._finder.features.fill((node, codes(packed)) for node, packed in store.media.feature_codes())
        self._crowds.settle_all(store.graph.partial_links.all_doubtful())

    def indexes(self) -> Indexes:
        """What may be searched from other threads."""
        return Indexes(self._finder, self._crowds, self._stage)

    def bank_changed(self, sha256: str) -> set[str]:
        """A picture has entered the bank or left it: whatever shows it is found and proved anew, and the samples are
        filled up in which it leaves a gap. Returns the posts whose relations may change."""
        self._prover.renew()
        self._stage = object()  # what is found from here on may see samples that are half filled
        changed: set[str] = set()
        partial, crowded = self._store.graph.partial_links, set()
        shown = codes(self._store.media.features(sha256))
        nodes = [node for node, _ in self._finder.features.sharing(shown, SHARED_LEAST)]
        for node in nodes:
            partners = partial.doubtful(node)
            changed |= self._store.graph.unlink(node)
            for other in (node, *partners):
                crowded |= {other} if self._crowds.crowded(other) else set()
                self._crowds.settle(other, partial.doubtful(other))
        for node in sorted({*nodes, *crowded}):
            medium = self._medium(node)
            if medium is not None:
                changed |= self._link_all(medium, None, new=False)
        self._stage = object()
        return changed

    def add(self, evidence: MediaEvidence, found: Found | None = None) -> tuple[int, set[str]]:
        """The node of a medium, linked to all that is like it, and the posts whose relations may change with it.
        ``found``: what was found ahead; the links are the same without."""
        content = evidence.kind[:1].encode() + b"".join(bytes.fromhex(print_.pdq) for print_ in held(evidence))
        node, new = self._store.graph.node(f"m:{evidence.sha256}", "media", content)
        if not new:
            return node, set()
        self._prover.refresh()
        label = self.label(evidence)
        if label is not None:
            self._store.graph.declare_common(node, label)
        medium = Medium(node, evidence, codes(self._store.media.features(evidence.sha256)))
        self._crowds.add([node], [evidence.sha256])
        changed = self._link_all(medium, found, new=True)
        self._finder.add(medium)
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

    def _link_all(self, medium: Medium, found: Found | None, *, new: bool) -> set[str]:
        """Prove what may be like this medium, and link it; then settle it, and whoever has it in a sample."""
        if found is not None and (found.stage is not self._stage or found.bank != self._prover.bank):
            found = None
        tried: Mapping[int, tuple[int, Proof | None]] = {} if found is None else found.tried
        near, batches = self._found(medium, found)

        def prove(other: int, places: int) -> Proof | None:
            return tried[other][1] if other in tried else self._proved(medium, other, places)

        node, changed, met = medium.node, set[str](), dict[int, int]()
        for one in self._crowds.linked(medium.position, near, batches, prove):
            agree, proof = 0 if one.by_hash else one.places, one.proof
            detail = proof.detail(self._campaign)
            changed |= self._store.graph.link(node, one.key, proof.kind, proof.distance, detail, agree, new=new)
            met |= {one.key: agree} if proof.doubtful else {}
        for touched in sorted({node} | self._crowds.asking(medium.position, met)):
            changed |= self._settle(touched)
        return changed

    def _found(self, medium: Medium, found: Found | None) -> tuple[dict[int, int], Iterable[Batch]]:
        """Who is near by hash, at how many bits, and whoever shares features: of all, or of those found ahead and of
        whoever came since."""
        radius = self._campaign.copies.near
        if found is None:
            near = self._finder.near(medium, radius)
            return near, self._finder.batches(medium, near, self._crowds.open_to)
        newer = self._finder.near(medium, radius, above=found.upto)
        batches = self._finder.batches(medium, newer, self._crowds.open_to, above=found.upto)
        places = {key: count for batch, _ in batches for key, count in batch.items()}
        return {**found.near, **newer}, [({key: count for key, (count, _) in found.tried.items()} | places, -1)]

    def _settle(self, node: int) -> set[str]:
        """Say where the sample of a picture ends now, and untie what is beyond it."""
        links, changed = self._store.graph.partial_links.tried(node), set[str]()
        self._crowds.settle(node, {other: places for other, (_, places, doubtful) in links.items() if doubtful})
        sampled = {other: places for other, (_, places, _) in links.items() if places}
        for other in sorted(self._crowds.beyond(node, sampled)):
            changed |= self._store.graph.untie(node, other, links[other][0])
        return changed

    def _medium(self, node: int) -> Medium | None:
        sha256 = self._sha(node)
        evidence = self._store.media.any_evidence(sha256, self._version)
        if not isinstance(evidence, MediaEvidence):
            return None
        return Medium(node, evidence, codes(self._store.media.features(sha256)))

    def _sha(self, node: int) -> str:
        return self._store.graph.key(node)[2:]

    def _proved(self, medium: Medium, other: int, places: int) -> Proof | None:
        return self._prover.proved(medium.evidence, self._sha(other), places)
