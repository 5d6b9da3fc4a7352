"""Whole pictures beside the kit's official ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detectors.brand import Kit, load_kit
from detectors.fingerprint import fingerprint
from detectors.resemblance import REPORTED, resemblances


@pytest.fixture(scope="module")
def kit() -> Kit:
    """The shipped kit."""
    return load_kit("gate")


def test_the_poster_is_known_again(kit: Kit) -> None:
    """Scaled, recompressed and mirrored: the poster is the first and near; distances ascend."""
    poster = kit.posters[0]
    rgb = np.ascontiguousarray(kit.picture(poster)[..., :3])
    small = cv2.resize(rgb, (400, 500), interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])
    again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    for view in (again, again[:, ::-1]):
        found = resemblances(fingerprint(np.ascontiguousarray(view)), kit)
        assert found[0].asset == poster.file
        assert found[0].distance <= 12
        assert [each.distance for each in found] == sorted(each.distance for each in found)


def test_the_bare_mark_on_a_sheet_is_known(kit: Kit) -> None:
    """A logo file posted as it is, on white with a quarter's margin, resembles the kit's drawing of it."""
    mark = kit.picture(kit.of_mark("mark")[0])
    alpha = mark[..., 3:] / 255
    sheet = np.full((384, 384, 3), 255, np.uint8)
    sheet[64:320, 64:320] = np.rint(mark[..., :3] * alpha + 255 * (1 - alpha))
    found = resemblances(fingerprint(sheet), kit)
    assert found
    assert found[0].distance <= 31
    assert found[0].asset.startswith("mark-")


@pytest.mark.parametrize("seed", range(5))
def test_other_pictures_resemble_nothing_closely(kit: Kit, seed: int) -> None:
    """Unrelated texture is far from every asset, and what is reported is within the stated bound."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    found = resemblances(fingerprint(np.asarray(cv2.resize(coarse, (640, 480)), np.uint8)), kit)
    assert all(31 < each.distance <= REPORTED for each in found)


def test_a_flat_picture_resembles_nothing(kit: Kit) -> None:
    """The hash of one tone is noise."""
    assert resemblances(fingerprint(np.full((200, 200, 3), 90, np.uint8)), kit) == ()
