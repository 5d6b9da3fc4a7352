"""From bytes to one upright sRGB picture, and what is refused before a pixel is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from PIL import Image, ImageCms

from detectors.evidence import Unreadable
from detectors.examples import scene
from detectors.formats import sniff
from detectors.limits import REASONS, Limits, UnfitError
from detectors.picture import WORKING, Picture, open_picture

Pixels = npt.NDArray[np.uint8]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
ORIENTATION = 0x0112


@pytest.fixture(scope="module", autouse=True)
def _heif() -> None:
    pillow_heif.register_heif_opener()


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **options)
    return held.getvalue()


def opened(data: bytes, limits: Limits | None = None) -> Picture:
    picture = open_picture(data, limits)
    assert isinstance(picture, Picture), picture
    return picture


def refused(data: bytes, limits: Limits | None = None) -> str:
    picture = open_picture(data, limits)
    assert isinstance(picture, Unreadable)
    return picture.reason


def apart(a: Pixels, b: Pixels) -> float:
    """Mean difference of two pictures of one size, 0..255."""
    assert a.shape == b.shape
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def png(width: int, height: int) -> bytes:
    """A PNG that announces this size and holds a hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 100)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_and_named_by_its_bytes(form: str) -> None:
    """Each accepted format gives the picture that was saved, at its size, with our own word for the format."""
    pixels = scene(5, 640, 480)
    picture = opened(encoded(Image.fromarray(pixels), form))
    assert picture.format == {"HEIF": "heic"}.get(form, form.lower())
    assert (picture.width, picture.height, picture.scale) == (640, 480, 1.0)
    assert apart(picture.rgb, pixels) < 2


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF87a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "avif"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm", "webm"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"%PDF-1.7", None),
        (b"BM\x00\x00\x00\x00", None),
        (b"\x00\x00\x00\x00ftyp", None),
        (b"", None),
    ],
)
def test_formats_are_told_by_magic_bytes(head: bytes, form: str | None) -> None:
    """Only the first bytes count, containers that several formats share are told apart, everything else is None."""
    assert sniff(head) == form


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(form: str, orientation: int) -> None:
    """Whatever way a camera was held, the picture stands upright, and its size is the upright one."""
    upright = scene(6, 320, 200)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(upright)
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = opened(encoded(stored, form, exif=exif))
    assert (picture.width, picture.height) == (320, 200)
    assert apart(picture.rgb, upright) < 3


def test_broken_exif_does_not_spoil_the_picture() -> None:
    """A picture whose notes are garbage is still a picture."""
    picture = opened(encoded(Image.fromarray(scene(6, 320, 200)), "JPEG", exif=b"Exif\x00\x00garbage" * 3))
    assert (picture.width, picture.height) == (320, 200)


def test_cmyk_looks_as_it_was_meant() -> None:
    """A CMYK JPEG, which Adobe stores inverted, comes out in the colours that went in."""
    pixels = scene(7, 320, 200)
    assert apart(opened(encoded(Image.fromarray(pixels).convert("CMYK"), "JPEG", quality=95)).rgb, pixels) < 3


def test_sixteen_bits_keep_their_range() -> None:
    """A 16-bit gray PNG is scaled to 8 bits; clipping, which Pillow does, would turn it white."""
    gray = scene(8, 320, 200)[..., 0]
    picture = opened(encoded(Image.fromarray(gray.astype(np.uint16) * 257), "PNG"))
    assert apart(picture.rgb, np.repeat(gray[..., None], 3, axis=2)) == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    """Alpha, with or without a palette, is laid over white: the colour beneath full transparency never shows."""
    image = Image.new("RGBA", (200, 100), (200, 30, 30, 255))
    image.paste((0, 0, 0, 0), (0, 0, 100, 100))
    data = encoded(image.quantize(8) if mode == "P" else image.convert(mode), "PNG")
    rgb = opened(data).rgb
    assert (rgb[:, :98] == 255).all()
    assert rgb[50, 150].max() < 220


def test_half_transparent_is_half_white() -> None:
    """Straight alpha: colour times alpha plus white times the rest, to a rounding step."""
    rgb = opened(encoded(Image.new("RGBA", (64, 64), (0, 100, 200, 128)), "PNG")).rgb
    assert np.abs(rgb[0, 0].astype(int) - (127, 177, 227)).max() <= 1


def test_colours_of_a_profile_become_srgb() -> None:
    """The same numbers under another profile are another colour; without the conversion they would stay the same."""
    foreign = encoded(Image.new("RGB", (64, 64), (40, 120, 220)), "PNG", icc_profile=_swapped_profile())
    assert np.abs(opened(foreign).rgb[0, 0].astype(int) - (40, 120, 220)).max() > 20


def _swapped_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.find(b"rXYZ", 128), profile.find(b"bXYZ", 128)
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    at = profile.find("sRGB".encode("utf-16-be"))
    while at >= 0:
        profile[at : at + 8] = "none".encode("utf-16-be")
        at = profile.find("sRGB".encode("utf-16-be"))
    return bytes(profile)


