"""Test composites of the mark, by a compositor of its own.

Shares no code with ``training``: the mark is drawn here as polygons whose corners go through the homography (not as
pictures that are warped), inks are mixed in linear light, and each picture shows one named condition, so that the
table says what hurts. Backgrounds are photographs and screenshots of the test split.
"""

from __future__ import annotations

import io
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Linear = NDArray[np.float64]
Polygon = NDArray[np.float64]

CONDITIONS: Final = (
    "clean", "tilted", "perspective", "blurred", "noisy", "jpeg30", "dark", "glare",
    "cloth", "embroidered", "screen", "halftone", "occluded", "cropped",
)  # fmt: skip
VARIANTS: Final = ("current", "earlier", "on-blue", "on-white", "gradient", "mono-white", "mono-black")
MONO: Final = frozenset({"mono-white", "mono-black"})
OTHERS: Final = ("gt", "gt-disc", "old")
"""Drawn like variants, but other marks of the brand: measured apart."""
SIZES: Final = (24, 32, 48, 64, 96, 128, 192, 256)

_BLUE, _EARLIER, _MINT = (0x00, 0x68, 0xFF), (0x23, 0x54, 0xE6), (0x17, 0xE6, 0xA1)
_RED, _OLD_RED = (0xD3, 0x57, 0x56), (0xDE, 0x59, 0x59)
_FINE: Final = 4
_LEAST_CONTRAST: Final = 0.09


class Scene(NamedTuple):
    """One test picture: (H, W, 3) uint8 RGB, the mark's upright box in it, and what was done."""

    rgb: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    size: int
    variant: str
    condition: str


def scene(rng: Generator, background: NDArray[np.uint8], size: int, variant: str, condition: str) -> Scene | None:
    """Lay one mark of ``size`` px on the background; None where it would hardly be seen (no contrast)."""
    short = min(background.shape[:2])
    if short < 1.3 * size:
        ratio = 1.3 * size / short
        background = np.asarray(
            cv2.resize(background, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_CUBIC), np.uint8
        )
    height, width = background.shape[:2]
    quad = _quad(rng, background.shape[:2], size, condition)
    # only the mark's surroundings are worked on in linear light; the rest of the picture stays as it is
    reach = 0.45 * size + 12
    x0, y0 = (int(v) for v in np.clip(np.floor(quad.min(axis=0) - reach), 0, (width - 8, height - 8)))
    x1, y1 = (int(v) for v in np.clip(np.ceil(quad.max(axis=0) + reach), (x0 + 8, y0 + 8), (width, height)))
    if condition == "screen":
        x0, y0, x1, y1 = 0, 0, width, height
    base = _to_linear(background[y0:y1, x0:x1])
    local = quad - (x0, y0)
    picture = base.copy()
    union = np.zeros(base.shape[:2])
    for polygon, ink in _layers(variant, float(_region(base, local).mean())):
        cover = _cover(rng, polygon, local, base.shape[:2], condition)
        picture = _print(rng, picture, cover, ink, local, condition, variant)
        union = np.maximum(union, cover)
    solid = union > 0.5
    if solid.sum() < 20 or np.abs(_to_srgb(picture) - _to_srgb(base))[solid].mean() < _LEAST_CONTRAST:
        return None
    whole = background.copy()
    whole[y0:y1, x0:x1] = np.rint(_to_srgb(_after(rng, picture, local, size, condition)) * 255)
    left, top = np.clip(quad.min(axis=0), 0, (width, height))
    right, bottom = np.clip(quad.max(axis=0), 0, (width, height))
    box = (float(left), float(top), float(right - left), float(bottom - top))
    return Scene(_exposed(rng, whole, condition), box, size, variant, condition)


def ring() -> Polygon:
    """Three quarters of a ring in the unit square, radii 0.5 and 0.275, from 12 o'clock leftwards round to 3."""
    turn = np.radians(np.arange(270, -1, -3.0))  # cv: y down; 270 degrees points up
    outer = 0.5 + 0.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    inner = 0.5 + 0.275 * np.stack([np.cos(turn[::-1]), np.sin(turn[::-1])], axis=1)
    return np.concatenate([outer, inner])


def square() -> Polygon:
    """The square in the missing quarter, its lower left corner on the centre."""
    return np.array([[0.5, 0.225], [0.775, 0.225], [0.775, 0.5], [0.5, 0.5]])


def token() -> Polygon:
    """The token's sign: a hexagonal G, 17 wide and 18 high in its box of 24, in the unit square."""
    corners = [
        (20.5, 8), (15, 11), (15, 14), (16.5, 13.1), (16.5, 15.2), (11.5, 18), (6.5, 15), (6.5, 8.8), (11.5, 6),
        (16.9, 8.8), (19.6, 7.2), (11.5, 3), (3.5, 7.2), (3.5, 16.4), (11.5, 21), (19.5, 16.4), (19.5, 11.5),
        (20.5, 11),
    ]  # fmt: skip
    return (np.array(corners) - (3, 3)) / 18


