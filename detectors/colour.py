"""How much of a picture is in the brand's colours, and whether they touch as they do in the mark.

Blue alone says nothing (sky, jeans, other exchanges). Two brand colours side by side, in about the ratio of areas that
they have in the mark, are rare in ordinary pictures. Distances are CIE76 Delta E in CIELAB (D65), where the drift of
JPEG and of ordinary white balance stays within one radius.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import ColourPair, Kit, KitColour
from detectors.evidence import Colour
from detectors.picture import Picture

VERSION: Final = "2"
RADIUS: Final = 24.0
"""Delta E within which a pixel has a brand colour."""

_FINE: Final = 640  # px of long side at least; of more, every n-th pixel is looked at, so that no colours are mixed
_TABLE_BITS: Final = 5  # as OpenCV packs them, red highest
_LARGE: Final = 0.1  # side of the blob over the side of the picture from which size adds nothing more
_MIN_BLOB: Final = 12  # px of the working picture
_LESS: Final = 0.9
_MORE: Final = 2.0
_LEAST: Final = 0.02
_ROUND: Final = 1.4  # a mark's box is wider than the square of its inked area
_COMPACT: Final = 0.45  # of its box: a square standing on its corner fills half


class Neighbours(NamedTuple):
    """Two brand colours side by side: how close to the mark's ratio (0..1), the middle of the second colour's blob,
    the side that a mark of these areas would have, and the area of both; px of the working picture."""

    closeness: float
    x: float
    y: float
    side: float
    area: float


class Seen(NamedTuple):
    """The kit's colours in one picture: per colour a mask of every ``step``-th pixel, and the neighbours, those closest
    to their pair's ratio first."""

    masks: dict[str, NDArray[np.bool_]]
    step: int
    neighbours: tuple[Neighbours, ...]


def colour(picture: Picture, kit: Kit) -> Colour:
    """The share of pixels in each kit colour (0..1), how far its pairs touch, and one score for how telling that is.

    ``adjacency`` 0..1: a compact blob of one colour with its partner around it, as much as the kit's ratio asks.
    ``score`` 0..1 rises with adjacency and with the size of the blob; shares alone never lift it above 0.5.
    It is no probability: it orders pictures.
    """
    masks, _, neighbours = seen(picture, kit)
    shares = {name: round(float(np.count_nonzero(mask)) / mask.size, 4) for name, mask in masks.items()}
    adjacency = neighbours[0].closeness if neighbours else 0.0
    size = math.sqrt(neighbours[0].area / picture.gray.size) if neighbours else 0.0
    everywhere = min(0.5, sum(shares.values()))
    together = adjacency * (0.5 + 0.5 * min(1.0, size / _LARGE))
    return Colour(score=round(max(everywhere, together), 4), shares=shares, adjacency=round(adjacency, 4))


@functools.lru_cache(maxsize=1)
def seen(picture: Picture, kit: Kit) -> Seen:
    """What ``colour`` judges by; kept for the picture at hand, for more than one detector asks."""
    step = max(1, max(picture.rgb.shape[:2]) // _FINE)
    masks = _masks(picture.rgb[::step, ::step], kit)
    found = [each for pair in kit.pairs for each in _pairs(masks[pair.first], masks[pair.second], pair, step)]
    return Seen(masks, step, tuple(sorted(found, key=lambda each: (-each.closeness, each))))


def _masks(rgb: NDArray[np.uint8], kit: Kit) -> dict[str, NDArray[np.bool_]]:
    """For each kit colour, (H, W) true where the pixel is within ``RADIUS`` of one of its values and nearest to it."""
    nearest = _table(kit.colours)
    cells = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR555).view(np.uint16)[..., 0]
    label = nearest[cells]
    return {colour.name: label == number for number, colour in enumerate(kit.colours, start=1)}


def lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB (L 0..100, a, b) of (H, W, 3) uint8 sRGB."""
    converted: NDArray[np.float32] = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab).astype(np.float32)
    return converted


@functools.lru_cache(maxsize=8)
def _table(colours: tuple[KitColour, ...]) -> NDArray[np.uint8]:
    """Colour number (from 1; 0: none) of every sRGB cell, 32 a channel, red slowest: a look-up, not a transform."""
    cells = 1 << _TABLE_BITS
    centres = (np.arange(cells) * (256 // cells) + 128 // cells).astype(np.uint8)
    grid = np.stack(np.meshgrid(centres, centres, centres, indexing="ij"), axis=-1).reshape(cells, cells * cells, 3)
    points = lab(grid).reshape(-1, 3)
    best = np.full(len(points), RADIUS, np.float32)
    number = np.zeros(len(points), np.uint8)
    for index, kit_colour in enumerate(colours, start=1):
        for value in lab(np.array([kit_colour.rgb], np.uint8))[0]:
            distance = np.linalg.norm(points - value, axis=1).astype(np.float32)
            nearer = distance < best
            best[nearer], number[nearer] = distance[nearer], index
    return number


def _pairs(first: NDArray[np.bool_], second: NDArray[np.bool_], pair: ColourPair, step: int) -> list[Neighbours]:
    """Compact blobs of a pair's second colour with the first around them.

    Around means a window as wide as the first colour would need in that ratio, so that a mark on a wall of its own
    blue counts too. More of the first colour than in the mark is forgiven more readily than less.
    """
    least = max(2, _MIN_BLOB // step**2)
    if not first.any() or np.count_nonzero(second) < least:
        return []
    count, _, stats, _ = cv2.connectedComponentsWithStats(second.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    blobs = stats[1:count].astype(np.float64)
    blobs = blobs[blobs[:, cv2.CC_STAT_AREA] >= least]
    if not len(blobs):
        return []
    x, y, w, h, area = blobs.T
    reach = np.sqrt(area / pair.ratio)
    height, width = first.shape
    left, right = np.clip([x - reach, x + w + reach], 0, width).astype(np.intp)
    top, bottom = np.clip([y - reach, y + h + reach], 0, height).astype(np.intp)
    sums = cv2.integral(first.astype(np.uint8))
    around = (sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]).astype(np.float64)
    stray = np.log(np.maximum(around, 0.01) * pair.ratio / area)
    closeness = np.exp(-((stray / np.where(stray > 0, _MORE, _LESS)) ** 2)) * np.minimum(1.0, area / (w * h) / _COMPACT)
    side = _ROUND * np.sqrt(area * (1 + 1 / pair.ratio))
    rows = np.stack([closeness, x + w / 2, y + h / 2, side, around + area], axis=1)[closeness > _LEAST]
    rows *= (1, step, step, step, step * step)
    return [Neighbours(*(float(value) for value in row)) for row in rows]
