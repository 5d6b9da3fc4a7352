"""Which partial links count: an app's frame or a poster's template shows in many pictures that are no copies.

Two screenshots of one app agree on many points and lie upon each other as wholes, but what lies between the points
differs. Such a link is *doubtful*. The points that a picture shares with several others in doubtful links belong to
what everybody shares; a link of that picture that does not show clearly the same counts only where enough others are
left. A picture that is copied by many stays a copy: its links are not doubtful.

All is a function of the set of links at a picture, so the order in which they came does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

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


class Side(NamedTuple):
    """A link as one of its pictures sees it: which of its points agree, as bits, how many of them must not be common
    for it to count (0: it counts whatever they are), and whether it is doubtful."""

    points: int = 0
    needed: int = 0
    doubtful: bool = False

    def counts(self, shared: int) -> bool:
        """Whether the link makes a copy, as far as this picture can tell, once its common points are left out."""
        return (self.points & ~shared).bit_count() >= self.needed


Sides = tuple[Side, Side]
"""A link as either picture sees it, the one with the lower SHA-256 first."""
ALWAYS: Final = (Side(), Side())
"""Of a link that counts whatever its points are, and has no part in what is common."""


def sides(points: tuple[int, int], least: int, alike: float, *, doubtful: bool) -> Sides:
    """Of a link by features."""
    if is_clear(alike, doubtful=doubtful):
        return ALWAYS
    one, other = points
    return Side(one, _needed(one, least), doubtful), Side(other, _needed(other, least), doubtful)


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


def read_sides(detail: str) -> Sides:
    """Of a stored link."""
    it = read(detail)
    if it is None or is_clear(it.alike, doubtful=it.doubtful):
        return ALWAYS
    return sides((int(it.points[0], 16), int(it.points[1], 16)), it.least, it.alike, doubtful=it.doubtful)


def written(detail: Detail) -> str:
    """The same, as it is stored."""
    return msgspec.json.encode(detail).decode()


def bits(points: Iterable[int]) -> int:
    """Feature numbers as bits of a number."""
    return sum(1 << point for point in points)


def hexed(points: tuple[int, int]) -> tuple[str, str]:
    """Bits as they are stored."""
    return f"{points[0]:x}", f"{points[1]:x}"


def common(doubtful: Iterable[int]) -> int:
    """The points that everybody shares, of one picture's doubtful links, each given as its bits."""
    links = list(doubtful)
    others = allowed(len(links))
    in_more = [0] * (others + 1)  # points that occur in more than none of the links, in more than one, ...
    for points in links:
        for number in range(others, 0, -1):
            in_more[number] |= in_more[number - 1] & points
        in_more[0] |= points
    return in_more[others]


def allowed(links: int) -> int:
    """In how many of so many doubtful links a point may take part before it is everybody's."""
    return SHARED_BY if links < CROWD else _IN_CROWD


def is_clear(alike: float, *, doubtful: bool) -> bool:
    """Whether a link counts whatever its points are."""
    return alike >= _CLEARLY and not doubtful


def counts(points: int, shared: int, least: int) -> bool:
    """Whether a link that is not clear makes a copy once its picture's common points are left out: of its points
    ``least`` and two in five remain."""
    return (points & ~shared).bit_count() >= _needed(points, least)


def _needed(points: int, least: int) -> int:
    return max(least, -(-2 * points.bit_count() // 5))


_decode: Final = msgspec.json.Decoder(Detail).decode
