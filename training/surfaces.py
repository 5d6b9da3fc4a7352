"""What a mark is printed on and looked at through: cloth, thread, screens, light, hands, and the camera at last.

Pictures are (H, W, 3) float32 RGB in 0..1. Every function draws its chances from the generator it is handed.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_MEAN: Final = np.full((1, 3), 1 / 3, np.float32)


def chance(rng: Generator, probability: float) -> bool:
    """True that often."""
    return bool(rng.random() < probability)


def smooth_field(rng: Generator, size: int, cells: int) -> Floats:
    """(size, size) smooth noise of zero mean and about unit deviation, varying over ``size / cells`` px."""
    coarse = rng.standard_normal((cells + 3, cells + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def folds(rng: Generator, size: int, strength: float) -> tuple[Floats, Floats, Floats]:
    """Cloth: displacements in x and y (px), and the shading of the same folds (factor around 1)."""
    height = smooth_field(rng, size, int(rng.integers(2, 6)))
    angle, wave = rng.uniform(0, math.pi), rng.uniform(12, 60)
    x, y = _grid(size)
    waves = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / wave) * rng.uniform(0, 0.7)
    height = np.asarray(height + waves, np.float32)
    slope_x = np.asarray(cv2.Sobel(height, cv2.CV_32F, 1, 0), np.float32) / 8
    slope_y = np.asarray(cv2.Sobel(height, cv2.CV_32F, 0, 1), np.float32) / 8
    reach = strength / max(float(np.abs(slope_x).max() + np.abs(slope_y).max()), 1e-3)
    shade = 1 + (slope_x * rng.uniform(-1, 1) + slope_y * rng.uniform(-1, 1)) * reach * rng.uniform(0.05, 0.2)
    return (
        np.asarray(slope_x * reach, np.float32),
        np.asarray(slope_y * reach, np.float32),
        np.asarray(np.clip(shade, 0.4, 1.5), np.float32),
    )


def threads(rng: Generator, colour: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Embroidery: parallel stitches with their own shading, and a ragged edge."""
    size = alpha.shape[0]
    x, y = _grid(size)
    angle, pitch = rng.uniform(0, math.pi), rng.uniform(2.0, 4.0)
    across = x * math.cos(angle) + y * math.sin(angle)
    along = -x * math.sin(angle) + y * math.cos(angle)
    stitch = np.sin(across * 2 * math.pi / pitch) * rng.uniform(0.05, 0.25)
    stitch = stitch + np.sin(along * 2 * math.pi / rng.uniform(6, 14) + across) * rng.uniform(0.0, 0.1)
    ragged = np.clip(alpha + (rng.random(alpha.shape, np.float32) - 0.5) * 0.5 * (alpha > 0.02) * (alpha < 0.98), 0, 1)
    return np.clip(colour * (1 + stitch[..., None]), 0, 1).astype(np.float32), ragged.astype(np.float32)


def relief(rng: Generator, colour: Floats, alpha: Floats, ground: Floats) -> tuple[Floats, Floats]:
    """Signs, badges and engravings: colour and ground of something that stands out of what it lies on, or is sunk in.

    Its edges catch the light of one side; it may be metal, that mirrors bands of light and dark, take the ground's own
    colour, glow, and cast a shadow.
    """
    extent = math.sqrt(max(float(alpha.sum()), 1.0))
    tone = cv2.transform(colour, _MEAN)
    height = alpha * (1 - np.float32(rng.uniform(0, 0.5)) * tone)
    height = np.asarray(cv2.GaussianBlur(height, (0, 0), 0.5 + extent * rng.uniform(0.005, 0.06)), np.float32)
    across, down = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    steepest = max(float(np.abs(across).max()), float(np.abs(down).max()), 1e-3)
    angle = rng.uniform(0, 2 * math.pi)
    lit = (across * math.cos(angle) + down * math.sin(angle)) / steepest
    made_of = rng.random()
    if made_of < 0.35:
        bands = cv2.resize(rng.random((1, int(rng.integers(3, 9)))).astype(np.float32), (256, 1))[0]
        y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32)
        way = (y + x * rng.normal(0, 0.4)) / extent * rng.uniform(20, 160) + down / steepest * rng.uniform(20, 200)
        mirrored = bands[np.asarray(np.abs(way + rng.uniform(0, 256)), np.int64) % 256][..., None]
        tint = np.array([1, 1, 1] if chance(rng, 0.7) else [1, 0.85, 0.5], np.float32)
        metal = tint * (mirrored * rng.uniform(0.3, 0.8) + rng.uniform(0.1, 0.4)) * (0.4 + 0.6 * tone[..., None])
        share = 1.0 if chance(rng, 0.5) else rng.uniform(0.3, 1)
        colour = colour * (1 - share) + metal * share
    elif made_of < 0.6:
        own = np.asarray(cv2.GaussianBlur(ground, (0, 0), 1 + extent * 0.05), np.float32)
        share = rng.uniform(0.6, 1)
        colour = colour * (1 - share) + own * np.float32(math.exp(rng.normal(0, 0.35))) * share
    elif made_of < 0.75:
        ground = ground * np.float32(rng.uniform(0.2, 0.8))
        halo = cv2.GaussianBlur(colour * alpha[..., None], (0, 0), 0.5 + extent * rng.uniform(0.05, 0.3))
        ground, colour = ground + halo * rng.uniform(0.3, 1), colour + np.float32(rng.uniform(0, 0.4))
    if chance(rng, 0.7):
        reach = extent * rng.uniform(0.01, 0.12)
        moved = np.array([[1, 0, math.cos(angle) * reach], [0, 1, math.sin(angle) * reach]], np.float64)
        cast = cv2.warpAffine(alpha, moved, alpha.shape[::-1])
        cast = cv2.GaussianBlur(cast, (0, 0), 0.4 + reach * rng.uniform(0.1, 0.8))
        ground = ground * (1 - cast * np.float32(rng.uniform(0.2, 0.8)))[..., None]
    gleam = np.clip(lit, 0, 1) ** 3 * rng.uniform(0, 0.8) * (rng.random() < 0.6)
    edged = colour * (1 + lit * rng.uniform(0.1, 0.9))[..., None] + gleam[..., None]
    return np.asarray(np.clip(edged, 0, 1), np.float32), np.asarray(np.clip(ground, 0, 1), np.float32)


