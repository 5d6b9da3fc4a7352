"""Scenes for training: drawn marks and decoys, laid on backgrounds as print, cloth, screen or overlay, photographed.

Marks and decoys pass through the same steps, so that nothing about the pasting itself gives the mark away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from detectors.brand import WHOLE, Asset, Kit
from training import decoys, surfaces
from training.surfaces import Floats, chance

SIDE: Final = 192
SMALLEST: Final = 12.0
LARGEST: Final = 62.0
_TURN: Final = 50.0


@dataclass(frozen=True)
class Placed:
    """A mark in a scene: its class, centre and size in px (square root of its area), and turn in radians."""

    mark: int
    x: float
    y: float
    size: float
    turn: float


class Library:
    """The pictures that scenes are made of, read once: photographs, screenshots, foreign logos."""

    def __init__(self, folder: Path | None, most: int = 2500) -> None:
        self.photos = _read(folder, "photos", most, cv2.IMREAD_COLOR, 400)
        self.screens = _read(folder, "screens", most, cv2.IMREAD_COLOR, 960)
        self.logos = _read(folder, "logos", 4 * most, cv2.IMREAD_UNCHANGED, 128)


def _read(folder: Path | None, kind: str, most: int, flag: int, side: int) -> list[NDArray[np.uint8]]:
    if folder is None:
        return []
    found = []
    for path in sorted((folder / kind).glob("*"))[:most]:
        pixels = cv2.imread(str(path), flag)
        if pixels is None:
            continue
        scale = side / max(pixels.shape[:2])
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        order = [2, 1, 0, 3] if pixels.shape[2] == 4 else [2, 1, 0]
        found.append(np.ascontiguousarray(pixels[..., order]).astype(np.uint8))
    return found


@dataclass(frozen=True)
class _Drawing:
    """An asset ready to paste; ``quad`` is the named mark's unit square in the patch, (4, 2) px."""

    mark: int
    patch: Floats
    quad: NDArray[np.float64]
    alone: bool


