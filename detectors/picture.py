"""Bytes to one upright picture: what every detector looks at.

The order matters. The format is told by magic bytes, the size by the header, and only then is a pixel decoded: a
47 KiB file can announce gigabytes. Large JPEGs are decoded at a reduced scale, everything else is reduced at once.
The result is sRGB, EXIF-rotated, alpha laid over white, with a long side of at most ``WORKING`` pixels.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg  # type: ignore[import-untyped]
from PIL import Image, ImageCms

from detectors.evidence import Unreadable
from detectors.formats import VIDEO, sniff
from detectors.limits import Limits, UnfitError, check_size

__all__ = ["WORKING", "Limits", "Picture", "open_picture", "sniff"]

Pixels = npt.NDArray[np.uint8]

VERSION: Final = "1"
WORKING: Final = 1280
"""Long side in pixels of the picture that detectors see; a smaller picture is never enlarged."""

# A pool runs one process a core: OpenCV's own threads would only fight each other there.
cv2.setNumThreads(1)

_PILLOW_NAMES: Final = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF", "heic": "HEIF"}
_ORIENTATION_TAG: Final = 0x0112
_MAX_PROFILE: Final = 4 * 2**20
_START_OF_SCAN: Final = b"\xff\xda"
_WHITE: Final = (255, 255, 255)

# EXIF 2.32, tag 0x0112: what turns the stored rows and columns upright. 1 and unknown values: as stored.
_UPRIGHT: Final[dict[int, Callable[[Pixels], Pixels]]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}

# Parsers of malformed bytes raise whatever the broken structure runs into. Memory errors and interrupts stay out.
DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, eq=False)
class Picture:
    """One upright picture: ``rgb`` is (H, W, 3) uint8 in sRGB, long side at most ``WORKING``.

    ``width`` and ``height`` are the full upright size in pixels; ``scale`` (>= 1) is full pixels per working pixel,
    so a box found in ``rgb`` times ``scale`` is a box in the picture that people see.
    """

    rgb: Pixels
    width: int
    height: int
    scale: float
    format: str

    @cached_property
    def gray(self) -> Pixels:
        """(H, W) uint8 luma (ITU-R BT.601), made once."""
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @classmethod
    def of(cls, rgb: Pixels, form: str = "png") -> Picture:
        """A picture from pixels at hand, (H, W, 3) uint8 sRGB; reduced to the working size if larger."""
        height, width = rgb.shape[:2]
        return _made(_shrink(rgb), width, height, form)


def open_picture(data: bytes, limits: Limits | None = None) -> Picture | Unreadable:
    """Decode a still picture, or the first frame of an animated one. Never raises on bad content."""
    limits = limits or Limits()
    try:
        image, form = open_header(data, limits)
        with image:
            return decode(data, image, form)
    except UnfitError as unfit:
        return Unreadable(reason=unfit.reason)


@contextmanager
def decoding() -> Iterator[None]:
    """Around any decoder: what it raises on malformed bytes becomes ``UnfitError``, its warnings are dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Image.DecompressionBombError as error:
            raise UnfitError("too_many_pixels") from error
        except DECODER_ERRORS as error:
            words = str(error).lower()
            raise UnfitError("truncated" if "truncated" in words or "premature end" in words else "corrupt") from error


def open_header(data: bytes, limits: Limits) -> tuple[Image.Image, str]:
    """The opened, undecoded image and our word for its format, once its header is known to be within the limits."""
    form = check_bytes(data, limits)
    if form in VIDEO:
        raise UnfitError("unknown_format")
    if form == "jpeg" and data.count(_START_OF_SCAN) > limits.max_scans:
        raise UnfitError("too_many_scans")
    _load_plugin(form)
    with decoding():
        image = Image.open(io.BytesIO(data), formats=[_PILLOW_NAMES[form]])
    check_size(*image.size, limits)
    return image, form


def check_bytes(data: bytes, limits: Limits) -> str:
    """The format of bytes that are not too many. Raises ``UnfitError``."""
    if not data:
        raise UnfitError("empty")
    if len(data) > limits.max_bytes:
        raise UnfitError("too_big")
    form = sniff(data)
    if form is None:
        raise UnfitError("unknown_format")
    return form


