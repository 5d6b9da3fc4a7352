"""What is not the mark but comes close: rings, pies, power buttons, letters, other cuts, and foreign logos.

Each is a (128, W, 4) float32 RGBA patch in 0..1.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]
_SIDE: Final = 128
_FINE: Final = 256
_FONTS: Final = sorted(str(path) for path in Path("/usr/share/fonts/truetype").rglob("*.ttf"))


def near_miss(rng: Generator, palette: list[tuple[float, float, float]]) -> Floats:
    """A drawn look-alike in colours of the palette (brand and others)."""
    colours = [palette[int(index)] for index in rng.integers(0, len(palette), 2)]
    draw = _SHAPES[int(rng.integers(len(_SHAPES)))]
    first, second = (np.zeros((_FINE, _FINE), np.uint8) for _ in range(2))
    draw(rng, first, second)
    covers = [
        cv2.resize(layer, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for layer in (first, second)
    ]
    patch = np.zeros((_SIDE, _SIDE, 4), np.float32)
    for cover, colour in zip(covers, colours, strict=True):
        patch[..., :3] = patch[..., :3] * (1 - cover[..., None]) + np.array(colour, np.float32) * cover[..., None]
        patch[..., 3] = np.maximum(patch[..., 3], cover)
    return patch


def letters(rng: Generator, palette: list[tuple[float, float, float]]) -> Floats:
    """A word or a single round letter in one of the machine's fonts; a ring where it has none."""
    if not _FONTS:
        return near_miss(rng, palette)
    alphabet = (
        "GGCCOOQQeeaabd069@8cU"
        if rng.random() < 0.6
        else "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    )
    text = "".join(rng.choice(list(alphabet), 1 if rng.random() < 0.6 else int(rng.integers(2, 6))))
    font = ImageFont.truetype(_FONTS[int(rng.integers(len(_FONTS)))], 110)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    if right <= left or bottom <= top:
        return near_miss(rng, palette)
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font)
    cover = np.asarray(image, np.float32) / 255
    colour = np.array(palette[int(rng.integers(len(palette)))], np.float32)
    return np.concatenate([np.broadcast_to(colour, (*cover.shape, 3)), cover[..., None]], axis=2).astype(np.float32)


