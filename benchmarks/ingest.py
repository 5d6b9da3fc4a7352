"""Posts without media through the whole command: ``python -m benchmarks.ingest [--posts N] [--flood]``.

Prints posts a second and the peak memory of the real ``gatewarden ingest`` in a process of its own. Half the posts
carry the hashtag; their stories differ, or with ``--flood`` fill in one form, so that all are like each other.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Write N posts, ingest them, print one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--flood", action="store_true")
    options = parser.parse_args()
    count, flood, letters = options.posts, options.flood, np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        feed = Path(name) / "posts.jsonl"
        with feed.open("w") as file:
            for i in range(count):
                tag = "#我的Gate时刻#" if i % 2 else "#another#"
                weather = "晴" if i % 3 else "雨"
                story = f"第{i}个故事:今天在广场写下第{i * 7919 % 10007}个时刻,{weather}天也要记录"
                if not flood:
                    story = "".join(chr(letter) for letter in letters.integers(0x4E00, 0x5200, 40))
                text = f"{tag} {story}"
                post = {
                    "id": str(i),
                    "created_at": 1752900000 + i,
                    "author": {"id": f"u{i % 3000}"},
                    "text": text,
                    "media": [],
                }
                file.write(json.dumps(post, ensure_ascii=False) + "\n")
        start = time.perf_counter()
        command = [sys.executable, "-m", "bot", "ingest", str(feed), "--data", str(Path(name) / "data"), "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{'posts':>8} {'seconds':>8} {'posts/s':>8} {'peak MB':>8}  outcome")
        print(f"{count:>8} {seconds:>8.1f} {count / seconds:>8.0f} {peak:>8.0f}  {done.stdout.strip()}")


if __name__ == "__main__":
    main()
