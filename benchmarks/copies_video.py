"""Copied clips: recall by edit, false links among honest clips, cost beside real time.

    python -m benchmarks.copies_video FOLDER [--originals N] [--others N] [--honest N] [--seed N]

FOLDER holds photographs (``test/photos`` of what ``python -m training.gather`` makes). A clip is drawn from them: each
shown for one to two and a half seconds, moving and zooming, 480 x 270 at 12 frames a second, MPEG-4 in MP4. No
photograph serves both the history and an honest clip; on either side they serve again when all have. Clips are decoded,
sampled and hashed as the bot does it, and looked up by ``match``.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.copies_report import bounds, upper_bound
from benchmarks.copy_edits import resized
from bot.campaign import load_campaign
from bot.copies.matching import Item, Matcher
from detectors import fingerprint, panels
from detectors.evidence import Colour, MediaEvidence
from detectors.frames import Video, open_video
from detectors.report import Report

Pixels = npt.NDArray[np.uint8]
Clip = list[Pixels]
Edit = Callable[[Clip, np.random.Generator], Clip]

_RATE: Final = 12
_SIZE: Final = (480, 270)


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies_video")
    parser.add_argument("folder", type=Path)
    for name, count in (("originals", 25), ("others", 100), ("honest", 100), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    paths = sorted(path for path in given.folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    mixed = [paths[i] for i in rng.permutation(len(paths))]
    photos, strange = (itertools.cycle(mixed[start::2]) for start in range(2))
    costs: list[float] = []
    originals = [_drawn(photos, rng) for _ in range(given.originals)]
    history = itertools.chain(originals, (_drawn(photos, rng) for _ in range(given.others)))
    campaign = load_campaign()
    matcher = Matcher([_seen(_encoded(clip), str(i), costs) for i, clip in enumerate(history)], campaign)
    print(f"{given.originals + given.others} clips, {given.originals} of them originals")
    print("| edit | found | 95 % interval | also linked to another |\n| --- | ---: | --- | ---: |")
    rates = []
    for name, edit in EDITS.items():
        answers = []
        for clip in originals:
            rate = 150_000 if name == "re-encoded" else 900_000
            answers.append({m.path for m in matcher.matches(_seen(_encoded(edit(clip, rng), rate), "q", costs))})
        hits = sum(str(i) in found for i, found in enumerate(answers))
        beside = sum(bool(found - {str(i)}) for i, found in enumerate(answers))
        low, high = bounds(hits, len(answers))
        rates.append(hits / len(answers))
        print(f"| {name} | {rates[-1]:.3f} | {low:.2f}-{high:.2f} | {beside} |", flush=True)
    print(f"| **mean** | {np.mean(rates):.3f} | | |")
    false = sum(bool(matcher.matches(_seen(_encoded(_drawn(strange, rng)), "q", costs))) for _ in range(given.honest))
    print(f"honest clips linked: {false} of {given.honest}; 95 % upper bound {upper_bound(false, given.honest):.4f}")
    print(f"decoding, sampling and hashing: {np.median(costs):.3f} of real time in processor time (median)")
    return 0


def _drawn(photos: Iterator[Path], rng: np.random.Generator) -> Clip:
    """Five to nine photographs, each for a while."""
    clip: Clip = []
    for _ in range(int(rng.integers(5, 10))):
        photo = cv2.cvtColor(np.asarray(cv2.imread(str(next(photos)))), cv2.COLOR_BGR2RGB)
        frames = int(_RATE * rng.uniform(1.0, 2.5))
        ends = [(rng.uniform(0.75, 1.0), rng.uniform(0, 1), rng.uniform(0, 1)) for _ in range(2)]
        for step in np.linspace(0, 1, frames):
            share, x, y = (a + (b - a) * step for a, b in zip(*ends, strict=True))
            h, w = photo.shape[:2]
            wide = share * min(w, h * _SIZE[0] / _SIZE[1])
            tall = wide * _SIZE[1] / _SIZE[0]
            left, top = x * (w - wide), y * (h - tall)
            matrix = np.array([(wide / _SIZE[0], 0, left), (0, tall / _SIZE[1], top)])
            moved = cv2.warpAffine(photo, matrix, _SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            clip.append(np.asarray(moved, np.uint8))
    return clip


def _encoded(clip: Clip, rate: int = 900_000) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=_RATE)
        stream.height, stream.width = (side // 2 * 2 for side in clip[0].shape[:2])
        stream.bit_rate, stream.pix_fmt = rate, "yuv420p"
        for rgb in clip:
            even = np.ascontiguousarray(rgb[: stream.height, : stream.width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def _seen(data: bytes, path: str, costs: list[float]) -> Item:
    start = time.process_time()
    video = open_video(data)
    assert isinstance(video, Video)
    report = Report(still=False)
    for frame in video.frames():
        gray = frame.picture.gray
        report.add(frame, (fingerprint.fingerprint(gray), *panels.panels(gray)))
    costs.append((time.process_time() - start) / (video.duration or 1.0))
    evidence = MediaEvidence(
        sha256=hashlib.sha256(data).hexdigest(), kind="video", format="mp4", width=video.width, height=video.height,
        duration=video.duration, marks=(), colour=Colour(score=0.0, shares={}, adjacency=0.0), resemblances=(),
        fingerprints=report.fingerprints(), codes=(), panels=report.panels(),
    )  # fmt: skip
    return Item(path=path, real=path, evidence=evidence)


def _part(low: float, high: float) -> Edit:
    def edit(clip: Clip, rng: np.random.Generator) -> Clip:
        length = round(len(clip) * rng.uniform(low, high))
        start = int(rng.integers(0, len(clip) - length + 1))
        return clip[start : start + length]

    return edit


def _letterbox(clip: Clip, rng: np.random.Generator) -> Clip:
    bar = int(rng.uniform(0.12, 0.6) * _SIZE[1])
    return [np.asarray(cv2.copyMakeBorder(f, bar, bar, 0, 0, cv2.BORDER_CONSTANT), np.uint8) for f in clip]


def _overlay(clip: Clip, rng: np.random.Generator) -> Clip:
    """A logo in a corner, a fifth of the height, and a line of words."""
    side = _SIZE[1] // 5
    x, colour = int(rng.choice((8, _SIZE[0] - side - 8))), [int(c) for c in rng.integers(0, 256, 3)]
    marked = [frame.copy() for frame in clip]
    for frame in marked:
        cv2.circle(frame, (x + side // 2, 8 + side // 2), side // 2, colour, -1)
        cv2.putText(frame, "@somebody", (x, side + 24), 0, 0.5, (255, 255, 255), 1)
    return marked


EDITS: Final[dict[str, Edit]] = {
    "re-encoded": lambda clip, rng: [resized(f, 320, 180) for f in clip],
    "letterbox": _letterbox,
    "mirror": lambda clip, rng: [np.ascontiguousarray(f[:, ::-1]) for f in clip],
    "overlay": _overlay,
    "part 50-80": _part(0.5, 0.8),
    "part 20-40": _part(0.2, 0.4),
    "part 40-60 + mirror": lambda clip, rng: [np.ascontiguousarray(f[:, ::-1]) for f in _part(0.4, 0.6)(clip, rng)],
    "faster by a quarter": lambda clip, rng: [clip[int(i)] for i in np.arange(0, len(clip), 1.25)],
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
