"""What scenes are laid on: crops of photographs and screenshots, drawn pages, plain and cluttered grounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training import pages, surfaces
from training.surfaces import Floats, chance

Palette = Sequence[tuple[float, float, float]]


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


def background(rng: Generator, library: Library, side: int, palette: Palette) -> Floats:
    """(side, side, 3): a crop of a picture or screenshot, a drawn page, or a plain, noisy or cluttered ground."""
    kind = rng.random()
    if kind < 0.45 and library.photos:
        return _crop(rng, library.photos, side, 0.7, 2.0)
    if kind < 0.67 and library.screens:
        return _crop(rng, library.screens, side, 0.8, 2.2)
    if kind < 0.77:
        return pages.page(rng, side, palette)
    base = np.array(palette[int(rng.integers(len(palette)))] if chance(rng, 0.3) else rng.random(3))
    if chance(rng, 0.35):
        base = np.full(3, float(chance(rng, 0.5))) + rng.normal(0, 0.05, 3)
    rgb = np.broadcast_to(base.astype(np.float32), (side, side, 3)).copy()
    if kind > 0.85:
        noise = surfaces.smooth_field(rng, side, int(rng.integers(2, 40)))[..., None] * rng.normal(0, 0.12, 3)
        rgb = np.asarray(rgb + noise, np.float32)
    rgb = np.asarray(np.clip(rgb, 0, 1), np.float32)
    return _clutter(rng, rgb, palette) if kind > 0.92 else rgb


def _clutter(rng: Generator, rgb: Floats, palette: Palette) -> Floats:
    """Cards, bars, dots and strokes: drawn interfaces and charts."""
    drawn = np.rint(rgb * 255).astype(np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        tone = rng.random(3) if chance(rng, 0.6) else palette[int(rng.integers(len(palette)))]
        colour = tuple(255 * float(value) for value in tone)
        x, y = (int(v) for v in rng.integers(0, rgb.shape[0], 2))
        w, h = (int(v) for v in rng.integers(2, 70, 2))
        shape = rng.integers(4)
        if shape == 0:
            cv2.rectangle(drawn, (x, y), (x + w, y + h), colour, -1)
        elif shape == 1:
            thick = -1 if chance(rng, 0.6) else int(rng.integers(1, 6))
            cv2.circle(drawn, (x, y), w // 3 + 1, colour, thick, cv2.LINE_AA)
        elif shape == 2:
            cv2.line(drawn, (x, y), (x + w - 35, y + h - 35), colour, int(rng.integers(1, 5)), cv2.LINE_AA)
        else:
            words = f"{rng.integers(10**6)}"
            cv2.putText(drawn, words, (x - 30, y), int(rng.integers(0, 5)), rng.uniform(0.3, 1), colour, 1, cv2.LINE_AA)
    return drawn.astype(np.float32) / np.float32(255)


def _crop(rng: Generator, pictures: list[NDArray[np.uint8]], size: int, least: float, most: float) -> Floats:
    picture = pictures[int(rng.integers(len(pictures)))]
    side = int(min(*picture.shape[:2], size * rng.uniform(least, most)))
    top, left = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
    crop = picture[top : top + side, left : left + side]
    if chance(rng, 0.5):
        crop = crop[:, ::-1]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=method), np.float32) / np.float32(255)
