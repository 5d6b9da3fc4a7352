"""The pixels of one stored picture, for a person to look at: decoded in a confined process of its own, like all media.

``pixels`` is what the command line calls; ``python -m bot.engines.preview`` is the confined process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
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


def pixels(path: Path, settings: Settings, *, frame: int = 0) -> tuple[Pixels, float] | None:
    """(H, W, 3) uint8 RGB of an image, or of a video the frame of that number, upright, its long side at most 1280;
    and how many pixels of the full picture one of these stands for. None where it cannot be decoded or is not there.

    Raises UserError where no sandbox can be had and the settings do not waive it.
    """
    reason = available() if settings.sandbox == "on" else None
    if reason is not None:
        raise UserError(f"media cannot be decoded safely here: {reason}")
    told = json.dumps({
        "sandbox": settings.sandbox == "on",
        "memory": settings.memory,
        "seconds": settings.video_seconds,
        "frame": frame,
        "parent": os.getpid(),
    })  # fmt: skip
    try:
        with path.open("rb") as file:
            done = subprocess.run(
                [sys.executable, "-m", "bot.engines.preview", told],
                stdin=file,
                capture_output=True,
                timeout=_START_SECONDS + 2 * settings.video_seconds,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)},
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _parsed(done.stdout) if done.returncode == 0 else None


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


def _serve(told: str) -> int:
    """Decode standard input onto standard output."""
    start = json.loads(told)
    die_with_parent(start["parent"])
    import detectors.frames
    import detectors.picture  # noqa: F401 - loaded before the sandbox is up: afterwards it takes longer

    if start["sandbox"]:
        code = Path(__file__).resolve().parents[2]
        python = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/lib", "/usr/lib", "/proc/self"}
        confine(start["memory"], [code, *map(Path, python)])
        grant_seconds(start["seconds"])
    picture = _picture(sys.stdin.buffer.read(), start["frame"])
    if picture is None:
        return 1
    height, width = picture.rgb.shape[:2]
    sys.stdout.buffer.write(json.dumps([height, width, picture.scale]).encode() + b"\n")
    sys.stdout.buffer.write(np.ascontiguousarray(picture.rgb).tobytes())
    sys.stdout.buffer.flush()
    return 0


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
    sys.exit(_serve(sys.argv[1]))
