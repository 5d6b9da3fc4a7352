"""Mutants of sound files through the real sandboxed decoders and all detectors."""

from __future__ import annotations

import asyncio
import os
import random
import re
import struct
import time
import zlib
from pathlib import Path

from bot.engines import DetectorError
from bot.engines.pool import PoolEngine
from bot.settings import Engine
from detectors.evidence import Unreadable
from tests.faults.drill import Drill, Figures
from tests.faults.samples import samples

_ODD = (b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff" * 8)
_REASON = re.compile(r"[a-z]+(?:_[a-z]+)*")
_HIGH_WATER = re.compile(r"VmHWM:\s+(\d+) kB")


def mutant(number: int) -> bytes:
    """The mutant of that number: one to eight edits of a sample, in one of four PNGs with its checksums mended."""
    draw = random.Random(number)
    names = sorted(samples())
    name = draw.choice(names)
    data = bytearray(samples()[name])
    for _ in range(draw.choice((1, 1, 1, 2, 3, 5, 8))):
        _edit(data, draw, samples()[draw.choice(names)])
    return mended(bytes(data)) if name.startswith("png") and draw.random() < 0.75 else bytes(data)


def _edit(data: bytearray, draw: random.Random, other: bytes) -> None:
    """One edit in place. Headers are hit as often as all the rest."""
    if not data:
        return
    at = draw.randrange(min(len(data), 128)) if draw.random() < 0.5 else draw.randrange(len(data))
    length = min(1 << draw.randrange(8), len(data) - at)
    match draw.randrange(8):
        case 0 | 1:
            data[at] ^= 1 << draw.randrange(8)
        case 2:
            odd = draw.choice(_ODD)
            data[at : at + len(odd)] = odd
        case 3:
            data[at : at + length] = draw.randbytes(length)
        case 4:
            del data[at : at + length]
        case 5:
            data[at:at] = data[at : at + length] * draw.choice((1, 2, 40))
        case 6:
            del data[at:]
        case _:
            start = draw.randrange(len(other))
            data[at : at + length] = other[start : start + length]


def mended(data: bytes) -> bytes:
    """A PNG whose chunks have right checksums again, so that a mutant is read beyond the first of them."""
    done, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        body = data[at + 4 : at + 8 + length]
        done += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return bytes(done + data[at:])


class Watched:
    """The engine of production with one worker, and what its answers cost."""

    def __init__(self, folder: Path) -> None:
        self._engine = PoolEngine(Engine(workers=1), "gate")
        self._path = folder / "file"
        self.figures = {
            "readable": 0.0, "unreadable": 0.0, "without_reason": 0.0, "bugs": 0.0, "decoders_died": 0.0,
            "max_worker_mb": 0.0, "max_item_s": 0.0, "max_item_processor_s": 0.0,
        }  # fmt: skip

    async def look(self, data: bytes) -> str:
        """Have one file examined; what came of it in a word."""
        self._path.write_bytes(data)
        began, used = time.monotonic(), self._processor_seconds()
        try:
            examined = await self._engine.examine(self._path)
        except DetectorError as error:
            self.figures["bugs"] += 1
            return f"bug: {error}"
        finally:
            self.figures["max_item_s"] = max(self.figures["max_item_s"], time.monotonic() - began)
            spent = max((now - used.get(pid, 0.0) for pid, now in self._processor_seconds().items()), default=0.0)
            self.figures["max_item_processor_s"] = max(self.figures["max_item_processor_s"], spent)
            for process in self._engine._living:
                self.figures["max_worker_mb"] = max(self.figures["max_worker_mb"], _high_water(process.pid))
            self.figures["decoders_died"] = self._engine.deaths.total()
        if isinstance(examined, Unreadable):
            self.figures["unreadable"] += 1
            self.figures["without_reason"] += _REASON.fullmatch(examined.reason) is None
            return examined.reason
        self.figures["readable"] += 1
        self.figures["bugs"] += len(examined.faults)
        return f"bugs: {examined.faults}" if examined.faults else "readable"

    def _processor_seconds(self) -> dict[int, float]:
        """What each living worker has used so far, its start included."""
        return {process.pid: _processor_seconds(process.pid) for process in self._engine._living}

    async def close(self) -> None:
        """Stop the worker."""
        await self._engine.close()


def _processor_seconds(pid: int) -> float:
    """Seconds of the processor that a process has used; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _high_water(pid: int) -> float:
    """The most memory that a living process ever had resident, in MB; 0 where it is gone."""
    try:
        found = _HIGH_WATER.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0


async def examine(trials: range, folder: Path) -> Figures:
    """Every mutant of these numbers."""
    engine = Watched(folder)
    try:
        for number in trials:
            said = await engine.look(mutant(number))
            if said.startswith("bug"):
                print(f"mutant {number}: {said}", flush=True)
    finally:
        await engine.close()
    return engine.figures


MOST = {"without_reason": 0.0, "bugs": 0.0, "max_worker_mb": 600.0, "max_item_s": 10.0}
DRILL = Drill(
    name="mutants",
    title="mutants of sound files through the sandboxed decoders",
    trials=100_000,
    batch=5_000,
    most=MOST,
    run=lambda trials, folder: asyncio.run(examine(trials, folder)),
)
