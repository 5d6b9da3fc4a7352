"""Judges' scores: who scores what in which order, and the ranking that comes out. Pure; docs/awards.md describes it.

Judges are blind: they see a code in place of the post's id, and neither author nor other scores. Each meets the posts
in a random order of their own, those with the fewest scores first, so that every post has about as many. A post that
was handed out is kept for its judge for a while: scores given and places kept are never more than the panel.
"""

from __future__ import annotations

import bisect
import datetime as dt
import hmac
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from detectors.evidence import Value

MOST: Final = 10
"""A criterion is marked from 0 to this."""

KEPT: Final = dt.timedelta(minutes=15)
"""How long a post is kept for the judge to whom it was handed out; asking for it again renews that."""

_PRIOR: Final = 5
"""A judge's own mean and spread count in full only after many scores: this many stand beside them as the average judge
would have given them."""
_SURE: Final = 1.645  # both ends of a 90 % interval of the normal distribution, in standard errors


class Marked(Value):
    """What one judge gave one post, a mark a criterion; ``marks`` is None where the judge stood back."""

    post_id: str
    judge: str
    marks: dict[str, int] | None


class Held(Value):
    """A post that is kept for a judge just now."""

    judge: str
    post_id: str


class Standing(Value):
    """One post in the ranking. ``score``: 0..100 on the scale of the judges' average, as far as they normalise;
    ``error``: its standard error. ``best``, ``worst``: the ranks that it might have had, with 90 % confidence against
    each other post."""

    post_id: str
    rank: int
    score: float
    error: float
    scores: int
    best: int
    worst: int


def code(post_id: str, seed: str) -> str:
    """What a judge sees in place of the post's id: ten hexadecimal digits."""
    return hmac.digest(bytes.fromhex(seed), post_id.encode(), "sha256").hex()[:10]


def next_post(
    posts: Collection[str],
    done: Sequence[Marked],
    judge: str,
    barred: Collection[str],
    seed: str,
    panel: int,
    held: Collection[Held] = (),
) -> str | None:
    """The post that this judge scores next: the one that is kept for them, else of those with the fewest scores, given
    or promised by other judges, the first in the judge's own order. None where nothing is open to them just now."""
    promised = Counter(it.post_id for it in held if it.judge != judge)
    found = open_to(posts, done, judge, barred, panel)
    left = {p: count + promised[p] for p, count in found.items() if count + promised[p] < panel}
    kept = next((it.post_id for it in held if it.judge == judge and it.post_id in left), None)
    return kept or min(left, key=lambda post_id: (left[post_id], code(f"{judge}\n{post_id}", seed)), default=None)


def takes_score(post_id: str, judge: str, done: Sequence[Marked], panel: int, held: Collection[Held]) -> bool:
    """Whether a post takes a score of this judge: they change theirs, or other judges have given or are about to give
    fewer than ``panel``."""
    given = {marked.judge for marked in done if marked.post_id == post_id and marked.marks is not None}
    promised = {it.judge for it in held if it.post_id == post_id}
    return judge in given or len((given | promised) - {judge}) < panel


def open_to(
    posts: Collection[str], done: Sequence[Marked], judge: str, barred: Collection[str], panel: int
) -> dict[str, int]:
    """The posts that this judge may still score, with how many scores each has: fewer than ``panel``. Those that the
    judge has seen, or is ``barred`` from, are left out."""
    counts = dict.fromkeys(posts, 0)
    seen = set(barred)
    for marked in done:
        if marked.judge == judge:
            seen.add(marked.post_id)
        if marked.marks is not None and marked.post_id in counts:
            counts[marked.post_id] += 1
    return {post_id: count for post_id, count in counts.items() if post_id not in seen and count < panel}


def counting(done: Sequence[Marked], posts: Collection[str], rubric: Mapping[str, int]) -> list[Marked]:
    """What was given to these posts by this rubric's criteria, and who stood back. Marks by other criteria count no
    more: their judge is asked again."""
    return [
        marked
        for marked in done
        if marked.post_id in posts and (marked.marks is None or marked.marks.keys() == rubric.keys())
    ]


