"""Posts with pictures through the whole bot: ``python -m benchmarks.throughput [--posts N]``.

Serves N different 1080p JPEGs over loopback HTTP and ingests N posts that link to them with the real command: guarded
fetch, sandboxed decoding, all detectors, relations, verdicts. Prints posts a second and
processor time a post, start-up included in both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from aiohttp import web


def picture(seed: int) -> bytes:
    """A 1920 x 1080 JPEG with shapes and texture, as a photograph has, different for each seed."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (14, 24, 3), dtype=np.uint8)
    scene = cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    grain = cv2.resize(random.integers(0, 24, (270, 480), dtype=np.uint8), (1920, 1080))
    scene = cv2.add(scene, cv2.merge([grain] * 3))
    for _ in range(12):
        x, y, r = (int(v) for v in random.integers((0, 0, 20), (1920, 1080, 160)))
        cv2.circle(scene, (x, y), r, tuple(int(v) for v in random.integers(0, 256, 3)), -1, cv2.LINE_AA)
    return cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


async def measure(count: int, folder: Path) -> tuple[float, float, str]:
    """Seconds that the command takes, those of processor time, and the line it prints."""
    pictures = [picture(seed) for seed in range(count)]

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=pictures[int(request.match_info["i"])], content_type="image/jpeg")

    app = web.Application()
    app.router.add_get("/{i}.jpg", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    posts = [
        {"id": str(i), "created_at": 1752900000 + i, "author": {"id": f"u{i}"}, "text": f"#我的Gate时刻# {i}",
         "media": [{"type": "image", "url": f"http://127.0.0.1:{port}/{i}.jpg"}]}
        for i in range(count)
    ]  # fmt: skip
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts))
    env = {**os.environ, "GATEWARDEN_FETCH__ALLOW_ADDRESSES": "127.0.0.0/8", "GATEWARDEN_FETCH__ALLOW_PORTS": str(port),
           "GATEWARDEN_FETCH__RATE": "1000"}  # fmt: skip
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "ingest", str(feed), "--data", str(folder / "data"), "--json",
        env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await process.communicate()
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    await runner.cleanup()
    if process.returncode != 0:
        raise SystemExit(f"the command failed with {process.returncode}")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, busy, out.decode().strip()


def main() -> None:
    """Print one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=300)
    count = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as name:
        seconds, busy, line = asyncio.run(measure(count, Path(name)))
    print(f"{'posts':>6} {'seconds':>8} {'posts/s':>8} {'CPU ms/post':>12}  outcome")
    print(f"{count:>6} {seconds:>8.1f} {count / seconds:>8.1f} {busy / count * 1000:>12.0f}  {line}")


if __name__ == "__main__":
    main()
