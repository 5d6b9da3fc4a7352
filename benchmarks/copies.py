"""How well copies are told from honest pictures: recall by edit, ranking, false links, costs.

    python -m benchmarks.copies PICTURES [--originals N] [--distractors N] [--honest N] [--in-domain N] [--seed N]

``PICTURES`` is a folder of photographs that nothing was learnt from, e.g. ``test/photos`` of what
``python -m training.gather`` makes. The history is originals, other photographs, and in-domain pictures
(``in_domain.py``) around further photographs. Queries are every edit (``copy_edits.py``) of every original, and honest
pictures: photographs and in-domain pictures that are in no way in the history. The same queries and history go through
the bot's own cascade (``bot/matching.py``, without its marks' detector) and through imagehash's pHash and dHash and
PDQ in 8 orientations alone.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.stats import beta  # type: ignore[import-untyped]

from benchmarks.copy_edits import EDITS, jpeg
from benchmarks.in_domain import KINDS, drawn
from bot.campaign import load_campaign
from bot.matching import Item, Matcher, score_of
from detectors.evidence import Colour, MediaEvidence
from detectors.features import features
from detectors.fingerprint import fingerprint

Pixels = npt.NDArray[np.uint8]

_SHOWN: Final = 0.7  # least score of a candidate that ranks at all
_HASHES: Final = {"pHash": (8, 64), "dHash": (10, 64), "PDQx8": (31, 256)}  # usual threshold, bits


@dataclass
class Query:
    """One query: its true original (None: honest), and per method the (score, index) of what was found."""

    kind: str
    truth: int | None
    found: dict[str, list[tuple[float, int]]] = field(default_factory=dict)


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="benchmarks.copies")
    parser.add_argument("pictures", type=Path)
    for name, count in (("originals", 40), ("distractors", 2500), ("honest", 600), ("in-domain", 800), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    paths = sorted(path for path in given.pictures.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    order = iter(rng.permutation(len(paths)))
    photo: Callable[[], Pixels] = lambda: _read(paths[int(next(order))])  # noqa: E731 - no photograph is used twice

    history = _History()
    originals = [photo() for _ in range(given.originals)]
    for pixels in (*originals, *(photo() for _ in range(given.distractors))):
        history.add(pixels)
    for i in range(given.in_domain):
        history.add(drawn(KINDS[i % len(KINDS)], photo(), rng))
    matcher = Matcher(history.items, load_campaign(), _SHOWN)
    queries = [
        history.ask(matcher, Query(name, truth), jpeg(edit(pixels, rng), 80))
        for name, edit in EDITS.items()
        for truth, pixels in enumerate(originals)
    ]
    for i in range(given.honest):
        kind = ("photo", *KINDS)[i % (1 + len(KINDS))]
        pixels = photo() if kind == "photo" else drawn(kind, photo(), rng)
        queries.append(history.ask(matcher, Query(f"honest {kind}", None), jpeg(pixels, 80)))
    _print(queries, history, given)
    return 0


class _History:
    """The indexed pictures with their hashes, and what things cost."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.costs: dict[str, list[float]] = {}
        self._hashes: dict[str, list[npt.NDArray[np.uint8]]] = {name: [] for name in _HASHES}

    def add(self, pixels: Pixels) -> None:
        """Index one picture."""
        item, hashes = self._seen(pixels, f"h{len(self.items)}")
        self.items.append(item)
        for name, rows in hashes.items():
            self._hashes[name].append(rows[0])

    def ask(self, matcher: Matcher, query: Query, pixels: Pixels) -> Query:
        """Let every method answer."""
        item, hashes = self._seen(pixels, "q")
        with self._timed("lookup, whole cascade"):
            matches = matcher.matches(item)
        query.found["cascade"] = [(m.score, int(m.path[1:])) for m in matches]
        for name, views in hashes.items():
            bits = _HASHES[name][1]
            table = np.bitwise_count(np.stack(self._hashes[name])[None] ^ views[:, None]).sum(axis=2, dtype=np.int64)
            least = table.min(axis=0)
            near = np.flatnonzero(least <= 0.4 * bits)
            query.found[name] = [(1 - least[i] / bits, int(i)) for i in near]
        return query

    def _seen(self, pixels: Pixels, path: str) -> tuple[Item, dict[str, npt.NDArray[np.uint8]]]:
        gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        with self._timed("hashes"):
            seen = fingerprint(gray)
        with self._timed("local features"):
            packed = features(gray)
        self.costs.setdefault("bytes of features", []).append(len(packed))
        evidence = MediaEvidence(
            sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), kind="image", format="png", width=pixels.shape[1],
            height=pixels.shape[0], duration=None, marks=(), colour=Colour(score=0.0, shares={}, adjacency=0.0),
            resemblances=(), fingerprints=(seen,), codes=(), features=packed,
        )  # fmt: skip
        image = Image.fromarray(pixels)
        hashes = {
            "pHash": np.packbits(imagehash.phash(image).hash.ravel())[None],
            "dHash": np.packbits(imagehash.dhash(image).hash.ravel())[None],
            "PDQx8": np.stack([np.frombuffer(bytes.fromhex(view), np.uint8) for view in seen.orientations]),
        }
        return Item(path=path, real=path, evidence=evidence), hashes

    def _timed(self, name: str) -> _Timer:
        return _Timer(self.costs.setdefault(name, []))