def badge(rng: Generator, patch: Floats, palette: list[tuple[float, float, float]]) -> Floats:
    """Something on a disc or a tile of one colour, as app icons and coins are."""
    inner = rng.uniform(0.45, 0.8)
    scale = inner * _SIDE / max(patch.shape[:2])
    small = cv2.resize(patch, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ground = np.zeros((_FINE, _FINE), np.uint8)
    if rng.random() < 0.6:
        cv2.circle(ground, (128, 128), 126, 255, -1)
    else:
        corner = int(rng.uniform(0, 70))
        cv2.rectangle(ground, (corner, 0), (255 - corner, 255), 255, -1)
        cv2.rectangle(ground, (0, corner), (255, 255 - corner), 255, -1)
        for x in (corner, 255 - corner):
            for y in (corner, 255 - corner):
                cv2.circle(ground, (x, y), corner, 255, -1)
    cover = np.asarray(cv2.resize(ground, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32) / 255
    colours = rng.permutation(len(palette))[:2]
    done = np.empty((_SIDE, _SIDE, 4), np.float32)
    done[..., :3], done[..., 3] = palette[int(colours[0])], cover
    top, left = ((_SIDE - extent) // 2 for extent in small.shape[:2])
    place = done[top : top + small.shape[0], left : left + small.shape[1]]
    if rng.random() < 0.6:
        small[..., :3] = (1.0, 1.0, 1.0) if rng.random() < 0.6 else palette[int(colours[1])]
    place[..., :3] += (small[..., :3] - place[..., :3]) * small[..., 3:]
    return done


def turned_away(rng: Generator, patch: Floats) -> Floats:
    """The mark itself as it never stands: mirrored, or turned so far that the cut lies in another quarter."""
    side = max(patch.shape[:2])
    if rng.random() < 0.4:
        patch = patch[:, ::-1] if rng.random() < 0.5 else patch[::-1]
        turn = rng.normal(0, 15)
    else:
        turn = float(rng.choice([90, 180, 270])) + rng.normal(0, 12)
    place = cv2.getRotationMatrix2D((patch.shape[1] / 2, patch.shape[0] / 2), turn, 0.8)
    place[:, 2] += (side - patch.shape[1]) / 2, (side - patch.shape[0]) / 2
    premultiplied = np.concatenate([patch[..., :3] * patch[..., 3:], patch[..., 3:]], axis=2)
    moved = cv2.warpAffine(premultiplied, place, (side, side))
    colour = np.divide(moved[..., :3], moved[..., 3:], out=np.zeros_like(moved[..., :3]), where=moved[..., 3:] > 1e-3)
    return np.concatenate([colour, moved[..., 3:]], axis=2).astype(np.float32)


def _ring(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    """A ring, whole or cut in any way but the mark's, with or without something inside."""
    inner = rng.uniform(0.3, 0.9)
    gap, start = rng.uniform(0, 170), rng.uniform(0, 360)
    if 60 < gap < 120 and math.cos(math.radians(start + gap / 2 + 45)) > 0.4:
        gap = 40.0
    _arc(one, inner, start + gap, start + 360)
    kind = rng.integers(5)
    if kind == 0:
        cv2.circle(two, _spot(rng), int(rng.uniform(15, 45)), 255, -1)
    elif kind == 1:
        cv2.line(two, (128, 128), _spot(rng), 255, int(rng.uniform(10, 50)))
    elif kind == 2:
        x, y = _spot(rng)
        half = int(rng.uniform(12, 40))
        cv2.rectangle(one, (x - half, y - half), (x + half, y + half), 255, -1)


def _near_twin(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    """The mark's own plan with one thing wrong: circle for square, thin ring, square gone, square in the middle."""
    wrong = rng.integers(5)
    inner = rng.uniform(0.78, 0.92) if wrong == 0 else 0.55
    whole = wrong == 4
    _arc(one, inner, 0, 360 if whole else 270)
    if wrong == 1:
        cv2.circle(two, (163, 93), 35, 255, -1)
    elif wrong == 2:
        return
    elif wrong == 3:
        cv2.rectangle(two, (102, 102), (154, 154), 255, -1)
    else:
        cv2.rectangle(two, (128, 58), (198, 128), 255, -1)


def _pie(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    start, gap = rng.uniform(0, 360), rng.uniform(20, 130)
    cv2.ellipse(one, (128, 128), (125, 125), 0, start + gap, start + 360, 255, -1)
    if rng.random() < 0.6:
        cv2.ellipse(two, (128, 128), (118, 118), 0, start + 6, start + gap - 6, 255, -1)


def _power(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    gap = rng.uniform(25, 60)
    _arc(one, rng.uniform(0.65, 0.85), -90 + gap, 270 - gap)
    cv2.line(one, (128, 10), (128, 130), 255, int(rng.uniform(18, 40)))


def _blocks(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    """Two shapes side by side in two colours: brand colours without the brand."""
    for layer in (one, two):
        x, y = _spot(rng)
        half = int(rng.uniform(20, 90))
        if rng.random() < 0.5:
            cv2.rectangle(layer, (x - half, y - half), (x + half, y + int(half * rng.uniform(0.4, 1))), 255, -1)
        else:
            cv2.circle(layer, (x, y), half, 255, -1)


def _letter_g(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    """A geometric G: ring open at upper right, with a bar to the middle."""
    inner = rng.uniform(0.5, 0.75)
    _arc(one, inner, 0, rng.uniform(290, 330))
    thick = int(125 * (1 - inner))
    cv2.rectangle(one, (int(rng.uniform(120, 160)), 128 - thick // 2), (252, 128 + thick // 2), 255, -1)


def _polygon(rng: Generator, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> None:
    """A square on its corner, a hexagon or the like: filled or a band, whole or cut, with something inside or not."""
    corners, turn = int(rng.integers(4, 9)), math.pi / 2 + float(rng.choice([0, 0, 0.5])) + rng.normal(0, 0.1)
    angles = turn + np.arange(corners) * 2 * math.pi / corners
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cv2.fillPoly(one, [np.rint(128 + 126 * unit).astype(np.int32)], 255)
    if rng.random() < 0.75:
        cv2.fillPoly(one, [np.rint(128 + 126 * rng.uniform(0.4, 0.85) * unit).astype(np.int32)], 0)
    if rng.random() < 0.6:
        cv2.line(one, (128, 128), _spot(rng), 0, int(rng.uniform(10, 60)))
    if rng.random() < 0.4:
        cv2.line(two, (128, 128), _spot(rng), 255, int(rng.uniform(15, 40)))


_SHAPES: Final = (*[_ring] * 2, *[_near_twin] * 3, _pie, _power, _blocks, _letter_g, *[_polygon] * 2)


def _arc(layer: NDArray[np.uint8], inner: float, start: float, end: float) -> None:
    cv2.ellipse(layer, (128, 128), (127, 127), 0, start, end, 255, -1)
    cv2.circle(layer, (128, 128), int(127 * inner), 0, -1)


def _spot(rng: Generator) -> tuple[int, int]:
    return int(rng.uniform(50, 206)), int(rng.uniform(50, 206))