def weave(rng: Generator, rgb: Floats) -> Floats:
    """The texture of woven cloth over everything."""
    x, y = _grid(rgb.shape[0])
    pitch = rng.uniform(2, 5)
    pattern = np.sin(x * 2 * math.pi / pitch) * np.sin(y * 2 * math.pi / pitch) * rng.uniform(0.02, 0.12)
    return np.asarray(rgb * (1 + pattern[..., None]), np.float32)


def screen(rng: Generator, rgb: Floats) -> Floats:
    """A photographed display: rows, sub-pixel stripes turned a little (moire once resampled), raised blacks."""
    size = rgb.shape[0]
    x, y = _grid(size)
    angle, pitch = rng.normal(0, 0.15), rng.uniform(1.7, 4.5)
    across = (x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / pitch
    strength = rng.uniform(0.04, 0.2)
    stripes = np.stack([np.sin(across + shift) for shift in (0, 2.1, 4.2)], axis=-1) * strength
    rows = np.sin((y * math.cos(angle) - x * math.sin(angle)) * 2 * math.pi / rng.uniform(1.7, 6)) * strength * 0.6
    lift = rng.uniform(0, 0.12)
    return np.asarray(np.clip(rgb * (1 - lift) + lift, 0, 1) * (1 + stripes + rows[..., None]), np.float32)


def light(rng: Generator, rgb: Floats) -> Floats:
    """Uneven light: a ramp, soft blotches, now and then a hard shadow or a glare."""
    size = rgb.shape[0]
    x, y = _grid(size)
    angle = rng.uniform(0, 2 * math.pi)
    ramp = 1 + ((x * math.cos(angle) + y * math.sin(angle)) / size) * rng.uniform(0, 0.5)
    field = np.asarray(ramp * (1 + smooth_field(rng, size, 3) * rng.uniform(0, 0.1)), np.float32)
    if chance(rng, 0.15):
        cut = ((x * math.cos(angle * 3) + y * math.sin(angle * 3)) > rng.uniform(-0.3, 0.3) * size).astype(np.float32)
        soft = cv2.GaussianBlur(cut, (0, 0), rng.uniform(0.8, 8))
        field = field * (1 - soft * rng.uniform(0.2, 0.55))
    lit = rgb * field[..., None]
    if chance(rng, 0.15):
        lit = lit + glare(rng, size)[..., None]
    return np.asarray(np.clip(lit, 0, 1), np.float32)


def glare(rng: Generator, size: int) -> Floats:
    """One bright ellipse or streak, 0..1."""
    x, y = _grid(size)
    cx, cy, angle = rng.uniform(-0.45, 0.45) * size, rng.uniform(-0.45, 0.45) * size, rng.uniform(0, math.pi)
    along = (x - cx) * math.cos(angle) + (y - cy) * math.sin(angle)
    across = -(x - cx) * math.sin(angle) + (y - cy) * math.cos(angle)
    long, thick = rng.uniform(8, 80), rng.uniform(4, 18)
    spot = np.exp(-((along / long) ** 2) - (across / thick) ** 2)
    return np.asarray(spot * rng.uniform(0.3, 1.0), np.float32)


def shine(rng: Generator, rgb: Floats, spot: tuple[float, float, float]) -> Floats:
    """Glare on the thing at ``spot`` (x, y, side): part of it burnt out, the rest washed."""
    x, y, side = spot
    half = (rgb.shape[0] - 1) / 2
    across, down = _grid(rgb.shape[0])
    cx, cy = x - half + rng.uniform(-0.4, 0.4) * side, y - half + rng.uniform(-0.4, 0.4) * side
    angle = rng.uniform(0, math.pi)
    along = (across - cx) * math.cos(angle) + (down - cy) * math.sin(angle)
    off = -(across - cx) * math.sin(angle) + (down - cy) * math.cos(angle)
    spread = np.exp(-((along / (side * rng.uniform(0.25, 0.8))) ** 2) - (off / (side * rng.uniform(0.1, 0.35))) ** 2)
    burnt = np.clip(rgb, 0, 1) ** 2.2 + (spread * rng.uniform(0.2, 1.3))[..., None]  # light adds up in linear values
    return np.asarray(np.clip(burnt, 0, 1) ** (1 / 2.2), np.float32)


def cover(rng: Generator, rgb: Floats, spot: tuple[float, float, float], other: Floats) -> Floats:
    """Hides part (up to about 40 %) of the square of side ``spot[2]`` at ``spot[:2]`` behind a finger, bar or thing."""
    cx, cy, side = spot
    size = rgb.shape[0]
    angle = rng.uniform(0, 2 * math.pi)
    mask = np.zeros((size, size), np.float32)
    thick = side * rng.uniform(0.15, 0.42)
    reach = side / 2 - thick * rng.uniform(0.3, 0.9)
    middle = (cx + math.cos(angle) * reach, cy + math.sin(angle) * reach)
    if chance(rng, 0.5):
        axes = (max(1, int(thick / 2)), max(1, int(side * rng.uniform(0.3, 0.8))))
        cv2.ellipse(mask, (int(middle[0]), int(middle[1])), axes, math.degrees(angle), 0, 360, 1.0, -1, cv2.LINE_AA)
    else:
        rect = ((middle[0], middle[1]), (thick, side * rng.uniform(0.5, 1.6)), math.degrees(angle) + rng.normal(0, 20))
        cv2.fillPoly(mask, [cv2.boxPoints(rect).astype(np.int32)], 1.0, cv2.LINE_AA)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.5)), np.float32)
    skin = np.array((0.86, 0.66, 0.54), np.float32) * rng.uniform(0.3, 1.05)
    filling = other if chance(rng, 0.5) else np.broadcast_to(skin if chance(rng, 0.5) else rng.random(3), rgb.shape)
    return np.asarray(rgb * (1 - mask[..., None]) + filling * mask[..., None], np.float32)


