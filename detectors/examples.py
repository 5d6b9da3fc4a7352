"""What each detector should see, and should not: pictures drawn on the spot, for the tests and for whoever reads.

An example says of what a detector gives whether that is right. The thresholds here belong to the examples, which are
plain; they are nobody's policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detectors import local
from detectors.brand import Asset, Kit
from detectors.evidence import Code, Colour, Fingerprint, LocalFeatures, Mark, Resemblance, Value
from detectors.features import unpack
from detectors.fingerprint import hamming
from detectors.geometry import aligned
from detectors.picture import Picture

__all__ = [
    "Example",
    "of_artworks",
    "of_codes",
    "of_colour",
    "of_features",
    "of_fingerprint",
    "of_marks",
    "of_resemblance",
    "scene",
]

Pixels = npt.NDArray[np.uint8]

# By the reference implementation (pdqhash 0.2.8), of scene(1).
_SCENE_PDQ: Final = "203d7f79e6d2d988155d59ed92233c4d3c853637b0b22a55f5ccc8e26b5b409a"
_TEXT: Final = "https://example.org/gate?id=30000000"
_CLEAR: Final = 0.5
_NEAR: Final = 31


@dataclass(frozen=True, eq=False)
class Example:
    """``right`` says whether what the detector gave for ``picture`` is as it should be; ``positive``: something is."""

    name: str
    picture: Picture
    positive: bool
    right: Callable[[tuple[Value, ...]], bool]


def scene(seed: int, width: int = 960, height: int = 720) -> Pixels:
    """(height, width, 3) uint8: soft blobs of many sizes, like an unsharp photograph; in no brand's colours."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for cells in (4, 9, 20, 45):
        coarse = random.uniform(-1, 1, (cells, cells, 1)).astype(np.float32) * 90 / np.sqrt(cells / 4)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None] * (1.0, 0.92, 0.8)
    return np.clip(picture + 128, 0, 255).astype(np.uint8)


def of_fingerprint(_: Kit) -> tuple[Example, ...]:
    """A rich picture has the reference's hash; a flat one is marked as too plain to match."""

    def as_reference(values: tuple[Value, ...]) -> bool:
        return any(isinstance(v, Fingerprint) and hamming(v.pdq, _SCENE_PDQ) <= 10 and v.quality >= 80 for v in values)

    def too_plain(values: tuple[Value, ...]) -> bool:
        return all(isinstance(v, Fingerprint) and v.quality == 0 for v in values)

    return (
        Example("scene", Picture.of(scene(1)), positive=True, right=as_reference),
        Example("one tone", Picture.of(np.full((600, 800, 3), 120, np.uint8)), positive=False, right=too_plain),
    )


def of_features(kit: Kit) -> tuple[Example, ...]:
    """A picture is found again in a part of it; in another picture, and on one tone, nothing is."""
    whole = unpack(b"".join(seen.packed for seen in local.seen(Picture.of(scene(1)), kit)))

    def again(values: tuple[Value, ...]) -> bool:
        parts = [unpack(value.packed) for value in values if isinstance(value, LocalFeatures)]
        return any(
            part is not None
            and whole is not None
            and (found := aligned(part, whole)) is not None
            and found.inliers > 20
            for part in parts
        )

    return (
        Example("part", Picture.of(scene(1)[100:600, 200:800]), positive=True, right=again),
        Example("another", Picture.of(scene(2)), positive=True, right=lambda v: bool(v) and not again(v)),
        Example("one tone", Picture.of(np.full((600, 800, 3), 120, np.uint8)), positive=False, right=lambda v: not v),
    )


def of_resemblance(kit: Kit) -> tuple[Example, ...]:
    """Every kind of the kit's own pictures is known again; a picture of something else is not."""

    def near(file: str | None) -> Callable[[tuple[Value, ...]], bool]:
        def found(values: tuple[Value, ...]) -> bool:
            return any(isinstance(v, Resemblance) and v.distance <= _NEAR and file in (None, v.asset) for v in values)

        return found

    own = [next((asset for asset in kit.assets if asset.kind == kind), None) for kind in ("poster", "mark")]
    return (
        *(Example(a.file, Picture.of(_laid(kit, a)), positive=True, right=near(a.file)) for a in own if a is not None),
        Example("scene", Picture.of(scene(2)), positive=False, right=lambda values: not near(None)(values)),
    )


