"""Artwork to be found again: posters with a picture and words, and flat prints as on merchandise, drawn from a seed.

No official artwork may be shipped, so the benchmark draws its own: what a poster has (a headline, lines of small text,
shapes, an inset photograph) and what a print on a shirt or a cup has (a few bold shapes and a word).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

WORDS: Final = (
    "MOMENT", "THIRTY MILLION", "TOGETHER", "SUMMER CUP", "LAUNCH DAY", "MEET US", "WINTER GAMES", "OPEN HOUSE",
    "ROADSHOW", "NIGHT RUN", "BUILDERS", "FIRST TRADE", "TEN YEARS", "THANK YOU", "CITY TOUR", "LEVEL UP",
)  # fmt: skip
_TALL: Final = 1080
_FACES: Final = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)


def poster(rng: Generator, photo: Pixels) -> Pixels:
    """(H, W, 3) uint8: a graded ground, an inset of the photograph, shapes, a headline and small print."""
    width = int(_TALL * rng.uniform(0.66, 1.0))
    first, second = rng.integers(0, 256, (2, 3))
    ramp = np.linspace(0, 1, _TALL)[:, None, None]
    graded = np.broadcast_to(first * (1 - ramp) + second * ramp, (_TALL, width, 3))
    sheet: Pixels = np.rint(graded).astype(np.uint8)
    _shapes(rng, sheet, int(rng.integers(4, 10)))
    w, h = int(width * rng.uniform(0.5, 0.85)), int(_TALL * rng.uniform(0.3, 0.5))
    x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(_TALL // 4, _TALL - h - _TALL // 8))
    sheet[y : y + h, x : x + w] = cv2.resize(_middle(photo, w / h), (w, h), interpolation=cv2.INTER_AREA)
    ink = (255, 255, 255) if sheet[: _TALL // 4].mean() < 128 else (20, 20, 20)
    _write(rng, sheet, str(rng.choice(WORDS)), int(0.06 * width), int(_TALL * rng.uniform(0.1, 0.2)), 0.85 * width, ink)
    for line in range(int(rng.integers(2, 6))):
        words = " ".join(rng.choice(WORDS, int(rng.integers(2, 5)))).lower()
        _write(rng, sheet, words, int(0.06 * width), _TALL - 28 * (line + 1), width * rng.uniform(0.4, 0.8), ink)
    return sheet


def flat_print(rng: Generator) -> Pixels:
    """(H, W, 3) uint8: bold shapes and a word in few colours on a plain ground, without any photograph."""
    width = int(_TALL * rng.uniform(0.8, 1.3))
    sheet = np.full((_TALL, width, 3), rng.integers(0, 256, 3), np.uint8)
    _shapes(rng, sheet, int(rng.integers(6, 14)))
    ink = (255, 255, 255) if sheet.mean() < 128 else (20, 20, 20)
    _write(rng, sheet, str(rng.choice(WORDS)), int(0.05 * width), int(_TALL * rng.uniform(0.4, 0.9)), 0.9 * width, ink)
    return sheet


def _middle(photo: Pixels, ratio: float) -> Pixels:
    """The largest part of that width over height, from the middle."""
    height, width = photo.shape[:2]
    w, h = min(width, int(height * ratio)), min(height, int(width / ratio))
    return photo[(height - h) // 2 : (height + h) // 2, (width - w) // 2 : (width + w) // 2]


def _shapes(rng: Generator, sheet: Pixels, count: int) -> None:
    height, width = sheet.shape[:2]
    palette = rng.integers(0, 256, (4, 3))
    for _ in range(count):
        colour = tuple(int(value) for value in palette[rng.integers(4)])
        x, y = int(rng.integers(width)), int(rng.integers(height))
        reach = int(height * rng.uniform(0.04, 0.25))
        kind = rng.integers(4)
        if kind == 0:
            cv2.circle(sheet, (x, y), reach, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.circle(sheet, (x, y), reach, colour, max(8, reach // 4), cv2.LINE_AA)
        elif kind == 2:
            cv2.rectangle(sheet, (x, y), (x + reach, y + int(reach * rng.uniform(0.3, 1.5))), colour, -1)
        else:
            corners = np.array([x, y]) + rng.integers(-reach, reach + 1, (3, 2))
            cv2.fillPoly(sheet, [corners.astype(np.int32)], colour, cv2.LINE_AA)


def _write(rng: Generator, sheet: Pixels, words: str, x: int, y: int, width: float, ink: tuple[int, int, int]) -> None:
    """One line of that width, px, its base line at ``y``."""
    face = _FACES[int(rng.integers(len(_FACES)))]
    size = width / cv2.getTextSize(words, face, 1.0, 1)[0][0]
    cv2.putText(sheet, words, (x, y), face, size, ink, max(1, round(1.8 * size)), cv2.LINE_AA)
