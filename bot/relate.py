"""How a post stands to all others: find, prove, link.

*find* asks the indexes for everything within the campaign's distance. *prove* is pure on a pair of media, ordered by
hash, so that it gives the same whichever of the two came first. *link* writes proven links and places the post's
content in the graph, in the caller's transaction. Standings are a function of the set of posts: any order of arrival
ends in the same relations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from bot.campaign import Campaign
from bot.model import Interval, Looked, Post, Relation, RelationKind
from bot.store import Store
from bot.store.graph import FIRST, FORMER, LATER, LATER_SAME, OWN, PERSON, TEXT, UNORDERED, Occurrence
from bot.store.times import span
from detectors.evidence import Fingerprint, MediaEvidence
from detectors.nearest import HashIndex
from detectors.text import TextIndex, story

_LEAST_QUALITY = 50  # PDQ's own bound: below it a picture is too flat for its hash to mean anything
_SLACK = 4  # bits: a hash turned by 90 degrees may differ by a few from the hash of the turned picture


def author_key(post: Post, person: str | None) -> str:
    """Who counts as one author: the verified person, else the account, else nobody else."""
    if person is not None:
        return f"p:{person}"
    return f"?{post.id}" if post.author.id is None else f"a:{post.author.id}"


class Relater:
    """The indexes in memory and the graph in the store. One per data directory; not for use from several threads."""

    def __init__(self, store: Store, campaign: Campaign, version: str) -> None:
        self._store = store
        self._campaign = campaign
        self._version = version
        self.reload()

    def reload(self) -> None:
        """Build the indexes anew from the store: at start, and after a transaction that did not commit."""
        self._hashes = HashIndex()
        self._texts = TextIndex()
        for node, _, content in self._store.graph.contents("media"):
            for start in range(1, len(content or b""), 32):
                self._hashes.add(node, (content or b"")[start : start + 32].hex())
        families: dict[int, int] = {}
        for node, _, content in self._store.graph.contents("text"):
            kin = families.setdefault(self._store.graph.cluster(node), node)
            self._texts.add(node, (content or b"").decode(), [kin] if kin != node else [])

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
        """How a placed post stands now: its relations, and how many of its person's other accounts entered before
        it.
        """
        standings = self._store.graph.standings(post.id)
        relations = tuple(r for slot in sorted(standings) for r in self._of(post, slot, *standings[slot]))
        prior = int(standings.get(PERSON, (FIRST, 0))[0] >= UNORDERED)
        return relations, prior

    def _of(self, post: Post, slot: int, standing: int, node: int) -> Iterator[Relation]:
        if slot == PERSON or slot >= FORMER:
            return
        media = None if slot == TEXT else slot
        label = self._store.graph.common(node)
        if label is not None:
            kind, _, asset = label.partition(":")
            yield Relation(kind="official" if kind == "official" else "common", media=media, asset=asset)
            return
        similar: RelationKind = "text" if slot == TEXT else "near"
        if standing == LATER_SAME:
            yield Relation(kind="text" if slot == TEXT else "exact", order="later", media=media)
        elif standing == LATER:
            yield Relation(kind=similar, order="later", media=media)
        elif standing == UNORDERED:
            yield Relation(kind=similar, order="unordered", media=media)
        elif standing == OWN:
            yield Relation(kind=similar, order="later", own=True, media=media)
        if slot != TEXT and standing < LATER:
            occurrence = self._store.graph.occurrence(post.id, slot)
            through = self._store.graph.partial(node, occurrence)
            if through is not None:
                yield Relation(kind="partial", order="later" if through == LATER else "unordered", media=media)

    def _person(self, post: Post) -> str | None:
        if post.author.person is not None or post.author.id is None:
            return post.author.person
        return self._store.intake.person(post.author.id)

    def _media_node(self, evidence: MediaEvidence, changed: set[str]) -> int:
        hashes = [f for f in evidence.fingerprints if f.quality >= _LEAST_QUALITY]
        content = evidence.kind[:1].encode() + b"".join(bytes.fromhex(f.pdq) for f in hashes)
        node, new = self._store.graph.node(f"m:{evidence.sha256}", "media", content)
        if not new:
            return node
        label = self.label(evidence)
        if label is not None:
            self._store.graph.declare_common(node, label)
        for other in self._find(hashes):
            link = self._prove(evidence, self._key(other)[2:])
            if link is not None:
                changed |= self._store.graph.link(node, other, *link)
        for fingerprint in hashes:
            self._hashes.add(node, fingerprint.pdq)
        return node

    def _find(self, hashes: Sequence[Fingerprint]) -> list[int]:
        radius = self._campaign.copies.near + _SLACK
        return sorted({key for f in hashes for key, _ in self._hashes.within(f.orientations, radius)})

    def _key(self, node: int) -> str:
        return self._store.graph.key(node)

    def _prove(self, evidence: MediaEvidence, other: str) -> tuple[str, int] | None:
        known = self._store.media.any_evidence(other, self._version)
        if not isinstance(known, MediaEvidence):
            return None
        first, second = sorted((evidence, known), key=lambda e: e.sha256)
        return prove(first, second, self._campaign)

    def label(self, evidence: MediaEvidence) -> str | None:
        """Whether this whole picture is one that everybody shares: "official:ASSET", "common:LABEL", else None."""
        if evidence.kind != "image":
            return None
        nearest = min(evidence.resemblances, key=lambda r: (r.distance, r.asset), default=None)
        if nearest is not None and nearest.distance <= self._campaign.copies.official:
            return f"official:{nearest.asset}"
        for sha256, label, kind, pdqs in self._store.media.bank():
            views = [v for f in evidence.fingerprints if f.quality >= _LEAST_QUALITY for v in f.orientations]
            if sha256 == evidence.sha256 or _least(views, pdqs) <= self._campaign.copies.near:
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


def prove(first: MediaEvidence, second: MediaEvidence, campaign: Campaign) -> tuple[str, int] | None:
    """The link between two media, given in order of their hashes: (kind, PDQ distance), None where there is none.

    Two pictures are near within ``[copies] near`` bits in any of the 8 orientations. Two clips are near where at least
    ``clip_near`` of the frames of both match, partial where ``clip_partial`` of either do; a picture that equals a
    frame of a clip is a partial copy.
    """
    a = [f for f in first.fingerprints if f.quality >= _LEAST_QUALITY]
    b = [f for f in second.fingerprints if f.quality >= _LEAST_QUALITY]
    if not a or not b:
        return None
    table = _distances(a, b)
    matched, least = table <= campaign.copies.near, int(table.min())
    if not matched.any():
        return None
    if first.kind == second.kind == "image":
        return "near", least
    if first.kind != second.kind:
        return "partial", least
    shares = float(matched.any(axis=1).mean()), float(matched.any(axis=0).mean())
    if min(shares) >= campaign.copies.clip_near:
        return "near", least
    return ("partial", least) if max(shares) >= campaign.copies.clip_partial else None


def _bits(hashes: Sequence[str]) -> np.ndarray:
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(len(hashes), 32)


def _distances(a: Sequence[Fingerprint], b: Sequence[Fingerprint]) -> np.ndarray:
    """(len(a), len(b)) least Hamming distances over the 8 orientations of each of ``a``."""
    views, flat = _bits([v for f in a for v in f.orientations]), _bits([f.pdq for f in b])
    table = np.bitwise_count(views[:, None, :] ^ flat[None, :, :]).sum(axis=2, dtype=np.int32)
    return np.asarray(table.reshape(len(a), -1, len(b)).min(axis=1))


def _least(views: Sequence[str], hashes: Sequence[str]) -> int:
    if not views or not hashes:
        return 257
    return int(np.bitwise_count(_bits(views)[:, None, :] ^ _bits(hashes)[None, :, :]).sum(axis=2, dtype=np.int32).min())


def _occurrence(post: Post, slot: int, node: int, author: str, interval: Interval) -> Occurrence:
    earliest, latest = span(interval)
    return Occurrence(post_id=post.id, slot=slot, node=node, author=author, earliest=earliest, latest=latest)