class _Timer:
    def __init__(self, into: list[float]) -> None:
        self._into = into

    def __enter__(self) -> None:
        self._start = time.thread_time()

    def __exit__(self, *_: object) -> None:
        self._into.append((time.thread_time() - self._start) * 1000)


def _read(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"), np.uint8)


def average_precision(queries: Sequence[Query], method: str) -> float:
    """Micro-AP: all candidates of all queries ranked by one score."""
    ranked = sorted(((score, i == q.truth) for q in queries for score, i in q.found[method]), key=lambda r: -r[0])
    wanted = sum(q.truth is not None for q in queries)
    right = np.cumsum([hit for _, hit in ranked])
    return float(sum(right[n] / (n + 1) for n, (_, hit) in enumerate(ranked) if hit) / wanted)


def upper_bound(events: int, of: int) -> float:
    """95 % one-sided upper bound of a rate (Clopper and Pearson)."""
    return 1.0 if events >= of else float(beta.ppf(0.95, events + 1, of - events))


def _thresholds() -> dict[str, float]:
    near = {name: 1 - least / bits for name, (least, bits) in _HASHES.items()}
    return {"cascade": score_of(load_campaign().copies.near), **near}


def _print(queries: Sequence[Query], history: _History, given: argparse.Namespace) -> None:
    least = _thresholds()
    print(f"history {len(history.items)} pictures: {given.originals} originals, {given.distractors} photographs,")
    print(f"{given.in_domain} in-domain; {len(EDITS)} edits x {given.originals}; {given.honest} honest queries\n")
    print(f"| recall | {' | '.join(least)} |\n| --- |{' ---: |' * len(least)}")
    rows = {name: [_recall(queries, name, method, least[method]) for method in least] for name in EDITS}
    for name, row in (*rows.items(), ("**macro**", np.mean(list(rows.values()), axis=0))):
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in row)} |")
    print(f"| micro-AP | {' | '.join(f'{average_precision(queries, method):.3f}' for method in least)} |")
    for kind, method, wrong, of in _false(queries, least):
        if method == "cascade" or kind == "honest":
            print(f"{kind}: {method} links {wrong} of {of} to something; 95 % upper bound {upper_bound(wrong, of):.4f}")
    beside = [(s, q.kind) for q in queries if q.truth is not None for s, i in q.found["cascade"]
              if i != q.truth and s >= least["cascade"]]  # fmt: skip
    print(f"links of copies to something that is not their original: {len(beside)}")
    for name, values in history.costs.items():
        print(f"{name}: median {np.median(values):.2f}, p95 {np.quantile(values, 0.95):.2f}")


def _recall(queries: Sequence[Query], name: str, method: str, least: float) -> float:
    asked = [q for q in queries if q.kind == name]
    return float(np.mean([any(i == q.truth and s >= least for s, i in q.found[method]) for q in asked]))


def _false(queries: Sequence[Query], least: dict[str, float]) -> Iterator[tuple[str, str, int, int]]:
    for kind in ("honest", *(f"honest {kind}" for kind in ("photo", *KINDS))):
        asked = [q for q in queries if q.truth is None and q.kind.startswith(kind)]
        for method in least:
            wrong = sum(any(s >= least[method] for s, _ in q.found[method]) for q in asked)
            yield kind, method, wrong, len(asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
