"""Whether two pictures show the same thing, by the geometry of their local features: which part, and how surely.

Pure on a pair: features are paired where each is clearly the other's nearest, every pair proposes where one picture
lies in the other (its places, sizes and angles say so alone), the proposal with most support is refined to an affine
map and, where that holds more pairs, to a perspective one. Nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from detectors.features import THUMBNAIL, Features

__all__ = ["Alignment", "aligned", "inside", "mapped", "outline"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_RATIO: Final = 0.9  # Lowe's: squared distance of the nearest to that of the second, both ways
_FARTHEST: Final = 900  # squared distance, of two vectors of length 40, beyond which nothing is a pair
_SIZE_SLACK: Final = 0.6  # octaves
_ANGLE_SLACK: Final = 0.5  # radians
_LOOSE: Final = 0.06  # of the longer side, for a proposal by one pair
_TIGHT: Final = 0.012
_LEAST: Final = 4
_STRETCH: Final = 3.0  # of the longer to the shorter way, at any corner
_UNEVEN: Final = 10.0  # of the largest to the smallest area that a corner's surroundings take
_ROUNDS: Final = 4
_MORE: Final = 3  # pairs that a perspective map must hold beyond an affine one
_CELLS: Final = 8  # blocks a side of the thumbnail that are compared
_AGREES: Final = 0.55  # correlation of a block from which it shows the same
_SPREAD_CELLS: Final = 5  # a side of the overlap
_FLAT: Final = 4.0  # standard deviation in grey levels below which a block says nothing


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where the first picture lies in the second: ``matrix`` (3, 3) maps pixels of the first's features to the
    second's.

    ``pairs`` (n, 2) are indices of the features that agree with it. ``covers`` is the share of the first and of the
    second picture that the other reaches, ``spans`` the share within the hull of the agreeing features, ``alike`` the
    share of the overlap that looks the same in the small gray copies, ``spread`` the share of it, in
    ``_SPREAD_CELLS`` cells a side, in which some features agree; all in 0..1. ``askew``: how far the overlap's corners
    lie from where the best map without a turn puts them (moves, scales, mirrors, right angles: what editing does), as a
    share of its longer side.
    """

    matrix: Floats
    pairs: npt.NDArray[np.intp]
    covers: tuple[float, float]
    spans: tuple[float, float]
    alike: float
    spread: float
    askew: float

    @property
    def inliers(self) -> int:
        """How many features agree."""
        return len(self.pairs)


def aligned(a: Features, b: Features, ignored: tuple[Bools, Bools] | None = None) -> Alignment | None:
    """How ``a`` lies in ``b``; None where nothing says that it does. ``ignored``: features that do not count."""
    pairs = _pairs(a, b, ignored)
    if len(pairs) < _LEAST:
        return None
    best = _proposed(a, b, pairs)
    if best is None:
        return None
    matrix, inlying = _refined(a, b, pairs, best)
    if matrix is None or inlying.sum() < _LEAST:
        return None
    kept = pairs[inlying]
    ours, theirs = _overlap(a, b, matrix)
    if ours is None or theirs is None:
        return None
    return Alignment(
        matrix=matrix,
        pairs=kept,
        covers=(_area(ours) / (a.width * a.height), _area(theirs) / (b.width * b.height)),
        spans=(_hull(a.points[kept[:, 0]], a), _hull(b.points[kept[:, 1]], b)),
        alike=_alike(a, b, matrix),
        spread=_spread(b, kept, theirs),
        askew=_askew(ours, theirs),
    )


def mapped(matrix: Floats, points: Floats) -> Floats:
    """(n, 2) points through a (3, 3) homography."""
    out = np.column_stack((points, np.ones(len(points)))) @ matrix.T
    return np.asarray(out[:, :2] / np.where(np.abs(out[:, 2:]) < 1e-9, 1e-9, out[:, 2:]))


def outline(picture: Features) -> Floats:
    """(4, 2) corners, clockwise from the upper left, in pixels of the picture's features."""
    w, h = float(picture.width), float(picture.height)
    return np.array([(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)])


def inside(points: Floats, matrix: Floats, picture: Features) -> Bools:
    """(n,) which points lie where ``matrix`` puts the picture."""
    polygon = mapped(matrix, outline(picture)).astype(np.float32)
    return np.array([cv2.pointPolygonTest(polygon, (x, y), measureDist=False) >= 0 for x, y in points.tolist()], bool)


def _pairs(a: Features, b: Features, ignored: tuple[Bools, Bools] | None) -> npt.NDArray[np.intp]:
    """(n, 2) indices: each the other's nearest, and clearly nearer than the next, from either side."""
    if len(a) < 2 or len(b) < 2:
        return np.empty((0, 2), np.intp)
    left, right = a.vectors.astype(np.float32), b.vectors.astype(np.float32)
    table = (left**2).sum(1)[:, None] + (right**2).sum(1)[None, :] - 2 * (left @ right.T)
    if ignored is not None:
        table[ignored[0]] = table[:, ignored[1]] = np.inf
    forth, back = table.argmin(axis=1), table.argmin(axis=0)
    rows = np.flatnonzero(back[forth] == np.arange(len(a)))
    rows = rows[table[rows, forth[rows]] <= _FARTHEST]
    # Only of these few is the second nearest looked for, to either side.
    columns = forth[rows]
    least = table[rows, columns]
    across, down = table[rows], table[:, columns]
    across[np.arange(len(rows)), columns] = down[rows, np.arange(len(rows))] = np.inf
    good = least <= _RATIO * np.minimum(across.min(axis=1), down.min(axis=0))
    return np.column_stack((rows[good], columns[good]))


