"""Downloads from servers that misbehave, with the limits of production: how long, how much memory, how much lag.

The servers run in a process of their own, so that what is measured is the fetcher's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.clock import SystemClock
from bot.errors import Transient
from bot.media.fetch import Fetcher
from bot.model import Stored
from bot.settings import Fetch
from bot.store.blobs import Blobs
from tests.faults.daemon import ROOT
from tests.faults.drill import Drill, Figures
from tests.faults.misbehaving import ENDS

_TICK = 0.002
_STATUS = Path("/proc/self/status")


def resident(field: str) -> float:
    """Memory of this process in MB: ``VmRSS`` now, ``VmHWM`` at most since ``forget_peak``."""
    found = re.search(rf"{field}:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def forget_peak() -> None:
    """Have the kernel measure the peak from now on (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


@contextlib.contextmanager
def misbehaving() -> Iterator[dict[str, int]]:
    """The servers; their ports by name."""
    words = [sys.executable, "-m", "tests.faults.misbehaving"]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def lagging() -> AsyncIterator[list[float]]:
    """How late, in ms, a task is woken that asks for it every two, while the block lasts."""
    lags: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            lags.append(1000 * (time.perf_counter() - due))

    task = asyncio.create_task(tick())
    try:
        yield lags
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def drill(trials: range, folder: Path, deadline: float = 15.0) -> Figures:
    """One download from each of these servers."""
    figures = {"ended": 0.0, "taken": 0.0, "left_on_disk": 0.0, "max_download_s": 0.0, "max_growth_mb": 0.0}
    every_lag: list[float] = []
    with misbehaving() as ports:
        settings = Fetch(
            allow_addresses=(ipaddress.ip_network("127.0.0.1/32"),),
            allow_ports=tuple(ports.values()),
            deadline=deadline,
        )
        fetcher = Fetcher(settings, Blobs(folder / "media"), SystemClock())
        for name in list(ports)[trials.start : trials.stop]:
            forget_peak()
            before, began = resident("VmRSS"), time.monotonic()
            async with lagging() as lags:
                try:
                    got: object = await fetcher.fetch(f"http://127.0.0.1:{ports[name]}/a.jpg", "image")
                except Transient as error:
                    got = error.reason
            figures["max_download_s"] = max(figures["max_download_s"], time.monotonic() - began)
            figures["max_growth_mb"] = max(figures["max_growth_mb"], resident("VmHWM") - before)
            figures["ended"] += 1
            if isinstance(got, Stored):
                print(f"{name}: {got}", flush=True)
                figures["taken"] += 1
            every_lag += lags
        await fetcher.close()
    figures["left_on_disk"] = float(sum(path.is_file() for path in (folder / "media").rglob("*")))
    figures["max_lag_p99_ms"] = statistics.quantiles(every_lag, n=100)[98]
    figures["max_lag_ms"] = max(every_lag)
    return figures


DRILL = Drill(
    name="servers",
    title="servers that misbehave, under a deadline of 15 s",
    trials=len(ENDS),
    batch=len(ENDS),
    # Half a second for a busy loop to notice that the deadline has passed.
    most={"taken": 0, "left_on_disk": 0, "max_download_s": 15.5, "max_growth_mb": 32, "max_lag_p99_ms": 50},
    run=lambda trials, folder: asyncio.run(drill(trials, folder)),
)
