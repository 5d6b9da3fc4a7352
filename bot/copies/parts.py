"""Which partial links count: an app's frame or a poster's template shows in many pictures that are no copies.

Two screenshots of one app agree on many points and lie upon each other as wholes, but what lies between the points
differs. Such a link is *doubtful*. The points that a picture shares with several others in doubtful links belong to
what everybody shares; a link of that picture that does not show clearly the same counts only where enough others are
left. A picture that is copied by many stays a copy: its links are not doubtful.

All is a function of the set of links at a picture, so the order in which they came does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from detectors.evidence import Quad, Value

_ALIKE: Final = 0.6
_ALIKE_WHOLES: Final = 0.7
_SPREAD_WHOLES: Final = 0.7
_WHOLES: Final = 0.7  # least share of either picture seen in the other for the two to lie upon each other as wholes
_CLEARLY: Final = 0.9
"""Alike, from which a link counts whatever its points are. In 480 edits of charts, screens and posters among 2,400
others, links to another picture of the template that were not doubtful lay below in 168 of 174; of their points at most
a third was not the template's, of a copy's three in five (19 in 20 of them)."""
SHARED_BY: Final = 3
"""Other doubtful links in which a point must take part before it is everybody's."""
CROWD: Final = 12
"""Doubtful links that make a crowd, in which two other links are enough: of many that share a template, each agrees
with each on a part of it only. Of 480 such edits 469 were found, 458 where one other link was enough; 471 where three
were needed, and then 5 more of 350 honest pictures in the frames of an app were linked."""
_IN_CROWD: Final = 2
NEVER: Final = 1 << 16
"""More points than a picture has: as ``least`` of a link that makes no copy, but tells what is a frame."""


class Detail(Value):
    """A proof by features, as stored beside its link. ``points`` are the features that agree, as bits of a number in
    hex, of the picture with the lower SHA-256 and of the other; ``least``: how many of them make a copy. The others as
    in ``bot.copies.proof.Proof``."""

    inliers: int
    area: float
    alike: float
    quad: Quad
    points: tuple[str, str]
    least: int
    doubtful: bool

    @property
    def clear(self) -> bool:
        """Whether the link counts whatever its points are."""
        return is_clear(self.alike, doubtful=self.doubtful)


def is_doubtful(alike: float, spread: float, covers: tuple[float, float]) -> bool:
    """Whether what lies between the points that agree may differ. ``alike``: the share of what two pictures both show
    that looks the same; ``spread``: the share of it where points agree; ``covers``: the share of each that the other
    shows.

    Two that lie upon each other as wholes are told by the spread: on the threshold split of benchmarks/copies.py,
    honest pairs that share a frame (screens, posters, charts) reach 0.48; the median copy, 0.80. A thick frame is told
    by the likeness.
    """
    if min(covers) >= _WHOLES:
        return spread < _SPREAD_WHOLES or alike < _ALIKE_WHOLES
    return alike < _ALIKE


def read(detail: str) -> Detail | None:
    """A stored link's proof by features; None for a link that rests on something else."""
    return None if detail == "{}" else _decode(detail)


def bits(points: Iterable[int]) -> str:
    """Feature numbers as bits of a number in hex."""
    return f"{sum(1 << point for point in points):x}"


def common(doubtful: Sequence[int]) -> int:
    """The points that occur in more than ``SHARED_BY`` of one picture's doubtful links, in a crowd in more than two,
    each given as its bits."""
    others = SHARED_BY if len(doubtful) < CROWD else _IN_CROWD
    seen = [0] * (others + 1)
    for points in doubtful:
        for level in range(others, 0, -1):
            seen[level] |= seen[level - 1] & points
        seen[0] |= points
    return seen[others]


def is_clear(alike: float, *, doubtful: bool) -> bool:
    """Whether a link counts whatever its points are."""
    return alike >= _CLEARLY and not doubtful


def counts(points: int, shared: int, least: int) -> bool:
    """Whether a link that is not clear still makes a copy once its picture's common points are left out: of its points
    ``least`` and two in five remain."""
    left = (points & ~shared).bit_count()
    return left >= least and 5 * left >= 2 * points.bit_count()


_decode: Final = msgspec.json.Decoder(Detail).decode
