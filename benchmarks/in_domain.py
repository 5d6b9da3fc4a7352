"""Honest pictures of one campaign that look alike and are no copies of each other: the hard negatives.

Posters from a few templates, screenshots of one app, charts of one exchange, shop displays with one brand mark, photos
with stickers of one set, photos in one campaign's frame. Each picture has its own photograph, words and numbers; what
it shares with others is what everybody shares. Another ``world`` has other templates, another app, other stickers.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from benchmarks.copy_edits import resized, words
from detectors.brand import load_kit

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

__all__ = ["KINDS", "drawn"]

_TEMPLATES: Final = 4
_STICKERS: Final = 6


def drawn(kind: str, photo: Pixels, rng: Generator, world: int = 0) -> Pixels:
    """(H, W, 3) uint8 RGB: one picture of a kind in ``KINDS`` that shows this photograph, or none."""
    return {
        "poster": _poster, "screenshot": _feed, "chart": _chart, "display": _display, "stickers": _stickers,
        "framed": _framed,
    }[kind](photo, rng, world)  # fmt: skip


KINDS: Final[Sequence[str]] = ("poster", "screenshot", "chart", "display", "stickers", "framed")


def _template(rng: Generator, world: int, count: int) -> Generator:
    """The generator of one of so many things that a world's pictures share."""
    return np.random.default_rng((world, int(rng.integers(count))))