def decode(data: bytes, image: Image.Image, form: str) -> Picture:
    """The pixels of an opened image (of an animated one, of the frame it stands at), upright and at working size.

    Raises ``UnfitError``.
    """
    width, height = image.size
    with decoding():
        orientation, profile = _orientation(image), image.info.get("icc_profile")
        pixels = _jpeg(data, image) if form == "jpeg" and image.mode in ("L", "RGB") else None
        if pixels is None:
            pixels = _reduced(image)
    rgb = _srgb(_shrink(pixels, width, height), profile)
    if orientation in _UPRIGHT:
        rgb = np.asarray(_UPRIGHT[orientation](rgb), np.uint8)
        if orientation >= 5:
            width, height = height, width
    return _made(rgb, width, height, form)


def _made(rgb: Pixels, width: int, height: int, form: str) -> Picture:
    return Picture(np.ascontiguousarray(rgb), width, height, max(width, height) / max(rgb.shape[:2]), form)


def _load_plugin(form: str) -> None:
    """Import what decodes ``form`` and no more: Pillow would else import its parsers of sixty other formats."""
    if form == "heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    elif form == "webp":
        from PIL import WebPImagePlugin  # noqa: F401 - importing it registers the format
    elif form == "avif":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    else:
        Image.preinit()


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; 1 where there is none or it cannot be read: a broken note does not spoil the picture."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except DECODER_ERRORS:
        return 1
    return int(value) if isinstance(value, int) else 1


def _jpeg(data: bytes, image: Image.Image) -> Pixels | None:
    """A JPEG by libjpeg-turbo, at the least scale that is not below working size; None: Pillow shall judge it."""
    ratio = min(1.0, WORKING / max(image.size))
    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            "GRAY" if image.mode == "L" else "RGB",
            min_width=math.ceil(image.width * ratio),
            min_height=math.ceil(image.height * ratio),
            min_factor=2,  # scales between 1 and 2 cost more than the full decode
        )
    except ValueError:
        return None
    return np.asarray(pixels, np.uint8)


def _reduced(image: Image.Image) -> Pixels:
    """Any image as gray, RGB or CMYK pixels: one whole-number box reduction, and alpha laid over white."""
    if image.format == "JPEG":
        image.draft(None, (WORKING, WORKING))
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits to 8; the high byte is the picture.
        high: Pixels = np.clip(np.asarray(image, np.int32) >> 8, 0, 255).astype(np.uint8)
        return high
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
    factor = max(image.size) // WORKING
    if factor >= 2:
        image = image.reduce(factor)
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, _WHITE)
        white.paste(image, mask=image.getchannel("A"))
        image = white
    return np.asarray(image, np.uint8)


def working_size(width: int, height: int) -> tuple[int, int]:
    """The size at which a picture of that full size is looked at: proportions kept, never enlarged."""
    ratio = min(1.0, WORKING / max(width, height))
    return max(1, round(width * ratio)), max(1, round(height * ratio))


def _shrink(pixels: Pixels, width: int | None = None, height: int | None = None) -> Pixels:
    """To working size, from a picture whose full size (default: its own) sets the proportions."""
    size = working_size(width or pixels.shape[1], height or pixels.shape[0])
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    # To no less than half the size, the two nearest pixels a side are all there are: as good as by area, in half the
    # time, and the same on any processor.
    by = cv2.INTER_LINEAR_EXACT if pixels.shape[1] <= 2 * size[0] else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, size, interpolation=by), np.uint8)


def _srgb(pixels: Pixels, profile: object) -> Pixels:
    """Gray (H, W), RGB or CMYK pixels to sRGB. A profile that is missing, broken or of another kind is not applied."""
    mode = "L" if pixels.ndim == 2 or pixels.shape[2] == 1 else "RGB" if pixels.shape[2] == 3 else "CMYK"
    transform = None
    if isinstance(profile, bytes) and len(profile) <= _MAX_PROFILE:
        transform = _transform(profile, mode)
    if transform is None and mode == "RGB":
        return pixels
    image = Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    image = image.convert("RGB") if transform is None else ImageCms.applyTransform(image, transform) or image
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From ``profile`` to sRGB; None where that would change nothing or cannot be done."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, *DECODER_ERRORS):
        return None