def _proposed(a: Features, b: Features, pairs: npt.NDArray[np.intp]) -> Bools | None:
    """The pairs that agree with the best proposal made by one of them."""
    i, j = pairs.T
    mirrored = a.flipped[i] != b.flipped[j]
    grown = b.sizes[j] - a.sizes[i]
    # A mirror turns angles round: it is laid along the horizontal, what is left is a turn.
    turned = np.where(mirrored, b.angles[j] - (np.pi - a.angles[i]), b.angles[j] - a.angles[i])
    scale, cos, sin = 2.0**grown, np.cos(turned), np.sin(turned)
    hand = np.where(mirrored, -1.0, 1.0)
    linear = np.empty((len(pairs), 2, 2))
    linear[:, 0, 0], linear[:, 0, 1] = scale * cos * hand, -scale * sin
    linear[:, 1, 0], linear[:, 1, 1] = scale * sin * hand, scale * cos
    p, q = a.points[i], b.points[j]
    off = np.hypot(*(_landed(row, p, q[:, axis]) for axis, row in enumerate(linear.transpose(1, 2, 0))))
    spin = np.abs((turned[:, None] - turned[None, :] + np.pi) % (2 * np.pi) - np.pi)
    agree = (
        (off <= _LOOSE * max(b.width, b.height))
        & (np.abs(grown[:, None] - grown[None, :]) <= _SIZE_SLACK)
        & (spin <= _ANGLE_SLACK)
        & (mirrored[:, None] == mirrored[None, :])
    )
    count = agree.sum(axis=1)
    # Of equal support, the tighter.
    spread = np.where(agree, off, 0).sum(axis=1)
    best = int(np.lexsort((spread, -count))[0])
    return agree[best] if count[best] >= _LEAST else None


def _landed(row: Floats, p: Floats, q: Floats) -> Floats:
    """(n, n) by how much each proposal, a (2, n) row of its matrix, misses the second point of each pair, one way."""
    own = q - (row[0] * p[:, 0] + row[1] * p[:, 1])
    return np.asarray(row[0][:, None] * p[:, 0] + row[1][:, None] * p[:, 1] + own[:, None] - q)


def _refined(a: Features, b: Features, pairs: npt.NDArray[np.intp], inlying: Bools) -> tuple[Floats | None, Bools]:
    """An affine map fitted again and again to what agrees with it, then a perspective one if that holds more."""
    p, q = a.points[pairs[:, 0]], b.points[pairs[:, 1]]
    tight = _TIGHT * max(b.width, b.height)
    matrix: Floats | None = None
    fitted, off = None, np.empty(0)
    for round_ in range(_ROUNDS):
        if inlying.sum() < _LEAST:
            return None, inlying
        if fitted is None or (inlying != fitted).any():
            fitted, matrix = inlying, _affine(p[inlying], q[inlying])
            off = np.hypot(*(mapped(matrix, p) - q).T)
        inlying = off <= tight * max(1.0, 2.5 - round_ * 0.75)
    if matrix is None:
        return None, inlying
    wide = off <= 4 * tight
    if wide.sum() >= max(8, inlying.sum() + _MORE):
        matrix, inlying = _perspective(p, q, wide, tight, matrix, inlying)
    distinct = {*map(tuple, np.rint(p[inlying]).tolist())}
    return (matrix, inlying) if len(distinct) >= _LEAST and _sound(matrix, a, b) else (None, inlying)


def _affine(p: Floats, q: Floats) -> Floats:
    solution, *_ = np.linalg.lstsq(np.column_stack((p, np.ones(len(p)))), q, rcond=None)
    return np.vstack((solution.T, (0.0, 0.0, 1.0)))


def _perspective(
    p: Floats, q: Floats, wide: Bools, tight: float, affine: Floats, inlying: Bools
) -> tuple[Floats, Bools]:
    """The perspective map, where it holds clearly more than the affine one."""
    agree, least = wide, inlying.sum() + _MORE
    for _ in range(_ROUNDS):
        if agree.sum() < 8:
            return affine, inlying
        fitted = agree
        found, _ = cv2.findHomography(p[agree], q[agree], 0)
        if found is None:
            return affine, inlying
        matrix = np.asarray(found, np.float64)
        agree = np.hypot(*(mapped(matrix, p) - q).T) <= tight
        if (agree == fitted).all():
            break
    return (matrix, agree) if agree.sum() >= least else (affine, inlying)


