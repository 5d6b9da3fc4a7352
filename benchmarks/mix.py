"""From scores to decisions: average precision, and what a stated mix of posts would cost in people and in errors.

The mix: 55 % of the pictures show a mark (of these 20 % under 48 px and 15 % in one tone, all conditions alike often),
45 % none, whether they count without one or not (of these 10 % foreign logos, the rest ordinary pictures). The bands
are chosen on every second picture and judged on the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]

WITH_MARKS: Final = 0.55
SMALL: Final = 0.20
MONO: Final = 0.15
LOGOS: Final = 0.10
WRONG: Final = 0.005
MISSED: Final = 0.01
_GRID: Final = np.round(np.arange(0.05, 0.996, 0.01), 2)


class Mix(NamedTuple):
    """Pictures by their best score, 0..1: with marks (and which of these are small, and in one tone), and without."""

    marked: Scores
    small: Flags
    mono: Flags
    ordinary: Scores
    logos: Scores

    def part(self, first: int) -> Mix:
        """Every second picture of each kind."""
        return Mix(
            self.marked[first::2],
            self.small[first::2],
            self.mono[first::2],
            self.ordinary[first::2],
            self.logos[first::2],
        )

    def weights(self) -> tuple[Scores, Scores, Scores]:
        """Of each picture with marks, ordinary picture and logo in the mix; all together 1."""
        small, mono = self.small, self.mono
        marked = np.zeros(len(self.marked))
        for is_small, share in ((True, SMALL), (False, 1 - SMALL)):
            for is_mono, part in ((True, MONO), (False, 1 - MONO)):
                cell = (small == is_small) & (mono == is_mono)
                marked[cell] = WITH_MARKS * share * part / max(int(cell.sum()), 1)
        rest = 1 - WITH_MARKS
        return (
            marked,
            np.full(len(self.ordinary), rest * (1 - LOGOS) / len(self.ordinary)),
            np.full(len(self.logos), rest * LOGOS / len(self.logos)),
        )


class Outcome(NamedTuple):
    """Shares: of approvals that are wrong; of pictures with marks that are approved, left to people, called absent; of
    pictures without that are left to people."""

    wrong: float
    approved: float
    asked: float
    absent: float
    asked_without: float


def outcome(mix: Mix, accept: float, absent: float) -> Outcome:
    """What the bands do to the mix."""
    marked, ordinary, logos = mix.weights()
    right = marked[mix.marked >= accept].sum()
    false = ordinary[mix.ordinary >= accept].sum() + logos[mix.logos >= accept].sum()
    missed = marked[mix.marked < absent].sum()
    doubtful = ordinary[_between(mix.ordinary, absent, accept)].sum() + logos[_between(mix.logos, absent, accept)].sum()
    return Outcome(
        wrong=float(false / max(right + false, 1e-12)),
        approved=float(right / WITH_MARKS),
        asked=float(1 - (right + missed) / WITH_MARKS),
        absent=float(missed / WITH_MARKS),
        asked_without=float(doubtful / (1 - WITH_MARKS)),
    )


def bands(mix: Mix) -> tuple[float, float]:
    """The least ``accept`` with at most ``WRONG`` wrong approvals from there up, and the greatest ``absent`` that
    misses at most ``MISSED`` of the pictures with marks."""
    wrong = [outcome(mix, float(value), 0.0).wrong for value in _GRID]
    too_many = [index for index, share in enumerate(wrong) if share > WRONG]
    accept = float(_GRID[min(len(_GRID) - 1, too_many[-1] + 1 if too_many else 0)])
    lost = [float(value) for value in _GRID if outcome(mix, 1.0, float(value)).absent <= MISSED]
    return accept, min(max(lost, default=float(_GRID[0])), accept)


def average_precision(right: Scores, false: Iterable[float]) -> float:
    """Area under precision over recall. ``right``: each mark's best score at its place, below 0 where it was not found;
    ``false``: the scores of all that was found elsewhere."""
    found = right[right >= 0]
    scores = np.concatenate([found, np.fromiter(false, np.float64)])
    hits = np.concatenate([np.ones(len(found)), np.zeros(len(scores) - len(found))])
    order = np.lexsort((hits, -scores))  # where scores are equal, the false first
    hits = hits[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[hits > 0].sum() / len(right))


def _between(scores: Scores, low: float, high: float) -> Flags:
    return np.asarray((scores >= low) & (scores < high))
