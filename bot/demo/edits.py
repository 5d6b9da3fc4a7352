"""What people do to other people's pictures before they post them again, and how pictures become files."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from bot.demo.drawing import Pixels, Sheet


def jpeg(pixels: Pixels, quality: int = 88) -> bytes:
    """A JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png(pixels: Pixels) -> bytes:
    """A PNG file, as screenshots are."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def webp(pixels: Pixels, quality: int = 80) -> bytes:
    """A WebP file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def resized(pixels: Pixels, scale: float) -> Pixels:
    """Smaller or larger."""
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(pixels: Pixels) -> Pixels:
    """Left and right exchanged."""
    return np.ascontiguousarray(pixels[:, ::-1])


def sideways(pixels: Pixels) -> Pixels:
    """Turned by a right angle, clockwise."""
    return np.ascontiguousarray(np.rot90(pixels, -1))


def tinted(pixels: Pixels) -> Pixels:
    """Through a warm filter, a little brighter."""
    warm = pixels.astype(np.float32) * (1.08, 1.02, 0.9) + 8
    return np.asarray(np.clip(warm, 0, 255), np.uint8)


def cropped(pixels: Pixels, share: float, corner: tuple[float, float] = (0.5, 0.5)) -> Pixels:
    """That share of width and height, taken at a corner given as (0..1 across, 0..1 down) of what is left over."""
    height, width = pixels.shape[:2]
    w, h = round(width * share), round(height * share)
    x, y = round((width - w) * corner[0]), round((height - h) * corner[1])
    return np.ascontiguousarray(pixels[y : y + h, x : x + w])


def screenshot(pixels: Pixels, nickname: str) -> Pixels:
    """The picture as seen in a phone's feed, with everything around it."""
    sheet = Sheet(540, 1080, np.random.default_rng(0), (250, 250, 252))
    sheet.words(26, 18, "18:32", 20, (20, 22, 30))
    sheet.rect(466, 22, 46, 18, (60, 64, 72), 5)
    sheet.oval(54, 110, 28, 28, (150, 170, 210))
    sheet.words(96, 92, nickname, 22, (20, 22, 30))
    sheet.words(96, 120, "2 h ago", 16, (150, 156, 168))
    for row, width in enumerate((470, 430, 250)):
        sheet.rect(26, 168 + row * 30, width, 14, (196, 200, 208), 7)
    for x in (80, 230, 390):
        sheet.oval(x, 1034, 14, 14, None, (120, 126, 138), 3)
        sheet.rect(x + 24, 1026, 40, 14, (196, 200, 208), 7)
    seen = sheet.pixels()
    inner = resized(pixels, min(488 / pixels.shape[1], 700 / pixels.shape[0]))
    seen[276 : 276 + inner.shape[0], 26 : 26 + inner.shape[1]] = inner
    return seen


def side_by_side(left: Pixels, right: Pixels) -> Pixels:
    """A collage of two."""
    height = min(left.shape[0], right.shape[0])
    halves = [resized(half, height / half.shape[0])[: height - 2] for half in (left, right)]
    return np.ascontiguousarray(np.concatenate(halves, axis=1))


def with_code(pixels: Pixels, text: str, side: int = 220) -> Pixels:
    """With a QR code in its lower right corner."""
    code = cv2.QRCodeEncoder.create().encode(text)
    quiet = cv2.copyMakeBorder(code, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=255)
    large = cv2.resize(quiet, (side, side), interpolation=cv2.INTER_NEAREST)
    seen = pixels.copy()
    seen[-side - 24 : -24, -side - 24 : -24] = large[..., None]
    return seen
