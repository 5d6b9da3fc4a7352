"""PDQ against the reference implementation, its orientations, and what a hash survives."""

from __future__ import annotations

import io

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from detectors.examples import scene
from detectors.fingerprint import fingerprint, hamming

Pixels = npt.NDArray[np.uint8]

# (seed, width, height) of examples.scene and its hash by pdqhash 0.2.8, the reference in C++; quality 100 for all.
GOLDEN = [
    ((11, 512, 512), "b4d56687de19ab830b75864666b3fbc36bcc29d9b89614c1f5b0205f48ace0e9"),
    ((12, 800, 600), "7a165e6aa3bf33794928a863e3d25aaf9121be96361d288c91ceb1d3aa788655"),
    ((13, 1080, 1920), "d6aa24ebd84ec5b03a784133e7589dde1ae6fd4d02d4d4c4c4a5ba5ba5a480f5"),
    ((14, 640, 360), "2c926d57c234ec544b5ec1b022f6b8b2c20991f1ebcdbf3e6eb83f05226ab266"),
    ((15, 300, 400), "e01123b4e7c7dafba0c01d9f5f944c46bb79e3620732c9429368a3793f138e2d"),
]


@pytest.mark.parametrize(("drawn", "reference"), GOLDEN)
def test_pdq_is_the_references(drawn: tuple[int, int, int], reference: str) -> None:
    """At most 10 bits from the reference's hash, its own measure of a correct implementation, in its bit order."""
    seen = fingerprint(scene(*drawn))
    assert hamming(seen.pdq, reference) <= 10
    assert seen.quality >= 80


def test_phash_is_imagehashs() -> None:
    """The second hash is imagehash's pHash of the same pixels, as anyone would compute it."""
    pixels = scene(12, 800, 600)
    assert hamming(fingerprint(pixels).phash, str(imagehash.phash(Image.fromarray(pixels)))) <= 2


def views(pixels: Pixels) -> list[Pixels]:
    """The eight dihedral views, in the order that ``orientations`` documents."""
    four = [pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1]]
    return [np.ascontiguousarray(view) for view in (*four, *(view.swapaxes(0, 1) for view in four))]


@pytest.mark.parametrize("size", [(512, 512), (641, 359), (1280, 720)])
def test_orientations_are_the_hashes_of_the_turned_pictures(size: tuple[int, int]) -> None:
    """Each is exactly the hash that the turned picture has itself, so a mirrored copy is found at no distance."""
    pixels = scene(21, *size)
    pixels[40:90, 60:200] = 255
    assert fingerprint(pixels).orientations == tuple(fingerprint(view).pdq for view in views(pixels))


def test_all_orientations_of_all_orientations_are_the_same_eight() -> None:
    """Whichever way a copy was turned, the same eight hashes are queried."""
    pixels = scene(22, 600, 400)
    expected = set(fingerprint(pixels).orientations)
    assert len(expected) == 8
    assert all(set(fingerprint(view).orientations) == expected for view in views(pixels))


@pytest.mark.parametrize("seed", range(31, 36))
def test_copies_stay_near_and_others_far(seed: int) -> None:
    """JPEG, size, blur and tint move the hash by less than a copy may; another picture is far away."""
    pixels = scene(seed, 900, 700)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=30)
    changed = [
        np.asarray(Image.open(held)),
        cv2.resize(pixels, (600, 467), interpolation=cv2.INTER_AREA),
        cv2.GaussianBlur(pixels, (0, 0), 2),
        np.clip(pixels * (1.1, 0.95, 0.9) + 8, 0, 255).astype(np.uint8),
    ]
    seen = fingerprint(pixels).pdq
    assert max(hamming(seen, fingerprint(np.asarray(view, np.uint8)).pdq) for view in changed) <= 31
    others = fingerprint(scene(seed + 100, 900, 700)).orientations
    assert min(hamming(seen, other) for other in others) > 62


def test_quality_tells_flat_from_rich() -> None:
    """One tone is worth nothing, a soft ramp little, a scene all."""
    flat = np.full((300, 300, 3), 77, np.uint8)
    ramp = np.repeat(np.linspace(100, 140, 300).astype(np.uint8)[None, :, None], 300, axis=0).repeat(3, axis=2)
    assert fingerprint(flat).quality == 0
    assert fingerprint(ramp).quality < 50
    assert fingerprint(scene(1)).quality >= 80


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (63, 64), (64, 65), (129, 128), (1280, 3)])
def test_any_size_can_be_hashed(shape: tuple[int, int]) -> None:
    """Pictures smaller than the 64 samples, or hardly larger, are hashed too."""
    seen = fingerprint(scene(3, *shape[::-1]))
    assert {len(view) for view in seen.orientations} == {64}
    assert len(seen.phash) == 16


def test_luma_and_colour_give_one_hash() -> None:
    """A picture's own gray may be handed in, and saves the conversion."""
    pixels = scene(4, 500, 400)
    assert fingerprint(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)) == fingerprint(pixels)


def test_moment_is_passed_through() -> None:
    """A frame's number and time stand in its fingerprint."""
    seen = fingerprint(scene(5, 64, 64), frame=7, time=3.5)
    assert (seen.frame, seen.time) == (7, 3.5)


def test_hamming_counts_bits() -> None:
    """Bits, not digits; hashes of different kinds are never compared."""
    assert hamming("00", "ff") == 8
    assert hamming("8000", "0001") == 2
    with pytest.raises(ValueError, match="cannot be compared"):
        hamming("00", "0000")
