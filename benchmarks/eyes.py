"""What looking costs, stage by stage: ``python -m benchmarks.eyes [--repeat N] [--pictures PICTURES]``.

Single-threaded, best of N, on pictures and videos drawn on the spot. The marks have a row of their own, for they
belong to another budget: everything else of a 1080p JPEG shall stay below 40 ms. With what ``training.gather`` made,
also the mean over a mix of its test part: two photographs to a screenshot, as files.
"""

from __future__ import annotations

import os

# Before NumPy: the workers of the bot run single-threaded too.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.copies_photos import files as photographs
from detectors.brand import load_kit
from detectors.codes import codes
from detectors.evidence import MediaEvidence
from detectors.examine import DETECTORS, examine
from detectors.examples import of_codes, scene
from detectors.fingerprint import fingerprint
from detectors.nearest import HashIndex


class Stopwatch:
    """Milliseconds of processor time by stage: what else the machine does is left out."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add what the stage takes."""
        start = time.process_time()
        try:
            yield
        finally:
            self.spent[stage] += (time.process_time() - start) * 1000  # type: ignore[assignment]


def grained(width: int, height: int) -> Image.Image:
    """A scene with a camera's noise: what makes JPEGs as large as they are in life."""
    noise = np.random.default_rng(1).normal(0, 5, (height, width, 1))
    return Image.fromarray(np.clip(scene(1, width, height) + noise, 0, 255).astype(np.uint8))


def saved(image: Image.Image, form: str) -> bytes:
    """The image in a format."""
    held = io.BytesIO()
    image.save(held, form, **({"quality": 88} if form == "JPEG" else {}))
    return held.getvalue()


def clip(seconds: int) -> bytes:
    """1080p at 30 frames a second, moving over a larger scene."""
    pixels = np.asarray(grained(2400, 1500))
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for n in range(30 * seconds):
            x, y = 2 * n % 480, n % 420
            view = np.ascontiguousarray(pixels[y : y + 1080, x : x + 1920])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, "rgb24")))
        container.mux(stream.encode())
    return held.getvalue()


def best(work: Callable[[], object], repeat: int) -> float:
    """The least milliseconds of several runs."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return min(times)


def looked(repeat: int) -> Table:
    """Every stage for every kind of item."""
    kit = load_kit("gate")
    items = {
        "1080p JPEG": saved(grained(1920, 1080), "JPEG"),
        "12 MP JPEG": saved(grained(4000, 3000), "JPEG"),
        "1080p PNG": saved(grained(1920, 1080), "PNG"),
        "1080p WebP": saved(grained(1920, 1080), "WEBP"),
        "1080p AVIF": saved(grained(1920, 1080), "AVIF"),
        "10 s of 1080p": clip(10),
    }
    stages = ["decode", *(detector.name for detector in DETECTORS)]
    table = Table(
        "item", "KiB", *stages, "all but marks", "looks", title="processor milliseconds, one thread, best run"
    )
    for name, data in items.items():
        runs = []
        for _ in range(repeat if name != "10 s of 1080p" else 2):
            watch = Stopwatch()
            seen = examine(data, kit, watch=watch)
            runs.append(watch.spent)
        assert isinstance(seen, MediaEvidence)
        least = {stage: min(run[stage] for run in runs) for stage in stages}
        rest = sum(least.values()) - least["marks"]
        figures = [f"{least[stage]:.1f}" for stage in stages]
        table.add_row(name, f"{len(data) / 1024:.0f}", *figures, f"{rest:.1f}", str(len(seen.fingerprints)))
    return table


def single(repeat: int) -> Table:
    """Steps that other budgets rest on."""
    table = Table("step", "processor milliseconds", title="alone")
    pixels = scene(1, 1280, 720)
    table.add_row("fingerprint with 8 orientations, 1280 x 720", f"{best(lambda: fingerprint(pixels), repeat):.2f}")
    shown = of_codes(load_kit("gate"))[0].picture
    table.add_row("codes where there is one", f"{best(lambda: codes(shown), repeat):.1f}")
    rows = np.random.default_rng(0).integers(0, 256, (1_000_000, 32), dtype=np.uint8)
    index = HashIndex()
    start = time.process_time()
    for key, row in enumerate(rows):
        index.add(key, row.tobytes().hex())
    table.add_row("index: add one of a million", f"{(time.process_time() - start) / 1000:.4f}")
    queries = [row.tobytes().hex() for row in rows[:8]]
    table.add_row(
        "index: 8 orientations in a million, within 31", f"{best(lambda: index.within(queries, 31), repeat):.1f}"
    )
    return table


def mixed(pictures: Path) -> str:
    """What the whole look costs on 120 photographs and 60 screenshots, each once, after five to warm up."""
    kit, rng = load_kit("gate"), np.random.default_rng(3)
    files: list[Path] = []
    for folder, count in (("photos", 120), ("screens", 60)):
        there = photographs([pictures / "test" / folder])
        files += [there[i] for i in rng.choice(len(there), count, replace=False)]
    costs = []
    for path in (*files[:5], *files):
        data, start = path.read_bytes(), time.process_time()
        examine(data, kit)
        costs.append((time.process_time() - start) * 1000)
    middle, mean, tail = np.median(costs[5:]), np.mean(costs[5:]), np.quantile(costs[5:], 0.95)
    return f"{len(files)} pictures of the test part: mean {mean:.1f} ms, median {middle:.1f}, p95 {tail:.1f}"


def main() -> None:
    """Print both tables, and the mean over a mix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--pictures", type=Path, help="what training.gather made")
    given = parser.parse_args()
    repeat = given.repeat
    console = Console(width=140)
    console.print(looked(repeat))
    console.print(single(repeat))
    if given.pictures:
        console.print(mixed(given.pictures))


if __name__ == "__main__":
    main()