def _sound(matrix: Floats, a: Features, b: Features) -> bool:
    """Whether the map keeps the first picture a convex quadrilateral, and nowhere bends it as no camera would: copies
    turned by up to 28 % of their sides stayed below a stretch of 2.1 and areas of 1 : 5.4 from corner to corner."""
    corners = outline(a)
    quad = mapped(matrix, corners)
    if not np.isfinite(quad).all() or np.abs(quad).max() > 100 * max(b.width, b.height):
        return False
    edges = np.roll(quad, -1, axis=0) - quad
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    if not (np.sign(turns) == np.sign(turns[0])).all():
        return False
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    local = (matrix[None, :2, :2] - quad[:, :, None] * matrix[None, 2:, :2]) / depth[:, None, None]
    longest, shortest = np.linalg.svd(local, compute_uv=False).T
    areas = longest * shortest
    return bool((shortest > 0).all() and (longest < _STRETCH * shortest).all() and areas.max() < _UNEVEN * areas.min())


def _overlap(a: Features, b: Features, matrix: Floats) -> tuple[Floats | None, Floats | None]:
    """What both show, as a polygon in each."""
    quad = mapped(matrix, outline(a))
    size, polygon = cv2.intersectConvexConvex(quad.astype(np.float32), outline(b).astype(np.float32))
    if size <= 0 or polygon is None:
        return None, None
    theirs = polygon.reshape(-1, 2).astype(np.float64)
    back: Floats = np.asarray(np.linalg.inv(matrix), np.float64)
    return mapped(back, theirs), theirs


def _area(polygon: npt.NDArray[Any]) -> float:
    return float(cv2.contourArea(polygon.astype(np.float32)))


def _hull(points: Floats, picture: Features) -> float:
    return _area(cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)) / (picture.width * picture.height)


def _alike(a: Features, b: Features, matrix: Floats) -> float:
    """The share of blocks of the overlap in which the small gray copies rise and fall together."""
    small = _to_thumbnail(b) @ matrix @ np.linalg.inv(_to_thumbnail(a))
    one, other = a.thumbnail.astype(np.float32), b.thumbnail.astype(np.float32)
    if abs(np.linalg.det(small[:2, :2])) > 1:
        one, other, small = other, one, np.linalg.inv(small)
    # The picture that is smaller in the other is filled up from it, so that each of its blocks is compared.
    shown = cv2.warpPerspective(other, small, (THUMBNAIL, THUMBNAIL), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inside = cv2.warpPerspective(
        np.ones_like(other), small, (THUMBNAIL, THUMBNAIL), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    blocks, seen = _blocks(one), _blocks(np.asarray(shown, np.float32))
    share = _blocks(np.asarray(inside, np.float32)).mean(axis=(1, 2))
    x, y = (b - b.mean(axis=(1, 2), keepdims=True) for b in (blocks, seen))
    deviations = x.std(axis=(1, 2)), y.std(axis=(1, 2))
    counted = (share >= 0.9) & (np.maximum(*deviations) >= _FLAT)
    alike = (x * y).mean(axis=(1, 2)) >= _AGREES * np.maximum(deviations[0] * deviations[1], 1e-6)
    return float((counted & alike).sum() / counted.sum()) if counted.any() else 1.0


def _spread(b: Features, pairs: npt.NDArray[np.intp], overlap: Floats) -> float:
    """Over the cells of the overlap's box: a frame around something else agrees at its edge, and nowhere within."""
    low, high = overlap.min(axis=0), overlap.max(axis=0)
    cells = np.floor((b.points[pairs[:, 1]] - low) / np.maximum(high - low, 1e-9) * _SPREAD_CELLS).astype(np.int64)
    cells = np.clip(cells, 0, _SPREAD_CELLS - 1)
    return len({*(cells @ (_SPREAD_CELLS, 1)).tolist()}) / _SPREAD_CELLS**2


def _askew(ours: Floats, theirs: Floats) -> float:
    off = []
    there = theirs - theirs.mean(axis=0)
    for source in (ours, ours[:, ::-1]):  # upright, or turned by a right angle: each way by itself, a line fitted
        here = source - source.mean(axis=0)
        slopes = (here * there).sum(axis=0) / np.maximum((here**2).sum(axis=0), 1e-9)
        off.append(float(np.hypot(*(here * slopes - there).T).max()))
    return min(off) / max(1e-9, float(np.ptp(theirs, axis=0).max()))


def _blocks(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, side, side): the blocks of a thumbnail, each overlapping the next by half."""
    side = THUMBNAIL // _CELLS * 2
    windows = np.lib.stride_tricks.sliding_window_view(picture, (side, side))[:: side // 2, :: side // 2]
    return windows.reshape(-1, side, side)


def _to_thumbnail(picture: Features) -> Floats:
    """From pixels of the features' copy to those of the small one; both count from the middle of their first."""
    x, y = THUMBNAIL / picture.width, THUMBNAIL / picture.height
    return np.array([(x, 0.0, x / 2 - 0.5), (0.0, y, y / 2 - 0.5), (0.0, 0.0, 1.0)])
