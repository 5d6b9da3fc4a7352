"""Which pictures a run of benchmarks/copies.py is made of: originals, the history around them, and what is asked.

No photograph serves twice. Each picture is made from the run's seed and its own name alone, so that a run can stop
anywhere and go on, and so that a contact sheet can make one picture again. Another seed draws other photographs, other
edits, and another world.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.copies_photos import distinct, files, grid, in_rooms, parts
from benchmarks.copy_edits import EDITS, jpeg
from benchmarks.in_domain import KINDS, drawn

Pixels = npt.NDArray[np.uint8]

__all__ = ["SPLITS", "Made", "Query", "Sets", "Sizes", "kind_of"]

SPLITS: Final = {"thresholds": ("train", "validation"), "test": ("test",)}
"""Parts of what ``python -m training.gather`` makes, by split. The vocabulary was learnt from ``train``."""
_CROP: Final = "crop"
_LONGEST: Final = 1280  # what detectors see is no larger


@dataclass(frozen=True)
class Sizes:
    """How many of each. ``honest`` are queries that copy nothing; each kind has an equal share. One kind are
    photographs taken in rooms that others of the history show, too: counted apart, for strangers share no room.
    ``filled``: where there are no more photographs for a history of that size, crops of those in it go on. ``times``:
    in how many kinds each photograph stands that an honest in-domain picture is drawn around. ``small``: the history
    is of small parts of photographs, no two of which overlap."""

    originals: int
    honest: int
    in_domain: int
    distractors: int
    filled: bool = False
    times: int = 1
    small: bool = False


@dataclass(frozen=True)
class Made:
    """One picture: ``path`` is its photograph, ``part`` the quarter or half of it ("" for the whole), a small part, or
    a crop of 40 to 70 % a side, ``kind`` "photo" or one of ``KINDS``. ``world`` says which posters, stickers and app
    everybody in the run shares; ``seed`` is the run's."""

    name: str
    kind: str
    path: Path
    part: str
    world: int
    seed: int

    def pixels(self) -> Pixels:
        """(H, W, 3) uint8 RGB."""
        photo = _read(self.path)
        if self.part == _CROP:
            photo = _cropped(photo, _generator(self.seed, f"{self.name} crop"))
        elif self.part:
            rows, columns = grid(self.part, *photo.shape[:2])
            row, column = divmod(int(self.part[1:]), columns)
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
        own = files(pictures / part / "photos" for part in SPLITS[split])
        known = distinct([*own, *files(more)])
        paths = known[: len({*own} & {*known})]
        order = [paths[i] for i in rng.permutation(len(paths)) if parts(paths[i])]
        self.originals = [self._made(f"original {i}", "photo", order.pop()) for i in range(sizes.originals)]
        each = sizes.honest // (len(KINDS) + 2)
        whole = [path for room in (False, True) for path in [p for p in order if in_rooms(p) == room][:each]]
        queried = frozenset(whole)
        free = [path for path in (*order, *known[len(paths) :]) if path not in queried]
        free = [free[i] for i in rng.permutation(len(free))]
        strange = [(path, part) for path in free if not in_rooms(path) for part in parts(path)]
        drawn_on = strange[: each * len(KINDS)]
        photos = [self._honest(i, "room" if in_rooms(path) else "photo", path) for i, path in enumerate(whole)]
        drawn_ones = [
            self._honest(len(whole) + len(drawn_on) * time + i, KINDS[(i + time) % len(KINDS)], *piece)
            for time in range(sizes.times)
            for i, piece in enumerate(drawn_on)
        ]
        asked = {path for path, _ in drawn_on}  # no other part of these: halves of one picture may be like each other
        pieces = [(path, part) for path in free if path not in asked for part in parts(path, small=sizes.small)]
        pieces = [pieces[i] for i in rng.permutation(len(pieces))]
        crops = ((path, _CROP) for path, _ in itertools.cycle(pieces if sizes.filled else ()))
        left = itertools.chain(pieces, crops)
        alike = [self._made(f"alike {i}", KINDS[i % len(KINDS)], *next(left)) for i in range(sizes.in_domain)]
        rest = [
            self._made(f"other {i}", "photo", *piece) for i, piece in zip(range(sizes.distractors), left, strict=False)
        ]
        self.history: list[Made] = [*self.originals, *alike, *rest]
        self.queries = list(_mixed(list(self._edits()), list(_mixed(photos, drawn_ones))))

    def _honest(self, number: int, kind: str, path: Path, part: str = "") -> Query:
        name = f"honest {number}"
        return Query(name, f"honest {kind}", None, self._made(name, "photo" if kind == "room" else kind, path, part))

    def _made(self, name: str, kind: str, path: Path, part: str = "") -> Made:
        return Made(name, kind, path, part, self.world, self.seed)

    def _edits(self) -> Iterator[Query]:
        for number, original in enumerate(self.originals):
            for name in EDITS:
                yield Query(f"{name} of {number}", name, number, original)


def kind_of(name: str) -> str:
    """What a picture of the history is, by its name: "photo" or one of ``KINDS``."""
    word, number = name.split()
    return KINDS[int(number) % len(KINDS)] if word == "alike" else "photo"


def _mixed(first: Sequence[Query], second: Sequence[Query]) -> Iterator[Query]:
    placed = [((i + 0.5) / len(part), query) for part in (first, second) for i, query in enumerate(part)]
    return (query for _, query in sorted(placed, key=lambda item: item[0]))


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), np.uint8)
    share = _LONGEST / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cropped(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Somewhere in a photograph, in every second case mirrored."""
    height, width = (round(extent * rng.uniform(0.4, 0.7)) for extent in photo.shape[:2])
    top, left = int(rng.integers(photo.shape[0] - height)), int(rng.integers(photo.shape[1] - width))
    crop = photo[top : top + height, left : left + width]
    return np.ascontiguousarray(crop[:, ::-1] if rng.random() < 0.5 else crop)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(name.encode())))
