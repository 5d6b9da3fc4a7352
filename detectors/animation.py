"""Which frames of an animated picture (GIF, APNG, WebP, AVIF) are looked at: those that people have time to see.

A picture in the second frame must neither escape nor be drowned by a thousand others. So every frame is decoded, frames
that look alike are one shot, and of the shots the first and those longest on the screen are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from detectors.formats import ANIMATED
from detectors.frames import Frame
from detectors.limits import Limits, UnfitError, check_size
from detectors.picture import Picture, decode, decoding, open_header

__all__ = ["KEPT", "shots"]

KEPT: Final = 24
"""Shots that are kept of one animation."""
_ALIKE: Final = 4.0
_GLANCE: Final = (32, 32)
_DEFAULT_MILLISECONDS: Final = 100.0  # what browsers take a missing or zero duration for


@dataclass
class _Shot:
    frame: Frame
    glance: npt.NDArray[np.float32]
    milliseconds: float


def shots(data: bytes, limits: Limits) -> tuple[Frame, ...]:
    """The chosen frames in order of time, at least one; exactly one for a still picture. Raises ``UnfitError``."""
    image, form = open_header(data, limits)
    with image:
        with decoding():
            count = int(getattr(image, "n_frames", 1)) if form in ANIMATED else 1
        if count <= 1:
            return (Frame(0, 0.0, decode(data, image, form)),)
        if count > limits.max_frames or count * image.width * image.height > limits.animation_pixels:
            raise UnfitError("too_many_frames")
        kept: list[_Shot] = []
        for shot in _all_shots(data, image, form, count, limits):
            kept.append(shot)
            if len(kept) > KEPT:
                kept.remove(min(kept[1:], key=lambda s: s.milliseconds))
        return tuple(shot.frame for shot in kept)


def _all_shots(data: bytes, image: Image.Image, form: str, count: int, limits: Limits) -> Iterator[_Shot]:
    shot: _Shot | None = None
    clock = 0.0
    for index in range(count):
        with decoding():
            image.seek(index)
        check_size(*image.size, limits)  # a GIF's frame may reach beyond the size that its header announced
        picture = decode(data, image, form)
        lasts = float(image.info.get("duration") or _DEFAULT_MILLISECONDS)
        glance = _glance(picture)
        if shot is None or float(np.abs(glance - shot.glance).mean()) > _ALIKE:
            if shot is not None:
                yield shot
            shot = _Shot(Frame(index, round(clock / 1000, 3), picture), glance, 0.0)
        shot.milliseconds += lasts
        clock += lasts
    if shot is not None:
        yield shot


def _glance(picture: Picture) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(picture.rgb, _GLANCE, interpolation=cv2.INTER_AREA), np.float32)
