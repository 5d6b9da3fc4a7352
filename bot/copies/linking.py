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

from collections.abc import Iterable, Mapping, Sequence

from bot.campaign import Campaign
from bot.copies.ahead import Found, Indexes
from bot.copies.candidates import Batch, Candidate
from bot.copies.crowds import Crowds
from bot.copies.finder import Finder, Medium
from bot.copies.frames import Frames, Seen
from bot.copies.parts import ALWAYS, Sides
from bot.copies.proof import SHARED_LEAST, Proof
from bot.copies.prover import Prover
from bot.copies.recent import Recent
from bot.copies.wholes import hashes, held, least_distance
from bot.store import Store
from bot.store.links import Link
from bot.store.nodes import prints
from detectors.evidence import MediaEvidence
from detectors.features import codes
from detectors.nearest import TURN_SLACK


class Linker:
    """The indexes of pictures in memory, and their links in the store. Not for use from several threads, but for
    ``indexes``."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store, self._campaign, self._version = store, campaign, version
        self._finder, self._crowds, self._stage = Finder(), Crowds(), object()
        self._prover = Prover(store.media, campaign, version)
        self._recent, self._last = Recent(store.graph.nodes.last()), 0
        self._read_pictures()
        self._finder.features.fill((node, codes(packed)) for node, packed in store.media.feature_codes())
        self._read_samples()

    def _read_pictures(self) -> None:
        """Know all pictures that were not, but for their features."""
        nodes, found = list[int](), list[bytes]()
        for media in self._store.graph.nodes.contents("media", self._last):
            self._crowds.add([node for node, _, _ in media], [key[2:] for _, key, _ in media])
            named, hashes_of = prints(media)
            nodes += named
            found.append(hashes_of)
            self._last = media[-1][0]
        self._finder.hashes.fill(nodes, b"".join(found))

    def _catch_up(self) -> None:
        """Know whom a daemon beside this process has taken in."""
        known = self._last
        self._read_pictures()
        for media in self._store.graph.nodes.contents("media", known):
            for node, key, _ in media:
                self._finder.features.add(node, codes(self._store.media.features(key[2:])))

    def _read_samples(self) -> None:
        held = self._store.graph.partial_links.held()
        tried = ((a, b, places, both[0].doubtful) for a, b, places, both in held)
        self._crowds.fill(one for one in tried if one[2] or one[3])
        self._frames = Frames(self._seen(a, b, both) for a, b, _, both in held if both is not ALWAYS)

    def indexes(self) -> Indexes:
        """What may be searched from other threads."""
        return Indexes(self._finder, self._crowds, self._stage)

    def bank_changed(self, sha256: str, views: Sequence[str]) -> set[str]:
        """A picture has entered the bank or left it: whatever shows it, as a whole, in a panel or by features, is found
        and proved anew, and the samples are filled up in which it leaves a gap. ``views``: hashes of all its views.
        Returns the posts whose relations may change."""
        self._catch_up()
        self._renew()
        shown = codes(self._store.media.features(sha256))
        near = self._finder.hashes.within(views, self._campaign.copies.near + TURN_SLACK)
        nodes = {node for node, _ in (*self._finder.features.sharing(shown, SHARED_LEAST), *near)}
        around = {*nodes, *(other for node in nodes for other in self._crowds.partners(node))}
        crowded = {node for node in around if self._crowds.crowded(node)}
        graph, changed = self._store.graph, set[str]()
        before = {node: set(graph.partners(node)) for node in around}
        for node in sorted(nodes):
            changed |= graph.unlink(node)
        self._read_samples()
        for node in sorted(nodes | crowded):
            medium = self._medium(node)
            if medium is not None:
                changed |= self._link_all(medium, None, new=False)
        for node, partners in before.items():
            swayed = partners ^ set(graph.partners(node))
            changed |= graph.posts([node, *swayed]) if swayed else set()
        self._stage = object()  # what was found meanwhile has seen samples that were half filled
        return changed

    def _renew(self) -> None:
        """Begin another stage: the bank has changed, and with it any link of those that show a part of it."""
        self._prover.renew()
        self._read_samples()
        self._stage = object()

    def add(self, evidence: MediaEvidence, found: Found | None = None) -> tuple[int, set[str]]:
        """The node of a medium, linked to all that is like it, and the posts whose relations may change with it.
        ``found``: what was found ahead; the links are the same without."""
        content = evidence.kind[:1].encode() + b"".join(bytes.fromhex(print_.pdq) for print_ in held(evidence))
        node, new = self._store.graph.node(f"m:{evidence.sha256}", "media", content)
        if not new:
            return node, set()
        if self._prover.outdated():  # whoever changed the bank has changed links, too
            self._renew()
        label = self.label(evidence)
        if label is not None:
            self._store.graph.declare_common(node, label)
        words = codes(self._store.media.features(evidence.sha256)) if found is None else found.words
        medium = Medium(node, evidence, words)
        self._crowds.add([node], [evidence.sha256])
        changed = self._link_all(medium, found, new=True)
        self._finder.add(medium)
        self._recent.add(node, evidence.sha256, found)
        self._last = node
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
        """Prove what may be like this medium, and link it; then untie what falls out of samples by that. Returns the
        posts whose relations may change, less what the medium itself shows."""
        if found is not None and (found.stage is not self._stage or found.bank != self._prover.bank):
            found = None
        near, batches, tried = self._found(medium, found)

        def prove(other: int, places: int) -> Proof | None:
            return tried[other] if other in tried else self._proved(medium, other, places)

        node, graph = medium.node, self._store.graph
        proven = {one.key: one for one in self._crowds.linked(medium.position, near, batches, prove)}
        fresh, changed = graph.link_all(node, [_link(one) for one in proven.values()], new=new)
        came, sampled, told = list[Seen](), list[tuple[int, int, bool]](), set[int]()
        for other, kind, _, _, places in fresh:
            proof = proven[other].proof
            if places or proof.doubtful:
                sampled.append((other, places, proof.doubtful))
            if kind == "partial":
                told |= {node, other}
                if proof.sides is not ALWAYS:
                    came.append(self._seen(node, other, proof.sides))
        loose = self._crowds.take(node, sampled)
        touched = graph.untie(loose)
        swayed = self._frames.swayed(came, loose)
        return changed | touched | graph.posts(told.union(swayed, *loose))

    def _seen(self, a: int, b: int, both: Sides) -> Seen:
        """A partial link as its two pictures see it, given first by the one with the lower SHA-256."""
        return Seen(a, b, *(both if self._first(a, b) else both[::-1]))

    def _first(self, a: int, b: int) -> bool:
        """Whether the first of two pictures has the lower SHA-256."""
        known = self._crowds.first(a, b)
        return self._sha(a) < self._sha(b) if known is None else known

    def _found(
        self, medium: Medium, found: Found | None
    ) -> tuple[Mapping[int, int], Iterable[Batch], Mapping[int, Proof | None]]:
        """Who is near by hash, at how many bits; whoever shares features; and what was proved already: of all, or of
        those found ahead and of whoever came since."""
        radius = self._campaign.copies.near
        if found is None:
            near = self._finder.near(medium, radius)
            return near, self._finder.batches(medium, near, self._crowds.open_to), {}
        since = self._recent.since(medium.evidence.sha256, found)
        newer, places = since.near, since.places
        if not since.all:
            newer = self._finder.near(medium, radius, above=found.upto)
            batches = self._finder.batches(medium, newer, self._crowds.open_to, above=found.upto)
            places = {key: count for batch, _ in batches for key, count in batch.items()}
        places = {key: count for key, (count, _) in found.tried.items()} | places
        proofs = {key: proof for key, (_, proof) in found.tried.items()} | since.proofs
        return {**found.near, **newer}, [(places, -1)], proofs

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


def _link(one: Candidate) -> Link:
    proof = one.proof
    return Link(one.key, proof.kind, proof.distance, proof.detail, 0 if one.by_hash else one.places)
