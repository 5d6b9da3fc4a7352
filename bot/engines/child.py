"""The decoder process: loads the detectors, gives up its rights, then answers one question after another.

Started by ``process.py``; never imported by the daemon. Its only way out is the socket that it was born with: a
question is a time grant and an open file, an answer is JSON.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import logging
import os
import signal
import socket
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Final

import msgspec

from bot.engines import Examine
from bot.engines.messages import GRANT, LENGTH, Answer, Done, Fault, Ready, Start, Unconfined
from bot.engines.sandbox import SandboxError, confine, die_with_parent, grant_seconds
from detectors.evidence import Unreadable

_MAX_TRACE: Final = 20_000
_MAX_LINES: Final = 20
# Read by the C library, the dynamic loader, Python's lazy imports and FFmpeg's and OpenBLAS's look at the processor.
_SYSTEM: Final = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/urandom",
]
_FULL: Final = Done(examined=Unreadable(reason="too_much_memory"), last=True)


def all_detectors(kit: str) -> Examine:
    """The examiner of production: all detectors with one brand kit. Raises KitError.

    It looks at the kit's own drawings first, so that what libraries load or set aside on first use is there before
    the process is confined, and is not taken for a stranger's doing.
    """
    from detectors.brand import load_kit  # heavy, and wanted in this process only
    from detectors.examine import examine

    loaded = load_kit(kit)
    for asset in loaded.assets[:1] + loaded.posters[:1]:
        examine(loaded.path(asset.file).read_bytes(), loaded)
    return lambda data: examine(data, loaded)


def main(descriptor: int, told: str) -> None:
    """Serve until the other side closes the socket. ``told`` is a ``Start`` in JSON."""
    start = msgspec.json.decode(told, type=Start)
    die_with_parent(start.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as link:
        try:
            module, _, function = start.examiner.partition(":")
            examine: Examine = getattr(importlib.import_module(module), function)(start.kit)
            layers = confine(start.memory, _readable(start)) if start.sandbox else ()
        except SandboxError as error:
            _say(link, Unconfined(reason=str(error)))
            return
        except Exception:  # noqa: BLE001 - whatever it is, the daemon must hear of it
            _say(link, Fault(trace=traceback.format_exc()[-_MAX_TRACE:]))
            return
        _say(link, Ready(layers=layers))
        _serve(link, examine)


def _serve(link: socket.socket, examine: Examine) -> None:
    kept = _Kept()
    logging.getLogger().addHandler(kept)
    while True:
        question, files, _, _ = socket.recv_fds(link, GRANT.size, 1)
        if len(question) != GRANT.size or len(files) != 1:
            return  # the daemon is gone, or has no further use for us
        with contextlib.suppress(ValueError, OSError):
            grant_seconds(GRANT.unpack(question)[0])
        answer = _answer(examine, files[0], kept)
        _say(link, answer)
        if isinstance(answer, Done) and answer.last:
            return


class _Kept(logging.Handler):
    """Keeps what was logged for the daemon's own log; the process has no other place to write to."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < _MAX_LINES:
            self.lines.append(self.format(record)[-_MAX_TRACE:])


def _answer(examine: Examine, file: int, kept: _Kept) -> Answer:
    kept.lines.clear()
    try:
        try:
            data = _read(file)
        finally:
            os.close(file)
        return Done(examined=examine(data), logged=tuple(kept.lines))
    except MemoryError:
        return _FULL
    except Exception as error:  # noqa: BLE001 - a bug in a detector: the daemon raises it again
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return _FULL
        return Fault(trace=traceback.format_exc()[-_MAX_TRACE:])


def _read(file: int) -> bytes:
    """The whole file, held in memory once in the usual case that one read brings it all."""
    size = os.fstat(file).st_size
    data = os.read(file, size)
    while len(data) < size and (more := os.read(file, size - len(data))):
        data += more
    return data


def _say(link: socket.socket, answer: Answer) -> None:
    data = msgspec.json.encode(answer)
    view = memoryview(LENGTH.pack(len(data)) + data)
    while view:
        view = view[os.write(link.fileno(), view) :]


def _readable(start: Start) -> list[Path]:
    """Where Python, its libraries, our own code and the kit lie."""
    code = Path(__file__).resolve().parents[2]
    ours = [code / name for name in ("bot", "detectors", "assets")]
    python = [Path(path) for path in {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}]
    return [*map(Path, _SYSTEM), *python, *ours, Path(start.kit).absolute()]
