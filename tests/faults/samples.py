"""Small sound files in every format that is accepted: what mutants are made of."""

from __future__ import annotations

import functools
import io
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pillow_heif
from av.video.stream import VideoStream
from PIL import Image

SIDE = (32, 24)


def scene(seed: int = 0, size: tuple[int, int] = SIDE) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 of smooth shapes with some noise, different for each seed; of one colour where it is large."""
    width, height = size
    if width * height > 1_000_000:
        return np.full((height, width, 3), 40 + seed % 200, np.uint8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [np.sin(x * (0.2 + 0.1 * c) + seed) + np.cos(y * (0.3 - 0.05 * c) - seed) for c in range(3)]
    noise = np.random.default_rng(seed).normal(0, 8, (height, width, 3))
    picture: npt.NDArray[np.uint8] = np.clip(np.stack(waves, -1) * 60 + 128 + noise, 0, 255).astype(np.uint8)
    return picture


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = SIDE, frames: int = 1, **options: Any) -> bytes:
    """An encoded picture, or an animation of several frames."""
    pillow_heif.register_heif_opener()
    images = [Image.fromarray(scene(i, size)) for i in range(frames)]
    images = [image.convert("L").convert("I;16") if mode == "I;16" else image.convert(mode) for image in images]
    held = io.BytesIO()
    if frames > 1:
        options |= {"save_all": True, "append_images": images[1:], "duration": 100}
    images[0].save(held, kind, **options)
    return held.getvalue()


def clip(form: str, codec: str, frames: int = 4, size: tuple[int, int] = SIDE) -> bytes:
    """A video of so many frames, ten a second."""
    held = io.BytesIO()
    with av.open(held, "w", format=form) as container:
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(number, size), "rgb24")))
        container.mux(stream.encode())
    return held.getvalue()


@functools.cache
def samples() -> dict[str, bytes]:
    """Each by a name that says what it is."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "jpeg": picture("JPEG"),
        "jpeg progressive": picture("JPEG", progressive=True),
        "jpeg grey": picture("JPEG", "L"),
        "jpeg cmyk": picture("JPEG", "CMYK"),
        "jpeg turned": picture("JPEG", exif=exif),
        "png": picture("PNG"),
        "png alpha": picture("PNG", "RGBA"),
        "png palette": picture("PNG", "P"),
        "png 16 bit": picture("PNG", "I;16"),
        "png animated": picture("PNG", frames=3),
        "gif": picture("GIF"),
        "gif animated": picture("GIF", frames=3),
        "webp": picture("WEBP"),
        "webp lossless": picture("WEBP", lossless=True),
        "webp alpha": picture("WEBP", "RGBA"),
        "webp animated": picture("WEBP", frames=3),
        "avif": picture("AVIF"),
        "avif animated": picture("AVIF", frames=3),
        "heic": picture("HEIF"),
        "mp4": clip("mp4", "libx264"),
        "mp4 mpeg4": clip("mp4", "mpeg4"),
        "mov": clip("mov", "libx264"),
        "webm": clip("webm", "libvpx"),
        "webm vp9": clip("webm", "libvpx-vp9"),
    }
