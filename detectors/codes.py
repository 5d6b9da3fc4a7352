"""QR codes with their text.

OpenCV's search over a whole picture costs 15 to 40 ms, misses small codes, and runs for minutes on a hostile grid of
finder patterns. So the three finder patterns are sought here first, along rows and columns, where their bars stand
1 : 1 : 3 : 1 : 1 at any angle (ISO/IEC 18004, 6.3.3). Only where three of them stand in a right angle is that part
straightened, enlarged and given to OpenCV; without them, which is nearly always, there is nothing more to do.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from detectors.evidence import Code, Point, Quad
from detectors.picture import Picture

__all__ = ["VERSION", "codes"]

Pixels = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

VERSION: Final = "2"
_MOST_FINDERS: Final = 24
_MOST_TRIED: Final = 6
_THRESHOLD_WINDOW: Final = 41
_SHAPE: Final = np.array([1, 1, 3, 1, 1])
_TOLERANCE: Final = 0.6  # of a module, for each bar
_QUARTER: Final = 4
_EVERY: Final = 2  # a finder's middle is three modules high: where no such row crosses one, no other does
_MOST_CROSSINGS: Final = 4000
# Rays from a finder's middle: radii in modules as a row crosses it, at which any direction of a code turned by any
# angle is still in the dark middle, somewhere in the light ring, and somewhere in the dark ring.
_RADII: Final[Floats] = np.array([0.0, 0.4, 0.8, 1.4, 1.7, 2.0, 2.3, 2.7, 3.0, 3.4, 3.9, 4.4])
_MIDDLE, _LIGHT, _RING = slice(0, 3), slice(3, 7), slice(5, 12)
_DIRECTIONS: Final[Floats] = np.stack([np.cos(np.arange(16) * np.pi / 8), np.sin(np.arange(16) * np.pi / 8)])
_CONTRAST: Final = 24
_MOST_DIRECTIONS: Final = 0.85
_BETWEEN_FINDERS: Final = (10.0, 180.0)  # modules from centre to centre: version 1 has 14, version 40 has 170
# How a code is shown to OpenCV's reader, which fails on some sizes of some codes: where the first finder is, where the
# next ones are, and whether in black and white only. Of 150 codes in scenes either gave 149 or all.
_VIEWS: Final = ((110, 370, False), (160, 480, True))


_NOTHING: Final[tuple[Floats, Floats, Floats]] = (np.empty(0), np.empty(0), np.empty(0))


class _Finder(NamedTuple):
    x: float
    y: float
    module: float


class _Corner(NamedTuple):
    """Three finders: the one at the right angle, and the two beside it, clockwise. ``skew`` 0 is a perfect one."""

    skew: float
    at: _Finder
    right: _Finder
    below: _Finder


def codes(picture: Picture) -> tuple[Code, ...]:
    """Every QR code that can be read, in reading order. Quads are in pixels of the full upright picture."""
    found: dict[str, Code] = {}
    finders = _finders(picture.gray)
    if len(finders) < 3:
        return ()
    detector = cv2.QRCodeDetectorAruco()
    used: set[_Finder] = set()
    for corner in _corners(finders)[:_MOST_TRIED]:
        if used.isdisjoint(corner[1:]):
            code = _read(detector, picture, corner)
            if code is not None:
                used.update(corner[1:])
                found.setdefault(code.text, code)
    return tuple(sorted(found.values(), key=lambda code: (code.quad[0][1], code.quad[0][0], code.text)))


def _finders(gray: Pixels) -> list[_Finder]:
    """The finder patterns at their own size and, for large ones, in a picture of a quarter of the size."""
    if min(gray.shape) < _QUARTER:
        return []
    size = (gray.shape[1] // _QUARTER, gray.shape[0] // _QUARTER)
    large = np.stack(_seen(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), 1))
    large[:2] += 0.5
    small = _seen(gray, _EVERY)
    if len(small[0]):
        small = _seen(gray, 1)
    x, y, module = np.concatenate([np.stack(small), large * _QUARTER], axis=1)
    return _merged(x, y, module)


def _seen(gray: Pixels, every: int) -> tuple[Floats, Floats, Floats]:
    """x, y and module size of where a row and a column both cross a finder's bars, and its rings are all round.
    ``every``: which rows are looked at."""
    if min(gray.shape) < _THRESHOLD_WINDOW:
        return _NOTHING
    dark = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _THRESHOLD_WINDOW, 4)
    y, x, along = _crossed(np.asarray(dark, np.uint8)[::every])
    y *= every
    if not len(x):
        return _NOTHING
    near = np.arange(-1, 2)
    columns = np.unique(np.clip(x[:, None] + near, 0, gray.shape[1] - 1))  # a column elsewhere crosses no such row
    which, down_y, down = _crossed(np.ascontiguousarray(np.asarray(dark)[:, columns].T))
    modules = np.zeros((gray.shape[0] + 2, gray.shape[1] + 2), np.float32)  # framed: what is near may lie outside
    modules[down_y + 1, columns[which] + 1] = down
    across = modules[y[:, None, None] + near[:, None] + 1, x[:, None, None] + near + 1].max(axis=(1, 2))
    both = np.flatnonzero((across > along / 2) & (across < along * 2))[:_MOST_CROSSINGS]
    x, y, module = x[both], y[both], (along[both] + across[both]) / 2
    ringed = _ringed(gray, x, y, module)
    return x[ringed].astype(np.float64), y[ringed].astype(np.float64), module[ringed]


def _ringed(gray: Pixels, x: Places, y: Places, module: Floats) -> npt.NDArray[np.bool_]:
    """Whether it is dark, then light, then dark again in all directions, and not by a mere ripple of the light."""
    height, width = gray.shape
    reach = module[:, None, None] * _RADII[None, None, :]
    across = np.clip(np.rint(x[:, None, None] + reach * _DIRECTIONS[0][None, :, None]), 0, width - 1).astype(np.intp)
    down = np.clip(np.rint(y[:, None, None] + reach * _DIRECTIONS[1][None, :, None]), 0, height - 1).astype(np.intp)
    rays = gray[down, across].astype(np.int16)
    middle, light, ring = rays[..., _MIDDLE].max(-1), rays[..., _LIGHT].max(-1), rays[..., _RING].min(-1)
    rings = (light - middle >= _CONTRAST) & (light - ring >= _CONTRAST)
    return np.asarray(rings.mean(axis=1) >= _MOST_DIRECTIONS, np.bool_)


def _crossed(dark: Pixels) -> tuple[Places, Places, Floats]:
    """Row, column and module size of every run of five bars, dark first, in the finder's proportions."""
    height, width = dark.shape
    row = width + 2
    padded = np.zeros((height, row), np.uint8)  # a light pixel at both ends: a dark bar ends with its row
    padded[:, 1:-1] = dark
    flat = padded.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if len(edges) < 6:
        empty = np.empty(0, np.intp)
        return empty, empty, np.empty(0)
    starts, ends = edges[:-5:2], edges[5::2]  # of five bars each, from light to dark to dark to light
    bars = np.stack([edges[i + 1 :: 2][: len(starts)] - edges[i::2][: len(starts)] for i in range(5)])
    module = (ends - starts) / 7
    spread = module * _TOLERANCE * np.sqrt(_SHAPE)[:, None]
    fits = (np.abs(bars - module * _SHAPE[:, None]) <= spread).all(axis=0) & (starts // row == ends // row)
    centre = starts[fits] + np.rint(module[fits] * 3.5).astype(np.intp)
    return centre // row, np.clip(centre % row - 1, 0, width - 1), module[fits]


def _merged(x: Floats, y: Floats, module: Floats) -> list[_Finder]:
    """Crossings of one finder as one: from the largest on, whatever lies within its middle is the same."""
    finders: list[_Finder] = []
    left = np.argsort(-module, kind="stable")
    while len(left) and len(finders) < _MOST_FINDERS:
        first = left[0]
        size = float(module[first])
        same = np.hypot(x[left] - x[first], y[left] - y[first]) <= 2 * max(1.0, size)
        group, left = left[same], left[~same]
        finders.append(_Finder(float(x[group].mean()), float(y[group].mean()), float(np.median(module[group]))))
    return finders


def _corners(finders: list[_Finder]) -> list[_Corner]:
    """Every three finders that may be of one code, the squarest first."""
    corners = []
    for three in combinations(finders, 3):
        if max(f.module for f in three) > 1.7 * min(f.module for f in three):
            continue
        module = sum(f.module for f in three) / 3
        for i in range(3):
            at, a, b = three[i], three[i - 2], three[i - 1]
            ax, ay, bx, by = a.x - at.x, a.y - at.y, b.x - at.x, b.y - at.y
            one, two = np.hypot(ax, ay), np.hypot(bx, by)
            if not all(_BETWEEN_FINDERS[0] * module < side < _BETWEEN_FINDERS[1] * module for side in (one, two)):
                continue
            skew = abs(ax * bx + ay * by) / (one * two) + abs(np.log(one / two))
            if skew < 0.7:
                right, below = (a, b) if ax * by - ay * bx > 0 else (b, a)
                corners.append(_Corner(round(float(skew), 6), at, right, below))
    return sorted(corners)


def _read(detector: cv2.QRCodeDetectorAruco, picture: Picture, corner: _Corner) -> Code | None:
    """The code at these finders, straightened and brought to one size; None where it cannot be read."""
    seen = np.array([[f.x, f.y] for f in corner[1:]], np.float32)
    for near, far, black_and_white in _VIEWS:
        straight = np.array([[near, near], [far, near], [near, far]], np.float32)
        matrix = cv2.getAffineTransform(seen, straight)
        size = (near + far, near + far)
        view = cv2.warpAffine(picture.gray, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        if black_and_white:
            _, view = cv2.threshold(view, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        text, corners, _ = detector.detectAndDecode(view)
        if text and corners is not None:
            points = np.asarray(corners, np.float64).reshape(1, -1, 2)
            return Code(
                text=text, quad=_quad(cv2.transform(points, cv2.invertAffineTransform(matrix))[0] * picture.scale)
            )
    return None


def _quad(corners: npt.ArrayLike) -> Quad:
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in np.asarray(corners))
    points: tuple[Point, Point, Point, Point] = (a, b, c, d)
    return points
