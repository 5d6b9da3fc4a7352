"""New posts while a backlog is worked off: how long each waits for its verdict."""

from __future__ import annotations

import json
import random
import statistics
import time
from pathlib import Path

from tests.faults.daemon import Daemon
from tests.faults.drill import Drill, Figures
from tests.faults.remembered import opened

_EVERY = 0.5  # seconds between two new posts
_LOOK = 0.05


def story(number: int) -> str:
    """Forty characters that are like no other number's."""
    return "".join(chr(0x4E00 + place) for place in random.Random(number).choices(range(3000), k=40))


def backlog_line(number: int) -> str:
    """An old entry without media; every seventh repeats an earlier one's story."""
    post = {
        "id": f"b{number}",
        "created_at": 1752900000 + number,
        "author": {"id": f"u{number % 50_000}"},
        "text": f"#我的Gate时刻# {story(number // 2 if number % 7 == 3 else number)}",
    }
    return json.dumps(post, ensure_ascii=False) + "\n"


def drill(trials: range, folder: Path) -> Figures:
    """A backlog of as many posts as there are trials, in a file that the daemon finds at its start."""
    feed = folder / "feed.jsonl"
    with feed.open("w") as file:
        file.writelines(map(backlog_line, trials))
    settings = {"SOURCES__ENABLED": "jsonl,push", "JSONL__FILE": str(feed)}
    daemon = Daemon(folder / "data", settings=settings)
    daemon.start()
    began = time.monotonic()
    waits: list[float] = []
    waiting: dict[str, float] = {}
    pushed, due, left, unjudged = 0, began, len(trials), 0
    with opened(daemon.data) as store:
        while left > 0:
            now = time.monotonic()
            if now >= due:
                waiting[f"n{pushed}"] = time.monotonic()
                assert daemon.push([new(pushed)]) == 202
                pushed, due = pushed + 1, due + _EVERY
            judged = [name for name in waiting if store.verdicts.get(name) is not None]
            waits += [time.monotonic() - waiting.pop(name) for name in judged]
            if pushed % 4 == 0:
                left = len(trials) - judged_of_backlog(store.verdicts.counts(), len(waits))
            time.sleep(_LOOK)
        unjudged = len(waiting)
        seconds = time.monotonic() - began
    daemon.stop()
    return {
        "backlog": float(len(trials)),
        "max_backlog_took_s": seconds,
        "new_posts": float(pushed),
        "new_posts_left_behind": float(max(0, unjudged - 2)),
        "max_wait_p99_s": statistics.quantiles(waits, n=100, method="inclusive")[98],
        "max_wait_s": max(waits),
    }


def judged_of_backlog(counts: dict[str, int], new_judged: int) -> int:
    """How many of the backlog have a verdict."""
    return sum(counts.values()) - new_judged


def new(number: int) -> dict[str, object]:
    """A post made just now."""
    return {
        "id": f"n{number}",
        "created_at": int(time.time()),
        "author": {"id": f"n{number}"},
        "text": f"#我的Gate时刻# {story(-1 - number)}",
    }


DRILL = Drill(
    name="backlog",
    title="posts of a backlog, with new ones every half second",
    trials=100_000,
    batch=100_000,
    most={"new_posts_left_behind": 0, "max_wait_p99_s": 60},
    run=drill,
)
