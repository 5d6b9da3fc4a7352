"""A disk that fills up in the middle, on a small tmpfs, and room that comes back."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bot.model import Verdict
from tests.faults.daemon import Daemon
from tests.faults.drill import Drill, Figures, together
from tests.faults.kills import differing
from tests.faults.remembered import unsound, verdicts, wait_until_judged
from tests.faults.site import permitting, site

PICTURE = 1_500_000  # bytes
ROOM = 130_000_000
_PACE = 3

Post = dict[str, object]


def impossible() -> str | None:
    """Why no small disk can be had here, in one line; None where it can."""
    if os.geteuid() != 0:
        return "only root may mount a small tmpfs"
    return None


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A tmpfs of so many bytes."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(path: Path, leave: int) -> None:
    """Take all room that there is but the last ``leave`` bytes."""
    with path.open("ab", buffering=0) as file:
        free = shutil.disk_usage(path.parent).free
        if free > leave > 0:
            file.write(bytes(free - leave))
        if leave:
            return
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def posts(port: int, count: int) -> list[Post]:
    """Entries with a picture each."""
    return [
        {
            "id": f"d{i}",
            "created_at": 1752900000 + i,
            "author": {"id": f"u{i}"},
            "text": f"#我的Gate时刻# 第{i}个故事",
            "media": [{"type": "image", "url": f"http://127.0.0.1:{port}/{i}.png"}],
        }
        for i in range(count)
    ]


def pushed(daemon: Daemon, made: list[Post], pause: float, taken: list[int]) -> None:
    """Push all of them, each delivery again and again until it was taken; ``taken`` tells how far this came."""
    for start in range(0, len(made), _PACE):
        while daemon.push(made[start : start + _PACE], f"d{start}", seconds=5.0) not in (202, 409):
            time.sleep(0.1)
        taken[0] = start + _PACE
        time.sleep(pause)


def drill(trials: range, folder: Path, *, count: int = 45, seconds: float = 8.0) -> Figures:
    """Each trial fills the disk once, at another moment, for so many seconds, while so many posts are pushed."""
    with site(PICTURE) as port:
        made = posts(port, count)
        calm = undisturbed(folder / f"calm {trials.start}", port, made)
        return together([starved(number, folder, port, made, calm, seconds) for number in trials])


def undisturbed(data: Path, port: int, made: list[Post]) -> dict[str, Verdict]:
    """The verdicts where there is room enough."""
    daemon = Daemon(data, settings=permitting(port))
    daemon.start()
    pushed(daemon, made, 0.0, [0])
    wait_until_judged(data)
    daemon.stop()
    return verdicts(data)


def starved(
    number: int, folder: Path, port: int, made: list[Post], calm: dict[str, Verdict], seconds: float
) -> Figures:
    """Fill the disk at a random moment, give the room back after a while. In every second trial there is room left for
    the database, but not for a picture."""
    draw, leave = random.Random(number), number % 2 * PICTURE * 3 // 4
    with small_disk(folder / f"disk {number}", ROOM) as disk:
        settings = {**permitting(port), "WORKER__DISK_RESERVE": "1"}  # to the last byte
        daemon = Daemon(disk / "data", settings=settings, log=folder / f"log {number}")
        daemon.start()
        taken = [0]
        pushing = threading.Thread(target=pushed, args=(daemon, made, 0.05, taken))
        pushing.start()
        time.sleep(draw.uniform(0.1, 0.5))
        fill(disk / "filling", leave)
        until = time.monotonic() + seconds
        while time.monotonic() < until:  # whatever is freed meanwhile is taken, too
            fill(disk / "filling", leave)
            time.sleep(0.05)
        before = taken[0]
        (disk / "filling").unlink()
        began = time.monotonic()
        while taken[0] == before and pushing.is_alive():
            time.sleep(0.01)
        resumed = time.monotonic() - began
        pushing.join()
        wait_until_judged(disk / "data")
        daemon.stop()
        found = verdicts(disk / "data")
        return {
            "fillings": 1.0,
            "paused": float("unavailable: paused" in daemon.errors or "waiting for room" in daemon.errors),
            "max_resumed_s": resumed,
            "lost": float(differing(found, calm)),
            "unsound": float(len(unsound(disk / "data"))),
        }


DRILL = Drill(
    name="full_disk",
    title="disks that fill up under a daemon with pictures, for 8 s",
    trials=20,
    batch=5,
    most={"lost": 0, "unsound": 0, "max_resumed_s": 30},
    run=drill,
)