def old() -> Polygon:
    """The old mark: a square on its corner, its band turning in on itself with two arrow heads; in the unit square."""
    corners = [
        (0, -124), (-124, 0), (0, 124), (124, 0), (50, -74), (-24, 0), (-34, -9), (-34, 31), (7, 31), (0, 24),
        (35, -11), (26, -20), (68, -20), (68, 21), (58, 12), (0, 70), (-72, -2), (24, -100),
    ]  # fmt: skip
    return np.array(corners) / 248 + 0.5


def _layers(variant: str, tone: float) -> list[tuple[Polygon, tuple[int, int, int]]]:
    white, black = (255, 255, 255), (0, 0, 0)
    card = np.array([[-0.28, -0.28], [1.28, -0.28], [1.28, 1.28], [-0.28, 1.28]])
    if variant in MONO:
        ink = white if variant == "mono-white" else black
        ground = (
            []
            if (tone < 0.35) == (variant == "mono-white")
            else [(card, (40, 44, 52) if ink == white else (235, 232, 225))]
        )
        return [*ground, (ring(), ink), (square(), ink)]
    if variant == "gt":
        return [(token(), _RED)]
    if variant == "gt-disc":
        turn = np.radians(np.arange(0, 360, 6))
        disc = 0.5 + 0.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        return [(disc, _RED), (0.5 + 0.6 * (token() - 0.5), white)]
    if variant == "old":
        return [(old(), _OLD_RED)]
    if variant == "on-blue":
        return [(card, _BLUE), (ring(), white), (square(), _MINT)]
    blue = _EARLIER if variant == "earlier" else _BLUE
    ground = [(card, white)] if variant == "on-white" else []
    return [*ground, (ring(), blue), (square(), _MINT)]


def _quad(rng: Generator, shape: tuple[int, ...], size: int, condition: str) -> Polygon:
    turn = rng.uniform(-45, 45) if condition == "tilted" else rng.uniform(-7, 7)
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    if condition == "perspective":
        yaw, pitch = rng.uniform(-0.85, 0.85), rng.uniform(-0.5, 0.5)
        x, y = corners[:, 0] * math.cos(yaw), corners[:, 1] * math.cos(pitch)
        depth = 3.0 + corners[:, 0] * math.sin(yaw) + corners[:, 1] * math.sin(pitch)
        corners = np.stack([x, y], axis=1) * (3.0 / depth)[:, None]
    angle = math.radians(turn)
    corners = corners @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) * size
    reach = np.abs(corners).max(axis=0)
    height, width = shape[:2]
    middle = np.array(
        [
            rng.uniform(reach[0], max(reach[0] + 1, width - reach[0])),
            rng.uniform(reach[1], max(reach[1] + 1, height - reach[1])),
        ]
    )
    if condition == "cropped":
        hidden = rng.uniform(0.15, 0.35)
        side = rng.integers(4)
        axis = int(side % 2)
        extent = (width, height)[axis]
        middle[axis] = size * (0.5 - hidden) if side < 2 else extent - size * (0.5 - hidden)
    return np.asarray(corners + middle, np.float64)


