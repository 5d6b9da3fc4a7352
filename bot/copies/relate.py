"""How a post stands to all others: find, prove, link.

*find* asks the indexes for everything within the campaign's distance, or with local features in common. *prove*
(``bot/copies/proof.py``) is pure on a pair of media, ordered by
hash, so that it gives the same whichever of the two came first. *link* writes proven links and places the post's
content in the graph, in the caller's transaction. Standings are a function of the set of posts: any order of arrival
ends in the same relations.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from bot.campaign import Campaign
from bot.copies.candidates import proved
from bot.copies.proof import SHARED_LEAST, Proof, Sight, prove, sight
from bot.copies.relations import relations
from bot.copies.wholes import Print, hashes, least_distance, panels
from bot.model import Interval, Looked, Post, Relation
from bot.store import Store
from bot.store.graph import FORMER, PERSON, TEXT, Occurrence
from bot.store.times import span
from detectors.evidence import MediaEvidence
from detectors.feature_index import FeatureIndex
from detectors.features import Codes, Features, codes, unpack
from detectors.nearest import TURN_SLACK, HashIndex
from detectors.text import TextIndex, story

_KEPT = 512  # media whose features are kept unpacked: what is copied just now is mostly copied again


def author_key(post: Post, person: str | None) -> str:
    """Who counts as one author: the verified person, else the account, else nobody else."""
    if person is not None:
        return f"p:{person}"
    return f"?{post.id}" if post.author.id is None else f"a:{post.author.id}"


def ground(campaign: Campaign) -> str:
    """What the links of a campaign rest on, as a hash: the same for campaigns under which the same links are proven."""
    return hashlib.sha256(msgspec.json.encode([campaign.copies, campaign.notice], order="deterministic")).hexdigest()


class Relater:
    """The indexes in memory and the graph in the store. One per data directory; not for use from several threads."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store = store
        self._campaign = campaign
        self._version = version
        store.grounds.put(ground(campaign))
        self.reload()

    def reload(self) -> None:
        """Build the indexes anew from the store: at start, and after a transaction that did not commit."""
        self._hashes = HashIndex()
        self._texts = TextIndex()
        nodes: dict[str, int] = {}
        for node, key, content in self._store.graph.contents("media"):
            nodes[key[2:]] = node
            for start in range(1, len(content or b""), 32):
                self._hashes.add(node, (content or b"")[start : start + 32].hex())
        self._features = FeatureIndex()
        self._features.fill(
            (nodes[sha], codes(packed)) for sha, packed in self._store.media.feature_codes() if sha in nodes
        )
        self.forget_bank()
        families: dict[int, int] = {}
        for node, _, content in self._store.graph.contents("text"):
            kin = families.setdefault(self._store.graph.cluster(node), node)
            self._texts.add(node, (content or b"").decode(), [kin] if kin != node else [])

    def forget_bank(self) -> None:
        """Read anew what everybody shares: at start, and after the bank has changed."""
        self._sights: OrderedDict[str, Sight] = OrderedDict()
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
        """A picture has entered the bank or left it: whatever shows it is found and proved anew. Returns the posts
        whose relations may change."""
        self.forget_bank()
        changed: set[str] = set()
        nodes = sorted(self._sharing(codes(self._store.media.features(sha256))))
        for node in nodes:
            changed |= self._store.graph.unlink(node)
        for node in nodes:
            key = self._key(node)[2:]
            evidence = self._store.media.any_evidence(key, self._version)
            if isinstance(evidence, MediaEvidence):
                whole: list[Print] = [*hashes(evidence), *panels(evidence)]
                changed |= self._link_all(node, evidence, whole, codes(self._store.media.features(key)))
        return changed

    def _bank_now(self) -> tuple[str, ...]:
        return tuple(sha256 for sha256, *_ in self._store.media.bank())

    def relate(self, post: Post, looked: Sequence[Looked], former: Sequence[Looked]) -> tuple[str, ...]:
        """Place a post in the graph. Returns the other posts whose relations changed with it."""
        changed: set[str] = set()
        person = self._person(post)
        author = author_key(post, person)
        occurrences: list[Occurrence] = []
        media = [*enumerate(looked), *((FORMER + i, item) for i, item in enumerate(former))]
        entered = [*post.entered, *post.former_entered]
        for (slot, item), interval in zip(media, entered, strict=True):
            if isinstance(item.result, MediaEvidence):
                node = self._media_node(item.result, changed)
                occurrences.append(_occurrence(post, slot, node, author, interval))
        words = story(f"{post.title}\n{post.text}", self._campaign.notice.texts)
        if len(words) >= self._campaign.copies.text_min_chars:
            occurrences.append(_occurrence(post, TEXT, self._text_node(words, changed), author, post.text_entered))
        if person is not None:
            node, _ = self._store.graph.node(f"p:{person}", "person")
            account = post.author.id or f"?{post.id}"
            occurrences.append(_occurrence(post, PERSON, node, account, post.posted))
        changed |= self._store.graph.place(post.id, occurrences)
        return tuple(sorted(changed - {post.id}))

    def withdraw(self, post: Post) -> tuple[str, ...]:
        """Take a post that is no entry out of the graph. Returns the other posts whose relations changed."""
        return tuple(sorted(self._store.graph.place(post.id, ())))

    def relations(self, post: Post) -> tuple[tuple[Relation, ...], int]:
        """How a placed post stands now, as ``bot.copies.relations`` reads it."""
        return relations(self._store.graph, post.id)

    def _person(self, post: Post) -> str | None:
        if post.author.person is not None or post.author.id is None:
            return post.author.person
        return self._store.intake.person(post.author.id)

    def _media_node(self, evidence: MediaEvidence, changed: set[str]) -> int:
        whole: list[Print] = [*hashes(evidence), *panels(evidence)]
        content = evidence.kind[:1].encode() + b"".join(bytes.fromhex(f.pdq) for f in whole)
        node, new = self._store.graph.node(f"m:{evidence.sha256}", "media", content)
        if not new:
            return node
        if self._bank != self._bank_now():
            self.forget_bank()
        label = self.label(evidence)
        if label is not None:
            self._store.graph.declare_common(node, label)
        words = codes(self._store.media.features(evidence.sha256))
        changed |= self._link_all(node, evidence, whole, words) | self._store.pairs.met(evidence.sha256)
        for fingerprint in whole:
            self._hashes.add(node, fingerprint.pdq)
        self._features.add(node, words)
        return node

    def _link_all(self, node: int, evidence: MediaEvidence, whole: Sequence[Print], words: Codes) -> set[str]:
        """Prove what may be like this medium, and link it."""

        def tried(other: int) -> tuple[Proof, int] | None:
            key = self._key(other)[2:]
            proof = None if other == node else self._prove(evidence, key)
            return None if proof is None else (proof, int(proof.points[0 if evidence.sha256 < key else 1], 16))

        changed: set[str] = set()
        for other, proof, _ in proved(self._near(whole), lambda own: self._sharing(words.of(own)), len(words), tried):
            changed |= self._store.graph.link(node, other, proof.kind, proof.distance, proof.detail(self._campaign))
        return changed

    def _near(self, whole: Sequence[Print]) -> set[int]:
        radius = self._campaign.copies.near + TURN_SLACK
        return {key for f in whole for key, _ in self._hashes.within(f.orientations, radius)}

    def _sharing(self, words: Codes) -> set[int]:
        return {key for key, _ in self._features.sharing(words, SHARED_LEAST)}

    def _key(self, node: int) -> str:
        return self._store.graph.key(node)

    def _prove(self, evidence: MediaEvidence, other: str) -> Proof | None:
        known = self._store.media.any_evidence(other, self._version)
        if not isinstance(known, MediaEvidence):
            return None
        first, second = sorted((evidence, known), key=lambda e: e.sha256)
        return prove(self._sight(first), self._sight(second), self._campaign)

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

    def _text_node(self, words: str, changed: set[str]) -> int:
        node, new = self._store.graph.node(f"t:{hashlib.sha256(words.encode()).hexdigest()}", "text", words.encode())
        if new:
            kin = self._texts.families(words, self._campaign.copies.text)
            for other, alike in kin:
                changed |= self._store.graph.link(node, other, "text", round((1 - alike) * 1000))
            self._texts.add(node, words, [other for other, _ in kin])
        return node


def _occurrence(post: Post, slot: int, node: int, author: str, interval: Interval) -> Occurrence:
    earliest, latest = span(interval)
    return Occurrence(post_id=post.id, slot=slot, node=node, author=author, earliest=earliest, latest=latest)
