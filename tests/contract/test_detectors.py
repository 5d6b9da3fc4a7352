"""What every detector promises, over the visible list: a new line in it is tested at once."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Callable

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from detectors.brand import Kit, load_kit
from detectors.evidence import (
    Code,
    Colour,
    Examined,
    Fingerprint,
    LocalFeatures,
    Mark,
    MediaEvidence,
    Resemblance,
    Unreadable,
    Value,
)
from detectors.examine import DETECTORS, VERSIONS, Detector, View, examine
from detectors.examples import scene
from detectors.limits import REASONS
from detectors.picture import Picture, open_picture

every_detector = pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)


@functools.cache
def kit() -> Kit:
    return load_kit("gate")


def looked(detector: Detector, picture: Picture) -> tuple[Value, ...]:
    return tuple(detector.look(View(picture, kit())))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **options)
    return held.getvalue()


@functools.cache
def odd_inputs() -> dict[str, bytes]:
    """Pictures that trip decoders, and detectors that trusted them."""
    pixels = scene(3, 480, 320)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = saved(image, "JPEG", exif=exif)
    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return {
        "truncated": jpeg[: len(jpeg) // 2],
        "huge header": b"\x89PNG\r\n\x1a\n" + chunk + jpeg,
        "animated": saved(image, "GIF", save_all=True, append_images=[Image.fromarray(255 - pixels)], duration=50),
        "cmyk": saved(image.convert("CMYK"), "JPEG"),
        "16 bit": saved(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), "PNG"),
        "palette and alpha": saved(image.quantize(16), "PNG", transparency=3),
        "exif rotated": jpeg,
        "one pixel": saved(Image.new("RGB", (1, 1)), "PNG"),
        "one row": saved(Image.new("L", (5000, 1), 200), "PNG"),
        "one column": saved(Image.new("1", (1, 3000)), "PNG"),
        "black": saved(Image.new("RGB", (640, 480)), "PNG"),
        "noise": saved(Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)), "PNG"),
    }


def test_names_are_distinct_and_versioned() -> None:
    """One name, one detector; each has a version, and all stand in ``VERSIONS``."""
    names = [detector.name for detector in DETECTORS]
    assert len(set(names)) == len(names)
    assert {detector.name: detector.version for detector in DETECTORS}.items() <= VERSIONS.items()
    assert all(VERSIONS.values())


@every_detector
def test_examples_of_itself_and_of_what_it_is_not(detector: Detector) -> None:
    """Each detector shows both, and sees them as it says."""
    examples = detector.examples(kit())
    assert {example.positive for example in examples} == {True, False}
    wrong = [example.name for example in examples if not example.right(looked(detector, example.picture))]
    assert wrong == []


@every_detector
def test_examples_can_be_got_wrong(detector: Detector) -> None:
    """A detector that sees nothing fails its positive examples: they prove something."""
    assert not any(example.right(()) for example in detector.examples(kit()) if example.positive)


@every_detector
def test_deterministic(detector: Detector) -> None:
    """The same picture gives the same values, in the same order."""
    for example in detector.examples(kit()):
        again = Picture.of(example.picture.rgb.copy())
        assert looked(detector, example.picture) == looked(detector, again)


@every_detector
def test_values_survive_json(detector: Detector) -> None:
    """Every value has a lossless JSON form, scores in 0..1 with four decimals."""
    for example in detector.examples(kit()):
        for value in looked(detector, example.picture):
            assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value
            if isinstance(value, Mark | Colour):
                assert 0 <= value.score == round(value.score, 4) <= 1


@every_detector
@pytest.mark.parametrize("name", odd_inputs())
def test_survives_odd_input(detector: Detector, name: str) -> None:
    """What decodes is looked at without complaint; what does not is refused with a documented reason."""
    picture = open_picture(odd_inputs()[name])
    if isinstance(picture, Unreadable):
        assert picture.reason in REASONS
    else:
        before = picture.rgb.copy()
        kinds = Fingerprint | LocalFeatures | Resemblance | Colour | Code | Mark
        assert all(isinstance(v, kinds) for v in looked(detector, picture))
        assert (picture.rgb == before).all()


@pytest.mark.parametrize("name", odd_inputs())
def test_whole_examination_survives_odd_input(name: str) -> None:
    """No fault, deterministic, and JSON gives it back."""
    seen = examine(odd_inputs()[name], kit())
    assert seen == examine(odd_inputs()[name], kit())
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Examined) == seen
    assert isinstance(seen, MediaEvidence) == (name not in ("truncated", "huge header"))
    if isinstance(seen, MediaEvidence):
        assert seen.faults == ()


@every_detector
def test_places_follow_the_picture(detector: Detector) -> None:
    """A picture twice as large gives boxes and quads of twice the size, within the picture."""
    for example in detector.examples(kit()):
        small = example.picture
        double = Picture.of(
            np.asarray(cv2.resize(small.rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
        )
        for place in _places(looked(detector, double)):
            assert place.min() > -0.1 * double.width
            assert place.max() < 1.1 * max(double.width, double.height)
        if example.positive:
            for a, b in zip(_places(looked(detector, small)), _places(looked(detector, double)), strict=False):
                assert np.abs(2 * a - b).max() < 0.1 * double.width


def _places(values: tuple[Value, ...]) -> list[np.ndarray]:
    get: dict[type[Value], Callable[..., object]] = {Mark: lambda v: v.box, Code: lambda v: v.quad}
    return [np.asarray(get[type(value)](value), np.float64).ravel() for value in values if type(value) in get][:1]
