"""Scenes for training: drawn marks and decoys, laid on backgrounds as print, cloth, screen or overlay, photographed.

Marks and decoys pass through the same steps, so that nothing about the pasting itself gives the mark away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from detectors.brand import Asset, Kit
from detectors.silhouette import silhouettes
from training import decoys, surfaces
from training.backgrounds import Library, background
from training.surfaces import Floats, chance

SIDE: Final = 192
SMALLEST: Final = 12.0
LARGEST: Final = 62.0
_TURN: Final = 50.0
_RELIEF: Final = 0.25
_MEAN: Final = np.full((1, 3), 1 / 3, np.float32)


@dataclass(frozen=True)
class Placed:
    """A mark in a scene: its class, centre and size in px (square root of its area), turn in radians, and the width
    over the height of its drawing."""

    mark: int
    x: float
    y: float
    size: float
    turn: float
    aspect: float = 1.0


@dataclass(frozen=True)
class _Drawing:
    """An asset ready to paste; ``quad`` is the named mark's unit square in the patch, (4, 2) px."""

    mark: int
    patch: Floats
    quad: NDArray[np.float64]
    bare: bool  # no ground of its own
    holds: bool
    ink: float  # share of the quad that is not transparent
    toned: float  # how often it is laid in a single tone


class Compositor:
    """Makes scenes of one kit. ``classes`` are the marks that the network tells apart, in the kit's order."""

    def __init__(self, kit: Kit, library: Library, side: int = SIDE, largest: float = LARGEST) -> None:
        self.classes = classes(kit)
        self._side, self._largest = side, largest
        self._library = library
        self._drawings = [self._drawing(kit, asset) for asset in kit.assets if asset.kind == "mark"]
        shapes = [_aspect(drawing.quad) for drawing in self._drawings]
        self._aspects = min(shapes), max(shapes)
        # a mark with many drawings comes more often than one with a single, but not by as much
        counts = np.bincount([drawing.mark for drawing in self._drawings])
        weights = np.array([counts[drawing.mark] ** -0.5 for drawing in self._drawings])
        self._weights = weights / weights.sum()
        brand = [_unit(rgb) for colour in kit.colours for rgb in colour.rgb]
        own = [_ink(drawing.patch) for drawing in self._drawings if drawing.bare and not drawing.holds]
        self._palette = brand * 3 + own + [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)] * 2

    def _drawing(self, kit: Kit, asset: Asset) -> _Drawing:
        name, box = asset.mark, asset.box
        for held, place in asset.holds.items():
            name, box = held, place
        pixels = kit.picture(asset)
        shrink = min(1.0, 2 * self._largest / max(box[2] * pixels.shape[1], box[3] * pixels.shape[0]))
        whole = _premultiplied(np.asarray(pixels, np.float32) / np.float32(255))
        patch = _unpremultiplied(_scaled(whole, shrink))
        height, width = patch.shape[:2]
        x, y, w, h = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        quad = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
        plain = silhouettes(kit).get(str(name))
        bare = plain is not None and pixels.shape[:2] == plain.shape and np.abs(pixels[..., 3] - 1.0 * plain).mean() < 4
        inside = patch[round(y) : round(y + h), round(x) : round(x + w), 3]
        # a mark that the kit draws in one tone may have any; one of a single colour mostly keeps it, others always do
        toned = 0.25 if patch[patch[..., 3] > 0.95][:, :3].std(axis=0).max() < 0.05 else 0.0
        if any("mono" in (each.variant or "") for each in kit.of_mark(str(asset.mark))):
            toned = 0.55
        bare, holds = bare or bool(asset.holds), bool(asset.holds)
        if holds or not bare:
            toned = 0.35 if holds else 0.0
        return _Drawing(self.classes.index(str(name)), patch, quad, bare, holds, float(inside.mean()), toned)

    def scene(self, rng: Generator) -> tuple[NDArray[np.uint8], tuple[Placed, ...]]:
        """(side, side, 3) uint8 RGB and the marks in it; about a third of the scenes hold none."""
        rgb = background(rng, self._library, self._side, self._palette)
        other = background(rng, self._library, self._side, self._palette)
        if chance(rng, 0.5):
            rgb = surfaces.light(rng, rgb)
        placed: list[Placed] = []
        things = [False] * int(rng.integers(0, 4)) + [True] * int(rng.choice([0, 1, 2], p=[0.35, 0.4, 0.25]))
        rng.shuffle(things)
        taken: list[tuple[float, float, float]] = []
        for is_mark in things:
            spot = self._spot(rng, taken)
            if spot is None:
                continue
            taken.append(spot)
            if is_mark:
                rgb, mark = self._lay_mark(rng, rgb, spot)
                if mark is not None:
                    placed.append(mark)
            else:
                rgb, _ = self._lay(rng, rgb, self._decoy(rng), None, spot)
            if chance(rng, 0.22):
                rgb = surfaces.cover(rng, rgb, spot, other)
            elif chance(rng, 0.2):
                rgb = surfaces.shine(rng, rgb, spot)
        if chance(rng, 0.12):
            rgb = surfaces.screen(rng, rgb)
        elif chance(rng, 0.1):
            rgb = surfaces.weave(rng, rgb)
        if chance(rng, 0.2):
            rgb = surfaces.light(rng, rgb)
        done = surfaces.camera(rng, rgb)
        return self._framed(rng, done, placed) if chance(rng, 0.15) else (done, tuple(placed))

    def _framed(
        self, rng: Generator, rgb: NDArray[np.uint8], placed: list[Placed]
    ) -> tuple[NDArray[np.uint8], tuple[Placed, ...]]:
        """A small picture as a coarse level of the pyramid shows it: beyond its border only the border's tone."""
        width, height = (int(v) for v in rng.uniform(0.25, 0.9, 2) * self._side)
        left, top = (int(rng.integers(0, self._side - extent + 1)) for extent in (width, height))
        shown = placed[int(rng.integers(len(placed)))] if placed and chance(rng, 0.7) else None
        if shown is not None:  # about one mark, which may fill it
            width, height = (int(np.clip(shown.size * rng.uniform(0.95, 3), 20, self._side)) for _ in range(2))
            left = int(np.clip(shown.x - width * rng.uniform(0.4, 0.6), 0, self._side - width))
            top = int(np.clip(shown.y - height * rng.uniform(0.4, 0.6), 0, self._side - height))
        window = rgb[top : top + height, left : left + width]
        if not placed:  # a whole picture
            window = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        edge = np.concatenate([window[0], window[-1], window[:, 0], window[:, -1]])
        framed = np.empty_like(rgb)
        framed[:] = np.median(edge, axis=0)
        framed[top : top + height, left : left + width] = window
        inside = [
            each
            for each in placed
            if left + 0.1 * each.size < each.x < left + width - 0.1 * each.size
            and top + 0.1 * each.size < each.y < top + height - 0.1 * each.size
        ]
        return framed, tuple(inside)

    def _spot(self, rng: Generator, taken: list[tuple[float, float, float]]) -> tuple[float, float, float] | None:
        for _ in range(8):
            size = math.exp(rng.uniform(math.log(SMALLEST), math.log(self._largest)))
            margin = size * (rng.uniform(0.12, 0.4) if chance(rng, 0.25) else 0.55)
            x, y = rng.uniform(margin, self._side - margin, 2)
            if all(math.hypot(x - u, y - v) > 0.62 * (size + s) + 3 for u, v, s in taken):
                return float(x), float(y), size
        return None

    def _lay_mark(self, rng: Generator, rgb: Floats, spot: tuple[float, float, float]) -> tuple[Floats, Placed | None]:
        drawing = self._drawings[int(rng.choice(len(self._drawings), p=self._weights))]
        patch = self._restyled(rng, drawing, rgb, spot)
        laid, quad = self._lay(rng, rgb, patch, drawing.quad, spot)
        if quad is None:
            return laid, None
        if not _seen(rgb, laid, quad, drawing.ink):
            return rgb, None  # nobody would see it: then it is not laid at all
        area = abs(float(cv2.contourArea(quad.astype(np.float32))))
        across = quad[1] - quad[0] + quad[2] - quad[3]
        x, y = quad.mean(axis=0)
        turn = math.atan2(across[1], across[0])
        return laid, Placed(drawing.mark, float(x), float(y), math.sqrt(area), turn, _aspect(drawing.quad))

    def _restyled(self, rng: Generator, drawing: _Drawing, rgb: Floats, spot: tuple[float, float, float]) -> Floats:
        """Drifted, graded or one-toned colours; a mark without a ground may be any single tone that stands out."""
        patch = drawing.patch.copy()
        if chance(rng, drawing.toned):
            x, y, size = (round(value) for value in spot)
            half = max(3, size // 2)
            around = float(rgb[max(0, y - half) : y + half, max(0, x - half) : x + half].mean())
            tone = np.full(3, float(around < rng.uniform(0.4, 0.72))) if chance(rng, 0.75) else rng.random(3)
            patch[..., :3] = np.clip(tone + rng.normal(0, 0.05, 3), 0, 1)
        elif chance(rng, 0.2):
            across = np.linspace(-1, 1, patch.shape[1], dtype=np.float32)[None, :, None]
            down = np.linspace(-1, 1, patch.shape[0], dtype=np.float32)[:, None, None]
            patch[..., :3] += across * rng.normal(0, 0.1, 3) + down * rng.normal(0, 0.1, 3)
        if chance(rng, 0.7):
            patch[..., :3] += rng.normal(0, 0.04, 3)
        return np.clip(patch, 0, 1)

    def _decoy(self, rng: Generator) -> Floats:
        kind = rng.random()
        palette = [*self._palette, *((r, g, b) for r, g, b in rng.random((4, 3)).tolist())]
        if kind < 0.5 and self._library.logos:
            chosen = self._library.logos[int(rng.integers(len(self._library.logos)))]
            logo = np.asarray(chosen, np.float32) / np.float32(255)
            if chance(rng, 0.25):
                logo[..., :3] = palette[int(rng.integers(len(palette)))]
            return decoys.badge(rng, logo, palette) if chance(rng, 0.3) else logo
        if kind < 0.62:
            bare = [drawing for drawing in self._drawings if drawing.bare and not drawing.holds]
            return decoys.turned_away(rng, bare[int(rng.integers(len(bare)))].patch)
        decoy = decoys.letters(rng, palette) if kind < 0.75 else decoys.near_miss(rng, palette)
        return decoys.badge(rng, decoy, palette) if chance(rng, 0.25) else decoy

    def _lay(
        self,
        rng: Generator,
        rgb: Floats,
        patch: Floats,
        square: NDArray[np.float64] | None,
        spot: tuple[float, float, float],
    ) -> tuple[Floats, NDArray[np.float64] | None]:
        """Warp, print and shade one patch so that ``square`` (default all of it) has the spot's area and place."""
        height, width = patch.shape[:2]
        if square is None:
            square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        aspect = float(np.clip(_aspect(square), *self._aspects))  # a decoy's shape must not tell it from a mark
        goal = _goal(rng, spot, aspect)
        own = max((square[1, 0] - square[0, 0]) / aspect, square[2, 1] - square[1, 1]) * math.sqrt(aspect)
        shrink = min(1.0, 1.4 * spot[2] / own)
        small = _premultiplied(patch)
        if shrink < 0.95:
            small = _scaled(small, shrink)
        scaled = square * (np.array([small.shape[1] / width, small.shape[0] / height]))
        matrix = cv2.getPerspectiveTransform(scaled.astype(np.float32), goal.astype(np.float32))
        folded = chance(rng, 0.22)
        left, top, side = _window(
            np.asarray(matrix, np.float64), small.shape, self._side, 0.1 * spot[2] + 2 if folded else 2
        )
        there = rgb[top : top + side, left : left + side]
        laid = cv2.warpPerspective(
            small,
            np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]]) @ matrix,
            (side, side),
            flags=cv2.INTER_LINEAR,
        )
        shade = None
        if folded:
            dx, dy, shade = surfaces.folds(rng, side, spot[2] * rng.uniform(0.02, 0.09))
            x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
            laid = cv2.remap(laid, x + dx, y + dy, cv2.INTER_LINEAR)
        colour, alpha = _unpremultiplied(np.asarray(laid, np.float32))[..., :3], np.asarray(laid[..., 3], np.float32)
        if chance(rng, 0.1):
            colour, alpha = surfaces.threads(rng, colour, alpha)
        if chance(rng, 0.5):  # print takes on the light and the grain of what it lies on
            ground = cv2.GaussianBlur(cv2.transform(there, _MEAN), (0, 0), rng.uniform(0.6, 6))
            mean = float(ground[alpha > 0.5].mean()) if (alpha > 0.5).any() else 0.5
            tone = 1 + (ground / max(mean, 0.08) - 1) * rng.uniform(0.2, 0.9)
            colour = (
                colour * np.clip(tone, 0.4, 1.6)[..., None] * (0.45 + 0.55 * min(1.0, mean * 1.6)) ** rng.uniform(0, 1)
            )
        colour = np.asarray(np.clip(colour, 0, 1), np.float32)
        if chance(rng, _RELIEF):
            colour, there = surfaces.relief(rng, colour, alpha, there)
        opacity = rng.uniform(0.7, 1.0) if chance(rng, 0.3) else 1.0
        cover = (alpha * np.float32(opacity))[..., None]
        mixed = there * (1 - cover) + colour * cover
        if shade is not None:
            mixed = np.clip(mixed * shade[..., None], 0, 1)
        done = rgb.copy()
        done[top : top + side, left : left + side] = mixed
        return done, goal


