"""Drawing what was found into a copy of the picture, and pictures as rows of a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from detectors.evidence import MediaEvidence, Point, Value

Pixels = npt.NDArray[np.uint8]
_Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge."""

_MARK: Final = (255, 0, 128)
_CODE: Final = (255, 160, 0)
_AGREEING: Final = (0, 200, 120)


class Outline(Value):
    """A closed line with words at its first corner; points in pixels of the full upright picture."""

    points: tuple[Point, ...]
    words: str
    colour: tuple[int, int, int] = _MARK


def outlines(evidence: MediaEvidence, frame: int | None = None) -> list[Outline]:
    """The marks with their scores, and the codes; in a video those of one frame."""
    marks = [
        Outline(points=((x, y), (x + w, y), (x + w, y + h), (x, y + h)), words=f"{mark.name} {mark.score:.2f}")
        for mark in evidence.marks
        if mark.frame == frame or evidence.kind == "image"
        for x, y, w, h in [mark.box]
    ]
    codes = [
        Outline(points=code.quad, words="QR", colour=_CODE)
        for code in evidence.codes
        if code.frame == frame or evidence.kind == "image"
    ]
    return marks + codes


def best_frame(evidence: MediaEvidence) -> int:
    """The frame of a video that shows most: that of its best mark, else the first."""
    best = max(evidence.marks, key=lambda mark: mark.score, default=None)
    return 0 if best is None or best.frame is None else best.frame


def drawn(rgb: Pixels, scale: float, found: Sequence[Outline]) -> Image.Image:
    """A copy of the picture (H, W, 3) with outlines; ``scale`` is full pixels per pixel of ``rgb``."""
    image = Image.fromarray(np.ascontiguousarray(rgb)).convert("RGB")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=14)
    thick = max(2, max(image.size) // 400)
    taken: list[_Box] = []
    for outline in found:
        points = [(x / scale, y / scale) for x, y in outline.points]
        pen.line([*points, points[0]], fill=outline.colour, width=thick, joint="curve")
        left, top, right, bottom = font.getbbox(outline.words)
        words = _beside(points, (right - left + 4, bottom - top + 6), image.size, thick, taken)
        taken.append(words)
        pen.rectangle(words, fill=outline.colour)
        pen.text((words[0] + 2 - left, words[1] + 3 - top), outline.words, fill=(255, 255, 255), font=font)
    return image


def _beside(
    points: Sequence[Point], size: tuple[float, float], of: tuple[int, int], gap: float, taken: Sequence[_Box]
) -> _Box:
    """Where words of that size stand: over the first corner, under the outline where there is no room above, and beside
    words that stand there already. They never cover what they name."""
    wide, high = size
    x, y = min(max(0.0, points[0][0]), max(0.0, of[0] - wide)), points[0][1] - high - gap
    above = y >= 0
    if not above:
        y = min(max(py for _, py in points) + gap, max(0.0, of[1] - high))
    for left, top, right, bottom in taken:
        if left < x + wide and x < right and top < y + high and y < bottom:
            if right + 2 + wide <= of[0]:
                x = right + 2
            else:
                y = top - 2 - high if above else bottom + 2
    return x, y, x + wide, y + high


def side_by_side(left: Image.Image, right: Image.Image, agreeing: Sequence[tuple[Point, Point]] = ()) -> Image.Image:
    """Two pictures at one height, with a line between them. ``agreeing``: points of the left and the right that show
    the same, as shares of width and height (0..1); each two are joined."""
    height = max(1, min(480, max(left.height, right.height)))
    parts = [part.resize((max(1, part.width * height // part.height), height)) for part in (left, right)]
    both = Image.new("RGB", (parts[0].width + parts[1].width + 8, height), (128, 128, 128))
    both.paste(parts[0], (0, 0))
    both.paste(parts[1], (parts[0].width + 8, 0))
    pen = ImageDraw.Draw(both)
    for (x, y), (u, v) in agreeing:
        ends = ((x * parts[0].width, y * height), (parts[0].width + 8 + u * parts[1].width, v * height))
        pen.line(ends, fill=_AGREEING, width=1)
        for px, py in ends:
            pen.ellipse((px - 3, py - 3, px + 3, py + 3), outline=_AGREEING, width=2)
    return both


def png(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def half_blocks(rgb: Pixels, columns: int, lines: int) -> list[str]:
    """The picture as rows of ``▀`` in 24-bit colour: two pixels a cell, at most ``columns`` by ``lines`` cells."""
    height, width = rgb.shape[:2]
    factor = min(columns / width, 2 * lines / height, 1.0)
    size = (max(1, round(width * factor)), max(2, round(height * factor) // 2 * 2))
    small = np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).resize(size, Image.Resampling.BOX))
    return [
        "".join(
            "\x1b[38;2;{};{};{};48;2;{};{};{}m▀".format(*upper, *lower)
            for upper, lower in zip(small[y].tolist(), small[y + 1].tolist(), strict=True)
        )
        + "\x1b[0m"
        for y in range(0, size[1], 2)
    ]
