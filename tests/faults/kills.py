"""kill -9 at random moments of ``ingest``, of ``run`` beside somebody who decides, and of that somebody: at the command
line, on the page, in the terminal.

One of four kills hits an ``ingest``; the others in turn a daemon that is being pushed posts to, ``approve`` and the
like, ``serve``, ``review``, or the daemon and whoever decides at once. In the end nothing that was acknowledged may be
missing, nothing may be there twice, and the verdicts must equal those of a run that nobody disturbed. How soon a daemon
is ready again is held to two seconds of the processor: the time on the clock is told beside it, and says as much about
whatever else the machine was doing.
"""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.model import Verdict
from tests.faults.daemon import PYTHON, ROOT, Daemon, environment
from tests.faults.drill import Drill, Figures, together
from tests.faults.people import AtTheCommandLine, InTheTerminal, OnThePage
from tests.faults.remembered import opened, unsound, verdicts, wait_until_judged

POSTS = 300
PACE = 5  # posts a delivery
VICTIMS = ("daemon", "command", "page", "terminal", "both")

Post = dict[str, object]


def posts() -> list[Post]:
    """Entries, strangers, reposts of a story, one person's two accounts, edits, deletions, a forbidden link."""
    made: list[Post] = []
    for i in range(POSTS):
        story = f"第{i % 37}个难忘的故事,那天我在广场上第一次写下自己的心情,从此每天都来看看大家"
        post: Post = {
            "id": f"k{i}",
            "created_at": 1752900000 + i,
            "author": {"id": f"u{i % 111}", "person": f"p{i % 100}"},
            "text": f"#我的Gate时刻# {story}" if i % 3 else story,
            "media": [{"type": "image", "url": f"http://10.0.0.{i}/a.png"}] if i % 10 == 1 else [],
        }
        made.append(post)
        if i % 11 == 5:
            made.append(post | {"text": f"#我的Gate时刻# 改过的{story}{i}", "edited_at": 1752990000 + i})
        if i % 17 == 3:
            made.append(post | {"deleted": True, "edited_at": 1752995000 + i})
    return made


def kill(trials: range, folder: Path) -> Figures:
    """One kill a trial."""
    folder = folder / f"part {trials.start}"
    folder.mkdir()
    ingests = [n for n in trials if n % 4 == 3]
    runs = [n for n in trials if n % 4 != 3]
    return together([kill_ingests(ingests, folder), kill_runs(runs, folder)])


