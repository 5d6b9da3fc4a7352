"""Which moments of a video are looked at: right after every cut, and twice a second from there on.

Decoded by PyAV from memory, on one thread, with the container named by us: FFmpeg is never left to guess among its
demuxers, some of which open other files and addresses. Only common codecs are let in.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from detectors.evidence import Unreadable
from detectors.formats import VIDEO
from detectors.limits import Limits, UnfitError, check_size
from detectors.picture import Picture, check_bytes, decoding, working_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["VERSION", "Frame", "Video", "open_video"]

VERSION: Final = "2"
PER_SECOND: Final = 2.0
_CUT: Final = 24.0
"""Mean change of luma (0..255) from one frame to the next that is a cut and no movement."""
_CUT_PAUSE: Final = 0.1
_GLANCE: Final = 32  # samples a side of the luma plane by which frames are compared
_SLACK: Final = 1e-3

_DEMUXERS: Final = {"mp4": "mov", "mov": "mov", "webm": "matroska"}
_CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "h263", "mjpeg", "prores"})


@dataclass(frozen=True, eq=False)
class Frame:
    """One moment: its number (from 0, of all frames of the file), its time in seconds, and the upright picture."""

    index: int
    seconds: float
    picture: Picture


@dataclass(frozen=True, eq=False)
class Video:
    """An opened video: ``width`` and ``height`` are upright, ``duration`` in seconds as announced, None if it is not.

    A video too large to be decoded whole within ``Limits.video_pixels`` is read by its keyframes only.
    """

    format: str
    width: int
    height: int
    duration: float | None
    _data: bytes
    _limits: Limits
    _keyframes_only: bool

    def frames(self) -> Iterator[Frame]:
        """The chosen frames in order of time. Raises ``UnfitError`` where there is more, or less, than announced.

        Ends early, without an error, where a damaged file ends: whoever plays it sees no more than that either.
        """
        with _opened(self._data, self.format) as container:
            stream = _stream(container)
            stream.codec_context.options = {"max_pixels": str(self._limits.max_pixels)}
            if self._keyframes_only:
                stream.codec_context.skip_frame = "NONKEY"
            rate = float(stream.average_rate or 0)
            chooser = _Chooser()
            for number, (seconds, frame) in enumerate(self._decoded(container, stream)):
                if chooser.wants(seconds, _glance(frame)):
                    index = round(seconds * rate) if self._keyframes_only and rate else number
                    yield Frame(index, round(seconds, 3), _picture(frame, self.format))

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        """Every decodable frame with its time from the start, as far as the limits allow."""
        frames, pixels, start = 0, 0, None
        for frame in _until_damaged(container, stream):
            check_size(frame.width, frame.height, self._limits)
            frames, pixels = frames + 1, pixels + frame.width * frame.height
            if frames > self._limits.max_frames or pixels > self._limits.video_pixels:
                raise UnfitError("too_many_frames")
            time = frame.time or 0.0
            start = time if start is None else start
            if time - start > self._limits.max_seconds:
                raise UnfitError("too_long")
            yield max(0.0, time - start), frame
        if not frames:
            raise UnfitError("corrupt")


def open_video(data: bytes, limits: Limits | None = None) -> Video | Unreadable:
    """Judge a video by its header and its first frame. Never raises on bad content."""
    limits = limits or Limits()
    try:
        form = check_bytes(data, limits)
        if form not in VIDEO:
            raise UnfitError("unknown_format")
        with _opened(data, form) as container:
            stream = _stream(container)
            context = stream.codec_context
            check_size(context.width, context.height, limits)
            duration = _duration(container, stream)
            if duration is not None and duration > limits.max_seconds:
                raise UnfitError("too_long")
            frames = max(stream.frames, float(stream.average_rate or 0) * (duration or 0.0))
            keyframes_only = frames * context.width * context.height > limits.video_pixels
            context.options = {"max_pixels": str(limits.max_pixels)}
            first = next(_until_damaged(container, stream), None)
            if first is None:
                raise UnfitError("corrupt")
            picture = _picture(first, form)
        return Video(form, picture.width, picture.height, duration, data, limits, keyframes_only)
    except UnfitError as unfit:
        return Unreadable(reason=unfit.reason)


def _opened(data: bytes, form: str) -> InputContainer:
    import av  # half of the import time of all detectors, and most media are pictures

    with decoding():
        try:
            return av.open(io.BytesIO(data), mode="r", format=_DEMUXERS[form], metadata_errors="ignore")
        except av.FFmpegError as error:
            raise UnfitError("corrupt") from error


def _stream(container: InputContainer) -> VideoStream:
    """The first moving picture (cover art does not move), set to one thread. Raises ``UnfitError``."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None or stream.codec_context.codec.canonical_name not in _CODECS:
                raise UnfitError("unknown_codec")
            stream.codec_context.thread_count = 1
            return stream
    raise UnfitError("no_picture")


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds, by the stream where it says so, else by the container."""
    if stream.duration is not None and stream.time_base is not None:
        return round(float(stream.duration * stream.time_base), 3)
    return round(container.duration / 1_000_000, 3) if container.duration else None


def _until_damaged(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames up to the end, or to where the file stops making sense."""
    import av

    try:
        yield from container.decode(stream)
    except av.FFmpegError:
        return


def _picture(frame: VideoFrame, form: str) -> Picture:
    """A frame in sRGB at working size, turned as the container asks (by quarters, anticlockwise)."""
    width, height = working_size(frame.width, frame.height)
    with decoding():
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    turns = round(frame.rotation / 90) % 4
    size = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    rgb = np.ascontiguousarray(np.rot90(np.asarray(rgb, np.uint8), turns))
    return Picture(rgb, *size, max(size) / max(rgb.shape[:2]), form)


def _glance(frame: VideoFrame) -> npt.NDArray[np.float32]:
    """A few samples of the first plane (luma, in nearly every format), 0..255, without converting the frame."""
    component = frame.format.components[0]
    plane = frame.planes[0]
    values = np.frombuffer(memoryview(plane), np.dtype("<u2") if component.bits > 8 else np.dtype("u1"))
    rows = values.reshape(plane.height, -1)[:, : frame.width]
    step = (max(1, frame.height // _GLANCE), max(1, frame.width // _GLANCE))
    glance: npt.NDArray[np.float32] = rows[:: step[0], :: step[1]].astype(np.float32)
    return glance / np.float32(2 ** max(0, component.bits - 8))


class _Chooser:
    """Takes every frame that differs sharply from the one before it, and the first of every half second since then.

    So a part of a clip, wherever it begins, is looked at from its first cut on at the same moments as the whole.
    """

    def __init__(self) -> None:
        self._since = -1.0
        self._due = 0.0
        self._before: npt.NDArray[np.float32] | None = None

    def wants(self, seconds: float, glance: npt.NDArray[np.float32]) -> bool:
        before, self._before = self._before, glance
        differs = before is None or before.shape != glance.shape or float(np.abs(glance - before).mean()) > _CUT
        cut = differs and seconds - self._since >= _CUT_PAUSE - _SLACK
        if not cut and seconds < self._due - _SLACK:
            return False
        if cut:
            self._since = seconds
        self._due = self._since + (int((seconds - self._since + _SLACK) * PER_SECOND) + 1) / PER_SECOND
        return True
