"""The mark network: sees what outlines cannot, at every size, and nothing where nothing is.

The pictures come from the benchmark's compositor, which shares nothing with training, on drawn backgrounds.
"""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.scenes import Scene, scene
from detectors.brand import Kit, load_kit
from detectors.marks import marks
from detectors.network import pyramid, sightings
from detectors.picture import Picture
from detectors.poses import agreement, side


@pytest.fixture(scope="module")
def kit() -> Kit:
    """The shipped kit, with its network."""
    kit = load_kit("gate")
    assert kit.model is not None
    return kit


def _texture(seed: int, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Soft blobs of several sizes with grain, as a photograph out of focus has."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), rng.uniform(70, 190, 3), np.float32)
    for cells in (3, 8, 24, 60):
        coarse = rng.normal(0, 70 / cells**0.5, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def _found(one: Scene, kit: Kit) -> float:
    """The best score of a mark that lies where the true one is."""
    found = marks(Picture.of(one.rgb), kit)
    return max((m.score for m in found if m.name == "mark" and agreement(m.box, one.box) > 0.3), default=0.0)


def test_it_sees_what_outlines_cannot(kit: Kit) -> None:
    """On cloth, on screens, tilted, in the dark, half covered: most are likelier than not; by outlines few are."""
    conditions = ("clean", "tilted", "perspective", "cloth", "screen", "dark", "noisy", "occluded")
    made = [
        scene(np.random.default_rng(seed), _texture(seed), size, variant, condition)
        for seed, condition in enumerate(conditions)
        for size, variant in ((48, "current"), (96, "earlier"), (140, "on-blue"))
    ]
    scenes = [one for one in made if one is not None]
    assert len(scenes) >= 20
    blind = msgspec.structs.replace(kit, model=None)
    seen = sum(_found(one, kit) > 0.5 for one in scenes)
    outlined = sum(_found(one, blind) > 0.5 for one in scenes)
    assert seen >= 0.85 * len(scenes)
    assert seen > outlined


@pytest.mark.parametrize("size", [32, 64, 128, 256, 440])
def test_every_size_has_its_level(kit: Kit, size: int) -> None:
    """From a small corner mark to one that fills the picture, and placed where it is."""
    one = scene(np.random.default_rng(size), _texture(5, 960, 640), size, "current", "clean")
    assert one is not None
    assert _found(one, kit) > 0.5


def test_a_tiny_coloured_mark_is_looked_at_enlarged(kit: Kit) -> None:
    """16 px in the header of a page 1280 px wide: its colours propose the place."""
    page = np.full((720, 1280, 3), 250, np.uint8)
    page[:40] = (14, 14, 16)
    asset = next(each for each in kit.of_mark("mark") if each.variant == "current")
    small = cv2.resize(kit.picture(asset).astype(np.float32), (16, 16), interpolation=cv2.INTER_AREA)
    alpha = small[..., 3:] / 255
    page[12:28, 20:36] = np.rint(small[..., :3] * alpha + page[12:28, 20:36] * (1 - alpha))
    best = next(mark for mark in marks(Picture.of(page), kit) if mark.name == "mark")
    assert best.score > 0.5
    assert agreement(best.box, (20, 12, 16, 16)) > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_texture_alone_is_no_mark(kit: Kit, seed: int) -> None:
    """Nothing likely is seen in backgrounds without a mark."""
    assert all(mark.score < 0.5 for mark in marks(Picture.of(_texture(seed + 100)), kit))


def test_the_same_picture_gives_the_same_sightings(kit: Kit) -> None:
    """A loaded network keeps nothing from one picture to the next, whatever their sizes."""
    picture = Picture.of(_texture(2))
    before = [(each.mark, each.logit, each.pose.tolist()) for each in sightings(pyramid(picture), kit)]
    sightings(pyramid(Picture.of(_texture(3, 300, 900))), kit)
    assert [(each.mark, each.logit, each.pose.tolist()) for each in sightings(pyramid(picture), kit)] == before


def test_what_is_seen_has_the_shape_of_its_drawings(kit: Kit) -> None:
    """The sides of a sighting are as the mark's drawings are on average, whatever its turn; its area is the square of
    its size."""
    laid = _texture(5)
    scenes = [scene(np.random.default_rng(seed), laid, 96, "current", "tilted") for seed in range(4)]
    seen = [each for one in scenes if one is not None for each in sightings(pyramid(Picture.of(one.rgb)), kit)]
    assert {each.mark for each in seen} >= {"mark", "gt"}
    for each in seen:
        shapes = [kit.picture(asset).shape for asset in kit.of_mark(each.mark)]
        aspect = np.prod([width / height for height, width, _ in shapes]) ** (1 / len(shapes))
        across, down = (float(np.hypot(*each.pose[:, axis])) for axis in range(2))
        assert across / down == pytest.approx(aspect)
        assert across * down == pytest.approx(side(each.pose) ** 2)
