"""What people do to other people's pictures before they post them again: the edits that benchmarks/copies.py measures.

Each takes (H, W, 3) uint8 RGB and a random generator and gives another picture. All choices come from the generator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

Pixels = npt.NDArray[np.uint8]
Edit = Callable[[Pixels, Generator], Pixels]

__all__ = ["EDITS", "Edit", "jpeg", "resized", "words"]


def jpeg(rgb: Pixels, quality: int) -> Pixels:
    """Through a JPEG file and back."""
    _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def resized(rgb: Pixels, width: int, height: int) -> Pixels:
    """To a size in pixels."""
    flags = cv2.INTER_AREA if width * height < rgb.shape[0] * rgb.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (max(8, width), max(8, height)), interpolation=flags), np.uint8)


def _scaled(rgb: Pixels, factor: float) -> Pixels:
    return resized(rgb, round(rgb.shape[1] * factor), round(rgb.shape[0] * factor))


def _crop(low: float, high: float) -> Edit:
    """Keeps a random share of each side, at a random place."""

    def edit(rgb: Pixels, rng: Generator) -> Pixels:
        h, w = rgb.shape[:2]
        ch, cw = (max(16, round(side * rng.uniform(low, high))) for side in (h, w))
        y, x = int(rng.integers(0, h - ch + 1)), int(rng.integers(0, w - cw + 1))
        return np.ascontiguousarray(rgb[y : y + ch, x : x + cw])

    return edit


def _border(rgb: Pixels, rng: Generator) -> Pixels:
    margin = round(max(rgb.shape[:2]) * rng.uniform(0.05, 0.2))
    colour = [int(c) for c in rng.integers(0, 256, 3)]
    return np.asarray(
        cv2.copyMakeBorder(rgb, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=colour), np.uint8
    )


def _letterbox(rgb: Pixels, rng: Generator) -> Pixels:
    bar = round(rgb.shape[0] * rng.uniform(0.1, 0.35))
    return np.asarray(cv2.copyMakeBorder(rgb, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)), np.uint8)


def _square(rgb: Pixels, rng: Generator) -> Pixels:
    """On a square, its own blurred copy filling the rest, as feeds do."""
    side = max(rgb.shape[:2])
    ground = cv2.GaussianBlur(resized(rgb, side, side), (0, 0), side / 30)
    y, x = (side - rgb.shape[0]) // 2, (side - rgb.shape[1]) // 2
    ground[y : y + rgb.shape[0], x : x + rgb.shape[1]] = rgb
    return np.asarray(ground, np.uint8)


def _screenshot(rgb: Pixels, rng: Generator) -> Pixels:
    """In a phone's feed: bars, an avatar, lines of words, the picture across the width."""
    width, height = 540, 1080
    dark = bool(rng.random() < 0.4)
    page = np.full((height, width, 3), 24 if dark else 248, np.uint8)
    ink = (210, 214, 220) if dark else (40, 44, 52)
    cv2.putText(page, f"{rng.integers(24)}:{rng.integers(10, 60)}", (24, 34), 0, 0.7, ink, 2, cv2.LINE_AA)
    cv2.circle(page, (54, 110), 28, tuple(int(c) for c in rng.integers(60, 220, 3)), -1, cv2.LINE_AA)
    for y in (92, 122):
        cv2.putText(page, words(rng, 3), (96, y + 10), 0, 0.6, ink, 1, cv2.LINE_AA)
    for row in range(3):
        cv2.putText(page, words(rng, 6), (24, 180 + 32 * row), 0, 0.65, ink, 1, cv2.LINE_AA)
    share = min(492 / rgb.shape[1], 700 / rgb.shape[0])
    inner = _scaled(rgb, share)
    page[290 : 290 + inner.shape[0], 24 : 24 + inner.shape[1]] = inner
    for x in (80, 230, 390):
        cv2.circle(page, (x, 1034), 14, ink, 2, cv2.LINE_AA)
        cv2.putText(page, str(rng.integers(2, 9999)), (x + 22, 1042), 0, 0.6, ink, 1, cv2.LINE_AA)
    return page