def _poster(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """One of a few frames: title, photograph, the author's line, mark, footer."""
    template = _template(rng, world, _TEMPLATES)
    ground, ink = _colour(template), _colour(template)
    sheet = np.full((960, 720, 3), ground, np.uint8)
    for _ in range(10):
        at = (int(template.integers(720)), int(template.integers(960)))
        cv2.circle(
            sheet, at, int(template.integers(10, 90)), _colour(template), int(template.integers(2, 9)), cv2.LINE_AA
        )
    cv2.putText(sheet, f"MY GATE {words(template, 1).upper()}", (40, 90), 2, 1.6, ink, 3, cv2.LINE_AA)
    _lay(sheet, photo, (60, 140, 600, 560))
    cv2.putText(sheet, words(rng, 4), (60, 770), 0, 1.0, ink, 2, cv2.LINE_AA)
    cv2.putText(sheet, words(template, 7), (60, 890), 0, 0.8, ink, 2, cv2.LINE_AA)
    _stamp(sheet, "mark", (580, 20, 110))
    return sheet


def _feed(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """A post as the app shows it."""
    app = np.random.default_rng((world, 1000))
    said = ["Like", "Reply", "Share", "Home", "Markets", "Trade", "Futures", "Assets"]
    said = said if world == 0 else [words(app, 1).capitalize() for _ in said]
    dark = bool(rng.random() < 0.4)
    ground, ink = ((24, 26, 30), (220, 224, 230)) if dark else ((248, 249, 252), (30, 34, 40))
    page = np.full((1080, 540, 3), ground, np.uint8)
    cv2.putText(page, f"{rng.integers(24)}:{rng.integers(10, 60)}", (24, 34), 0, 0.7, ink, 2, cv2.LINE_AA)
    cv2.putText(page, "Gate Square", (180, 64), 2, 0.9, ink, 2, cv2.LINE_AA)
    cv2.circle(page, (54, 120), 28, _colour(rng), -1, cv2.LINE_AA)
    cv2.putText(page, words(rng, 2), (96, 128), 0, 0.7, ink, 1, cv2.LINE_AA)
    for row in range(int(rng.integers(1, 5))):
        cv2.putText(page, words(rng, 6), (24, 190 + 34 * row), 0, 0.65, ink, 1, cv2.LINE_AA)
    cv2.putText(page, "#MyGateMoment", (24, 330), 0, 0.7, (0, 104, 255), 2, cv2.LINE_AA)
    _lay(page, photo, (24, 350, 492, 560))
    for x, name in zip((40, 210, 390), said[:3], strict=True):
        cv2.putText(page, f"{name} {rng.integers(0, 999)}", (x, 980), 0, 0.7, ink, 1, cv2.LINE_AA)
    for x, name in enumerate(said[3:]):
        cv2.putText(page, name, (14 + 106 * x, 1056), 0, 0.6, ink, 1, cv2.LINE_AA)
        cv2.circle(page, (44 + 106 * x, 1022), 12, ink, 2, cv2.LINE_AA)
    return page


def _chart(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """A price chart: grid, candles of a random walk, an order list."""
    page = np.full((900, 540, 3), (18, 20, 26), np.uint8)
    ink = (200, 204, 212)
    pair = ("BTC", "ETH", "GT", "SOL", "DOGE")[int(rng.integers(5))]
    cv2.putText(page, f"{pair}/USDT", (24, 60), 2, 1.0, ink, 2, cv2.LINE_AA)
    cv2.putText(page, f"{rng.uniform(0.1, 90_000):.2f}", (300, 60), 2, 0.9, (0, 200, 120), 2, cv2.LINE_AA)
    for x, name in enumerate(("Time", "1m", "15m", "1h", "4h", "1D", "More")):
        cv2.putText(page, name, (16 + 74 * x, 110), 0, 0.55, ink, 1, cv2.LINE_AA)
    for y in range(150, 560, 80):
        cv2.line(page, (0, y), (540, y), (40, 44, 52), 1)
    price = np.cumsum(rng.normal(0, 14, 61))
    price = 160 + (price - price.min()) / max(1.0, float(np.ptp(price))) * 380
    for i in range(60):
        low, high = sorted((int(price[i]), int(price[i + 1])))
        colour = (0, 180, 110) if price[i] > price[i + 1] else (220, 60, 80)
        cv2.line(
            page, (8 + i * 9, low - int(rng.integers(1, 20))), (8 + i * 9, high + int(rng.integers(1, 20))), colour, 1
        )
        cv2.rectangle(page, (5 + i * 9, low), (11 + i * 9, high + 1), colour, -1)
    for row in range(6):
        for x in (24, 300):
            cv2.putText(page, f"{rng.uniform(1, 9e4):.2f}", (x, 620 + 32 * row), 0, 0.6, ink, 1, cv2.LINE_AA)
            cv2.putText(page, f"{rng.uniform(0, 9):.3f}", (x + 130, 620 + 32 * row), 0, 0.6, ink, 1, cv2.LINE_AA)
    cv2.rectangle(page, (20, 820), (260, 880), (0, 180, 110), -1)
    cv2.rectangle(page, (280, 820), (520, 880), (220, 60, 80), -1)
    cv2.putText(page, "Buy", (110, 860), 2, 0.9, (255, 255, 255), 2, cv2.LINE_AA)
    cv2.putText(page, "Sell", (370, 860), 2, 0.9, (255, 255, 255), 2, cv2.LINE_AA)
    return page


def _display(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """The photograph with the brand's mark or lock-up somewhere on it."""
    seen = photo.copy()
    side = int(min(photo.shape[:2]) * rng.uniform(0.12, 0.35))
    x, y = int(rng.integers(0, photo.shape[1] - side)), int(rng.integers(0, photo.shape[0] - side))
    _stamp(seen, "mark" if rng.random() < 0.5 else "lockup", (x, y, side))
    return seen


def _stickers(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """The photograph with one to three of the stickers that everybody uses, at any size, place and turn."""
    seen = photo.copy()
    for _ in range(int(rng.integers(1, 4))):
        sticker = _sticker(_template(rng, world, _STICKERS))
        side = int(min(seen.shape[:2]) * rng.uniform(0.2, 0.45))
        turn = cv2.getRotationMatrix2D((128, 128), rng.uniform(-25, 25), side / 256)
        turn[:, 2] = turn[:, 2] + rng.uniform((0, 0), seen.shape[1::-1]) - 128
        shown = cv2.warpAffine(sticker, turn, (seen.shape[1], seen.shape[0]), flags=cv2.INTER_AREA)
        alpha = shown[..., 3:].astype(np.float32) / 255
        seen = np.rint(shown[..., :3] * alpha + seen * (1 - alpha)).astype(np.uint8)
    return seen


def _sticker(template: Generator) -> Pixels:
    """(256, 256, 4): a badge with a drawing and a word."""
    sheet = np.zeros((256, 256, 4), np.uint8)
    cv2.circle(sheet, (128, 128), 120, (255, 255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(sheet, (128, 128), 110, (*_colour(template), 255), -1, cv2.LINE_AA)
    for _ in range(9):
        corners = template.integers(60, 196, (4, 2)).astype(np.int32)
        cv2.fillPoly(sheet, [corners], (*_colour(template), 255), cv2.LINE_AA)
    cv2.putText(sheet, words(template, 1).upper(), (56, 190), 2, 1.2, (255, 255, 255, 255), 3, cv2.LINE_AA)
    return sheet


def _framed(photo: Pixels, rng: Generator, world: int) -> Pixels:
    """The whole photograph in one of two frames of the campaign: band, pattern, title, mark."""
    template = _template(rng, world, 2)
    ground, ink = _colour(template), _colour(template)
    scale = 640 / max(photo.shape[:2])
    inner = resized(photo, round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    h, w = inner.shape[:2]
    sheet = np.full((h + 150, w + 60, 3), ground, np.uint8)
    for i in range(0, w + 60, 40):
        cv2.circle(sheet, (i + 20, 15), 9, ink, 2, cv2.LINE_AA)
        cv2.drawMarker(sheet, (i + 20, h + 135), ink, i // 40 % 7, 16, 2)
    sheet[30 : 30 + h, 30 : 30 + w] = inner
    cv2.putText(sheet, f"#{words(template, 2).title()}", (30, h + 100), 2, 1.3, ink, 3, cv2.LINE_AA)
    _stamp(sheet, "mark", (w - 60, h + 45, 70))
    return sheet


def _colour(rng: Generator) -> Colour:
    red, green, blue = (int(v) for v in rng.integers(0, 256, 3))
    return red, green, blue


def _lay(sheet: Pixels, photo: Pixels, box: tuple[int, int, int, int]) -> None:
    x, y, w, h = box
    share = min(w / photo.shape[1], h / photo.shape[0])
    inner = resized(photo, int(photo.shape[1] * share), int(photo.shape[0] * share))
    sheet[y : y + inner.shape[0], x : x + inner.shape[1]] = inner


def _stamp(sheet: Pixels, mark: str, place: tuple[int, int, int]) -> None:
    x, y, side = place
    picture = _mark(mark)
    share = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    part = sheet[y : y + size[1], x : x + size[0]]
    small = small[: part.shape[0], : part.shape[1]]
    alpha = small[..., 3:].astype(np.float32) / 255
    part[:] = np.rint(small[..., :3] * alpha + part * (1 - alpha)).astype(np.uint8)


@functools.lru_cache(maxsize=4)
def _mark(name: str) -> Pixels:
    kit = load_kit("gate")
    return kit.picture(next(asset for asset in kit.assets if asset.mark == name))