def kill_ingests(trials: Sequence[int], folder: Path) -> Figures:
    """Ingest a file into data directories, killed again and again until one run gets to its end."""
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts()))

    def ingest(data: str) -> subprocess.Popen[bytes]:
        words = [*PYTHON, "ingest", str(feed), "--data", str(folder / data)]
        return subprocess.Popen(
            words, cwd=ROOT, env=environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    began = time.monotonic()
    assert ingest("calm").wait() == 0
    span = time.monotonic() - began
    calm = verdicts(folder / "calm")
    waiting = list(trials)
    figures = {"kills": 0.0, "lost": 0.0, "doubled_or_odd": 0.0}
    missed = 0
    while waiting:
        data = f"killed {waiting[0]} {missed}"
        while True:
            process = ingest(data)
            moment = random.Random(waiting[0]).uniform(0.3, 1.0) * span * 0.7**missed if waiting else 3600.0
            try:
                assert process.wait(moment) == 0
                missed += 1  # it was through before it could be killed: the next one is killed sooner
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                figures["kills"] += 1
                waiting.pop(0)
                missed = 0
        figures["lost"] += differing(verdicts(folder / data), calm)
        figures["doubled_or_odd"] += len(unsound(folder / data))
    return figures


def differing(found: Mapping[str, Verdict], wanted: Mapping[str, Verdict]) -> int:
    """How many posts have no verdict, or another one; each is printed."""
    names = [name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]
    for name in names:
        print(f"{name}: found {found.get(name)}, wanted {wanted.get(name)}", flush=True)
    return len(names)


def kill_runs(trials: Sequence[int], folder: Path) -> Figures:
    """A daemon that is fed, and one who decides beside it; one of them or both are killed, a trial each."""
    calm = undisturbed(folder / "calm run")
    daemon = Daemon(folder / "run")
    people = {
        "command": AtTheCommandLine(daemon.data),
        "page": OnThePage(daemon.data),
        "terminal": InTheTerminal(daemon.data),
    }
    feeder = Feeder(daemon)
    figures = {"kills": 0.0, "starts": 0.0, "max_ready_s": 0.0, "max_ready_processor_s": 0.0}
    figures |= {f"{victim}_killed": 0.0 for victim in VICTIMS}

    def start() -> None:
        figures["max_ready_s"] = max(figures["max_ready_s"], daemon.start())
        figures["max_ready_processor_s"] = max(figures["max_ready_processor_s"], daemon.processor_seconds())
        figures["starts"] += 1

    start()
    feeder.go_on(seconds=600.0, whole=True)
    wait_until_judged(daemon.data)
    for n in trials:
        moments, victim = random.Random(n), VICTIMS[n % len(VICTIMS)]
        person = people.get(victim) or people[moments.choice(sorted(people))]
        person.stop.clear()
        person.start()
        threads = [threading.Thread(target=feeder.go_on, args=(600.0,)), threading.Thread(target=person.work)]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.0, 1.5))
        if victim != "daemon":
            person.kill()
        if victim in ("daemon", "both"):
            daemon.kill()
        figures["kills"] += 1
        figures[f"{victim}_killed"] += 1
        feeder.stop.set()
        if victim == "daemon":
            person.end()
        for thread in threads:
            thread.join()
        feeder.stop.clear()
        if victim in ("daemon", "both"):
            start()
    feeder.go_on(seconds=600.0, whole=True)
    wait_until_judged(daemon.data)
    daemon.stop()
    with opened(daemon.data) as store:
        figures["decisions"] = float(sum(person.kept(store).total() for person in people.values()))
        figures["decisions_lost"] = float(sum(person.lost(store) for person in people.values()))
        figures["decisions_doubled"] = float(sum(person.doubled(store) for person in people.values()))
    figures["lost"] = float(differing(verdicts(daemon.data), calm))
    figures["doubled_or_odd"] = float(len(unsound(daemon.data)))
    return figures


def undisturbed(data: Path) -> dict[str, Verdict]:
    """The verdicts where nobody is killed."""
    daemon = Daemon(data)
    daemon.start()
    Feeder(daemon).go_on(seconds=600.0, whole=True)
    wait_until_judged(data)
    daemon.stop()
    return verdicts(data)


class Feeder:
    """Pushes the posts in order, round after round; a delivery without an answer is sent again under its own id."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        made = posts()
        self._deliveries = [made[i : i + PACE] for i in range(0, len(made), PACE)]
        self._at = 0
        self.stop = threading.Event()

    def go_on(self, seconds: float, *, whole: bool = False) -> None:
        """Push for so long, or until the next whole round is through."""
        until = time.monotonic() + seconds
        last = (self._at // len(self._deliveries) + 2) * len(self._deliveries) if whole else None
        while not self.stop.is_set() and time.monotonic() < until and self._at != last:
            status = self._daemon.push(
                self._deliveries[self._at % len(self._deliveries)], f"delivery-{self._at}", seconds=5.0
            )
            if status in (202, 409):  # 409: it was taken, and only the answer was lost
                self._at += 1
            elif status is None:
                time.sleep(0.01)
            else:
                raise AssertionError(f"a delivery was answered {status}")
        assert last is None or self._at == last, "the round was not through in time"


DRILL = Drill(
    name="kills",
    title="kill -9 over ingest, run, commands, page and terminal",
    trials=1000,
    batch=50,
    most={"lost": 0, "doubled_or_odd": 0, "decisions_lost": 0, "decisions_doubled": 0, "max_ready_processor_s": 2.0},
    run=kill,
)
