"""Brand colours: shares, neighbours, and what does not excite them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detectors.brand import Kit, load_kit
from detectors.colour import colour
from detectors.picture import Picture

BLUE, EARLIER, MINT = (0x00, 0x68, 0xFF), (0x23, 0x54, 0xE6), (0x17, 0xE6, 0xA1)


@pytest.fixture(scope="module")
def kit() -> Kit:
    """The shipped kit."""
    return load_kit("gate")


def _plain(*ground: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((300, 400, 3), ground, np.uint8)


@pytest.mark.parametrize("blue", [BLUE, EARLIER])
def test_shares_are_counted_for_every_value_of_a_colour(kit: Kit, blue: tuple[int, int, int]) -> None:
    """A quarter of the picture in either blue is a quarter; the colour that is not there is none."""
    rgb = _plain(255, 255, 255)
    rgb[:150, :200] = blue
    found = colour(Picture.of(rgb), kit)
    assert found.shares["blue"] == pytest.approx(0.25, abs=0.001)
    assert found.shares["mint"] == 0


def test_the_mark_is_its_colours_side_by_side(kit: Kit) -> None:
    """The drawn mark, on any plain ground and on its own blue, is near the most telling that colours can be."""
    drawn = {asset.variant: kit.picture(asset) for asset in kit.of_mark("mark")}
    for ground in ((255, 255, 255), (0, 0, 0), (90, 120, 60)):
        rgb = _plain(*ground)
        mark = cv2.resize(drawn["current"], (90, 90), interpolation=cv2.INTER_AREA).astype(np.float32)
        alpha = mark[..., 3:] / 255
        rgb[100:190, 100:190] = np.rint(mark[..., :3] * alpha + np.array(ground) * (1 - alpha))
        found = colour(Picture.of(rgb), kit)
        assert found.adjacency > 0.85
        assert found.score > 0.6
    assert colour(Picture.of(np.ascontiguousarray(drawn["on-blue"][..., :3])), kit).adjacency > 0.5


def test_both_colours_apart_are_not_neighbours(kit: Kit) -> None:
    """Blue at one end and mint at the other say little."""
    rgb = _plain(255, 255, 255)
    rgb[:100, :100] = BLUE
    rgb[200:243, 340:383] = MINT
    found = colour(Picture.of(rgb), kit)
    assert found.adjacency < 0.05
    assert found.score < 0.2


def test_blue_alone_is_not_telling(kit: Kit) -> None:
    """A wholly blue picture (sky, sea, another exchange) never scores above one half."""
    assert colour(Picture.of(_plain(*BLUE)), kit).score <= 0.5
    assert colour(Picture.of(_plain(*BLUE)), kit).adjacency == 0


@pytest.mark.parametrize("ground", [(135, 206, 235), (60, 80, 110), (30, 60, 120), (200, 30, 40), (128, 128, 128)])
def test_ordinary_blues_and_others_are_not_the_brand(kit: Kit, ground: tuple[int, int, int]) -> None:
    """Sky, jeans, navy, red and gray lie outside the radius."""
    found = colour(Picture.of(_plain(*ground)), kit)
    assert found.shares == {"blue": 0.0, "mint": 0.0}
    assert found.score == 0


@pytest.mark.parametrize("gains", [(1.0, 0.94, 0.9), (0.9, 0.96, 1.0), (0.85, 0.85, 0.85)])
def test_a_changed_white_balance_is_borne(kit: Kit, gains: tuple[float, float, float]) -> None:
    """Warmer, cooler and darker light leaves the mark's colours neighbours."""
    rgb = _plain(250, 250, 250)
    rgb[100:200, 100:200] = BLUE
    rgb[120:160, 140:180] = MINT
    tinted = np.rint(rgb * np.array(gains)).astype(np.uint8)
    assert colour(Picture.of(tinted), kit).adjacency > 0.3
