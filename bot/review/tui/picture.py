"""A picture in the terminal: as the terminal's own graphics, in half blocks of colour, or in dots where none is wanted.

Half blocks and dots are made into rows once, beside the loop; drawing them costs next to nothing. Graphics go through
textual-image. Whatever the terminal, the pixels come from ``bot.engines.preview``.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from PIL import Image, ImageDraw
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from bot.media.annotate import Outline, Pixels, drawn, half_blocks
from bot.review.tui.lines import centred
from detectors.evidence import Point, Value

Way = Literal["kitty", "sixel", "blocks", "blocks256", "dots"]

Colour = tuple[int, int, int]

Pairs = Sequence[tuple[Point, Point]]
"""Points of two pictures that show the same, as shares (0..1) of width and height."""

_GAP: Final = 2  # columns between two pictures
_UNITS: Final[dict[Way, tuple[int, int]]] = {way: (2, 4) if way == "dots" else (1, 2) for way in get_args(Way)}
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bits of a braille cell, row by row


class Sight(Value):
    """One picture to be shown: (H, W, 3) pixels, full pixels for each of these, and what was found in it."""

    rgb: Pixels
    scale: float
    found: tuple[Outline, ...] = ()


class Cells(Value):
    """A picture as rows of text in a terminal, each ``width`` cells wide."""

    rows: tuple[str, ...]
    width: int


Shown = Cells | Image.Image
"""What a picture's place shows: cells, or pixels for the terminal's own graphics."""


def cells(sight: Sight, columns: int, lines: int, way: Way) -> Cells:
    """The picture, with what was found in it, in at most ``columns`` by ``lines`` cells."""
    if columns < 1 or lines < 1:
        return Cells(rows=(), width=0)
    across, down = _UNITS[way]
    return _written(_reduced(sight, columns * across, lines * down, way), way)


def cells_beside(
    left: Sight, right: Sight, agreeing: Pairs, columns: int, lines: int, way: Way, ground: Colour
) -> Cells:
    """Two pictures side by side on a ground; points that show the same have the same colour in both."""
    if columns < 8 or lines < 1:
        return Cells(rows=(), width=0)
    across, down = _UNITS[way]
    half, gap = (columns - _GAP) // 2 * across, _GAP * across
    parts = [_reduced(sight, half, lines * down, way) for sight in (left, right)]
    both = Image.new("RGB", (2 * half + gap, max(part.height for part in parts)), ground)
    for part, start in zip(parts, (0, half + gap), strict=True):
        at = start + (half - part.width) // 2, (both.height - part.height) // 2
        both.paste(part, at)
        for number, pair in enumerate(agreeing):
            x, y = pair[0 if start == 0 else 1]
            spot = at[0] + min(int(x * part.width), part.width - 1), at[1] + min(int(y * part.height), part.height - 1)
            both.putpixel(spot, _hue(number))
    return _written(both, way)


def _hue(number: int) -> Colour:
    """A colour that tells one pair of points from its neighbours in the list."""
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618 % 1, 0.9, 1.0)
    return int(255 * red), int(255 * green), int(255 * blue)


def _reduced(sight: Sight, width: int, height: int, way: Way) -> Image.Image:
    """The picture in at most so many pixels, whole cells of them, with outlines one pixel wide."""
    across, down = _UNITS[way]
    full_height, full_width = sight.rgb.shape[:2]
    factor = min(width / full_width, height / full_height, 1.0)
    size = (
        min(width, max(across, round(full_width * factor / across) * across)),
        min(height, max(down, round(full_height * factor / down) * down)),
    )
    image = Image.fromarray(np.ascontiguousarray(sight.rgb)).resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    pen = ImageDraw.Draw(image)
    for outline in sight.found:
        points = [
            (x / sight.scale / full_width * size[0], y / sight.scale / full_height * size[1]) for x, y in outline.points
        ]
        middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
        corners = [
            tuple(min(max(0.0, _outwards(p, m)), s - 1.0) for p, m, s in zip(point, middle, size, strict=True))
            for point in points
        ]
        pen.line([*corners, corners[0]], fill=outline.colour, width=1)
    return image


def _outwards(place: float, middle: float) -> float:
    """One pixel further out, so that a line round something small does not hide it."""
    return place + 0.5 if place >= middle else place - 1.5


def _written(image: Image.Image, way: Way) -> Cells:
    """Pixels, whole cells of them, as rows of text."""
    across, down = _UNITS[way]
    columns, lines = image.width // across, image.height // down
    if way == "blocks":
        return Cells(rows=tuple(half_blocks(np.asarray(image), columns, lines)), width=columns)
    if way == "blocks256":
        return Cells(rows=_of_256(image), width=columns)
    grid = np.asarray(image.convert("L").convert("1")).reshape(lines, down, columns, across)
    codes = np.full((lines, columns), 0x2800, np.int32)
    for y, row in enumerate(_DOTS):
        for x, bit in enumerate(row):
            codes += grid[:, y, :, x] * np.int32(bit)
    return Cells(rows=tuple("".join(map(chr, row)) for row in codes.tolist()), width=columns)


def _of_256(image: Image.Image) -> tuple[str, ...]:
    """Half blocks in the 6×6×6 colours of a terminal that knows no more."""
    levels = (np.asarray(image).astype(np.int32) * 5 + 127) // 255
    codes = (16 + levels @ np.array((36, 6, 1), np.int32)).tolist()
    return tuple(
        "".join(f"\x1b[38;5;{upper};48;5;{lower}m▀" for upper, lower in zip(codes[y], codes[y + 1], strict=True))
        + "\x1b[0m"
        for y in range(0, len(codes), 2)
    )


def annotated(sight: Sight, columns: int, lines: int, cell: tuple[int, int]) -> Image.Image:
    """The picture for a terminal's own graphics, in at most so many cells of ``cell`` pixels, with what was found."""
    image = drawn(sight.rgb, sight.scale, sight.found)
    image.thumbnail((max(1, columns * cell[0]), max(1, lines * cell[1])), Image.Resampling.BOX)
    return image