def _cover(
    rng: Generator, polygon: Polygon, quad: Polygon, shape: tuple[int, ...], condition: str
) -> NDArray[np.float64]:
    """How much of each pixel the polygon fills, after the homography of the unit square to ``quad``."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    homography = cv2.getPerspectiveTransform(unit, quad.astype(np.float32))
    dense = np.concatenate(
        [np.linspace(a, b, 12, endpoint=False) for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True)]
    )
    points = cv2.perspectiveTransform(dense[None].astype(np.float64), homography)[0]
    if condition == "cloth":
        points = _creased(points, quad)
    canvas = np.zeros((shape[0] * _FINE, shape[1] * _FINE), np.uint8)
    cv2.fillPoly(canvas, [np.rint(points * _FINE * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    reduced = cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    cover = np.asarray(reduced, np.float64) / 255
    if condition == "embroidered":
        rough = cv2.GaussianBlur(rng.standard_normal(cover.shape), (0, 0), 0.8)
        cover = np.clip((cv2.GaussianBlur(cover, (0, 0), 0.8) - 0.5 + 0.35 * rough) * 3 + 0.5, 0, 1)
    return np.asarray(cover, np.float64)


def _creased(points: Polygon, quad: Polygon) -> Polygon:
    """Folds that depend on the place alone, so that all layers of one mark move together."""
    size = math.sqrt(abs(float(cv2.contourArea(quad.astype(np.float32)))))
    phase = quad[0, 0] * 0.37 + quad[0, 1] * 0.11
    along = points[:, 1] / size * 2 * math.pi
    moved = points.copy()
    moved[:, 0] += size * 0.045 * np.sin(along * 0.9 + phase)
    moved[:, 1] += size * 0.05 * np.sin(points[:, 0] / size * 2 * math.pi * 0.7 + phase * 2)
    return moved


def _print(
    rng: Generator,
    picture: Linear,
    cover: NDArray[np.float64],
    ink: tuple[int, int, int],
    quad: Polygon,
    condition: str,
    variant: str,
) -> Linear:
    colour = _to_linear(np.array([[ink]], np.uint8))[0, 0]
    tint = np.broadcast_to(colour, picture.shape)
    if variant == "gradient" and ink == _BLUE:
        deep = _to_linear(np.array([[(0x31, 0x57, 0xDA)]], np.uint8))[0, 0]
        ramp = np.clip((np.arange(picture.shape[1]) - quad[:, 0].min()) / max(np.ptp(quad[:, 0]), 1), 0, 1)[
            None, :, None
        ]
        tint = colour * (1 - ramp) + deep * ramp
    if condition in {"cloth", "embroidered", "halftone"}:
        grain = cv2.GaussianBlur(picture.mean(axis=2), (0, 0), 1.2)
        level = max(float(_region(grain[..., None], quad).mean()), 0.02)
        tint = tint * np.clip(0.35 + 0.65 * grain / level, 0.3, 1.5)[..., None]
    if condition == "embroidered":
        rows, columns = np.indices(cover.shape)
        tint = tint * (1 + 0.22 * np.sin((rows * 0.8 + columns * 0.6) * 2 * math.pi / 3.1))[..., None]
    if condition == "halftone":
        rows, columns = np.indices(cover.shape)
        dots = np.sin((rows + columns) * math.pi / 2.6) * np.sin((rows - columns) * math.pi / 2.6)
        cover = np.asarray(cv2.GaussianBlur(np.asarray(cover * (dots > -0.45), np.float64), (0, 0), 0.5), np.float64)
    strength = cover * (rng.uniform(0.75, 1.0) if condition in {"cloth", "embroidered"} else 1.0)
    return np.asarray(picture * (1 - strength[..., None]) + tint * strength[..., None])


def _after(rng: Generator, picture: Linear, quad: Polygon, size: int, condition: str) -> Linear:
    rows, columns = np.indices(picture.shape[:2])
    middle = quad.mean(axis=0)
    if condition == "glare":
        x, y = middle + rng.uniform(-0.35, 0.35, 2) * size
        far = ((columns - x) / (0.5 * size)) ** 2 + ((rows - y) / (0.22 * size)) ** 2
        return np.asarray(picture + 1.1 * np.exp(-far)[..., None])
    if condition == "screen":
        pitch, turn = rng.uniform(2.1, 3.4), rng.uniform(-0.2, 0.2)
        across = (columns * math.cos(turn) + rows * math.sin(turn)) * 2 * math.pi / pitch
        stripes = np.stack([1 + 0.3 * np.cos(across + k * 2 * math.pi / 3) for k in range(3)], axis=-1)
        beat = 1 + 0.12 * np.sin(across * pitch / rng.uniform(15, 40))
        return np.asarray(picture * stripes * beat[..., None] * 0.9 + 0.02)
    if condition == "occluded":
        share = rng.uniform(0.2, 0.4)
        (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
        side = rng.integers(4)
        cut = {0: columns < x0 + share * (x1 - x0), 1: columns > x1 - share * (x1 - x0),
               2: rows < y0 + share * (y1 - y0), 3: rows > y1 - share * (y1 - y0)}[int(side)]  # fmt: skip
        inside = cut & (columns > x0 - 9) & (columns < x1 + 9) & (rows > y0 - 9) & (rows < y1 + 9)
        soft = cv2.GaussianBlur(inside.astype(np.float64), (0, 0), 0.7)[..., None]
        thing = _to_linear(rng.integers(20, 230, (1, 1, 3)).astype(np.uint8))[0, 0]
        return np.asarray(picture * (1 - soft) + thing * soft)
    return picture


def _exposed(rng: Generator, done: NDArray[np.uint8], condition: str) -> NDArray[np.uint8]:
    if condition == "dark":
        levels = _to_srgb(_to_linear(np.arange(256, dtype=np.uint8)) * rng.uniform(0.08, 0.2)) * 255
        done = np.clip(levels[done] + rng.normal(0, 2.5, done.shape), 0, 255).astype(np.uint8)
    image = Image.fromarray(done)
    if condition == "blurred":
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.9, 1.8)))
    if condition == "noisy":
        noisy = np.asarray(image, np.float64) + rng.normal(0, rng.uniform(8, 22), done.shape)
        image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=30 if condition == "jpeg30" else int(rng.integers(80, 96)))
    return np.asarray(Image.open(held).convert("RGB"), np.uint8)


def _region(picture: Linear, quad: Polygon) -> Linear:
    x0, y0 = (int(v) for v in np.clip(np.floor(quad.min(axis=0)), 0, None))
    x1, y1 = (int(v) for v in np.ceil(quad.max(axis=0)))
    return picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]


def _to_linear(srgb: NDArray[np.uint8]) -> Linear:
    value = srgb.astype(np.float64) / 255
    return np.asarray(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


def _to_srgb(linear: Linear) -> Linear:
    value = np.clip(linear, 0, 1)
    return np.asarray(np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055))