def classes(kit: Kit) -> tuple[str, ...]:
    """The marks that a network is trained on: drawn ones that hold no other mark (a lock-up is its mark and a word)."""
    groups = {asset.mark for asset in kit.assets if asset.holds}
    return tuple(mark for mark in kit.marks if mark not in groups and kit.of_mark(mark))


def _aspect(square: NDArray[np.float64]) -> float:
    """Width over height of an upright quadrilateral."""
    return float((square[1, 0] - square[0, 0]) / (square[2, 1] - square[1, 1]))


def _goal(rng: Generator, spot: tuple[float, float, float], aspect: float) -> NDArray[np.float64]:
    """The corners of a rectangle of that area, turned, skewed and seen in perspective."""
    x, y, size = spot
    turn = rng.normal(0, 8) if chance(rng, 0.6) else rng.uniform(-_TURN, _TURN)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    squeeze = math.exp(rng.normal(0, 0.05)) if chance(rng, 0.6) else math.exp(rng.uniform(-0.3, 0.3))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) / 2
    corners *= (math.sqrt(aspect * squeeze), 1 / math.sqrt(aspect * squeeze))
    corners += rng.normal(0, 0.015 if chance(rng, 0.6) else 0.05, (4, 2))
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(turned * size + (x, y), np.float64)


