"""Nothing hides after the first frame of an animated picture, and nothing is drowned by the others."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from detectors.animation import KEPT, shots
from detectors.examples import scene
from detectors.limits import Limits, UnfitError

Pixels = npt.NDArray[np.uint8]


def animated(pictures: list[Pixels], form: str = "GIF", duration: int | list[int] = 100, **options: Any) -> bytes:
    held = io.BytesIO()
    first, *rest = [Image.fromarray(picture) for picture in pictures]
    first.save(held, form, save_all=True, append_images=rest, duration=duration, **options)
    return held.getvalue()


def apart(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_later_frames_are_seen(form: str) -> None:
    """Each picture of an animation is one shot, at its frame and time, in every animated format."""
    found = shots(animated([scene(n, 160, 120) for n in (1, 2, 3)], form, [200, 300, 100]), Limits())
    assert [frame.index for frame in found] == [0, 1, 2]
    assert [frame.seconds for frame in found] == pytest.approx([0.0, 0.2, 0.5])
    assert max(apart(frame.picture.rgb, scene(n, 160, 120)) for n, frame in enumerate(found, start=1)) < 6


def test_frames_that_look_alike_are_one_shot() -> None:
    """A little noise from frame to frame is no new picture; the shot lasts as long as all of them."""
    pictures = [np.clip(scene(1, 160, 120).astype(int) + n, 0, 255).astype(np.uint8) for n in range(4)]
    found = shots(animated([*pictures, scene(2, 160, 120)], "PNG"), Limits())
    assert [(frame.index, frame.seconds) for frame in found] == [(0, 0.0), (4, 0.4)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_still_picture_is_one_frame(form: str) -> None:
    """The common case."""
    held = io.BytesIO()
    Image.fromarray(scene(1, 160, 120)).save(held, form)
    assert [(frame.index, frame.seconds) for frame in shots(held.getvalue(), Limits())] == [(0, 0.0)]


def test_what_people_have_time_to_see_is_kept() -> None:
    """Sixty frames that flash by do not push out the one that stays, nor the first; the order is kept."""
    flashes = [scene(n, 80, 60) for n in range(60)]
    durations = [20] * 60
    durations[41] = 3000
    found = [frame.index for frame in shots(animated(flashes, "WEBP", durations, lossless=True), Limits())]
    assert len(found) == KEPT
    assert found == sorted(found)
    assert {0, 41} <= set(found)


def test_a_slow_change_is_no_single_shot() -> None:
    """A picture that turns into another bit by bit is compared with where it began, not with the last step."""
    one, two = scene(1, 80, 60).astype(np.float32), scene(2, 80, 60).astype(np.float32)
    steps = [(one + (two - one) * n / 40).astype(np.uint8) for n in range(41)]
    found = shots(animated(steps, "WEBP", lossless=True), Limits())
    assert len(found) > 3
    assert apart(found[-1].picture.rgb, steps[-1]) < 8


def test_bounds_on_frames_and_on_their_pixels() -> None:
    """Too many frames, or too many pixels over all of them, are refused; the bounds themselves pass."""
    data = animated([scene(n, 80, 60) for n in range(6)], "PNG")
    assert shots(data, Limits(max_frames=6, animation_pixels=6 * 4800))
    for limits in (Limits(max_frames=5), Limits(animation_pixels=6 * 4800 - 1)):
        with pytest.raises(UnfitError, match="too_many_frames"):
            shots(data, limits)


def test_a_frame_larger_than_the_header_said_is_refused() -> None:
    """A GIF's later frame may reach beyond the screen: it is judged again before it is decoded."""
    data = bytearray(animated([scene(1, 64, 64), scene(2, 64, 64)]))
    second = data.rfind(b"\x2c\x00\x00\x00\x00\x40\x00\x40\x00")
    data[second + 5 : second + 9] = struct.pack("<HH", 20_000, 100)
    with pytest.raises(UnfitError, match=r"side_too_long|corrupt"):
        shots(bytes(data), Limits())
