"""The mark detector on drawn pictures: finds every variant where it stands plain, and places it exactly."""

from __future__ import annotations

import math

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.brand import Kit, load_kit
from detectors.evidence import Mark
from detectors.marks import marks
from detectors.picture import Picture

RGB = NDArray[np.uint8]


@pytest.fixture(scope="module")
def kit() -> Kit:
    """The shipped kit."""
    return load_kit("gate")


def _paste(
    kit: Kit,
    mark: str,
    variant: str,
    side: float,
    ground: tuple[int, int, int],
    *,
    turn: float = 0.0,
    at: tuple[float, float] = (320, 240),
    size: tuple[int, int] = (640, 480),
) -> RGB:
    """One drawing, its height ``side`` px, centred at ``at`` and turned by degrees, on a plain ground."""
    asset = next(asset for asset in kit.of_mark(mark) if asset.variant == variant)
    drawn = kit.picture(asset).astype(np.float32)
    ratio = side / drawn.shape[0]
    small = cv2.resize(drawn, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    place = cv2.getRotationMatrix2D((small.shape[1] / 2 - 0.5, small.shape[0] / 2 - 0.5), turn, 1)
    place[0, 2] += at[0] - small.shape[1] / 2
    place[1, 2] += at[1] - small.shape[0] / 2
    warped = cv2.warpAffine(small, place, size, flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3:] / 255
    return np.rint(warped[..., :3] * alpha + np.array(ground) * (1 - alpha)).astype(np.uint8)


def _best(rgb: RGB, kit: Kit, name: str) -> Mark | None:
    return next((mark for mark in marks(Picture.of(rgb), kit) if mark.name == name), None)


PLAIN = [
    ("current", (255, 255, 255)),
    ("current", (10, 10, 12)),
    ("earlier", (240, 240, 235)),
    ("white-mint", (0x00, 0x68, 0xFF)),
    ("white-mint", (0x23, 0x54, 0xE6)),
    ("mono-white", (30, 30, 30)),
    ("mono-white", (150, 40, 60)),
    ("mono-black", (250, 250, 250)),
    ("mono-black", (200, 180, 40)),
]


@pytest.mark.parametrize("side", [24, 48, 160, 400])
@pytest.mark.parametrize(("variant", "ground"), PLAIN)
def test_a_plain_mark_is_found_where_it_is(kit: Kit, variant: str, ground: tuple[int, int, int], side: int) -> None:
    """Every variant on a plain ground, 24 to 400 px: likelier than not, the box right to a tenth or 4 px."""
    found = _best(_paste(kit, "mark", variant, side, ground, at=(320.4, 240.3)), kit, "mark")
    assert found is not None
    assert found.score > 0.5
    expected = (320 - side / 2, 240 - side / 2, side, side)
    assert np.allclose(found.box, expected, atol=max(0.1 * side, 4))


@pytest.mark.parametrize("turn", [-45, -30, -10, 15, 40])
def test_a_turned_mark_is_found(kit: Kit, turn: int) -> None:
    """Any turn in the plane to 45 degrees either way; the box is the upright box around it."""
    side = 90
    found = _best(_paste(kit, "mark", "current", side, (235, 225, 210), turn=turn), kit, "mark")
    assert found is not None
    assert found.score > 0.5
    x, y, w, h = found.box
    assert (x + w / 2, y + h / 2) == pytest.approx((320, 240), abs=12)
    reach = side * (abs(math.cos(math.radians(turn))) + abs(math.sin(math.radians(turn))))
    assert w == pytest.approx(reach, rel=0.15)


@pytest.mark.parametrize("variant", ["current", "on-dark", "mono-black"])
def test_the_lockup_is_named_beside_its_mark(kit: Kit, variant: str) -> None:
    """A lock-up gives two findings: the mark in it, and the lock-up with the word."""
    ground = (12, 12, 14) if variant == "on-dark" else (255, 255, 255)
    found = marks(Picture.of(_paste(kit, "lockup", variant, 60, ground)), kit)
    assert [mark.name for mark in found[:2]] == ["mark", "lockup"]
    assert found[1].score > 0.5
    assert found[1].box[2] == pytest.approx(60 * 273 / 64, rel=0.1)


def test_the_token_sign_is_told_from_the_mark(kit: Kit) -> None:
    """The campaign chooses which marks count, so they must not be taken for each other."""
    found = marks(Picture.of(_paste(kit, "gt", "red", 80, (255, 255, 255))), kit)
    assert [mark.name for mark in found] == ["gt"]
    assert found[0].score > 0.5


def test_boxes_are_in_pixels_of_the_full_picture(kit: Kit) -> None:
    """A picture larger than the working size is looked at reduced, and told at its own size."""
    rgb = _paste(kit, "mark", "current", 300, (255, 255, 255), at=(1800, 700), size=(2560, 1440))
    found = _best(rgb, kit, "mark")
    assert found is not None
    assert np.allclose(found.box, (1650, 550, 300, 300), atol=12)


def _lookalikes() -> list[tuple[str, RGB]]:
    """Round and G-shaped things that are not the mark, drawn."""
    white = np.full((240, 240, 3), 255, np.uint8)
    blue, mint = (0, 0x68, 0xFF), (0x17, 0xE6, 0xA1)
    disc, ring, power, pie, thin, other, squares = (white.copy() for _ in range(7))
    cv2.circle(disc, (120, 120), 80, blue, -1)
    cv2.circle(ring, (120, 120), 65, blue, 30)
    cv2.ellipse(power, (120, 120), (65, 65), -60, 0, 300, blue, 18)
    cv2.line(power, (120, 30), (120, 120), blue, 18)
    cv2.ellipse(pie, (120, 120), (80, 80), 0, 0, 270, blue, -1)
    cv2.ellipse(thin, (120, 120), (78, 78), 0, 0, 270, blue, 5)
    cv2.ellipse(other, (120, 120), (65, 65), 90, 0, 270, blue, 30)
    cv2.circle(other, (165, 165), 20, mint, -1)
    cv2.rectangle(squares, (40, 40), (120, 120), blue, -1)
    cv2.rectangle(squares, (120, 120), (160, 160), mint, -1)
    named = {"disc": disc, "ring": ring, "power": power, "pie": pie, "thin": thin, "other": other, "squares": squares}
    return list(named.items())


@pytest.mark.parametrize(("name", "rgb"), _lookalikes(), ids=[name for name, _ in _lookalikes()])
def test_what_comes_close_is_not_the_mark(kit: Kit, name: str, rgb: RGB) -> None:
    """Rings, pies, power buttons and a mark turned by a quarter are not likely marks."""
    assert all(mark.score < 0.5 for mark in marks(Picture.of(rgb), kit)), name


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_gradients_hold_no_mark(kit: Kit, seed: int) -> None:
    """Random texture and smooth ramps, in which a classical matcher finds everything, hold nothing."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (12 * (seed + 1), 16 * (seed + 1), 3), np.uint8)
    rgb = np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert all(mark.score < 0.3 for mark in marks(Picture.of(rgb), kit))


def test_evidence_is_repeatable_and_travels_as_json(kit: Kit) -> None:
    """The same picture gives the same evidence, rounded to four decimals, equal after a round trip."""
    picture = Picture.of(_paste(kit, "lockup", "on-dark", 50, (20, 20, 25), turn=8))
    first, second = marks(picture, kit), marks(picture, kit)
    assert first == second
    assert msgspec.json.decode(msgspec.json.encode(first), type=tuple[Mark, ...]) == first
    assert all(mark.score == round(mark.score, 4) for mark in first)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (7, 7), (30, 1280)])
def test_tiny_and_thin_pictures_are_looked_at_too(kit: Kit, shape: tuple[int, int]) -> None:
    """No size is too small to be answered."""
    assert marks(Picture.of(np.full((*shape, 3), 128, np.uint8)), kit) == ()
