"""What the order of arrival costs: ``python -m benchmarks.copies_order [--copies N]``.

Ingests N posts of N authors with one and the same picture, oldest first and newest first, each in a fresh data
directory, and prints the ratio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np


def main() -> None:
    """Time both orders in one run and print the ratio."""
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
        print(f"{'first':>8} {'seconds':>8}")
        for order, seconds in times.items():
            print(f"{order:>8} {seconds:>8.1f}")
        print(f"newest first costs {times['newest'] / times['oldest']:.2f} times oldest first, for {count} copies")


def ingest(folder: Path, order: str, posts: list[dict[str, object]]) -> float:
    """Seconds that one order takes, the whole command included."""
    feed = folder / f"{order}.jsonl"
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts))
    start = time.perf_counter()
    command = [sys.executable, "-m", "bot", "ingest", str(feed), "--data", str(folder / order)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
