"""How much of a stranger's bytes we are willing to decode, and the words for what we are not.

Every ``Unreadable.reason`` that a decoder can give stands in ``REASONS``, with its meaning, and nowhere else.
"""

from __future__ import annotations

from typing import Final

from detectors.evidence import Value

REASONS: Final[dict[str, str]] = {
    "empty": "no bytes at all",
    "unknown_format": "the first bytes are of no picture or video format that we accept",
    "unknown_codec": "a video whose compression we do not decode",
    "too_big": "more bytes than `Limits.max_bytes`",
    "too_many_pixels": "a header that announces more pixels than `Limits.max_pixels`",
    "side_too_long": "a header that announces a side longer than `Limits.max_side`",
    "too_many_scans": "a progressive JPEG with more passes than `Limits.max_scans`",
    "too_many_frames": "an animation or video with more frames, or more pixels over all frames, than we decode",
    "too_long": "a video longer than `Limits.max_seconds`",
    "truncated": "the bytes end before the picture does",
    "corrupt": "the decoder gives up",
    "no_picture": "a sound container that holds no picture at all, e.g. sound only",
    # Given by the engine that runs the decoders, not by the decoders themselves:
    "decoder_timeout": "the decoder did not come to an end",
    "decoder_killed": "the decoder died",
    "too_much_memory": "the decoder asked for more memory than it was granted",
}


class Limits(Value):
    """Bounds on what one media item may cost. All are inclusive.

    ``max_bytes`` is the whole item; ``max_pixels`` and ``max_side`` one frame, checked on the header before any pixel
    is decoded. ``max_scans`` counts the passes of a progressive JPEG, each of which costs a full decode.
    ``max_frames`` counts frames of an animation, or decoded frames of a video; ``animation_pixels`` and
    ``video_pixels`` bound their frames times pixels: an animation above is refused, a video above is read by its
    keyframes only. ``max_seconds`` is a video's length.

    ``samples`` bounds the frames of one item that are fingerprinted; ``marks_first`` how many of them are searched
    for marks at once and ``marks_most`` while nothing scores ``enough``, which is a saving and no verdict.
    """

    max_bytes: int = 256 * 2**20
    max_pixels: int = 40_000_000
    max_side: int = 16_384
    max_scans: int = 100
    max_frames: int = 36_000
    animation_pixels: int = 400_000_000
    video_pixels: int = 4_000_000_000
    max_seconds: float = 600.0
    samples: int = 1_500
    marks_first: int = 4
    marks_most: int = 16
    enough: float = 0.95


class UnfitError(Exception):
    """Raised inside a decoder; its caller turns it into ``Unreadable(reason)``, so it never leaves ``detectors``."""

    def __init__(self, reason: str) -> None:
        if reason not in REASONS:
            raise ValueError(f"not a documented reason: {reason}")
        super().__init__(reason)
        self.reason = reason


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse a size in pixels, as announced by a header, that is not worth decoding. Raises ``UnfitError``."""
    if width < 1 or height < 1:
        raise UnfitError("corrupt")
    if max(width, height) > limits.max_side:
        raise UnfitError("side_too_long")
    if width * height > limits.max_pixels:
        raise UnfitError("too_many_pixels")
