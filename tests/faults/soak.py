"""Weeks in hours: posts without media by the hundred thousand through one daemon, and what it holds on to.

Each tells a story of its own, but for one in twenty that repeats one of five hundred, all by ever new authors: whatever
grows with posts, with stories or with authors grows here. The data directory is kept from part to part; each part is
one daemon's life, and the index of stories is read from the disk at its start.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np

from tests.faults.backlog import story
from tests.faults.daemon import Daemon
from tests.faults.drill import Drill, Figures
from tests.faults.remembered import opened, wait_until_judged

_DELIVERY = 500
_AHEAD = 4_000  # posts that may wait to be judged
_WARM = 0.3  # of a part: caches fill, the allocator settles
_RESIDENT = re.compile(r"VmRSS:\s+(\d+) kB")
_THREADS = re.compile(r"Threads:\s+(\d+)")


def post(number: int) -> dict[str, object]:
    """The post of that number."""
    words = story(number % 500 if number % 20 == 7 else number + 500)
    return {
        "id": f"s{number}",
        "created_at": 1752900000 + number % 400_000,
        "author": {"id": f"u{number}", "nickname": f"人{number}"},
        "text": f"#我的Gate时刻# {words}",
        "stats": {"views": number % 1000},
    }


def held(pid: int, data: Path) -> tuple[float, float, float, float]:
    """What a process holds: MB resident, open descriptors, threads, MB of write-ahead log."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident, threads = _RESIDENT.search(status), _THREADS.search(status)
    assert resident is not None and threads is not None
    log = data / "gatewarden.db-wal"
    return (
        int(resident[1]) * 1024 / 1e6,
        float(len(list(Path(f"/proc/{pid}/fd").iterdir()))),
        float(threads[1]),
        log.stat().st_size / 1e6 if log.exists() else 0.0,
    )


def soak(trials: range, folder: Path) -> Figures:
    """The posts of these numbers, through one daemon."""
    daemon = Daemon(folder / "data")
    daemon.start()
    seen: list[tuple[float, float, float, float]] = []
    began = time.monotonic()
    with opened(daemon.data) as store:
        for start in range(trials.start, trials.stop, _DELIVERY):
            part = [post(n) for n in range(start, min(start + _DELIVERY, trials.stop))]
            assert daemon.push(part, seconds=300.0) == 202
            while store.work.open() > _AHEAD:
                time.sleep(0.05)
            seen.append(held(daemon.pid, daemon.data))
    wait_until_judged(daemon.data, seconds=3600)
    seen.append(held(daemon.pid, daemon.data))
    seconds = time.monotonic() - began
    daemon.stop()
    with opened(daemon.data) as store:
        judged = sum(store.verdicts.counts().values())
    rows = np.array(seen)
    warm = rows[int(len(rows) * _WARM) :]
    slope = float(np.polyfit(np.arange(len(warm)), warm[:, 0], 1)[0]) * 100_000 / _DELIVERY if len(warm) > 1 else 0.0
    return {
        "posts": float(len(trials)),
        "lost": float(trials.stop - judged),
        "max_rss_slope_mb_per_100k": slope,
        "max_rss_mb": float(rows[:, 0].max()),
        "max_more_descriptors": float(warm[-1, 1] - warm[0, 1]),
        "max_more_threads": float(warm[-1, 2] - warm[0, 2]),
        "max_wal_mb": float(rows[:, 3].max()),
        "seconds_taken": seconds,
    }


DRILL = Drill(
    name="soak",
    title="posts without media through one data directory",
    trials=1_000_000,
    batch=500_000,
    most={
        "lost": 0,
        "max_rss_slope_mb_per_100k": 1,
        "max_more_descriptors": 4,
        "max_more_threads": 4,
        "max_wal_mb": 64,
    },
    run=soak,
    keeps=True,
)
