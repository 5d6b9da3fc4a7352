"""Which moments of a video are looked at, and which videos are refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import av
import numpy as np
import numpy.typing as npt
import pytest

from detectors import frames
from detectors.evidence import Unreadable
from detectors.examples import scene
from detectors.frames import Frame, Video, open_video
from detectors.limits import Limits, UnfitError

Pixels = npt.NDArray[np.uint8]
Clip = Callable[..., bytes]


def opened(data: bytes, limits: Limits | None = None) -> Video:
    video = open_video(data, limits)
    assert isinstance(video, Video), video
    return video


def refused(data: bytes, limits: Limits | None = None) -> str:
    video = open_video(data, limits)
    assert isinstance(video, Unreadable)
    return video.reason


def times(found: list[Frame]) -> list[float]:
    return [frame.seconds for frame in found]


@pytest.mark.parametrize(("form", "codec"), [("mp4", "libx264"), ("webm", "libvpx-vp9"), ("mov", "mpeg4")])
def test_two_a_second(clip_of: Clip, form: str, codec: str) -> None:
    """A still scene of three seconds gives a frame each half second, at its number and time, in its colours."""
    pixels = scene(1, 320, 240)
    video = opened(clip_of([pixels] * 30, form, codec))
    found = list(video.frames())
    assert (video.format, video.width, video.height) == (form, 320, 240)
    assert video.duration == pytest.approx(3.0, abs=0.05)
    assert times(found) == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5], abs=0.05)
    assert [frame.index for frame in found] == [0, 5, 10, 15, 20, 25]
    assert np.abs(found[-1].picture.rgb.astype(int) - pixels).mean() < 6


def test_every_cut_is_seen(clip_of: Clip) -> None:
    """A picture that stands for three frames between two half seconds is looked at, and so is what follows it."""
    one, two = scene(1, 320, 240), 255 - scene(2, 320, 240)
    found = list(opened(clip_of([one] * 11 + [two] * 3 + [one] * 16, rate=30)).frames())
    assert [frame.index for frame in found] == [0, 11, 14, 29]
    assert np.abs(found[1].picture.rgb.astype(int) - two).mean() < 8


@pytest.mark.parametrize("start", [1, 2, 3, 4])
def test_a_part_is_looked_at_at_the_same_moments(clip_of: Clip, start: int) -> None:
    """Wherever a part begins, from its first cut on the frames are those of the whole."""
    clip = [scene(seed, 320, 240) for seed, length in ((1, 9), (2, 13), (3, 8)) for _ in range(length)]
    whole, part = ([frame.index for frame in opened(clip_of(frames)).frames()] for frames in (clip, clip[start:]))
    assert [index + start for index in part if index + start >= 9] == [index for index in whole if index >= 9]


def test_flicker_does_not_flood(clip_of: Clip) -> None:
    """A cut at every frame gives at most ten frames a second."""
    one, two = scene(1, 320, 240), 255 - scene(2, 320, 240)
    found = list(opened(clip_of([one, two] * 60, rate=60)).frames())
    assert 15 < len(found) <= 21


def test_a_large_video_is_read_by_its_keyframes(clip_of: Clip) -> None:
    """Above the budget of decoded pixels only keyframes are decoded, over the whole length, with their true numbers."""
    cuts = [scene(seed, 320, 240) for seed in range(4) for _ in range(10)]
    data = clip_of(cuts, codec="libvpx", form="webm", rate=5)
    all_frames = list(opened(data).frames())
    few = list(opened(data, Limits(video_pixels=320 * 240 * 20)).frames())
    assert 0 < len(few) < len(all_frames)
    assert {frame.index for frame in few} <= {round(frame.seconds * 5) for frame in few}


def test_more_frames_than_announced_are_refused(clip_of: Clip) -> None:
    """The bound on decoded frames holds whatever the header says."""
    video = opened(clip_of([scene(1, 64, 64)] * 30), Limits(max_frames=10))
    with pytest.raises(UnfitError, match="too_many_frames"):
        list(video.frames())


def test_too_long_is_refused_by_its_header(clip_of: Clip) -> None:
    """A length above the limit is refused before anything is decoded; the limit itself is allowed."""
    data = clip_of([scene(1, 64, 64)] * 30)
    assert opened(data, Limits(max_seconds=3.0)).duration == 3.0
    assert refused(data, Limits(max_seconds=2.9)) == "too_long"


def test_size_limits_hold_for_video(clip_of: Clip) -> None:
    """The same bounds as for pictures."""
    data = clip_of([scene(1, 128, 64)] * 3)
    assert refused(data, Limits(max_pixels=8191)) == "too_many_pixels"
    assert refused(data, Limits(max_side=127)) == "side_too_long"
    assert refused(data, Limits(max_bytes=100)) == "too_big"


def turned(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """The MP4 with this rotation (a, b, c, d) in its track header (ISO 14496-12, 8.3.2)."""
    held = bytearray(data)
    at = held.find(b"tkhd") + 4 + 40
    a, b, c, d = (value * 0x10000 for value in matrix)
    held[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    return bytes(held)


@pytest.mark.parametrize(
    ("matrix", "turns"), [((1, 0, 0, 1), 0), ((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)]
)
def test_phones_held_upright(clip_of: Clip, matrix: tuple[int, int, int, int], turns: int) -> None:
    """The rotation that a phone writes into the container is applied; width and height are the upright ones."""
    pixels = scene(3, 320, 160)
    pixels[:, :160] //= 3
    video = opened(turned(clip_of([pixels] * 5), matrix))
    upright = np.rot90(pixels, turns)
    first = next(video.frames()).picture
    assert (video.width, video.height) == (first.width, first.height) == (upright.shape[1], upright.shape[0])
    assert np.abs(first.rgb.astype(int) - upright).mean() < 8


def test_sound_only_is_no_picture() -> None:
    """A container with a sound track alone has nothing to look at."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    assert refused(held.getvalue()) == "no_picture"


def test_only_common_codecs_are_decoded(clip_of: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec that is not on the list is refused, though FFmpeg could decode it."""
    data = clip_of([scene(1, 64, 64)] * 3, codec="mpeg4")
    assert opened(data).width == 64
    monkeypatch.setattr(frames, "_CODECS", frozenset({"h264"}))
    assert refused(data) == "unknown_codec"


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_cut_short_never_raises(clip_of: Clip, form: str) -> None:
    """A damaged video shows what a player would show of it, or is refused; it never raises."""
    data = clip_of([scene(n, 160, 120) for n in range(12)], form, "libvpx" if form == "webm" else "libx264")
    for length in range(0, len(data), len(data) // 12):
        video = open_video(data[:length])
        if isinstance(video, Video):
            assert len(list(video.frames())) >= 1
        else:
            assert video.reason in ("empty", "corrupt", "unknown_format", "unknown_codec", "no_picture")


def test_a_picture_is_no_video() -> None:
    """Only video containers are opened as such: FFmpeg would else read playlists and picture sequences too."""
    assert refused(b"GIF89a" + b"\0" * 50) == "unknown_format"
    assert refused(b"#EXTM3U\nfile:///etc/passwd\n") == "unknown_format"