def camera(rng: Generator, rgb: Floats) -> NDArray[np.uint8]:
    """White balance, exposure, blur, resampling, noise, JPEG: what is between the scene and the post."""
    size = rgb.shape[0]
    if chance(rng, 0.6):
        rgb = rgb * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
    if chance(rng, 0.5):
        rgb = np.clip(rgb, 0, 1) ** np.float32(math.exp(rng.normal(0, 0.25)))
    if chance(rng, 0.2):
        rgb = rgb * np.float32(rng.uniform(0.25, 0.8))
    if chance(rng, 0.2):
        gray = rgb.mean(axis=2, keepdims=True)
        rgb = gray + (rgb - gray) * np.float32(rng.uniform(0.3, 1.4))
    if chance(rng, 0.4):
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), abs(rng.normal(0, 0.8)) + 0.2), np.float32)
    if chance(rng, 0.12):
        rgb = np.asarray(cv2.filter2D(rgb, -1, _motion(rng)), np.float32)
    if chance(rng, 0.25):
        factor = rng.uniform(0.5, 0.95)
        small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        method = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        rgb = np.asarray(cv2.resize(small, (size, size), interpolation=method), np.float32)
    if chance(rng, 0.2):
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
        rgb = rgb + (rgb - soft) * np.float32(rng.uniform(0.3, 1.5))
    if chance(rng, 0.4):
        rgb = rgb + rng.standard_normal(rgb.shape, np.float32) * np.float32(abs(rng.normal(0, 0.04)))
    done = np.rint(np.clip(np.nan_to_num(rgb), 0, 1) * 255).astype(np.uint8)
    if chance(rng, 0.65):
        quality = int(rng.integers(25, 96))
        _, coded = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, quality])
        done = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return done


def _motion(rng: Generator) -> Floats:
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, math.pi)
    middle, reach = (length - 1) / 2, (length - 1) / 2
    start = (round(middle - math.cos(angle) * reach), round(middle - math.sin(angle) * reach))
    end = (round(middle + math.cos(angle) * reach), round(middle + math.sin(angle) * reach))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _grid(size: int) -> tuple[Floats, Floats]:
    """Coordinates from the middle, px."""
    line = np.arange(size, dtype=np.float32) - (size - 1) / 2
    return np.broadcast_to(line, (size, size)), np.broadcast_to(line[:, None], (size, size))