def of_artworks(kit: Kit) -> tuple[Example, ...]:
    """The kit's poster is seen where it hangs on a wall, askew; a wall without it shows none."""
    poster, wall = next(asset for asset in kit.posters if asset.mark is not None), scene(5)
    height, width = _laid(kit, poster).shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    hung = np.array([(400, 200), (620, 220), (610, 490), (390, 480)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, hung)
    soft = cv2.GaussianBlur(_laid(kit, poster), (0, 0), 1.8)
    shown = cv2.warpPerspective(soft, matrix, (960, 720), dst=wall.copy(), borderMode=cv2.BORDER_TRANSPARENT)

    def seen(values: tuple[Value, ...]) -> bool:
        return any(isinstance(v, Mark) and v.name == poster.mark and v.score >= _CLEAR for v in values)

    return (
        Example("poster on a wall", Picture.of(np.asarray(shown, np.uint8)), positive=True, right=seen),
        Example("wall", Picture.of(wall), positive=False, right=lambda values: not values),
    )


def of_colour(kit: Kit) -> tuple[Example, ...]:
    """The mark's colours side by side are telling; one of them alone is not."""

    def telling(values: tuple[Value, ...]) -> bool:
        return any(isinstance(v, Colour) and v.score > _CLEAR for v in values)

    first = np.full((600, 800, 3), kit.colours[0].rgb[0], np.uint8)
    return (
        Example("mark on a scene", Picture.of(_with_mark(kit)), positive=True, right=telling),
        Example("one brand colour", Picture.of(first), positive=False, right=lambda values: not telling(values)),
    )


def of_codes(_: Kit) -> tuple[Example, ...]:
    """A QR code is read, at its place; a row of finder patterns is none."""
    code = cv2.copyMakeBorder(
        np.asarray(cv2.QRCodeEncoder.create().encode(_TEXT), np.uint8), 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255
    )
    side = len(code) * 6
    shown = scene(3)
    shown[200 : 200 + side, 300 : 300 + side] = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)[
        ..., None
    ]
    ring = np.kron(np.pad(np.pad(np.ones((3, 3)), 1), 1, constant_values=1), np.ones((5, 5)))
    finder = np.pad(255 - 255 * ring, 20, constant_values=255).astype(np.uint8)
    row = np.repeat(np.tile(finder, (1, 8))[..., None], 3, axis=2)

    def read(values: tuple[Value, ...]) -> bool:
        return [v.text for v in values if isinstance(v, Code) and 300 <= v.quad[0][0] <= 300 + side] == [_TEXT]

    return (
        Example("QR code in a scene", Picture.of(shown), positive=True, right=read),
        Example("row of finder patterns", Picture.of(row), positive=False, right=lambda values: not values),
    )


def of_marks(kit: Kit) -> tuple[Example, ...]:
    """The first mark of the kit is seen in a scene, at its place; the bare scene shows none."""
    name = _drawing(kit).mark

    def seen(values: tuple[Value, ...]) -> bool:
        return any(isinstance(v, Mark) and v.name == name and v.score >= _CLEAR for v in values)

    def none(values: tuple[Value, ...]) -> bool:
        return all(v.score < _CLEAR for v in values if isinstance(v, Mark))

    return (
        Example("mark on a scene", Picture.of(_with_mark(kit)), positive=True, right=seen),
        Example("scene", Picture.of(scene(4)), positive=False, right=none),
    )


def _drawing(kit: Kit) -> Asset:
    return next(asset for asset in kit.assets if asset.kind == "mark")


def _laid(kit: Kit, asset: Asset) -> Pixels:
    """An asset on white."""
    pixels = kit.picture(asset).astype(np.float32)
    alpha = pixels[..., 3:] / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _with_mark(kit: Kit) -> Pixels:
    """A scene with the kit's first mark on a white tile of 240 pixels."""
    picture = scene(4)
    mark = cv2.resize(_laid(kit, _drawing(kit)), (200, 200), interpolation=cv2.INTER_AREA)
    picture[240:480, 360:600] = 255
    picture[260:460, 380:580] = mark
    return picture