def words(rng: Generator, count: int) -> str:
    """So many words of nothing."""
    letters = np.array(list("abcdefghijklmnoprstuvwyz"))
    return " ".join("".join(rng.choice(letters, int(rng.integers(2, 8)))) for _ in range(count))


def _collage(rgb: Pixels, rng: Generator) -> Pixels:
    """Beside another picture, at one height."""
    other = _ground(rng, rgb.shape[0], rgb.shape[1])
    parts = [rgb, other] if rng.random() < 0.5 else [other, rgb]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def _four(rgb: Pixels, rng: Generator) -> Pixels:
    """One of four in a grid."""
    h, w = rgb.shape[:2]
    parts = [_ground(rng, h, w) for _ in range(4)]
    parts[int(rng.integers(4))] = rgb
    rows = [np.concatenate(parts[i : i + 2], axis=1) for i in (0, 2)]
    return np.ascontiguousarray(np.concatenate(rows, axis=0))


def _paste(share: float) -> Edit:
    """Laid into another picture, its sides that share of the other's."""

    def edit(rgb: Pixels, rng: Generator) -> Pixels:
        h, w = rgb.shape[:2]
        ground = _ground(rng, h, w)
        inner = _scaled(rgb, share)
        y, x = int(rng.integers(0, h - inner.shape[0] + 1)), int(rng.integers(0, w - inner.shape[1] + 1))
        ground[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
        return np.asarray(ground, np.uint8)

    return edit


def _ground(rng: Generator, height: int, width: int) -> Pixels:
    """A picture of nothing: soft blobs, lines and words."""
    ground = np.zeros((height, width, 3), np.float32)
    for cells in (3, 8, 20, 60):
        coarse = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32) * 110 / np.sqrt(cells / 3)
        ground += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    drawn = np.clip(ground + rng.uniform(80, 180), 0, 255).astype(np.uint8)
    for _ in range(12):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        cv2.putText(drawn, words(rng, 2), at, 0, rng.uniform(0.5, 1.5), colour, 2, cv2.LINE_AA)
        cv2.circle(drawn, at, int(rng.integers(6, 50)), colour, int(rng.integers(1, 5)), cv2.LINE_AA)
    return np.asarray(drawn, np.uint8)


