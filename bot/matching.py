"""Near-duplicates between two sets of pictures or texts: the same find and prove as the bot's own, over local files.

The cascade: the same bytes (SHA-256); then PDQ, the query in its 8 orientations against the index, exact search; then
the proof on the pair that also posts go through (``bot.relate.prove``).

Score of a PDQ distance ``d`` of 256 bits: ``1 - d / 256``. It falls with every bit, is 1 for equal hashes, 0.5 at the
distance of two unrelated pictures, and means the same in every query, so scores compare over all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from bot.campaign import Campaign
from bot.relate import prove
from detectors.evidence import MediaEvidence, Quad, Value
from detectors.nearest import HashIndex
from detectors.text import TextIndex, story

BITS = 256
LEAST_QUALITY = 50  # PDQ's own bound: below it a picture is too flat for its hash to mean anything
_SLACK = 4  # bits: a hash turned by 90 degrees may differ by a few from the hash of the turned picture


Kind = Literal["exact", "near", "partial"]


class Match(Value):
    """A file of the index that repeats the query. ``inliers`` and ``quad`` belong to matches by local features, null
    for those by hash."""

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


class Matcher:
    """Holds the index; answers queries. ``min_score``: matches below it are not given; 0 gives every candidate."""

    def __init__(self, items: Iterable[Item], campaign: Campaign, min_score: float | None = None) -> None:
        near = campaign.copies.near if min_score is None else distance_of(min_score)
        self.min_score = score_of(near) if min_score is None else min_score
        self._near = near
        self._campaign = msgspec.structs.replace(campaign, copies=msgspec.structs.replace(campaign.copies, near=near))
        self._items: list[Item] = []
        self._hashes = HashIndex()
        self._same: defaultdict[str, list[int]] = defaultdict(list)
        for key, item in enumerate(items):
            self._items.append(item)
            self._same[item.evidence.sha256].append(key)
            for fingerprint in item.evidence.fingerprints:
                if fingerprint.quality >= LEAST_QUALITY:
                    self._hashes.add(key, fingerprint.pdq)

    def matches(self, query: Item) -> list[Match]:
        """What repeats the query, best first, then in order of path."""
        exact = set(self._same[query.evidence.sha256])
        views = [
            view
            for fingerprint in query.evidence.fingerprints
            if fingerprint.quality >= LEAST_QUALITY
            for view in fingerprint.orientations
        ]
        candidates = exact | {key for key, _ in self._hashes.within(views, self._near + _SLACK)}
        found = [self._match(query, self._items[key], same=key in exact) for key in candidates]
        kept = [m for m in found if m is not None and m.score >= self.min_score]
        return sorted(kept, key=lambda m: (-m.score, m.kind != "exact", m.path))

    def _match(self, query: Item, item: Item, *, same: bool) -> Match | None:
        if item.real == query.real:
            return None
        if same:
            return Match(path=item.path, kind="exact", score=1.0, distance=0)
        first, second = sorted((query.evidence, item.evidence), key=lambda e: e.sha256)
        proof = prove(first, second, self._campaign)
        if proof is None:
            return None
        kind, distance = proof
        named: Kind = "partial" if kind == "partial" else "near"
        return Match(path=item.path, kind=named, score=score_of(distance), distance=distance)


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
        self._texts, self._min_score, self._index = texts, min_score, TextIndex()
        for key, text in enumerate(texts):
            self._index.add(key, story(text.text))

    def matches(self, query: Text) -> list[TextMatch]:
        """What repeats the query, best first. The query itself (same id, same text) is left out."""
        found = [
            TextMatch(id=self._texts[key].id, score=round(score, 4))
            for key, score in self._index.within(story(query.text), self._min_score)
            if self._texts[key] != query
        ]
        return sorted(found, key=lambda m: (-m.score, str(m.id)))
