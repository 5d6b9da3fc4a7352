"""Near-duplicates between two sets of pictures or texts: the same find and prove as the bot's own, over local files.

The cascade: the same bytes (SHA-256); PDQ, the query in its 8 orientations against the index, exact search; local
features in common, by their words; then the proof on the pair that also posts go through (``bot/copies/proof.py``).

The score of a match (``bot.copies.proof.score_of``) means the same in every query, so scores compare over all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from bot.campaign import Campaign
from bot.copies.candidates import Bools, Keys, by_hash, positions, proved
from bot.copies.finder import Finder, Medium
from bot.copies.parts import common, counts, is_clear
from bot.copies.proof import (
    Proof,
    Sight,
    ignored,
    least_points,
    likeliest,
    placed,
    prove,
    sight,
)
from bot.copies.proof import score_of as proof_score
from bot.copies.wholes import BITS, held
from detectors.evidence import MediaEvidence, Point, Quad, Value
from detectors.features import codes, unpack
from detectors.geometry import aligned
from detectors.text import story
from detectors.text_index import TextIndex

_KEPT: Final = 512  # files whose features are kept unpacked, as ``bot/copies/prover.py`` keeps them
Kind = Literal["exact", "near", "partial"]


class Match(Value):
    """A file of the index that repeats the query. ``inliers`` and ``quad`` belong to matches by local features, null
    for those by hash; ``quad`` is where the file's picture lies in the query, in the query's pixels, also beyond its
    edges."""

    path: str
    kind: Kind
    score: float
    distance: int | None
    inliers: int | None = None
    quad: Quad | None = None


class Item(Value):
    """One readable file: its path as shown, where it really is (so that it never matches itself), what was seen."""

    path: str
    real: str
    evidence: MediaEvidence


def score_of(distance: int) -> float:
    """The score of a PDQ distance in bits, 0..1, rounded to four decimals.

    >>> score_of(0), score_of(31), score_of(256)
    (1.0, 0.8789, 0.0)
    """
    return round(1 - distance / BITS, 4)


def distance_of(score: float) -> int:
    """The greatest PDQ distance whose score is at least this.

    >>> distance_of(1.0), distance_of(score_of(31)), distance_of(0)
    (0, 31, 256)
    """
    return max(d for d in range(BITS + 1) if score_of(d) >= min(score, 1.0))


class _Related(NamedTuple):
    """A file of the index, what proves that it repeats a picture, and the points that agree in the picture and in the
    file, as bits of numbers."""

    key: int
    proof: Proof
    points: int
    back: int


def _nobody(keys: Keys, _: Keys) -> Bools:
    return np.zeros(len(keys), np.bool_)


class Matcher:
    """Holds the index; answers queries. ``min_score``: matches below it are not given; 0 gives every candidate."""

    def __init__(self, items: Iterable[Item], campaign: Campaign, min_score: float | None = None) -> None:
        self.min_score = score_of(campaign.copies.near) if min_score is None else min_score
        self._near = distance_of(self.min_score)
        # Below the campaign's threshold a match is what speaks most for a copy, not a proof.
        self._prove = prove if self.min_score >= score_of(campaign.copies.near) else likeliest
        self._campaign = campaign
        self._items: list[Item] = []
        self._sights: dict[int, Sight] = {}
        self._frames: dict[int, list[tuple[str, int]]] = {}
        self._finder = Finder()
        self._same: defaultdict[str, list[int]] = defaultdict(list)
        for key, item in enumerate(items):
            self._items.append(item)
            self._same[item.evidence.sha256].append(key)
            for print_ in held(item.evidence):
                self._finder.hashes.add(key, print_.pdq)
        self._finder.features.fill((key, codes(item.evidence.features)) for key, item in enumerate(self._items))
        self._positions = positions([item.evidence.sha256 for item in self._items])

    def matches(self, query: Item) -> list[Match]:
        """What repeats the query, best first, then in order of path."""
        exact = set(self._same[query.evidence.sha256])
        found = [
            Match(path=self._items[key].path, kind="exact", score=1.0, distance=0)
            for key in exact
            if self._items[key].real != query.real
        ]
        related = self._related(query)
        shared = common([one.points for one in related if one.proof.doubtful])
        seen = self._sight(query)
        for one in related:
            match = self._match(seen, self._items[one.key], one.proof)
            found += [self._less_shared(match, one, shared, query.evidence.sha256)]
        kept = [match for match in found if match.score >= self.min_score]
        return sorted(kept, key=lambda m: (-m.score, m.kind != "exact", m.path))

    def _related(self, query: Item) -> list[_Related]:
        """Whatever is proved, but for the same bytes: doubtful matches too."""
        same = set(self._same[query.evidence.sha256])
        medium = Medium(-1, query.evidence, codes(query.evidence.features))
        near = {key: bits for key, bits in self._finder.near(medium, self._near).items() if key not in same}
        position, seen = medium.position, self._sight(query)
        return [
            _Related(one.key, one.proof, *self._points(one.proof, query.evidence, self._items[one.key].evidence))
            for one in proved(
                self._finder.batches(medium, near, _nobody),
                lambda keys: self._positions[keys] ^ position,
                lambda places: by_hash(near, places),
                lambda key, _: None if key in same else self._tried(seen, self._held(key)),
            )
            if one.within or one.by_hash
        ]

    def _less_shared(self, match: Match, one: _Related, shared: int, asked: str) -> Match:
        """A match that is not clear less the points of either picture that many of its doubtful matches rest on, an
        app's frame or a template: what is left of them makes its score."""
        if one.proof.alike is None or is_clear(one.proof.alike, doubtful=one.proof.doubtful):
            return match
        least = least_points(self._campaign.copies, doubtful=one.proof.doubtful)
        left = (one.points & ~shared).bit_count()
        if counts(one.points, shared, least):
            others = [points for sha256, points in self._doubtful(one.key) if sha256 != asked]
            theirs = common([*others, one.back])  # the query may be in the index, too
            if counts(one.back, theirs, least):
                return match
            left = min(left, (one.back & ~theirs).bit_count())
        base = score_of(self._campaign.copies.near)
        weaker = min(match.score, round(base * min(0.99, left / max(1, least)), 4))
        return msgspec.structs.replace(match, score=max(weaker, score_of(match.distance or BITS)))

    def _doubtful(self, key: int) -> list[tuple[str, int]]:
        """The doubtful matches of a file: the other's SHA-256, and the points of the file that each rests on."""
        if key not in self._frames:
            related = [one for one in self._related(self._items[key]) if one.proof.doubtful]
            self._frames[key] = [(self._items[one.key].evidence.sha256, one.points) for one in related]
        return self._frames[key]

    def _sight(self, item: Item) -> Sight:
        return sight(item.evidence, unpack(item.evidence.features), (), self._campaign)

    def _held(self, key: int) -> Sight:
        """A file of the index, with its features unpacked: those that are asked for most are kept so."""
        seen = self._sights.pop(key, None) or self._sight(self._items[key])
        self._sights[key] = seen
        if len(self._sights) > _KEPT:
            del self._sights[next(iter(self._sights))]
        return seen

    def _tried(self, seen: Sight, other: Sight) -> Proof | None:
        first, second = sorted((seen, other), key=lambda s: s.evidence.sha256)
        return self._prove(first, second, self._campaign)

    @staticmethod
    def _points(proof: Proof, one: MediaEvidence, other: MediaEvidence) -> tuple[int, int]:
        """Those of the first that agree, and of the second; proofs are made in order of hash."""
        first, second = (side.points for side in proof.sides)
        return (first, second) if one.sha256 <= other.sha256 else (second, first)

    def _match(self, seen: Sight, item: Item, proof: Proof) -> Match:
        other = item.evidence
        return Match(
            path=item.path,
            kind=proof.kind,
            score=proof_score(proof, self._campaign),
            distance=None if proof.distance == BITS else proof.distance,
            inliers=proof.inliers,
            quad=proof.quad if other.sha256 < seen.evidence.sha256 else placed(proof, seen.evidence, other),
        )

    def agreeing(self, query: Item, match: Match) -> list[tuple[Point, Point]]:
        """The points in which the query and a match agree, each as shares of its picture's width and height; none for
        a match by hash."""
        found = next(item for item in self._items if item.path == match.path)
        a, b = self._sight(query), self._sight(found)
        if match.inliers is None or a.features is None or b.features is None:
            return []
        alignment = aligned(a.features, b.features, ignored(a, b))
        if alignment is None:
            return []
        left, right = (
            picture.points[alignment.pairs[:, side]] / (picture.width, picture.height)
            for side, picture in enumerate((a.features, b.features))
        )
        return [((x, y), (u, v)) for (x, y), (u, v) in zip(left.tolist(), right.tolist(), strict=True)]


class Text(Value):
    """One text of a file of texts; the id as it was given."""

    id: str | int
    text: str


class TextMatch(Value):
    """A text of the index that repeats the query; ``score`` is the similarity of the two stories, 0..1."""

    id: str | int
    score: float


class TextMatcher:
    """The same over texts: MinHash finds, the edit similarity of the stories proves."""

    def __init__(self, texts: Sequence[Text], min_score: float) -> None:
        self._texts, self._min_score = texts, min_score
        stories = [story(text.text) for text in texts]
        self._index = TextIndex(stories.__getitem__)
        for key, words in enumerate(stories):
            self._index.add(key, words)

    def matches(self, query: Text) -> list[TextMatch]:
        """What repeats the query, best first. The query itself (same id, same text) is left out."""
        found = [
            TextMatch(id=self._texts[key].id, score=round(score, 4))
            for key, score in self._index.within(story(query.text), self._min_score)
            if self._texts[key] != query
        ]
        return sorted(found, key=lambda m: (-m.score, str(m.id)))
