"""What finding copies costs: look-ups as history grows, memory, disk, restart, and a 12-megapixel JPEG.

    python -m benchmarks.copies_lookup hashes [--most N] [--plot FILE.svg]
    python -m benchmarks.copies_lookup features SEEN [--answers FILE] [--pictures N] [--queries N]
    python -m benchmarks.copies_lookup restart [--pictures N] [--described N]
    python -m benchmarks.copies_lookup jpeg

``hashes``: random hashes, one picture in all 8 orientations, every hit within 31 bits (and the index's slack).
``features``: SEEN is the ``.seen`` file of a run of benchmarks/copies.py, its history repeated up to N pictures where
it has fewer (the originals stand once); its queries go through the whole cascade, find and prove. With the run's
``.answers`` by kind, and mixed as the history is: of its in-domain pictures and its photographs. ``restart``: what a
start reads of so many pictures in a database, the first ``--described`` of them with local features of drawn ones, a
tenth of these linked as a crowd is.
``jpeg``: beside Pillow's plain decode of the same file. Milliseconds of processor time throughout, so that a busy
machine tells no lies.
"""

from __future__ import annotations

import argparse
import functools
import io
import math
import os
import secrets
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as bot/__main__.py does

import cv2
import numpy as np
from PIL import Image

from benchmarks.copies_report import Answers
from benchmarks.copies_seen import stored
from benchmarks.copies_sets import kind_of
from bot.campaign import load_campaign
from bot.copies.linking import Linker
from bot.copies.matching import Item, Matcher
from bot.copies.parts import CROWD, Detail, hexed, written
from bot.store import Store
from detectors import panels
from detectors.evidence import MediaEvidence
from detectors.examples import scene
from detectors.feature_index import FeatureIndex
from detectors.features import MOST, codes, features, parts
from detectors.fingerprint import fingerprint
from detectors.nearest import TURN_SLACK, HashIndex
from detectors.picture import Picture, open_picture