class CellPicture(Widget, can_focus=False):
    """Shows rows of cells, in the middle. Nothing may lie over it: its rows are written as they are."""

    ALLOW_SELECT = False

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._cells: Cells | None = None
        self._words = ""
        self._ground = Style()

    def show(self, shown: Shown | None, words: str = "") -> None:
        """Show a picture, or words in its place."""
        self._cells, self._words = shown if isinstance(shown, Cells) else None, words
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows, on the ground that is here now."""
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width, height, style = self.size.width, self.size.height, self._ground
        shown = self._cells
        if shown is None or not shown.rows:
            words = centred(self._words, width) if y == height // 2 and width > 1 else " " * width
            return Strip([Segment(words, style)], width)
        at = y - (height - len(shown.rows)) // 2
        if not 0 <= at < len(shown.rows) or shown.width > width:
            return Strip.blank(width, style)
        left = (width - shown.width) // 2
        sides = Segment(" " * left, style), Segment(" " * (width - shown.width - left), style)
        plain = not shown.rows[at].startswith("\x1b")
        return Strip([sides[0], Segment(shown.rows[at], style if plain else None), sides[1]], width)


class GraphicPicture(Container):
    """Shows pixels by the terminal's own graphics: kitty's or sixel's."""

    def __init__(self, way: Way, name: str) -> None:
        super().__init__(id=name)
        from textual_image.widget import SixelImage, TGPImage

        self._image = TGPImage() if way == "kitty" else SixelImage()
        self._words = Static("")

    def compose(self) -> ComposeResult:
        """The image, and words in its place."""
        yield self._image
        yield self._words

    def show(self, shown: Shown | None, words: str = "") -> None:
        """Show a picture, or words in its place."""
        self._image.image = shown if isinstance(shown, Image.Image) else None
        self._words.update(Text(words))
        self._image.display, self._words.display = shown is not None, shown is None


def picture(way: Way, name: str) -> CellPicture | GraphicPicture:
    """The place of a picture."""
    return GraphicPicture(way, name) if way in ("kitty", "sixel") else CellPicture(name)
