"""Which pictures a run of benchmarks/copies.py is made of: originals, the history around them, and what is asked.

No photograph serves twice. Each picture is made from the run's seed and its own name alone, so that a run can stop
anywhere and go on, and so that a contact sheet can make one picture again. Another seed draws other photographs, other
edits, and another world.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.copy_edits import EDITS, jpeg
from benchmarks.in_domain import KINDS, drawn

Pixels = npt.NDArray[np.uint8]

__all__ = ["SPLITS", "Made", "Query", "Sets", "Sizes"]

SPLITS: Final = {"thresholds": ("train", "validation"), "test": ("test",)}
"""Parts of what ``python -m training.gather`` makes, by split. The vocabulary was learnt from ``train``."""
_LONGEST: Final = 1280  # what detectors see is no larger
_MASK: Final = "_segmentation_"
_LARGE: Final = 800  # of the shorter side, from which a picture is cut into four and not two


@dataclass(frozen=True)
class Sizes:
    """How many of each. ``honest`` are queries that copy nothing; each kind has an equal share."""

    originals: int
    honest: int
    in_domain: int
    distractors: int


@dataclass(frozen=True)
class Made:
    """One picture: ``path`` is its photograph, ``part`` the quarter or half of it ("" for the whole), ``kind`` "photo"
    or one of ``KINDS``. ``world`` says which posters, stickers and app everybody in the run shares; ``seed`` is the
    run's."""

    name: str
    kind: str
    path: Path
    part: str
    world: int
    seed: int

    def pixels(self) -> Pixels:
        """(H, W, 3) uint8 RGB."""
        photo = _read(self.path)
        if self.part:
            rows, columns = (2, 2) if self.part[0] == "q" else (2, 1) if photo.shape[0] > photo.shape[1] else (1, 2)
            row, column = divmod(int(self.part[1]), columns)
            h, w = photo.shape[0] // rows, photo.shape[1] // columns
            photo = np.ascontiguousarray(photo[row * h : (row + 1) * h, column * w : (column + 1) * w])
        return photo if self.kind == "photo" else drawn(self.kind, photo, _generator(self.seed, self.name), self.world)


@dataclass(frozen=True)
class Query:
    """What is asked: an edit of the history's picture ``truth``, or an honest picture (None)."""

    name: str
    kind: str
    truth: int | None
    of: Made

    def pixels(self) -> Pixels:
        """As it comes over the network: through a JPEG of quality 80."""
        pixels = self.of.pixels()
        return jpeg(pixels if self.truth is None else EDITS[self.kind](pixels, _generator(self.of.seed, self.name)), 80)


class Sets:
    """``history``: originals, then in-domain pictures, then distractors. ``queries`` mixes edits and honest pictures
    evenly, so that a part of them is a fair sample."""

    def __init__(self, pictures: Path, split: str, more: Sequence[Path], sizes: Sizes, seed: int) -> None:
        self.seed, self.world = seed, 2 * seed + list(SPLITS).index(split)
        rng = np.random.default_rng(seed)
        paths = _files(pictures / part / "photos" for part in SPLITS[split])
        order = iter([paths[i] for i in rng.permutation(len(paths))])
        kinds = ("photo", *KINDS)
        self.originals = [self._made(f"original {i}", "photo", next(order)) for i in range(sizes.originals)]
        whole = [next(order) for _ in range(sizes.honest // len(kinds))]
        parts = [(path, part) for path in (*order, *_files(more)) for part in _parts(path)]
        left = iter([parts[i] for i in rng.permutation(len(parts))])
        honest = [
            self._made(f"honest {i}", kinds[i % len(kinds)], *((whole.pop(), "") if not i % len(kinds) else next(left)))
            for i in range(sizes.honest // len(kinds) * len(kinds))
        ]
        alike = [self._made(f"alike {i}", KINDS[i % len(KINDS)], *next(left)) for i in range(sizes.in_domain)]
        rest = [
            self._made(f"other {i}", "photo", *piece) for i, piece in zip(range(sizes.distractors), left, strict=False)
        ]
        self.history: list[Made] = [*self.originals, *alike, *rest]
        self.queries = list(_mixed(list(self._edits()), [Query(m.name, f"honest {m.kind}", None, m) for m in honest]))

    def same_photograph(self, query: Query, place: int) -> bool:
        """Whether a query's photograph stands in the history after all: some public sets hold a file twice."""
        found = self.history[place]
        return (query.of.part, _digest(query.of.path)) == (found.part, _digest(found.path))

    def _made(self, name: str, kind: str, path: Path, part: str = "") -> Made:
        return Made(name, kind, path, part, self.world, self.seed)

    def _edits(self) -> Iterator[Query]:
        for number, original in enumerate(self.originals):
            for name in EDITS:
                yield Query(f"{name} of {number}", name, number, original)


def _mixed(first: Sequence[Query], second: Sequence[Query]) -> Iterator[Query]:
    placed = [((i + 0.5) / len(part), query) for part in (first, second) for i, query in enumerate(part)]
    return (query for _, query in sorted(placed, key=lambda item: item[0]))


def _files(folders: Iterator[Path] | Sequence[Path]) -> list[Path]:
    """Photographs: a set of these holds the masks of its photographs' parts too, each in several forms."""
    found = (p for folder in folders for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return sorted(p for p in found if _MASK not in p.name)


def _parts(path: Path) -> tuple[str, ...]:
    """Disjoint parts that are pictures of their own: halves, or quarters of a large one."""
    with Image.open(path) as image:
        return ("q0", "q1", "q2", "q3") if min(image.size) >= _LARGE else ("h0", "h1")


@functools.lru_cache(maxsize=4096)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), np.uint8)
    share = _LONGEST / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(name.encode())))