def _unit(rgb: Sequence[int]) -> tuple[float, float, float]:
    red, green, blue = rgb
    return red / 255, green / 255, blue / 255


def _window(matrix: NDArray[np.float64], shape: tuple[int, ...], side: int, margin: float) -> tuple[int, int, int]:
    """Left, top and side of the square within the scene that a warped patch touches."""
    height, width = shape[:2]
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    points = cv2.perspectiveTransform(corners, matrix)[0]
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    extent = int(min(side, max(8, math.ceil((np.minimum(high, side) - np.maximum(low, 0)).max()))))
    left, top = (int(np.clip(math.floor(value), 0, side - extent)) for value in low)
    return left, top, extent


def _ink(patch: Floats) -> tuple[float, float, float]:
    """The colour that most of a drawing has."""
    red, green, blue = (float(value) for value in np.median(patch[patch[..., 3] > 0.5][:, :3], axis=0))
    return red, green, blue


def _seen(before: Floats, after: Floats, quad: NDArray[np.float64], ink: float) -> bool:
    """Whether half of what was laid under the quad (a quarter of it, where there is a ground) stands out."""
    side = before.shape[0]
    left, top = (int(np.clip(value, 0, side - 1)) for value in np.floor(quad.min(axis=0)))
    right, bottom = (int(np.clip(value, 1, side)) for value in np.ceil(quad.max(axis=0)))
    window = (slice(top, bottom), slice(left, right))
    inside = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.uint8)
    if inside.size < 30:
        return False
    cv2.fillConvexPoly(inside, np.rint(quad - (left, top)).astype(np.int32), 1)
    stray = np.abs(after[window] - before[window])
    clear = np.maximum(np.maximum(stray[..., 0], stray[..., 1]), stray[..., 2]) > 0.1
    return bool(inside.sum() >= 30 and clear[inside > 0].mean() >= min(0.25, 0.5 * ink))


def _scaled(patch: Floats, ratio: float) -> Floats:
    return np.asarray(cv2.resize(patch, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA), np.float32)


def _premultiplied(patch: Floats) -> Floats:
    done = patch.copy()
    done[..., :3] *= patch[..., 3:]
    return done


def _unpremultiplied(patch: Floats) -> Floats:
    done = patch.copy()
    done[..., :3] /= np.maximum(patch[..., 3:], np.float32(0.01))
    return done
