"""What the order of arrival costs: ``python -m benchmarks.copies_order [--copies N]``.

Ingests N posts of N authors with one and the same picture, oldest first and newest first, each in a fresh data
directory, and prints the ratio of processor time: what else the machine does is left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np


def main() -> None:
    """Both orders in one run, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--copies", type=int, default=5_000)
    count = parser.parse_args().copies
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = cv2.GaussianBlur(
            np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8), (31, 31), 0
        )
        cv2.imwrite(str(folder / "a.png"), cv2.convertScaleAbs(picture, alpha=6, beta=-640))
        posts = [
            {"id": str(i), "created_at": 1752900000 + i, "author": {"id": f"u{i}"}, "text": f"#我的Gate时刻# {i}",
             "media": [{"type": "image", "path": "a.png"}]}
            for i in range(count)
        ]  # fmt: skip
        times = {order: ingest(folder, order, feed) for order, feed in (("oldest", posts), ("newest", posts[::-1]))}
        print(f"{'first':>8} {'seconds':>8} {'CPU s':>8}")
        for order, (seconds, busy) in times.items():
            print(f"{order:>8} {seconds:>8.1f} {busy:>8.1f}")
        ratio = times["newest"][1] / times["oldest"][1]
        print(f"newest first costs {ratio:.2f} times oldest first, for {count} copies")


def ingest(folder: Path, order: str, posts: list[dict[str, object]]) -> tuple[float, float]:
    """Seconds and processor seconds that one order takes, the whole command included."""
    feed = folder / f"{order}.jsonl"
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts))
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "bot", "ingest", str(feed), "--data", str(folder / order)]
    subprocess.run(command, check=True, capture_output=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