class Compositor:
    """Makes scenes of one kit. ``classes`` are the marks that the network tells apart, in the kit's order."""

    def __init__(self, kit: Kit, library: Library, side: int = SIDE, largest: float = LARGEST) -> None:
        self.classes = classes(kit)
        self._side, self._largest = side, largest
        self._library = library
        self._drawings = [self._drawing(kit, asset) for asset in kit.assets if asset.kind == "mark"]
        brand = [tuple(value / 255 for value in rgb) for colour in kit.colours for rgb in colour.rgb]
        own = [tuple(int(v[i : i + 2], 16) / 255 for i in (1, 3, 5)) for a in kit.assets for v in a.paint.values()]
        self._palette = brand * 3 + own + [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)] * 2

    def _drawing(self, kit: Kit, asset: Asset) -> _Drawing:
        patch = np.asarray(kit.picture(asset), np.float32) / np.float32(255)
        name, box = asset.mark, asset.box
        for held, place in asset.holds.items():
            name, box = held, place
        height, width = patch.shape[:2]
        x, y, w, h = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        quad = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
        return _Drawing(self.classes.index(str(name)), patch, quad, asset.box == WHOLE and not asset.holds)

    def scene(self, rng: Generator) -> tuple[NDArray[np.uint8], tuple[Placed, ...]]:
        """(side, side, 3) uint8 RGB and the marks in it; about four in ten scenes hold none."""
        rgb = self._background(rng)
        other = self._background(rng)
        if chance(rng, 0.5):
            rgb = surfaces.light(rng, rgb)
        placed: list[Placed] = []
        things = [False] * int(rng.integers(0, 4)) + [True] * int(rng.choice([0, 1, 2], p=[0.4, 0.45, 0.15]))
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
            if chance(rng, 0.2):
                rgb = surfaces.cover(rng, rgb, spot, other)
            elif chance(rng, 0.12):
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
        weights = np.array([1.0 if drawing.mark == 0 else 1.2 for drawing in self._drawings])
        drawing = self._drawings[int(rng.choice(len(self._drawings), p=weights / weights.sum()))]
        patch = self._restyled(rng, drawing, rgb, spot)
        laid, quad = self._lay(rng, rgb, patch, drawing.quad, spot)
        if quad is None:
            return laid, None
        seen = np.abs(laid - rgb).max(axis=2)
        inside = np.zeros(seen.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.rint(quad).astype(np.int32), 1)
        if inside.sum() < 30 or np.mean(seen[inside > 0] > 0.1) < 0.25:
            return rgb, None  # nobody would see it: then it is not laid at all
        area = abs(float(cv2.contourArea(quad.astype(np.float32))))
        across = quad[1] - quad[0] + quad[2] - quad[3]
        x, y = quad.mean(axis=0)
        return laid, Placed(drawing.mark, float(x), float(y), math.sqrt(area), math.atan2(across[1], across[0]))

    def _restyled(self, rng: Generator, drawing: _Drawing, rgb: Floats, spot: tuple[float, float, float]) -> Floats:
        """Drifted, graded or one-toned colours; a lone mark may be any single tone that stands out."""
        patch = drawing.patch.copy()
        if drawing.alone and chance(rng, 0.45):
            x, y, size = (round(value) for value in spot)
            half = max(3, size // 2)
            around = rgb[max(0, y - half) : y + half, max(0, x - half) : x + half].mean(axis=(0, 1))
            tone = np.full(3, float(around.mean() < 0.55)) if chance(rng, 0.7) else rng.random(3)
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
        if kind < 0.45 and self._library.logos:
            chosen = self._library.logos[int(rng.integers(len(self._library.logos)))]
            logo = np.asarray(chosen, np.float32) / np.float32(255)
            if chance(rng, 0.2):
                logo[..., :3] = self._palette[int(rng.integers(len(self._palette)))]
            if chance(rng, 0.15):
                ground = np.array(self._palette[int(rng.integers(len(self._palette)))], np.float32)
                logo[..., :3] = logo[..., :3] * logo[..., 3:] + ground * (1 - logo[..., 3:])
                logo[..., 3] = 1
            return logo
        if kind < 0.6:
            alone = [drawing for drawing in self._drawings if drawing.alone]
            return decoys.turned_away(rng, alone[int(rng.integers(len(alone)))].patch)
        palette = [*self._palette, *(tuple(rng.random(3)) for _ in range(4))]
        return decoys.letters(rng, palette) if kind < 0.72 else decoys.near_miss(rng, palette)

    def _lay(
        self,
        rng: Generator,
        rgb: Floats,
        patch: Floats,
        square: NDArray[np.float64] | None,
        spot: tuple[float, float, float],
    ) -> tuple[Floats, NDArray[np.float64] | None]:
        """Warp, print and shade one patch so that ``square`` (default all of it) has the spot's size and place."""
        height, width = patch.shape[:2]
        if square is None:
            square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        goal = _goal(rng, spot)
        own = max(square[1, 0] - square[0, 0], square[2, 1] - square[1, 1])
        shrink = min(1.0, 1.4 * spot[2] / own)
        small = cv2.resize(_premultiplied(patch), None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        scaled = square * (np.array([small.shape[1] / width, small.shape[0] / height]))
        matrix = cv2.getPerspectiveTransform(scaled.astype(np.float32), goal.astype(np.float32))
        laid = cv2.warpPerspective(small, matrix, (self._side, self._side), flags=cv2.INTER_LINEAR)
        shade = None
        if chance(rng, 0.22):
            dx, dy, shade = surfaces.folds(rng, self._side, spot[2] * rng.uniform(0.02, 0.09))
            x, y = np.meshgrid(np.arange(self._side, dtype=np.float32), np.arange(self._side, dtype=np.float32))
            laid = cv2.remap(laid, x + dx, y + dy, cv2.INTER_LINEAR)
        alpha = np.asarray(laid[..., 3], np.float32)
        colour = np.divide(
            laid[..., :3], alpha[..., None], out=np.zeros_like(laid[..., :3]), where=alpha[..., None] > 0.01
        )
        if chance(rng, 0.1):
            colour, alpha = surfaces.threads(rng, colour, alpha)
        if chance(rng, 0.5):  # print takes on the light and the grain of what it lies on
            ground = cv2.GaussianBlur(rgb.mean(axis=2), (0, 0), rng.uniform(0.6, 6))
            mean = float(ground[alpha > 0.5].mean()) if (alpha > 0.5).any() else 0.5
            tone = 1 + (ground / max(mean, 0.08) - 1) * rng.uniform(0.2, 0.9)
            colour = (
                colour * np.clip(tone, 0.4, 1.6)[..., None] * (0.45 + 0.55 * min(1.0, mean * 1.6)) ** rng.uniform(0, 1)
            )
        opacity = rng.uniform(0.7, 1.0) if chance(rng, 0.3) else 1.0
        cover = (alpha * opacity)[..., None]
        done = rgb * (1 - cover) + np.clip(colour, 0, 1) * cover
        if shade is not None:
            done = np.clip(done * shade[..., None], 0, 1)
        return np.asarray(done, np.float32), goal

    def _background(self, rng: Generator) -> Floats:
        kind = rng.random()
        if kind < 0.5 and self._library.photos:
            return _crop(rng, self._library.photos, self._side, 0.7, 2.0)
        if kind < 0.68 and self._library.screens:
            return _crop(rng, self._library.screens, self._side, 0.8, 2.2)
        base = np.array(self._palette[int(rng.integers(len(self._palette)))] if chance(rng, 0.3) else rng.random(3))
        if chance(rng, 0.35):
            base = np.full(3, float(chance(rng, 0.5))) + rng.normal(0, 0.05, 3)
        rgb = np.broadcast_to(base.astype(np.float32), (self._side, self._side, 3)).copy()
        if kind > 0.8:
            noise = surfaces.smooth_field(rng, self._side, int(rng.integers(2, 40)))[..., None] * rng.normal(0, 0.12, 3)
            rgb = np.asarray(rgb + noise, np.float32)
        rgb = np.asarray(np.clip(rgb, 0, 1), np.float32)
        return self._clutter(rng, rgb) if kind > 0.88 else rgb

    def _clutter(self, rng: Generator, rgb: Floats) -> Floats:
        """Cards, bars, dots and strokes: drawn interfaces and charts."""
        page = np.rint(rgb * 255).astype(np.uint8)
        for _ in range(int(rng.integers(3, 25))):
            tone = rng.random(3) if chance(rng, 0.6) else self._palette[int(rng.integers(len(self._palette)))]
            colour = tuple(255 * float(value) for value in tone)
            x, y = (int(v) for v in rng.integers(0, self._side, 2))
            w, h = (int(v) for v in rng.integers(2, 70, 2))
            shape = rng.integers(4)
            if shape == 0:
                cv2.rectangle(page, (x, y), (x + w, y + h), colour, -1)
            elif shape == 1:
                thick = -1 if chance(rng, 0.6) else int(rng.integers(1, 6))
                cv2.circle(page, (x, y), w // 3 + 1, colour, thick, cv2.LINE_AA)
            elif shape == 2:
                cv2.line(page, (x, y), (x + w - 35, y + h - 35), colour, int(rng.integers(1, 5)), cv2.LINE_AA)
            else:
                words = f"{rng.integers(10**6)}"
                cv2.putText(
                    page, words, (x - 30, y), int(rng.integers(0, 5)), rng.uniform(0.3, 1), colour, 1, cv2.LINE_AA
                )
        return page.astype(np.float32) / np.float32(255)


def classes(kit: Kit) -> tuple[str, ...]:
    """The marks that a network is trained on: those that hold no other mark (a lock-up is its mark and a word)."""
    groups = {asset.mark for asset in kit.assets if asset.holds}
    return tuple(mark for mark in kit.marks if mark not in groups)


def _goal(rng: Generator, spot: tuple[float, float, float]) -> NDArray[np.float64]:
    """The corners of a square of that size, turned, skewed and seen in perspective."""
    x, y, size = spot
    turn = rng.normal(0, 8) if chance(rng, 0.6) else rng.uniform(-_TURN, _TURN)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    squeeze = math.exp(rng.normal(0, 0.05)) if chance(rng, 0.6) else math.exp(rng.uniform(-0.3, 0.3))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) / 2
    corners *= (math.sqrt(squeeze), 1 / math.sqrt(squeeze))
    corners += rng.normal(0, 0.015 if chance(rng, 0.6) else 0.05, (4, 2))
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(turned * size + (x, y), np.float64)


def _premultiplied(patch: Floats) -> Floats:
    return np.concatenate([patch[..., :3] * patch[..., 3:], patch[..., 3:]], axis=2)


def _crop(rng: Generator, pictures: list[NDArray[np.uint8]], size: int, least: float, most: float) -> Floats:
    picture = pictures[int(rng.integers(len(pictures)))]
    side = int(min(*picture.shape[:2], size * rng.uniform(least, most)))
    top, left = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
    crop = picture[top : top + side, left : left + side]
    if chance(rng, 0.5):
        crop = crop[:, ::-1]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=method), np.float32) / np.float32(255)
