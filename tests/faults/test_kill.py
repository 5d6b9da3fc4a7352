"""kill -9 at random moments of a run, restarted each time: no post lost, no verdict doubled.

The short form runs always; ``make faults`` sets ``GATEWARDEN_KILLS`` for the long one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

KILLS = int(os.environ.get("GATEWARDEN_KILLS", "6"))
POSTS = 400


def command(folder: Path, data: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "bot", *words, "--data", str(folder / data)]


def ingest(folder: Path, data: str) -> subprocess.Popen[bytes]:
    with (folder / "errors.txt").open("wb") as errors:
        feed = str(folder / "feed.jsonl")
        return subprocess.Popen(command(folder, data, "ingest", feed), stdout=subprocess.DEVNULL, stderr=errors)


def verdicts(folder: Path, data: str) -> list[dict[str, object]]:
    done = subprocess.run(command(folder, data, "export", "--json"), capture_output=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [{key: value for key, value in row.items() if key != "decided_at"} for row in rows]


def write_feed(folder: Path) -> None:
    """Posts of every kind without media: entries, strangers, reposts of a story, the same person twice."""
    with (folder / "feed.jsonl").open("w") as file:
        for i in range(POSTS):
            story = f"第{i % 37}个难忘的故事,那天我在广场上第一次写下自己的心情,从此每天都来看看大家"
            post = {
                "id": f"k{i}",
                "created_at": 1752900000 + i,
                "author": {"id": f"u{i % 211}", "person": f"p{i % 200}"},
                "text": f"#我的Gate时刻# {story}" if i % 3 else story,
            }
            file.write(json.dumps(post, ensure_ascii=False) + "\n")


def killed(folder: Path, data: str, moments: random.Random, span: float) -> int:
    """Ingest into a fresh data directory, killed again and again until one run gets to its end. Returns the kills."""
    kills = 0
    while True:
        process = ingest(folder, data)
        try:
            status = process.wait(timeout=moments.uniform(0.2, span * 1.1))
            assert status == 0, (folder / "errors.txt").read_text()
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            return kills


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """However often a run is killed, in the end the verdicts equal those of one that nobody disturbed, and each is
    recorded once.
    """
    write_feed(tmp_path)
    began = time.monotonic()
    assert ingest(tmp_path, "calm").wait(timeout=300) == 0
    span = time.monotonic() - began
    calm = verdicts(tmp_path, "calm")
    assert len(calm) == POSTS
    moments = random.Random(1)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        data = f"killed{rounds}"
        kills += killed(tmp_path, data, moments, span)
        assert verdicts(tmp_path, data) == calm
        with sqlite3.connect(tmp_path / data / "gatewarden.db") as database:
            doubled = database.execute(
                "SELECT subject FROM events WHERE kind = 'post.judged' GROUP BY subject, payload HAVING count(*) > 1"
            ).fetchall()
            assert doubled == []
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(f"{kills} kills in {rounds} runs of {POSTS} posts: 0 posts lost, 0 verdicts doubled")