def main(arguments: Sequence[str]) -> int:
    """Measure one part and print it."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies_lookup")
    parts = parser.add_subparsers(dest="part", required=True)
    hashes = parts.add_parser("hashes")
    hashes.add_argument("--most", type=int, default=1_000_000)
    hashes.add_argument("--plot", type=Path)
    grown = parts.add_parser("features")
    grown.add_argument("seen", type=Path)
    grown.add_argument("--answers", type=Path)
    grown.add_argument("--pictures", type=int, default=100_000)
    grown.add_argument("--queries", type=int, default=300)
    again = parts.add_parser("restart")
    again.add_argument("--pictures", type=int, default=1_000_000)
    again.add_argument("--described", type=int, default=100_000)
    parts.add_parser("jpeg")
    given = parser.parse_args(arguments)
    if given.part == "hashes":
        grown_hashes = _hashes(given.most)
        if given.plot:
            given.plot.write_text(plotted(grown_hashes), encoding="utf-8")
    elif given.part == "features":
        _features(given.seen, given.answers, given.pictures, given.queries)
    elif given.part == "restart":
        _restart(given.pictures, given.described)
    else:
        _jpeg()
    return 0


def _hashes(most: int) -> list[tuple[int, float, float]]:
    rows_found = []
    print("| hashes | median ms | p95 ms | filled in s |\n| ---: | ---: | ---: | ---: |")
    for count in [n for n in (10_000, 100_000, 1_000_000, 10_000_000) if n <= most]:
        rows = np.random.default_rng(1).integers(0, 256, (count, 32), dtype=np.uint8)
        index, start = HashIndex(), time.process_time()
        index.fill(range(count), rows.tobytes())
        filled = time.process_time() - start
        views = [[secrets.token_hex(32) for _ in range(8)] for _ in range(100)]
        costs = [_timed(functools.partial(index.within, eight, 31 + TURN_SLACK)) for eight in views]
        median, tail = (float(np.quantile(costs, q)) for q in (0.5, 0.95))
        rows_found.append((count, median, tail))
        print(f"| {count} | {median:.2f} | {tail:.2f} | {filled:.1f} |", flush=True)
    return rows_found


def plotted(rows: Sequence[tuple[int, float, float]]) -> str:
    """Milliseconds a look-up (median and p95) over how many hashes there are, both in decades, as SVG."""

    def at(count: float, cost: float) -> str:
        return f"{60 + 130 * (math.log10(count) - 4):.1f},{230 - 60 * (math.log10(cost) + 1):.1f}"

    lines = [
        f'<path d="M{at(1e4, cost)} L{at(1e7, cost)}" stroke="#ccc"/><text x="52" y="{at(1e4, cost).split(",")[1]}"'
        f' text-anchor="end">{cost:g} ms</text>'
        for cost in (0.1, 1, 10, 100)
    ]
    lines += [f'<text x="{at(n, 0.1).split(",")[0]}" y="250" text-anchor="middle">{n:,}</text>' for n, *_ in rows]
    for which, colour, name in ((1, "#2354e6", "median"), (2, "#17a37b", "p95")):
        path = " L".join(at(row[0], row[which]) for row in rows)
        lines.append(f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"/>')
        lines.append(f'<text x="80" y="{60 + 16 * which}" fill="{colour}">{name}</text>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 270" font-family="sans-serif" font-size="11">'
        '<rect width="500" height="270" fill="#fff"/><text x="60" y="20" font-size="13">Hashes: a look-up in all eight'
        " orientations, ms of processor</text>" + "".join(lines) + "</svg>\n"
    )


def _features(path: Path, answers: Path | None, pictures: int, queries: int) -> None:
    kinds = {one.name: one.kind if one.truth is None else "copy" for one in Answers(answers)} if answers else {}
    seen = list(stored(path))
    history = [s for s in seen if s.name.split()[0] in ("original", "alike", "other")]
    asked = [s for s in seen if " of " in s.name or s.name.startswith("honest")]
    asked = asked[:: max(1, len(asked) // queries)][:queries]
    shares = Counter(f"honest {kind_of(s.name)}" for s in history)
    sizes = [len(s.evidence.features) for s in history]
    print(f"{len(history)} pictures, {len(asked)} queries; features on disk {np.mean(sizes) / 1024:.1f} KB a picture")
    again = [s for s in history if not s.name.startswith("original")]
    for count in sorted({len(history), max(len(history), pictures)}):
        repeated = history + [again[i % len(again)] for i in range(count - len(history))]
        index, start = FeatureIndex(), time.process_time()
        index.fill((key, codes(s.evidence.features)) for key, s in enumerate(repeated))
        filled, each = time.process_time() - start, index.bytes / count / 1024
        del index
        print(f"\n{count} pictures: {each:.2f} KB of memory each, index filled in {filled:.1f} s\n")
        matcher = Matcher([_item(str(i), s.evidence) for i, s in enumerate(repeated)], load_campaign())
        costs: defaultdict[str, list[float]] = defaultdict(list)
        for one in asked:
            kind = kinds.get(one.name, "honest" if one.name.startswith("honest") else "copy")
            costs[kind].append(_timed(functools.partial(matcher.matches, _item("", one.evidence))))
        print("| query | asked | median ms | p95 |\n| --- | ---: | ---: | ---: |")
        for kind, found in sorted(costs.items()):
            print(f"| {kind} | {len(found)} | {np.median(found):.1f} | {np.quantile(found, 0.95):.1f} |", flush=True)
        known = [(cost, shares[kind] / len(found)) for kind, found in costs.items() for cost in found if shares[kind]]
        if known:
            middle, tail = _weighted(known, 0.5), _weighted(known, 0.95)
            print(f"| honest, mixed as the history | {len(known)} | {middle:.1f} | {tail:.1f} |", flush=True)


def _weighted(values: Sequence[tuple[float, float]], share: float) -> float:
    """The value below which that share of the weight lies."""
    ordered = np.array(sorted(values))
    place = np.searchsorted(np.cumsum(ordered[:, 1]), share * ordered[:, 1].sum())
    return float(ordered[min(int(place), len(ordered) - 1), 0])


def _item(path: str, evidence: MediaEvidence) -> Item:
    return Item(path=path, real=path, evidence=evidence)


def _restart(pictures: int, described: int) -> None:
    drawn = [parts(features(np.ascontiguousarray(scene(i, 640, 480)[..., 1]))) for i in range(1, 41)]
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        shas = [rng.bytes(32).hex() for _ in range(pictures)]
        with store.transaction():
            for sha in shas:
                node = (f"m:{sha}", b"i" + rng.bytes(32))
                store.connection.run("INSERT INTO nodes (key, kind, cluster, content) VALUES (?, 'media', 0, ?)", node)
        print("| what | s of processor | s on the clock |\n| --- | ---: | ---: |")
        store = _start(store, Path(folder), f"{pictures} hashes")
        with store.transaction():
            for i, sha in enumerate(shas[:described]):
                store.connection.run("INSERT INTO features VALUES (?, ?, ?)", (sha, *drawn[i % len(drawn)]))
        store = _start(store, Path(folder), f"and features of {described}")
        with store.transaction():
            for newcomer in range(CROWD + 2, described // 10):
                partners = rng.choice(newcomer - 1, CROWD, replace=False) + 1
                links = [(int(partner), newcomer, _doubtful()) for partner in partners]
                store.connection.run_each("INSERT INTO links VALUES (?, ?, 'partial', 256, ?, 20)", links)
        _start(store, Path(folder), f"and a crowd of {described // 10}").close()


def _doubtful() -> str:
    """A proof as it is stored of two that share a frame."""
    corners = ((0.0, 0.0), (640.5, 0.0), (640.5, 480.5), (0.0, 480.5))
    points = hexed(((1 << MOST) - 1, (1 << MOST) - 1))
    return written(Detail(inliers=25, area=0.5, alike=0.6, quad=corners, points=points, least=12, doubtful=True))


def _start(store: Store, folder: Path, what: str) -> Store:
    store.close()
    store = Store(folder)
    processor, clock = time.process_time(), time.monotonic()
    Linker(store, load_campaign(), "")
    print(f"| {what} | {time.process_time() - processor:.1f} | {time.monotonic() - clock:.1f} |", flush=True)
    return store


def _jpeg() -> None:
    large = cv2.resize(scene(1, 1600, 1200), (4000, 3000), interpolation=cv2.INTER_CUBIC)
    large = np.clip(large + np.random.default_rng(1).normal(0, 6, large.shape), 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()

    def hashed() -> Picture:
        picture = open_picture(data)
        assert isinstance(picture, Picture)
        fingerprint(picture.gray)
        return picture

    def looked() -> None:
        gray = hashed().gray
        features(gray)
        panels.panels(gray)

    plain = _best(lambda: np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    print(f"12 MP JPEG of {len(data) / 1e6:.1f} MB: Pillow's full decode {plain:.1f} ms")
    for name, call in (("decode and hashes", hashed), ("and local features, panels", looked)):
        cost = _best(call)
        print(f"{name}: {cost:.1f} ms, {cost / plain:.2f} of it")


def _timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1000


def _best(call: Callable[[], object], rounds: int = 12) -> float:
    return min(_timed(call) for _ in range(rounds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
