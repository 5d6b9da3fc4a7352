"""Pictures on plain grounds: found to the pixel, hashed like the picture itself, and none where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from bot.campaign import load_campaign
from bot.copies.proof import Sight, prove
from detectors.brand import load_kit
from detectors.evidence import MediaEvidence
from detectors.examine import examine
from detectors.examples import scene
from detectors.fingerprint import fingerprint, hamming
from detectors.panels import panels, seen
from detectors.picture import Picture

Pixels = npt.NDArray[np.uint8]
GRAY = np.asarray(cv2.cvtColor(scene(1), cv2.COLOR_RGB2GRAY), np.uint8)  # 960 x 720


def on(ground: int, size: tuple[int, int], at: tuple[int, int], share: float) -> Pixels:
    """The scene at a share of its size on a sheet of one tone."""
    sheet = np.full(size[::-1], ground, np.uint8)
    small = cv2.resize(GRAY, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    x, y = at
    sheet[y : y + small.shape[0], x : x + small.shape[1]] = small
    return sheet


@pytest.mark.parametrize(
    ("size", "at", "share"),
    [((960, 1100), (0, 190), 1.0), ((1100, 860), (70, 70), 1.0), ((540, 1080), (24, 290), 0.5)],
    ids=["letterbox", "border", "feed"],
)
@pytest.mark.parametrize("ground", [0, 255])
def test_a_picture_on_a_plain_ground_is_found(
    ground: int, size: tuple[int, int], at: tuple[int, int], share: float
) -> None:
    """To the pixel or nearly, with words beside it or without, and with the hash of the picture alone."""
    sheet = on(ground, size, at, share)
    cv2.putText(sheet, "words of a page", (20, size[1] - 20), 0, 0.7, 255 - ground, 2)
    (found, *_) = panels(sheet)
    expected = (*at, 960 * share, 720 * share)
    assert np.abs(np.subtract(found.box, expected)).max() <= 2
    assert hamming(found.pdq, fingerprint(GRAY).pdq) <= 10


def test_none_where_there_is_none() -> None:
    """A picture that fills its frame, one tone, words on a page: nothing lies on a ground."""
    words = np.full((800, 600), 250, np.uint8)
    for line in range(20):
        cv2.putText(words, "one line of many words", (30, 40 + 36 * line), 0, 0.8, 20, 2)
    for gray in (GRAY, np.full((400, 300), 128, np.uint8), words, np.zeros((1, 1), np.uint8)):
        assert panels(gray) == ()


def test_the_kits_own_picture_is_no_panel() -> None:
    """Who frames the official poster shares no picture of their own; the box of another is in full pixels."""
    kit = load_kit("gate")
    poster = kit.picture(kit.posters[0])[..., :3]
    framed = cv2.copyMakeBorder(np.ascontiguousarray(poster), 90, 90, 90, 90, cv2.BORDER_CONSTANT, value=(9, 9, 9))
    assert seen(Picture.of(np.asarray(framed, np.uint8)), kit) == ()
    large = cv2.resize(on(0, (960, 1100), (0, 190), 1.0), (1920, 2200), interpolation=cv2.INTER_NEAREST)
    (found,) = seen(Picture.of(np.repeat(large[..., None], 3, axis=2).astype(np.uint8)), kit)
    assert np.abs(np.subtract(found.box, (0, 380, 1920, 1440))).max() <= 8


def test_a_framed_copy_is_proved_without_any_features() -> None:
    """By the panel's hash alone, as a part: panels join no clusters."""
    kit = load_kit("gate")

    def medium(gray: Pixels) -> Sight:
        evidence = examine(cv2.imencode(".png", gray)[1].tobytes(), kit)
        assert isinstance(evidence, MediaEvidence)
        return Sight(evidence)

    whole, framed, boxed = (
        medium(GRAY),
        medium(on(255, (1100, 860), (70, 70), 1.0)),
        medium(on(0, (960, 1100), (0, 190), 1.0)),
    )
    for a, b in ((whole, framed), (framed, boxed), (boxed, whole)):
        proof = prove(a, b, load_campaign())
        assert proof is not None
        assert (proof.kind, proof.distance <= 10) == ("partial", True)
    other = np.asarray(cv2.cvtColor(scene(2), cv2.COLOR_RGB2GRAY), np.uint8)
    assert prove(medium(other), framed, load_campaign()) is None