def _perspective(strength: float) -> Edit:
    """As photographed from a screen, from aside."""

    def edit(rgb: Pixels, rng: Generator) -> Pixels:
        h, w = rgb.shape[:2]
        corners = np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
        moved = corners + rng.uniform(0, strength, (4, 2)) * (w, h) * [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
        return np.asarray(cv2.warpPerspective(rgb, matrix, (w, h), borderValue=(70, 72, 78)), np.uint8)

    return edit


def _turned(low: float, high: float) -> Edit:
    def edit(rgb: Pixels, rng: Generator) -> Pixels:
        h, w = rgb.shape[:2]
        angle = rng.uniform(low, high) * rng.choice((-1, 1))
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
        return np.asarray(cv2.warpAffine(rgb, matrix, (w, h), borderValue=(255, 255, 255)), np.uint8)

    return edit


def _text(rgb: Pixels, rng: Generator) -> Pixels:
    """Three large lines of words on bars."""
    h, w = rgb.shape[:2]
    seen = rgb.copy()
    for _ in range(3):
        y, tall = int(rng.integers(0, max(1, h - h // 8))), max(10, h // 9)
        cv2.rectangle(seen, (0, y), (w, y + tall), tuple(int(c) for c in rng.integers(0, 256, 3)), -1)
        cv2.putText(seen, words(rng, 5), (8, y + tall * 3 // 4), 0, tall / 36, (255, 255, 255), 2, cv2.LINE_AA)
    return seen


def _emoji(rgb: Pixels, rng: Generator) -> Pixels:
    """Six round faces, a tenth to a fifth of the side each."""
    h, w = rgb.shape[:2]
    seen = rgb.copy()
    for _ in range(6):
        r = int(min(h, w) * rng.uniform(0.05, 0.1))
        x, y = int(rng.integers(r, w - r)), int(rng.integers(r, h - r))
        cv2.circle(seen, (x, y), r, (255, 204, 50), -1, cv2.LINE_AA)
        for dx in (-r // 3, r // 3):
            cv2.circle(seen, (x + dx, y - r // 4), max(1, r // 8), (60, 40, 20), -1, cv2.LINE_AA)
        cv2.ellipse(seen, (x, y + r // 8), (r // 2, r // 3), 0, 10, 170, (60, 40, 20), max(1, r // 10), cv2.LINE_AA)
    return seen


def _tint(rgb: Pixels, rng: Generator) -> Pixels:
    gains = rng.uniform(0.75, 1.2, 3)
    return np.clip(rgb.astype(np.float32) * gains + rng.uniform(-15, 15), 0, 255).astype(np.uint8)


def _contrast(rgb: Pixels, rng: Generator) -> Pixels:
    curve = (np.arange(256) / 255) ** rng.uniform(0.5, 1.9) * 255
    return np.asarray(curve.astype(np.uint8)[rgb], np.uint8)


def _noise(rgb: Pixels, rng: Generator) -> Pixels:
    return np.clip(rgb + rng.normal(0, 14, rgb.shape), 0, 255).astype(np.uint8)


def _blur(rgb: Pixels, rng: Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), max(rgb.shape[:2]) / rng.uniform(280, 400)), np.uint8)


def _gray(rgb: Pixels, rng: Generator) -> Pixels:
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)


def _squeezed(rgb: Pixels, rng: Generator) -> Pixels:
    return resized(rgb, round(rgb.shape[1] * rng.uniform(0.65, 0.85)), rgb.shape[0])


def _mirror(rgb: Pixels, rng: Generator) -> Pixels:
    return np.ascontiguousarray(rgb[:, ::-1])


def _then(*edits: Edit) -> Edit:
    def edit(rgb: Pixels, rng: Generator) -> Pixels:
        for one in edits:
            rgb = one(rgb, rng)
        return rgb

    return edit


EDITS: Final[dict[str, Edit]] = {
    "jpeg 30": lambda rgb, rng: jpeg(rgb, 30),
    "jpeg 10": lambda rgb, rng: jpeg(rgb, 10),
    "half size": lambda rgb, rng: _scaled(rgb, 0.5),
    "quarter size": lambda rgb, rng: _scaled(rgb, 0.25),
    "tint": _tint,
    "contrast": _contrast,
    "gray": _gray,
    "noise": _noise,
    "blur": _blur,
    "squeezed": _squeezed,
    "mirror": _mirror,
    "right angle": lambda rgb, rng: np.ascontiguousarray(np.rot90(rgb, int(rng.choice((1, 3))))),
    "turned 2-8": _turned(2, 8),
    "turned 15-40": _turned(15, 40),
    "crop 90-98": _crop(0.9, 0.98),
    "crop 70-90": _crop(0.7, 0.9),
    "crop 50-70": _crop(0.5, 0.7),
    "border": _border,
    "letterbox": _letterbox,
    "blurred square": _square,
    "screenshot": _screenshot,
    "collage of 2": _collage,
    "collage of 4": _four,
    "paste-in 60": _paste(0.6),
    "paste-in 40": _paste(0.4),
    "perspective 10": _perspective(0.10),
    "perspective 20": _perspective(0.20),
    "text": _text,
    "emoji": _emoji,
    "crop + mirror": _then(_crop(0.6, 0.9), _mirror),
    "screenshot + jpeg 30": _then(_screenshot, lambda rgb, rng: jpeg(rgb, 30)),
    "crop + tint + text": _then(_crop(0.7, 0.95), _tint, _text),
    "paste-in 50 + mirror": _then(_mirror, _paste(0.5)),
}
"""By name, from the mildest to combinations."""
