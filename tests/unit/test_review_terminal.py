"""What a terminal can, from what it answers; and a picture made into rows for it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from rich.cells import cell_len

from bot.media.annotate import Outline
from bot.review.tui.picture import Sight, Way, cells, cells_beside
from bot.review.tui.terminal import Terminal, understood

TRUE = {"COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("said", "environment", "way"),
    [
        (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", {}, "kitty"),
        (b"\x1b[?62;4;22c", {}, "sixel"),
        (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4c", {}, "sixel"),  # says both, and draws no placeholders
        (b"\x1b[?62;22c", TRUE, "blocks"),
        (b"\x1b[?62;22c", {}, "blocks256"),
        (b"", {}, "blocks256"),
        (b"\x1b[?62;4c", {"TMUX": "/tmp/tmux"}, "blocks"),  # tmux draws its own screen
        (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", {"TMUX": "/tmp/tmux"}, "blocks"),
        (b"\x1b[?62;4c", {"NO_COLOR": "1"}, "dots"),
        (b"\x1b[?64;14;24c", TRUE, "blocks"),  # 14 and 24 hold no 4
    ],
)
def test_pictures_as_the_terminal_can(said: bytes, environment: dict[str, str], way: Way) -> None:
    """Its own graphics where it says so, half blocks under tmux and elsewhere, dots where no colour is wanted."""
    assert understood(said, environment).way == way


@pytest.mark.parametrize(
    ("said", "environment", "dark"),
    [
        (b"\x1b]11;rgb:ffff/ffff/f0f0\x1b\\", {}, False),
        (b"\x1b]11;rgb:1e/1e/2e\x07", {}, True),
        (b"", {"COLORFGBG": "0;15"}, False),
        (b"", {"COLORFGBG": "15;0"}, True),
        (b"", {}, True),
        (b"\x1b]11;rgb:zz/00/00\x1b\\", {}, True),
    ],
)
def test_light_or_dark(said: bytes, environment: dict[str, str], dark: bool) -> None:
    """By the background that the terminal tells, else by what its environment says, else dark."""
    assert understood(said, environment).dark is dark


def test_the_size_of_a_cell() -> None:
    """As told, height first; a made-up one where nothing or nonsense is told."""
    assert understood(b"\x1b[6;34;16t\x1b[?62c", {}).cell == (16, 34)
    assert understood(b"\x1b[6;0;0t", {}).cell == Terminal(way="blocks", dark=True).cell


def sight(height: int, width: int, *found: Outline) -> Sight:
    grey = np.full((height, width, 3), 128, np.uint8)
    return Sight(rgb=grey, scale=2.0, found=found)


def plain(row: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", row)


@pytest.mark.parametrize("way", ["blocks", "blocks256", "dots"])
@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1280, 720), (3, 5), (1, 1), (1280, 3), (3, 1280)])
def test_a_picture_fits_its_place(way: Way, height: int, width: int) -> None:
    """Never wider or higher than the place, each row as wide as is said, whatever the picture's shape."""
    shown = cells(sight(height, width), 40, 12, way)
    assert 1 <= len(shown.rows) <= 12
    assert {cell_len(plain(row)) for row in shown.rows} == {shown.width}
    assert shown.width <= 40
    assert cells(sight(height, width), 0, 5, way).rows == ()


def test_dots_have_no_colour() -> None:
    """Braille alone: not one escape sequence."""
    rows = cells(sight(100, 100), 20, 10, "dots").rows
    assert all(0x2800 <= ord(character) <= 0x28FF for row in rows for character in row)


def test_what_was_found_is_drawn() -> None:
    """An outline's colour is in the picture, also where it lies half outside."""
    box = Outline(points=((-50.0, -50.0), (300.0, -50.0), (300.0, 300.0), (-50.0, 300.0)), words="", colour=(1, 2, 3))
    assert ";1;2;3m" in "".join(cells(sight(200, 200, box), 20, 10, "blocks").rows)
    assert ";1;2;3m" not in "".join(cells(sight(200, 200), 20, 10, "blocks").rows)


@pytest.mark.parametrize("way", ["blocks", "blocks256", "dots"])
def test_two_pictures_side_by_side(way: Way) -> None:
    """Both fit beside each other, and points that agree have one colour in both."""
    pairs = [((0.5, 0.5), (0.25, 0.75)), ((1.0, 1.0), (0.0, 0.0))]
    shown = cells_beside(sight(300, 200), sight(100, 400), pairs, 61, 14, way, (9, 9, 9))
    assert shown.width <= 61 and len(shown.rows) <= 14
    assert {cell_len(plain(row)) for row in shown.rows} == {shown.width}
    if way == "blocks":
        assert "".join(shown.rows).count("255;25;25") == 2
