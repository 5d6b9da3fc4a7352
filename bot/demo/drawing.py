"""What the demo's pictures are drawn with: a sheet of smooth shapes, light and grain, and marks laid onto it.

Everything is drawn from shapes and seeded noise, so the same name gives the same pixels. Coordinates are pixels of the
finished picture, x right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
"""(H, W, 3) sRGB, or (H, W, 4) with straight alpha."""
Colour = tuple[int, int, int]
Spot = tuple[float, float]
Corners = tuple[Spot, Spot, Spot, Spot]
"""Top left, top right, bottom right, bottom left."""

_FINE: Final = 2  # drawn this many times larger, then reduced: smooth edges
_BEND: Final = 6.0
_SOFT: Final = 8  # shadows are blurred on a patch up to this many times smaller


class Sheet:
    """A picture being drawn. ``dice`` is the only source of chance."""

    def __init__(self, width: int, height: int, dice: np.random.Generator, ground: Colour = (255, 255, 255)) -> None:
        self.width, self.height, self.dice = width, height, dice
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), ground)
        self._draw = ImageDraw.Draw(self._image)

    def slope(self, *stops: Colour, box: tuple[float, float, float, float] | None = None) -> None:
        """A smooth run of colours from top to bottom of the box (x, y, w, h), else of the sheet."""
        x, y, w, h = (0.0, 0.0, float(self.width), float(self.height)) if box is None else box
        column = Image.fromarray(np.array(stops, np.uint8).reshape(len(stops), 1, 3))
        size = (max(1, round(w * _FINE)), max(1, round(h * _FINE)))
        strip = column.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)
        self._image.paste(strip, (round(x * _FINE), round(y * _FINE)))

    def rect(self, x: float, y: float, w: float, h: float, fill: Colour, radius: float = 0.0) -> None:
        """A rectangle with round corners."""
        if w > 0 and h > 0:
            box = (x * _FINE, y * _FINE, (x + w) * _FINE - 1, (y + h) * _FINE - 1)
            self._draw.rounded_rectangle(box, radius * _FINE, fill)

    def oval(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        fill: Colour | None,
        rim: Colour | None = None,
        width: float = 0,
    ) -> None:
        """An ellipse, filled, or with a rim of that width, or both."""
        box = ((cx - rx) * _FINE, (cy - ry) * _FINE, (cx + rx) * _FINE, (cy + ry) * _FINE)
        self._draw.ellipse(box, fill, rim, round(width * _FINE))

    def poly(self, corners: Sequence[Spot], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in corners], fill)

    def line(self, spots: Sequence[Spot], fill: Colour, width: float) -> None:
        """A stroke with round joints."""
        self._draw.line([(x * _FINE, y * _FINE) for x, y in spots], fill, max(1, round(width * _FINE)), "curve")

    def arc(self, cx: float, cy: float, r: float, start: float, end: float, fill: Colour, width: float) -> None:
        """A piece of a ring, degrees clockwise from 3 o'clock; ``r`` is the outer radius."""
        box = ((cx - r) * _FINE, (cy - r) * _FINE, (cx + r) * _FINE, (cy + r) * _FINE)
        self._draw.arc(box, start, end, fill, round(width * _FINE))

    def words(self, x: float, y: float, text: str, size: float, fill: Colour, anchor: str = "la") -> None:
        """Latin text in Pillow's own typeface, which is there on every machine."""
        self._draw.text((x * _FINE, y * _FINE), text, fill, ImageFont.load_default(size * _FINE), anchor)

    def shade(self, corners: Sequence[Spot], blur: float, strength: float, colour: Colour = (0, 0, 0)) -> None:
        """A soft shadow, or a soft light in another colour: a polygon, blurred by ``blur`` px."""
        reach = 3 * blur + _SOFT
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        left, top = max(0, int(min(xs) - reach)), max(0, int(min(ys) - reach))
        right, bottom = min(self.width, int(max(xs) + reach) + 1), min(self.height, int(max(ys) + reach) + 1)
        if right <= left or bottom <= top:
            return
        step = max(1, min(_SOFT, round(blur / 2)))
        size = ((right - left) // step + 2, (bottom - top) // step + 2)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([((x - left) / step, (y - top) / step) for x, y in corners], round(255 * strength))
        soft = cv2.GaussianBlur(np.asarray(mask), (0, 0), max(0.6, blur / step))
        whole = (size[0] * step * _FINE, size[1] * step * _FINE)
        large = Image.fromarray(soft).resize(whole, Image.Resampling.BILINEAR)
        self._image.paste(colour, (left * _FINE, top * _FINE), large)

    def glow(self, cx: float, cy: float, r: float, strength: float, colour: Colour = (255, 255, 255)) -> None:
        """A round soft light."""
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        self.shade([(cx + r * float(np.cos(t)), cy + r * float(np.sin(t))) for t in turns], r * 0.6, strength, colour)

    def pixels(self) -> Pixels:
        """What is drawn so far, at its finished size."""
        return np.array(self._image.reduce(_FINE))


def photo(pixels: Pixels, dice: np.random.Generator, *, grain: float = 3.0, vignette: float = 0.25) -> Pixels:
    """As a phone would take it: no line quite straight, a little soft, uneven light, darker corners, grain."""
    height, width = pixels.shape[:2]
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = 1 - vignette * (x * x + y * y) / 2 + np.float32(0.06 * dice.uniform(-1, 1)) * x
    soft = cv2.GaussianBlur(_bent(pixels, dice), (0, 0), 0.7).astype(np.float32)
    soft *= light[..., None]
    soft += (dice.standard_normal((height, width), np.float32) * np.float32(grain))[..., None]
    return np.asarray(cv2.convertScaleAbs(np.maximum(soft, 0, out=soft)), np.uint8)  # rounds, and stops at 255


def _bent(pixels: Pixels, dice: np.random.Generator) -> Pixels:
    """Pushed about by a few px, smoothly: no two things that are photographed have the same outline."""
    height, width = pixels.shape[:2]
    across, down = (texture(width, height, dice, (4, 4)) * _BEND for _ in range(2))
    across += np.arange(width, dtype=np.float32)
    down += np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def texture(width: int, height: int, dice: np.random.Generator, cells: tuple[int, int]) -> NDArray[np.float32]:
    """(height, width) smooth noise in -1..1 of about ``cells`` (across, down) bumps: cloth, clouds, water."""
    across, down = cells
    return np.clip(
        cv2.resize(
            dice.standard_normal((down + 2, across + 2), np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        / 2,
        -1,
        1,
    ).astype(np.float32)


def lit(pixels: Pixels, height: NDArray[np.float32], strength: float) -> Pixels:
    """Lighter and darker by a field of -1..1: folds, clouds, waves."""
    return np.asarray(np.clip(pixels * (1 + strength * height[..., None]), 0, 255), np.uint8)


def turned(cx: float, cy: float, w: float, h: float, degrees: float = 0.0, lean: float = 0.0) -> Corners:
    """The corners of a w x h rectangle about a centre, turned clockwise; ``lean`` makes its right side shorter."""
    a = np.deg2rad(degrees)
    cos, sin = float(np.cos(a)), float(np.sin(a))
    right = h * (1 - lean) / 2
    flat = ((-w / 2, -h / 2), (w / 2, -right), (w / 2, right), (-w / 2, h / 2))
    a, b, c, d = ((cx + x * cos - y * sin, cy + x * sin + y * cos) for x, y in flat)
    return a, b, c, d


def stamp(pixels: Pixels, mark: Pixels, corners: Corners, opacity: float = 1.0) -> Pixels:
    """Lay a picture with alpha onto another, its own corners on those four."""
    target = np.array(corners, np.float32)
    height, width = mark.shape[:2]
    reach = float(max(np.linalg.norm(target[0] - target[1]), np.linalg.norm(target[0] - target[3])))
    shrink = reach / max(height, width)
    if shrink < 0.8:  # first by area, or thin parts would be lost
        mark = _area(mark, max(2, round(width * shrink)), max(2, round(height * shrink)))
        height, width = mark.shape[:2]
    left, top = np.maximum(np.floor(target.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(target.max(axis=0)).astype(int) + 2, pixels.shape[1::-1])
    if right <= left or bottom <= top:
        return pixels
    own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    pre = mark.astype(np.float32)
    pre[..., :3] *= pre[..., 3:] / 255
    turn = cv2.getPerspectiveTransform(own, target - np.array([left, top], np.float32))
    over = cv2.warpPerspective(pre, turn, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
    seen = pixels.copy()
    below = seen[top:bottom, left:right]
    below[:] = np.clip(below * (1 - over[..., 3:] / 255 * opacity) + over[..., :3] * opacity, 0, 255)
    return seen


def on_square(mark: Pixels) -> Pixels:
    """The mark in the middle of a transparent square, so that a square quad keeps its proportions."""
    height, width = mark.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 4), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = mark
    return square


def waved(pixels: Pixels, height: NDArray[np.float32], reach: float) -> Pixels:
    """Bent sideways and down by the slopes of a field, up to about ``reach`` px: print on cloth follows its folds."""
    rows, columns = pixels.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    down, across = np.gradient(cv2.GaussianBlur(height, (0, 0), 6))
    most = float(max(np.abs(down).max(), np.abs(across).max(), 1e-6))
    moved = cv2.remap(
        pixels,
        np.asarray(x + across / most * reach, np.float32),
        np.asarray(y + down / most * reach, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(moved, np.uint8)


def _area(rgba: Pixels, width: int, height: int) -> Pixels:
    pre = rgba.astype(np.float32)
    pre[..., :3] *= pre[..., 3:] / 255
    small = cv2.resize(pre, (width, height), interpolation=cv2.INTER_AREA)
    alpha = np.maximum(small[..., 3:], 1e-3)
    small[..., :3] = small[..., :3] / alpha * 255
    return np.asarray(np.clip(small, 0, 255), np.uint8)
