"""QR codes: read small, large and turned; nothing else is one, and a hostile pattern costs little."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from detectors import codes as subject
from detectors.codes import codes
from detectors.examples import scene
from detectors.picture import Picture

Pixels = npt.NDArray[np.uint8]
TEXT = "https://example.org/ref/ABC123"


def drawn(text: str, side: int, angle: float, at: tuple[int, int] = (640, 430), seed: int = 1) -> Pixels:
    """A scene of 1280 x 860 with a code of ``side`` pixels, quiet zone included, centred ``at`` and turned."""
    bare = cv2.QRCodeEncoder.create().encode(text)
    code = cv2.copyMakeBorder(bare, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    large = cv2.resize(code, (800, 800), interpolation=cv2.INTER_NEAREST)
    matrix = cv2.getRotationMatrix2D((400, 400), angle, side / 800)
    matrix[:, 2] += np.array(at) - 400
    picture = scene(seed, 1280, 860)
    gray = np.asarray(cv2.warpAffine(large, matrix, (1280, 860), flags=cv2.INTER_AREA), np.uint8)
    covered = cv2.warpAffine(np.full_like(large, 255), matrix, (1280, 860)) > 128
    picture[covered] = gray[covered][:, None]
    return picture


@pytest.mark.parametrize("side", [120, 200, 400, 700])
@pytest.mark.parametrize("angle", [0, 17, 45, 180, 250])
def test_codes_are_read_at_any_size_and_angle(side: int, angle: float) -> None:
    """From three pixels a module to nearly the whole picture; the quad lies where the code does."""
    found = codes(Picture.of(drawn(TEXT, side, angle)))
    assert [code.text for code in found] == [TEXT]
    centre = np.mean(found[0].quad, axis=0)
    assert np.abs(centre - (640, 430)).max() < side / 10


def test_small_codes_are_looked_for_in_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a row in two has crossed a finder, every row is looked at: no small code is lost by looking at half."""

    def read() -> list[int]:
        return [seed for seed in range(12) if codes(Picture.of(drawn(TEXT, 66, 31.0 * seed, seed=seed)))]

    now = read()
    monkeypatch.setattr(subject, "_EVERY", 1)
    assert now == read() != []


def test_quads_are_in_full_pixels() -> None:
    """In a picture that was reduced, the place is told in the pixels that people see."""
    large = np.asarray(cv2.resize(drawn(TEXT, 300, 0), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    (found,) = codes(Picture.of(large))
    assert np.abs(np.mean(found.quad, axis=0) - (1280, 860)).max() < 40


def test_several_codes_in_reading_order() -> None:
    """Two codes are two, the upper one first; the same text twice is told once."""
    picture = drawn("below", 220, 0, (900, 600))
    picture[60:300, 100:340] = drawn("above", 220, 0, (220, 180))[60:300, 100:340]
    assert [code.text for code in codes(Picture.of(picture))] == ["above", "below"]
    picture[60:300, 100:340] = drawn("below", 220, 0, (220, 180))[60:300, 100:340]
    assert [code.text for code in codes(Picture.of(picture))] == ["below"]


@pytest.mark.parametrize("seed", range(5))
def test_pictures_without_a_code_never_reach_opencv(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without three finder patterns the slow reader is not even made."""
    monkeypatch.setattr(cv2, "QRCodeDetectorAruco", None)
    assert codes(Picture.of(scene(seed, 1280, 860))) == ()


def test_a_grid_of_finders_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV alone searches such a grid for minutes; here the attempts are counted, and few."""
    ring = np.kron(np.pad(np.pad(np.ones((3, 3)), 1), 1, constant_values=1), np.ones((3, 3)))
    tile = np.pad(255 - 255 * ring, 9, constant_values=255).astype(np.uint8)
    grid = np.tile(tile, (33, 33))[:1280, :1280]
    tried: list[object] = []
    monkeypatch.setattr(subject, "_read", lambda *_: tried.append(None))
    assert codes(Picture.of(np.repeat(grid[..., None], 3, axis=2))) == ()
    assert len(tried) <= 6


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (40, 40), (41, 41), (900, 3)])
def test_tiny_pictures_hold_none(shape: tuple[int, int]) -> None:
    """Any size can be asked."""
    assert codes(Picture.of(scene(1, *shape))) == ()
