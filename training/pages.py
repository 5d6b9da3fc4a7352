"""Drawn pages: app screens, lists of coins, charts. What exchanges' screenshots are made of, and full of round icons,
rings with a gap and blue squares that are not the mark.

(side, side, 3) float32 RGB in 0..1, all chances from the generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.surfaces import Floats, chance

Colour = tuple[float, float, float]
_WORDS: Final = (
    "BTC", "ETH", "USDT", "Buy", "Sell", "Wallet", "Markets", "24h", "Earn", "1.02%", "+3.4", "Trade", "Futures",
    "Login", "OK", "0.0015", "2025", "K", "100",
)  # fmt: skip
_INK: Final = (0.08, 0.08, 0.1)


def page(rng: Generator, side: int, palette: Sequence[Colour]) -> Floats:
    """A page on a light, dark or coloured ground, filled with one kind of thing or several."""
    dark = chance(rng, 0.4)
    ground = np.array(palette[int(rng.integers(len(palette)))] if chance(rng, 0.12) else ((1, 1, 1), _INK)[dark])
    shown = np.empty((side, side, 3), np.uint8)
    shown[:] = np.clip((ground + rng.normal(0, 0.04, 3)) * 255, 0, 255)
    ink: Colour = (0.92, 0.92, 0.94) if ground.mean() < 0.5 else _INK
    for _ in range(int(rng.integers(1, 4))):
        _KINDS[int(rng.integers(len(_KINDS)))](rng, shown, palette, ink)
    return shown.astype(np.float32) / np.float32(255)


def _rows(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """A list: a round or square icon, and a line or two of text beside it."""
    side = shown.shape[0]
    size, left = int(rng.integers(10, 44)), int(rng.integers(2, side // 2))
    y = int(rng.integers(0, size))
    while y < side:
        _icon(rng, shown, (left + size // 2, y + size // 2), size, palette)
        scale = size / rng.uniform(40, 70)
        _text(rng, shown, (left + size + 6, y + size // 2), scale, ink)
        if chance(rng, 0.5):
            _text(rng, shown, (left + size + 6, y + size), scale * 0.7, (0.55, 0.55, 0.58))
        y += int(size * rng.uniform(1.2, 1.6)) + 2


def _tiles(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """A grid of icons, as on a home screen."""
    side = shown.shape[0]
    size = int(rng.integers(12, 50))
    step = int(size * rng.uniform(1.2, 2))
    for y in range(int(rng.integers(0, step)), side, step):
        for x in range(int(rng.integers(0, step)), side, step):
            _icon(rng, shown, (x, y), size, palette)


def _candles(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """A candlestick chart with its grid."""
    side = shown.shape[0]
    up, down = ((0.1, 0.8, 0.55), (0.95, 0.3, 0.35)) if chance(rng, 0.7) else (_any(rng, palette), _any(rng, palette))
    for line in range(0, side, int(rng.integers(18, 50))):
        cv2.line(shown, (0, line), (side, line), _tone((0.5, 0.5, 0.5)), 1)
    level, wide = side * rng.uniform(0.3, 0.7), int(rng.integers(2, 12))
    for x in range(0, side, wide + int(rng.integers(1, 4))):
        change, reach = rng.normal(0, 0.05, 2) * side
        colour = _tone(up if change < 0 else down)
        top, bottom = sorted((int(level), int(level + change)))
        cv2.line(shown, (x, top - int(abs(reach))), (x, bottom + int(abs(reach))), colour, 1)
        cv2.rectangle(shown, (x - wide // 2, top), (x + wide // 2, bottom), colour, -1)
        level = float(np.clip(level + change, 0.1 * side, 0.9 * side))


def _rings(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """Pies, rings of parts, progress rings and spinners."""
    side = shown.shape[0]
    for _ in range(int(rng.integers(1, 4))):
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        radius = int(rng.integers(6, 48))
        thick = -1 if chance(rng, 0.25) else max(1, int(radius * rng.uniform(0.12, 0.7)))
        reach = radius if thick < 0 else radius - thick // 2
        at = rng.uniform(0, 360)
        end = at + (360 if chance(rng, 0.6) else rng.uniform(150, 345))
        while at < end:
            step = min(rng.uniform(20, 340), end - at)
            cv2.ellipse(shown, centre, (reach, reach), 0, at, at + step, _tone(_any(rng, palette)), thick, cv2.LINE_AA)
            at += step
        if chance(rng, 0.4):
            _text(rng, shown, (centre[0] - radius // 2, centre[1] + 4), radius / 60, ink)


def _bars(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """A bar chart, or buttons and cards."""
    side = shown.shape[0]
    wide, gap = int(rng.integers(4, 40)), int(rng.integers(1, 14))
    colours = [_tone(_any(rng, palette)) for _ in range(int(rng.integers(1, 4)))]
    low = int(rng.integers(side // 2, side))
    for number, x in enumerate(range(int(rng.integers(0, 20)), side, wide + gap)):
        high = low - int(rng.uniform(0.02, 0.6) * side)
        cv2.rectangle(shown, (x, high), (x + wide, low), colours[number % len(colours)], -1)


def _lines(rng: Generator, shown: NDArray[np.uint8], palette: Sequence[Colour], ink: Colour) -> None:
    """Running text or a code window."""
    side = shown.shape[0]
    scale = rng.uniform(0.25, 0.9)
    for y in range(int(rng.integers(5, 30)), side, max(7, int(scale * 34))):
        x = int(rng.integers(0, 12))
        while x < side:
            _text(rng, shown, (x, y), scale, ink if chance(rng, 0.8) else _any(rng, palette))
            x += int(scale * rng.uniform(60, 140))


def _icon(
    rng: Generator, shown: NDArray[np.uint8], centre: tuple[int, int], size: int, palette: Sequence[Colour]
) -> None:
    """A disc or tile with a letter, bars or a smaller shape in it."""
    (x, y), half = centre, max(3, size // 2)
    colour, other = _tone(_any(rng, palette)), _tone((1, 1, 1) if chance(rng, 0.7) else _any(rng, palette))
    if chance(rng, 0.65):
        cv2.circle(shown, centre, half, colour, -1 if chance(rng, 0.85) else max(1, half // 4), cv2.LINE_AA)
    else:
        cv2.rectangle(shown, (x - half, y - half), (x + half, y + half), colour, -1)
    kind = rng.integers(5)
    if kind == 0:
        letter = str(rng.choice(list("GCOQeDBUPgca6@8R")))
        scale, thick = half / 16, max(1, half // 6)
        (wide, high), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        place = (x - wide // 2, y + high // 2)
        cv2.putText(shown, letter, place, cv2.FONT_HERSHEY_SIMPLEX, scale, other, thick, cv2.LINE_AA)
    elif kind == 1:
        start, gap = rng.uniform(0, 360), rng.uniform(30, 150)
        if math.cos(math.radians(start - gap / 2 + 45)) > 0.4:  # the mark's own cut lies there
            start += 150
        reach = max(2, int(half * rng.uniform(0.4, 0.8)))
        cv2.ellipse(shown, centre, (reach, reach), 0, start, start + 360 - gap, other, max(1, half // 3), cv2.LINE_AA)
    elif kind == 2:
        reach = max(1, int(half * rng.uniform(0.2, 0.6)))
        cv2.rectangle(shown, (x - reach, y - reach), (x + reach, y + reach), other, -1)
    elif kind == 3:
        cv2.circle(shown, centre, max(1, int(half * rng.uniform(0.2, 0.7))), other, -1, cv2.LINE_AA)


def _text(rng: Generator, shown: NDArray[np.uint8], place: tuple[int, int], scale: float, ink: Colour) -> None:
    word = str(rng.choice(_WORDS))
    cv2.putText(shown, word, place, cv2.FONT_HERSHEY_SIMPLEX, max(scale, 0.2), _tone(ink), 1, cv2.LINE_AA)


def _any(rng: Generator, palette: Sequence[Colour]) -> Colour:
    return palette[int(rng.integers(len(palette)))] if chance(rng, 0.6) else tuple(rng.random(3))


def _tone(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = colour
    return 255 * red, 255 * green, 255 * blue


_KINDS: Final = (_rows, _rows, _tiles, _candles, _rings, _rings, _bars, _lines)