def weighted(marks: Mapping[str, int], rubric: Mapping[str, int]) -> float:
    """One judge's score of one post, 0..100: each criterion's mark out of 10, times its weight."""
    return math.fsum(weight * marks[name] for name, weight in rubric.items()) / MOST


def ranking(
    done: Sequence[Marked], posts: Collection[str], rubric: Mapping[str, int], seed: str
) -> tuple[Standing, ...]:
    """The posts that have a score, the best first.

    Each judge's scores are brought to the common mean and spread, then averaged per post. Scores are rounded to four
    decimals before they are compared. A tie goes to the better average mark in the rubric's first criterion, then to
    the lower code, which is random.
    """
    given: dict[str, list[tuple[str, float]]] = defaultdict(list)
    first: dict[str, list[int]] = defaultdict(list)
    for marked in done:
        if marked.marks is not None and marked.post_id in posts:
            given[marked.post_id].append((marked.judge, weighted(marked.marks, rubric)))
            first[marked.post_id].append(marked.marks[next(iter(rubric))])
    if not given:
        return ()
    scores, errors = _scores(given)
    order = sorted(
        scores,
        key=lambda p: (-scores[p], -round(math.fsum(first[p]) / len(first[p]), 4), code(p, seed)),
    )
    levels: dict[float, list[float]] = defaultdict(list)  # few: an error follows from how many scores a post has
    for post_id in reversed(order):
        levels[errors[post_id]].append(scores[post_id])
    return tuple(
        Standing(
            post_id=post_id,
            rank=rank,
            score=scores[post_id],
            error=errors[post_id],
            scores=len(given[post_id]),
            best=1 + _surely_above(scores[post_id], errors[post_id], levels),
            worst=len(order) - _surely_below(scores[post_id], errors[post_id], levels),
        )
        for rank, post_id in enumerate(order, 1)
    )


def _surely_above(score: float, error: float, levels: Mapping[float, Sequence[float]]) -> int:
    """How many posts are certainly better. ``levels``: ascending scores by their error."""
    return sum(
        len(scores) - bisect.bisect_right(scores, score + _SURE * math.hypot(error, other))
        for other, scores in levels.items()
    )


def _surely_below(score: float, error: float, levels: Mapping[float, Sequence[float]]) -> int:
    return sum(bisect.bisect_left(scores, score - _SURE * math.hypot(error, other)) for other, scores in levels.items())


def _scores(given: Mapping[str, Sequence[tuple[str, float]]]) -> tuple[dict[str, float], dict[str, float]]:
    """Per post its normalised score and that score's standard error."""
    by_judge: dict[str, list[float]] = defaultdict(list)
    for pairs in given.values():
        for judge, score in pairs:
            by_judge[judge].append(score)
    mean, variance = _moments([score for scores in by_judge.values() for score in scores])
    scale: dict[str, tuple[float, float]] = {}
    for judge, scores in by_judge.items():
        own, weight = _moments(scores), len(scores) / (len(scores) + _PRIOR)
        scale[judge] = (
            weight * own[0] + (1 - weight) * mean,
            math.sqrt(weight * own[1] + (1 - weight) * variance),
        )
    units = {
        post_id: [0.0 if scale[j][1] == 0 else (score - scale[j][0]) / scale[j][1] for j, score in pairs]
        for post_id, pairs in given.items()
    }
    means = {post_id: math.fsum(values) / len(values) for post_id, values in units.items()}
    freedom = sum(len(values) - 1 for values in units.values())
    rest = math.fsum((value - means[p]) ** 2 for p, values in units.items() for value in values)
    spread = math.sqrt(variance)
    error = spread * (math.sqrt(rest / freedom) if freedom else 1.0)
    return (
        {post_id: round(mean + spread * value, 4) for post_id, value in means.items()},
        {post_id: round(error / math.sqrt(len(values)), 4) for post_id, values in units.items()},
    )


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and variance."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / len(values)
