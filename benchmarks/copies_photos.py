"""Which photographs a run of benchmarks/copies.py may use: each once, and only where there is something in them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["distinct", "files", "grid", "in_rooms", "parts"]

_UNUSED: Final = ("_segmentation_", "kangaroo")
"""Masks of photographs' parts, each in several forms; and a set that holds some photographs several times, cut and put
into others."""
_ROOMS: Final = "clothing-dataset"
"""A set taken by a few people in their own rooms: any two may show one floor, as pictures of strangers do not."""
_LARGE: Final = 800  # of the shorter side, from which a picture is cut into four and not two
_SIDE: Final = 5  # small parts a side
_SMALL: Final = 256
_TWINS: Final = 8  # bits of pHash: public sets hold some photographs twice, cut a little, or mirrored
_BLOCK: Final = 8  # px of the small copy
_FLAT: Final = 4.0  # deviation in gray levels
_EMPTY: Final = 0.25  # share of blocks that are not flat, below which there is nothing to see


def files(folders: Iterable[Path]) -> list[Path]:
    """The photographs in these folders."""
    found = (p for folder in folders for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return sorted(p for p in found if not any(name in p.name for name in _UNUSED))


def in_rooms(path: Path) -> bool:
    """Whether the photograph is of a set that few people took in few rooms."""
    return _ROOMS in path.name


def distinct(paths: Sequence[Path]) -> list[Path]:
    """The first of each photograph: twins are told by pHash, upright or mirrored."""
    prints = np.array([_prints(path) for path in paths], np.uint64)
    kept: list[int] = []
    for i, (upright, mirrored) in enumerate(prints):
        known = prints[kept, 0]
        least = min(
            (int(np.bitwise_count(known ^ each).min()) for each in (upright, mirrored) if len(known)), default=64
        )
        if least > _TWINS:
            kept.append(i)
    return [paths[i] for i in kept]


def parts(path: Path, *, small: bool = False) -> tuple[str, ...]:
    """Disjoint parts that are pictures of their own and show something: halves, or quarters of a large one; or
    ``small`` ones, five a side."""
    size, gray = _small(path)
    large = min(size) >= _LARGE
    name = "s" if small else "q" if large else "h"
    rows, columns = grid(name, size[1], size[0])
    high, wide = gray.shape[0] // rows, gray.shape[1] // columns
    return tuple(
        f"{name}{i}"
        for i in range(rows * columns)
        if _shows(gray[i // columns * high :, i % columns * wide :][:high, :wide])
    )


def grid(part: str, high: int, wide: int) -> tuple[int, int]:
    """Into how many rows and columns a photograph is cut for a part of that name."""
    if part[0] == "h":
        return (2, 1) if high > wide else (1, 2)
    return (2, 2) if part[0] == "q" else (_SIDE, _SIDE)


def _shows(gray: npt.NDArray[np.uint8]) -> bool:
    high, wide = (extent // _BLOCK for extent in gray.shape)
    blocks = gray[: high * _BLOCK, : wide * _BLOCK].reshape(high, _BLOCK, wide, _BLOCK).astype(np.float32)
    return bool((blocks.std(axis=(1, 3)) >= _FLAT).mean() >= _EMPTY)


def _prints(path: Path) -> tuple[int, int]:
    gray = Image.fromarray(_small(path)[1])
    return tuple(  # type: ignore[return-value]  # two of two
        int(str(imagehash.phash(each)), 16) for each in (gray, gray.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )


@functools.lru_cache(maxsize=1 << 14)
def _small(path: Path) -> tuple[tuple[int, int], npt.NDArray[np.uint8]]:
    with Image.open(path) as image:
        size = image.size
        image.draft("L", (_SMALL, _SMALL))
        small = image.convert("L")
        small.thumbnail((_SMALL, _SMALL))
        return size, np.asarray(small, np.uint8)
