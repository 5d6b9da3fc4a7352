"""The pixels of stored pictures, for a person to look at: decoded in a confined process of its own, like all media.

``pixels`` looks at one picture; ``Previewer`` keeps its process for the next, which takes milliseconds instead of a
second. ``python -m bot.engines.preview`` is the confined process: a question is a line and an open file, an answer a
line and the pixels.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bot.engines.sandbox import available, confine, die_with_parent, grant_seconds
from bot.errors import UserError
from bot.settings import Engine as Settings

if TYPE_CHECKING:
    from detectors.picture import Picture

Pixels = npt.NDArray[np.uint8]

_START_SECONDS: Final = 60.0
_HEADER: Final = 4096
_MOST: Final = 1280  # the working size of detectors.picture; larger answers are not ours
_RECYCLE: Final = 100  # pictures until the process is replaced: one that was taken over shows few others falsely
_QUESTION: Final = 64


def pixels(path: Path, settings: Settings, *, frame: int = 0) -> tuple[Pixels, float] | None:
    """(H, W, 3) uint8 RGB of an image, or of a video the frame of that number, upright, its long side at most 1280;
    and how many pixels of the full picture one of these stands for. None where it cannot be decoded or is not there.

    Raises UserError where no sandbox can be had and the settings do not waive it.
    """
    with contextlib.closing(Previewer(settings)) as previewer:
        return previewer.pixels(path, frame=frame)


class Previewer:
    """Looks at one picture after another. The process is started with the first, and again where it died or after
    100. Not for use from several threads. Raises UserError like ``pixels``."""

    def __init__(self, settings: Settings) -> None:
        reason = available() if settings.sandbox == "on" else None
        if reason is not None:
            raise UserError(f"media cannot be decoded safely here: {reason}")
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._asked = 0

    def pixels(self, path: Path, *, frame: int = 0) -> tuple[Pixels, float] | None:
        """As ``pixels`` of this file."""
        if self._asked >= _RECYCLE:
            self.close()
        try:
            with path.open("rb") as file:
                link = self._link or self._start()
                self._asked += 1
                socket.send_fds(link, [json.dumps(frame).encode().ljust(_QUESTION)], [file.fileno()])
                deadline = time.monotonic() + _START_SECONDS + 2 * self._settings.video_seconds
                answer = _heard(link, deadline)
        except OSError:  # no such file, no process to be had, dead or silent: time-outs are among them
            answer = None
        if answer is None:
            self.close()
            return None
        return _parsed(answer)

    def close(self) -> None:
        """End the process; harmless when called twice."""
        if self._link is not None:
            self._link.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process, self._link, self._asked = None, None, 0

    def _start(self) -> socket.socket:
        told = json.dumps({
            "sandbox": self._settings.sandbox == "on",
            "memory": self._settings.memory,
            "seconds": self._settings.video_seconds,
            "parent": os.getpid(),
        })  # fmt: skip
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._link = ours
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.engines.preview", str(theirs.fileno()), told],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what a decoding library prints may be a stranger's bytes
                env=os.environ | {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # an interrupt from the keyboard is for us alone
            )
        return ours


def _heard(link: socket.socket, deadline: float) -> bytes | None:
    """One whole answer: a line, then as many pixels as it announces. None where the other side ended or babbles."""
    heard = bytearray()
    wanted = _HEADER
    while len(heard) < wanted:
        link.settimeout(max(0.001, deadline - time.monotonic()))
        piece = link.recv(1 << 20)
        if not piece:
            return None
        heard += piece
        end = heard.find(b"\n", 0, _HEADER)
        if end >= 0:
            size = _size(bytes(heard[:end]))
            if size is None:
                return None
            wanted = end + 1 + size
    return bytes(heard) if len(heard) == wanted else None


def _size(head: bytes) -> int | None:
    """How many bytes follow this line: none after ``null``, which says that there is no picture."""
    if head == b"null":
        return 0
    try:
        height, width, _ = json.loads(head)
        return height * width * 3 if 0 < height <= _MOST and 0 < width <= _MOST else None
    except (ValueError, TypeError):
        return None


def _parsed(answer: bytes) -> tuple[Pixels, float] | None:
    """What the process wrote; it may have been taken over, so nothing in it is believed."""
    end = answer.find(b"\n", 0, _HEADER)
    head, body = answer[: max(end, 0)], answer[end + 1 :]
    try:
        height, width, scale = json.loads(head)
        if not (0 < height <= _MOST and 0 < width <= _MOST and len(body) == height * width * 3 and 0 < scale < 1e5):
            return None
        return np.frombuffer(body, np.uint8).reshape(height, width, 3), float(scale)
    except (ValueError, TypeError):
        return None


def _serve(descriptor: int, told: str) -> None:
    """Answer questions until the other side closes the socket."""
    start = json.loads(told)
    die_with_parent(start["parent"])
    import detectors.frames
    import detectors.picture  # noqa: F401 - loaded before the sandbox is up: afterwards it takes longer

    with socket.socket(fileno=descriptor) as link:
        if start["sandbox"]:
            code = Path(__file__).resolve().parents[2]
            python = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/lib", "/usr/lib", "/proc/self"}
            confine(start["memory"], [code, *map(Path, python)])
        while True:
            question, files, _, _ = socket.recv_fds(link, _QUESTION, 1)
            if len(question) != _QUESTION or len(files) != 1:
                return  # nobody asks any more
            if start["sandbox"]:
                grant_seconds(start["seconds"])
            with open(files[0], "rb") as file:  # noqa: PTH123 - a descriptor has no path
                picture = _picture(file.read(), json.loads(question))
            if picture is None:
                _say(link, b"null\n")
                continue
            height, width = picture.rgb.shape[:2]
            _say(link, json.dumps([height, width, picture.scale]).encode() + b"\n")
            _say(link, np.ascontiguousarray(picture.rgb).tobytes())


def _say(link: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    while view:  # by write(): the sandbox has no call that sends
        view = view[os.write(link.fileno(), view) :]


def _picture(data: bytes, number: int) -> Picture | None:
    from detectors.formats import VIDEO, sniff
    from detectors.frames import Video, open_video
    from detectors.limits import UnfitError
    from detectors.picture import Picture, open_picture

    if sniff(data) not in VIDEO:
        picture = open_picture(data)
        return picture if isinstance(picture, Picture) else None
    video, last = open_video(data), None
    if not isinstance(video, Video):
        return None
    try:
        for frame in video.frames():
            last = frame.picture
            if frame.index >= number:
                break
    except UnfitError:
        pass  # as far as it could be decoded
    return last


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
