"""What happens to a daemon from outside: a network that fails, a process that is stopped, a clock that jumps.

Each trial runs the daemon over the same posts and lets one of these happen; in the end every verdict must be the one of
an undisturbed run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.model import Verdict
from tests.faults.daemon import Daemon
from tests.faults.drill import Drill, Figures, together
from tests.faults.kills import differing
from tests.faults.proxy import proxy
from tests.faults.remembered import opened, unsound, verdicts, wait_until_judged
from tests.faults.site import permitting, site

POSTS = 24
Post = dict[str, object]
Kind = Callable[[Path, int, list[Post], random.Random], Figures]
_LIBFAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# Patience enough that no post is given up before the network is well again, and short waits so that it shows soon.
_SETTINGS = {
    "FETCH__DEADLINE": "1",
    "FETCH__ATTEMPTS": "30",
    "ENGINE__SECONDS": "2",
    "ENGINE__PATIENCE": "2",
    "ENGINE__TRIES": "20",
}


def impossible() -> str | None:
    """Why clocks cannot be set here, in one line; None where they can."""
    return None if _LIBFAKETIME else "libfaketime is not installed (Debian: apt-get install faketime)"


def posts(port: int, count: int) -> list[Post]:
    """Entries with a picture each, some of it shared; some are edited later on."""
    made: list[Post] = []
    for i in range(count):
        picture = {"type": "image", "url": f"http://127.0.0.1:{port}/{i % 17}.png?{i}"}
        post: Post = {
            "id": f"n{i}", "created_at": 1752900000 + i, "author": {"id": f"u{i % 19}"},
            "text": f"#我的Gate时刻# 第{i}个故事", "media": [picture],
        }  # fmt: skip
        made.append(post)
        if i % 5 == 4:
            made.append(post | {"text": f"#我的Gate时刻# 第{i}个故事,后来改过", "edited_at": 1752990000 + i})
    return made


def push_all(daemon: Daemon, made: Sequence[Post], pause: float = 0.0) -> None:
    """Push post after post, each until it was taken."""
    for post in made:
        while daemon.push([post], f"{post['id']}-{post.get('edited_at')}", seconds=3.0) not in (202, 409):
            time.sleep(0.05)
        time.sleep(pause)


def drill(trials: range, folder: Path, count: int = POSTS) -> Figures:
    """Trial by trial, over so many posts: a network, a stopped daemon, a stopped decoder, a clock."""
    kinds: tuple[Kind, ...] = (failing_network, stopped_daemon, stopped_decoder, jumping_clock)
    with site(2_000) as port:
        calm = folder / f"calm {trials.start}"
        daemon = Daemon(calm, settings={**_SETTINGS, **permitting(port)})
        daemon.start()
        made = posts(port, count)
        push_all(daemon, made)
        wait_until_judged(calm)
        daemon.stop()
        wanted = verdicts(calm)
        found = []
        for number in trials:
            data = folder / f"trial {number}"
            kind = kinds[number % len(kinds)]
            if kind is jumping_clock and impossible():
                print(f"trial {number} left out: {impossible()}", flush=True)
                continue
            figures = kind(data, port, made, random.Random(number))
            found.append({**figures, **compared(data, wanted)})
            shutil.rmtree(data)
        return together([{"trials": 0.0, "lost": 0.0, "unsound": 0.0}, *found])


def compared(data: Path, wanted: dict[str, Verdict]) -> dict[str, float]:
    """What differs in the end."""
    return {"trials": 1, "lost": differing(verdicts(data), wanted), "unsound": len(unsound(data))}


def failing_network(data: Path, port: int, made: list[Post], draw: random.Random) -> Figures:
    """A fault proxy before the media for some seconds, then a network that is well."""
    with proxy(port, draw.randrange(1 << 30)) as between:
        daemon = Daemon(data, settings={**_SETTINGS, **permitting(port, between.port)})
        daemon.start()
        # The posts name the site; its port is the proxy's for the daemon alone, so that verdicts can be compared.
        push_all(daemon, json.loads(json.dumps(made).replace(f":{port}/", f":{between.port}/")))
        time.sleep(draw.uniform(0.5, 3.0))
        between.healed.set()
        wait_until_judged(data)
        daemon.stop()
        return {"networks_failed": 1.0, "connections_spoilt": float(sum(between.met.values()) - between.met["pass"])}


def stopped_daemon(data: Path, port: int, made: list[Post], draw: random.Random) -> Figures:
    """SIGSTOP at random moments, and SIGCONT a while later."""
    daemon = Daemon(data, settings={**_SETTINGS, **permitting(port)})
    daemon.start()
    pushing = threading.Thread(target=push_all, args=(daemon, made, 0.02))
    pushing.start()
    stops = 0
    while pushing.is_alive():
        time.sleep(draw.uniform(0.0, 0.3))
        daemon.send(signal.SIGSTOP)
        time.sleep(draw.uniform(0.1, 1.0))
        daemon.send(signal.SIGCONT)
        stops += 1
    pushing.join()
    wait_until_judged(data)
    daemon.stop()
    return {"daemons_stopped": float(stops)}


def stopped_decoder(data: Path, port: int, made: list[Post], draw: random.Random) -> Figures:
    """SIGSTOP to the decoder, three times, for good: it is found hung, ended and replaced."""
    daemon = Daemon(data, settings={**_SETTINGS, **permitting(port), "ENGINE__WORKERS": "1"})
    daemon.start()
    stops = 0
    for start in range(0, len(made), len(made) // 3):
        push_all(daemon, made[start : start + len(made) // 3])
        time.sleep(draw.uniform(0.0, 0.5))
        if start:  # one that is still starting would be waited for much longer
            for child in _children(daemon.pid):
                os.kill(child, signal.SIGSTOP)
                stops += 1
        wait_until_judged(data)
    daemon.stop()
    return {"decoders_stopped": float(stops)}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def jumping_clock(data: Path, port: int, made: list[Post], draw: random.Random) -> Figures:
    """The daemon's clock jumps by hours and days, forward and back, while it works (libfaketime)."""
    feed, hands = data.with_suffix(".jsonl"), data.with_suffix(".clock")
    feed.write_text("")
    hands.write_text("+0")
    faked = ["env", f"LD_PRELOAD={_LIBFAKETIME[0]}", f"FAKETIME_TIMESTAMP_FILE={hands}", "FAKETIME_NO_CACHE=1",
             "DONT_FAKE_MONOTONIC=1"]  # fmt: skip
    settings = {**_SETTINGS, **permitting(port), "SOURCES__ENABLED": "jsonl,push", "JSONL__FILE": str(feed)}
    daemon = Daemon(data, before=faked, settings=settings)
    daemon.start()
    jumps = 0
    for post in made:
        with feed.open("a") as file:
            file.write(json.dumps(post) + "\n")
        if draw.random() < 0.4:
            hands.write_text(draw.choice(("+0", "+2h", "-3h", "+2d", "-1d", "+400d", "-40d")))
            jumps += 1
        time.sleep(draw.uniform(0.0, 0.4))
    hands.write_text("+0")
    _until_read(data, feed)
    wait_until_judged(data)
    daemon.stop()
    return {"clock_jumps": float(jumps)}


def _until_read(data: Path, feed: Path) -> None:
    """Until the daemon has read the whole file."""
    until = time.monotonic() + 120
    with opened(data) as store:
        while True:
            place = store.intake.position("jsonl")
            if place is not None and json.loads(place)["offset"] == feed.stat().st_size:
                return
            assert time.monotonic() < until, f"read up to {place}"
            time.sleep(0.05)


DRILL = Drill(
    name="network",
    title="failing networks, stopped processes, jumping clocks",
    trials=100,
    batch=10,
    most={"lost": 0, "unsound": 0},
    run=drill,
)
