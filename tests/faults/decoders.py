"""A decoder that does what the file tells it: the tests' stand-in for one that was taken over or went wrong.

The file holds the name of a function below; what the function found out comes back as the reason of an Unreadable.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import logging
import mmap
import os
import resource
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from bot.engines import Examine
from detectors.evidence import Examined, Unreadable


def script(kit: str) -> Examine:
    """The examiner that the engine is told to use; ``kit`` is passed on to the commands."""

    def examine(data: bytes) -> Examined:
        name, _, argument = data.decode().partition(" ")
        said = globals()[f"do_{name}"](argument or kit)
        return said if isinstance(said, Unreadable) else Unreadable(reason=str(said))

    return examine


def broken(kit: str) -> NoReturn:
    """An examiner that cannot even be loaded."""
    raise ValueError(f"no kit {kit}")


def dies(kit: str) -> NoReturn:
    """An examiner whose loading takes the process with it."""
    os._exit(3)


def do_say(text: str) -> str:
    return text


def do_log(text: str) -> str:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("detectors").exception("a detector failed")
    return "logged"


def do_pid(_: str) -> int:
    return os.getpid()


def do_die(_: str) -> None:
    ctypes.string_at(0)


def do_abort(_: str) -> None:
    os.abort()


def do_hang(_: str) -> None:
    time.sleep(600)


def do_spin(_: str) -> None:
    while True:
        pass


def do_memory(_: str) -> int:
    return len([bytearray(50_000_000) for _ in range(100)])


def do_shared_memory(_: str) -> int:
    return len([mmap.mmap(-1, 50_000_000) for _ in range(100)])


def do_raise(text: str) -> NoReturn:
    raise ValueError(text)


def do_nonsense(_: str) -> None:
    _write_to_daemon(b"\x00\x00\x00\x05hello")


def do_endless_answer(_: str) -> None:
    _write_to_daemon(b"\xff\xff\xff\xff" + bytes(1000))


def do_pickle(_: str) -> None:
    _write_to_daemon(b"\x00\x00\x00\x22cos\nsystem\n(S'touch /tmp/x'\ntR.....")


def do_environment(_: str) -> str:
    return ",".join(sorted(os.environ))


def do_limits(_: str) -> str:
    names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
    return ",".join(str(resource.getrlimit(getattr(resource, name))[1]) for name in names)


def do_threads(_: str) -> str:
    found: list[int] = []
    threads = [threading.Thread(target=found.append, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return str(sorted(found))


FORBIDDEN: dict[str, Callable[[str], object]] = {
    "socket": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "unix socket": lambda _: socket.socket(socket.AF_UNIX),
    "socket pair": lambda _: socket.socketpair(),
    "resolve": lambda _: socket.getaddrinfo("localhost", 80),
    "exec": lambda _: os.execv("/bin/true", ["true"]),
    "run": lambda _: subprocess.run(["/bin/true"], check=True),
    "fork": lambda _: os.fork() or os._exit(0),
    "posix_spawn": lambda _: os.posix_spawn("/bin/true", ["true"], {}),
    "write a file": lambda folder: Path(folder, "written").write_text("x"),
    "overwrite": lambda folder: Path(folder, "secret").open("r+b").close(),
    "append": lambda folder: Path(folder, "secret").open("ab").close(),
    "make a folder": lambda folder: Path(folder, "made").mkdir(),
    "chmod": lambda folder: Path(folder, "secret").chmod(0o777),
    "link": lambda folder: Path(folder, "link").symlink_to("secret"),
    "rename": lambda folder: Path(folder, "secret").rename(Path(folder, "other")),
    "remove": lambda folder: Path(folder, "other").unlink(),
    "pipe": lambda _: os.pipe(),
    "memfd": lambda _: os.memfd_create("x"),
    "kill the parent": lambda _: os.kill(os.getppid(), 0),
    "signal by fcntl": lambda _: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()),
    "limit the parent": lambda _: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    "raise its memory": lambda _: resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2),
    "ptrace": lambda _: _called(101, 16, os.getppid(), 0, 0),
    "read other memory": lambda _: _called(310, os.getppid(), 0, 0, 0, 0, 0),
    "io_uring": lambda _: _called(425, 8, 0),
    "bpf": lambda _: _called(321, 0, 0, 0),
    "new namespace": lambda _: _called(272, 0x10000000),
    "clone3": lambda _: _called(435, 0, 0),
}


HARMLESS = sorted(
    FORBIDDEN.keys() - {"exec", "ptrace", "read other memory", "io_uring", "bpf", "clone3", "new namespace"}
)
"""Those that can be tried without a sandbox, and then go through."""


def do_forbidden(folder: str) -> str:
    """Try everything that the sandbox denies; which of it went through."""
    return _went_through(FORBIDDEN, folder)


def do_harmless(folder: str) -> str:
    """The same for those that may go through."""
    return _went_through({name: attempt for name, attempt in FORBIDDEN.items() if name in HARMLESS}, folder)


def _went_through(attempts: dict[str, Callable[[str], object]], folder: str) -> str:
    passed = []
    for name, attempt in attempts.items():
        try:
            attempt(folder)
            passed.append(name)
        except (OSError, ValueError):
            pass
    return ",".join(sorted(passed))


def do_read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        return type(error).__name__


def do_libraries(_: str) -> str:
    """Have every decoding library work in full, and import one more module that was not loaded before."""
    import colorsys

    import av
    import cv2
    import numpy as np
    import pillow_heif
    import simplejpeg  # type: ignore[import-untyped]
    from PIL import Image

    pillow_heif.register_heif_opener()
    picture = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    done = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "HEIF"):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, kind)
        with Image.open(io.BytesIO(buffer.getvalue())) as image:
            image.load()
            done.append(f"{kind}{image.width}")
    jpeg = simplejpeg.encode_jpeg(picture)
    done.append(f"simplejpeg{simplejpeg.decode_jpeg(jpeg).shape[1]}")
    done.append(f"cv2{len(cv2.ORB_create(100).detect(picture))}")  # type: ignore[attr-defined]
    cv2.QRCodeDetector().detectAndDecodeMulti(picture)
    video = io.BytesIO()
    with av.open(video, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 400, 300, "yuv420p"
        for _number in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    video.seek(0)
    with av.open(video, "r") as film:
        film.streams.video[0].thread_type = "AUTO"
        done.append(f"frames{len(list(film.decode(video=0)))}")
    return ",".join([*done, f"{colorsys.rgb_to_hsv(1, 1, 1)[2]:.0f}"])


def _write_to_daemon(data: bytes) -> None:
    """Write to the one socket that a decoder has, past its own protocol."""
    for number in range(64):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, data)
                time.sleep(600)


def _called(number: int, *arguments: int) -> int:
    """A raw system call by its x86-64 number. Raises OSError."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise OSError("not this machine's numbers")
    result = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return int(result)