@pytest.mark.parametrize("profile", [b"", b"not a profile", b"\0" * 4000])
def test_a_broken_profile_is_not_applied(profile: bytes) -> None:
    """A profile that cannot be read leaves the colours as they are."""
    data = encoded(Image.new("RGB", (64, 64), (40, 120, 220)), "PNG", icc_profile=profile)
    assert tuple(opened(data).rgb[0, 0]) == (40, 120, 220)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_large_pictures_are_reduced_and_say_by_how_much(form: str) -> None:
    """The long side is at most the working size; ``scale`` leads back to the size that people see."""
    pixels = scene(9, 3000, 1500)
    picture = opened(encoded(Image.fromarray(pixels), form))
    assert picture.rgb.shape == (640, WORKING, 3)
    assert (picture.width, picture.height) == (3000, 1500)
    assert picture.scale == pytest.approx(3000 / WORKING)
    assert apart(picture.rgb, Picture.of(pixels).rgb) < 3


def test_small_pictures_are_never_enlarged() -> None:
    """Down to a single pixel, nothing is made up."""
    picture = opened(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"))
    assert picture.rgb.tolist() == [[[9, 8, 7]]]
    assert picture.gray.shape == (1, 1)


def test_reduction_keeps_a_thin_picture_thin() -> None:
    """The short side of a banner never reaches zero."""
    assert opened(encoded(Image.new("RGB", (9000, 2)), "PNG")).rgb.shape == (1, WORKING, 3)


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (16_385, 10, "side_too_long"),
        (10, 16_385, "side_too_long"),
        (8000, 5001, "too_many_pixels"),
        (16_384, 16_384, "too_many_pixels"),
        (0, 10, "corrupt"),
    ],
)
def test_headers_are_judged_before_pixels(width: int, height: int, reason: str) -> None:
    """What a header announces is refused by the header: these files hold no such pixels."""
    assert refused(png(width, height)) == reason


def test_a_huge_jpeg_header_is_refused() -> None:
    """A JPEG whose frame header was blown up to 60,000 pixels a side."""
    data = bytearray(encoded(Image.fromarray(scene(1, 64, 64)), "JPEG"))
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    assert refused(bytes(data)) in ("side_too_long", "too_many_pixels")


def test_a_huge_webp_or_gif_header_is_refused() -> None:
    """The canvas of an extended WebP and the screen of a GIF count before any frame is read."""
    canvas = struct.pack("<I", 16_000)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas + b"ANIM\x06\0\0\0" + b"\0" * 6
    assert refused(b"RIFF" + struct.pack("<I", len(body)) + body) in ("too_many_pixels", "corrupt", "truncated")
    gif = bytearray(encoded(Image.new("P", (8, 8)), "GIF"))
    gif[6:10] = struct.pack("<HH", 16_000, 16_000)
    assert refused(bytes(gif)) == "too_many_pixels"


def test_limits_are_inclusive() -> None:
    """A picture of exactly the permitted size passes, one pixel more does not."""
    data = encoded(Image.new("RGB", (40, 30)), "PNG")
    assert opened(data, Limits(max_pixels=1200, max_side=40, max_bytes=len(data))).width == 40
    assert refused(data, Limits(max_pixels=1199)) == "too_many_pixels"
    assert refused(data, Limits(max_side=39)) == "side_too_long"
    assert refused(data, Limits(max_bytes=len(data) - 1)) == "too_big"


def test_a_jpeg_of_countless_passes_is_refused() -> None:
    """Each pass of a progressive JPEG costs a decode of the whole; an ordinary one has about ten."""
    data = encoded(Image.fromarray(scene(2, 64, 64)), "JPEG", progressive=True)
    assert opened(data).width == 64
    assert refused(data, Limits(max_scans=5)) == "too_many_scans"


@pytest.mark.parametrize("form", FORMATS)
def test_cut_short_is_unreadable_and_says_why(form: str) -> None:
    """Half a file is no picture, in no format; the reason is one of those documented."""
    data = encoded(Image.fromarray(scene(3, 320, 240)), form)
    for length in (20, len(data) // 3, len(data) // 2):
        assert refused(data[:length]) in ("truncated", "corrupt")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "unknown_format"),
        (b"\xff\xd8\xff" + b"x" * 200, "corrupt"),
        (b"BM" * 50, "unknown_format"),
    ],
)
def test_no_picture_at_all(data: bytes, reason: str) -> None:
    """Bytes that are no picture give a reason, never an exception."""
    assert refused(data) == reason


def test_a_video_is_no_picture() -> None:
    """The picture reader leaves containers of video alone."""
    assert refused(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41") == "unknown_format"


def test_reasons_are_documented_words() -> None:
    """A reason that is not in the list cannot be given."""
    with pytest.raises(ValueError, match="undreamt_of"):
        UnfitError("undreamt_of")
    assert all(word.isidentifier() and word == word.lower() and REASONS[word] for word in REASONS)
