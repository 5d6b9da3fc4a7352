"""Real photographs of plain marks: a kit of other brands, trained once by the same commands, on a public set.

    python -m benchmarks.photographs --kit KIT --set FLICKR27 --pictures PICTURES [--negatives 1000] [--looked-at 2]

FLICKR27 is the unpacked Flickr Logos 27 (Kalantidis and others, "Scalable triangulation-based logo recognition", 2011);
the kit's marks have the names of its brands in lower case. No photograph of it was near the training; those of the
subsets up to ``--looked-at``, from which one may see which forms of a mark to draw, are left out. Located: the mark
is told at all, and its box agrees with a true one by 0.3; in the last column by 0.2, for the set draws some boxes with
margins as wide as half a mark. The threshold is what 1 % of ordinary photographs of the test part reach.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines import by_features, drawn_features, laid
from benchmarks.marks import wilson
from detectors.brand import Kit, load_kit
from detectors.evidence import Box
from detectors.marks import marks
from detectors.picture import Picture
from detectors.poses import agreement

Told = list[tuple[str, float, Box]]
"""Marks by name, with a score and a box in px of the picture."""
_FALSE: Final = 0.01
_SAME: Final = 0.3
_WIDE: Final = 0.2


class Photograph(NamedTuple):
    """One picture of the set, the brand it was taken for, and where its marks are."""

    path: Path
    brand: str
    boxes: tuple[Box, ...]


def main(arguments: list[str]) -> int:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photographs", description=__doc__)
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--negatives", type=int, default=1000)
    parser.add_argument("--looked-at", type=int, default=0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    kit = load_kit(options.kit)
    photographs = annotated(options.set, kit.marks, options.looked_at)
    ordinary = sorted((options.pictures / "test" / "photos").iterdir())
    ordinary = ordinary[:: max(1, len(ordinary) // options.negatives)]
    print(f"{len(photographs)} photographs, {len(ordinary)} ordinary ones\n")
    print("| way | brand | located | at 1 % false alarms | by 0.2: located, at 1 % |\n| --- | --- | --- | --- | --- |")
    ways: dict[str, Callable[[Picture], Told]] = {"cascade": functools.partial(_cascade, kit)}
    ways |= {name: _classical(kit, name) for name in ("SIFT", "ORB")}
    for name, look in ways.items():
        told = [look(_picture(one.path)) for one in photographs]
        scores, wide = (
            np.array([_right(found, one, least) for found, one in zip(told, photographs, strict=True)])
            for least in (_SAME, _WIDE)
        )
        false = sorted((max((s for _, s, _ in look(_picture(path))), default=0.0) for path in ordinary), reverse=True)
        threshold = math.nextafter(false[int(_FALSE * len(false))], math.inf)
        for brand in (*kit.marks, "all"):
            of_it = [brand in ("all", one.brand) for one in photographs]
            hits = [
                wilson(int((chosen >= least).sum()), len(chosen))
                for chosen in (scores[of_it], wide[of_it])
                for least in (1e-6, threshold)
            ]
            print(f"| {name} | {brand} | {hits[0]} | {hits[1]} | {hits[2]}, {hits[3]} |", flush=True)
    return 0


def annotated(folder: Path, brands: Sequence[str], looked_at: int = 0) -> list[Photograph]:
    """The photographs with boxes: ``name Brand subset x1 y1 x2 y2`` a line. Each subset, five photographs a brand more
    than the one before, holds it; those of the subsets up to ``looked_at`` are left out."""
    places: dict[tuple[str, str], set[Box]] = defaultdict(set)
    left_out: set[tuple[str, str]] = set()
    text = (folder / "flickr_logos_27_dataset_training_set_annotation.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        name, brand, subset, *edges = line.split()
        left, top, right, bottom = (float(edge) for edge in edges)
        if brand.lower() in brands and right > left and bottom > top:
            places[name, brand.lower()].add((left, top, right - left, bottom - top))
            left_out |= {(name, brand.lower())} if int(subset) <= looked_at else set()
    pictures = folder / "flickr_logos_27_dataset_images"
    return [
        Photograph(pictures / name, brand, tuple(sorted(boxes)))
        for (name, brand), boxes in sorted(places.items())
        if (name, brand) not in left_out and (pictures / name).is_file()
    ]


def _right(told: Told, one: Photograph, least: float) -> float:
    """The best score of the brand at a true place, 0 where there is none."""
    here = (each for each in told if each[0] == one.brand)
    return max((score for _, score, box in here if any(agreement(box, true) >= least for true in one.boxes)), default=0)


def _cascade(kit: Kit, picture: Picture) -> Told:
    return [(mark.name, mark.score, mark.box) for mark in marks(picture, kit)]


def _classical(kit: Kit, way: str) -> Callable[[Picture], Told]:
    """All drawings of every mark, the best of each."""
    features = {m: [drawn_features(laid(kit, asset), way) for asset in kit.of_mark(m)] for m in kit.marks}
    known = {mark: [each for each in several if each is not None] for mark, several in features.items()}

    def look(picture: Picture) -> Told:
        found = ((mark, *by_features(picture, drawings, way)) for mark, drawings in known.items())
        return [(mark, count, box) for mark, count, box in found if box is not None]

    return look


def _picture(path: Path) -> Picture:
    pixels: NDArray[np.uint8] = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)
    return Picture.of(np.ascontiguousarray(pixels[..., ::-1]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
