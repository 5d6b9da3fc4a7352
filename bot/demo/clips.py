"""Short videos: a slow look across one drawn picture, encoded by whatever PyAV's build can."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Final

import av
import cv2
import numpy as np

from bot.demo.drawing import Pixels

_ENCODERS: Final[dict[str, dict[str, str]]] = {"libx264": {"preset": "ultrafast"}, "libopenh264": {}, "mpeg4": {}}
"""Those that would do, best first, with their options."""

_SIZE: Final = (640, 480)
_RATE: Final = 12


def clip(pixels: Pixels, seconds: float = 3.0, *, way: int = 1) -> bytes:
    """An MP4 that moves across the picture; ``way`` -1: from right to left."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        encoder = _encoder()
        stream = file.add_stream(encoder, rate=Fraction(_RATE), options=_ENCODERS[encoder])
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = _SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes every time
        total = round(seconds * _RATE)
        for number in range(total):
            t = number / max(1, total - 1)
            frame = av.VideoFrame.from_ndarray(_view(pixels, t if way > 0 else 1 - t), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def _view(pixels: Pixels, t: float) -> Pixels:
    """What the camera sees at 0..1 of its way: most of the picture, moving and drawing a little nearer."""
    height, width = pixels.shape[:2]
    share = 0.92 - 0.1 * t
    high = min(height * share, width * share * _SIZE[1] / _SIZE[0])
    wide = high * _SIZE[0] / _SIZE[1]
    x, y = (width - wide) * (0.25 + 0.5 * t), (height - high) / 2
    turn = np.array([[wide / _SIZE[0], 0, x], [0, high / _SIZE[1], y]], np.float32)
    seen = cv2.warpAffine(pixels, turn, _SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(seen, np.uint8)


def _encoder() -> str:
    for name in _ENCODERS:
        if name in av.codecs_available:
            return name
    raise RuntimeError(f"this build of PyAV encodes none of {', '.join(_ENCODERS)}")
