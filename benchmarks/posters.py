"""Posters and printed artwork photographed again: how small may they be, and what does looking for them cost?

    python -m benchmarks.posters --pictures PICTURES [--part test] [--artworks 30] [--negatives 3000] [--baselines 300]

Artworks are drawn (``benchmarks.prints``), or are photographs, for prints may be as rich as these, or as poor as a
plain shirt. Each is laid in perspective on another picture, lit, blurred and saved as JPEG, its shorter side at a
stated length: once on one photograph, once on four side by side, 1,280 px wide. Found: the detector names this artwork
with a probability of at least 0.8. Ordinary pictures are each looked at for ``TOGETHER`` of the artworks.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.marks import wilson
from benchmarks.prints import flat_print, poster
from detectors.artworks import artworks
from detectors.brand import Asset, Kit
from detectors.evidence import Mark
from detectors.features import features, unpack
from detectors.geometry import aligned
from detectors.picture import Picture

Pixels = NDArray[np.uint8]
Finder = Callable[[Pixels], int]
"""How many features of one artwork agree on a place in a gray picture."""

SEED: Final = 99
SIDES: Final = (150, 220, 320, 480)
KINDS: Final = ("posters", "flat prints", "photographs")
TOGETHER: Final = 5
INLIERS: Final = 12
_ACCEPT: Final = 0.8
_RATIO: Final = 0.75
_REPROJECTION: Final = 4.0


def photographed(rng: Generator, artwork: Pixels, background: Pixels, side: int) -> Pixels:
    """(H, W, 3): the artwork's shorter side about ``side`` px, seen from the side, unevenly lit, a little blurred."""
    height, width = artwork.shape[:2]
    ratio = side / min(height, width)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = np.radians(rng.uniform(-20, 20))
    about = (corners - corners.mean(axis=0)) * ratio
    about[:, 0] *= rng.uniform(0.85, 1.0)
    about += rng.normal(0, 0.05 * side, (4, 2))
    about = about @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    extent = np.ptp(about, axis=0)
    grow = max(1.0, 1.15 * float((extent / (background.shape[1], background.shape[0])).max()))
    scene = np.asarray(cv2.resize(background, None, fx=grow, fy=grow, interpolation=cv2.INTER_LINEAR), np.float32)
    room = np.array([scene.shape[1], scene.shape[0]]) - extent
    goal = (about - about.min(axis=0) + rng.uniform(0, 1, 2) * room).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, goal)
    if ratio < 0.5:  # as a lens would: no detail finer than a pixel
        artwork = np.asarray(cv2.GaussianBlur(artwork, (0, 0), 0.4 / ratio), np.uint8)
    size = (scene.shape[1], scene.shape[0])
    laid = cv2.warpPerspective(artwork.astype(np.float32), matrix, size)
    cover = cv2.warpPerspective(np.ones(artwork.shape[:2], np.float32), matrix, size)[..., None]
    light = np.linspace(rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.15), size[0])[None, :, None]
    mixed = (scene * (1 - cover) + laid * cover) * light
    mixed = cv2.GaussianBlur(mixed, (0, 0), rng.uniform(0.3, 0.9)) + rng.normal(0, 3, mixed.shape)
    done = np.clip(mixed, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 92))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def by_copies(artwork: Pixels) -> Finder:
    """The features that are kept of every picture."""
    known = unpack(features(artwork))

    def find(gray: Pixels) -> int:
        own = unpack(features(gray))
        found = aligned(known, own) if known is not None and own is not None else None
        return found.inliers if found is not None else 0

    return find


def by_sift(artwork: Pixels) -> Finder:
    """SIFT, ratio test, RANSAC homography."""
    detector = cv2.SIFT.create()
    ours, known = detector.detectAndCompute(artwork, None)

    def find(gray: Pixels) -> int:
        theirs, seen = detector.detectAndCompute(gray, None)
        if seen is None or known is None or len(theirs) < 2:
            return 0
        pairs = [pair for pair in cv2.BFMatcher(cv2.NORM_L2).knnMatch(known, seen, k=2) if len(pair) == 2]
        good = [first for first, second in pairs if first.distance < _RATIO * second.distance]
        if len(good) < 4:
            return 0
        here = np.array([ours[match.queryIdx].pt for match in good], np.float32)
        there = np.array([theirs[match.trainIdx].pt for match in good], np.float32)
        _, inliers = cv2.findHomography(here, there, cv2.RANSAC, _REPROJECTION)
        return 0 if inliers is None else int(inliers.sum())

    return find


WAYS: Final[dict[str, Callable[[Pixels], Finder]]] = {"features of copies": by_copies, "SIFT": by_sift}


def main(arguments: list[str]) -> int:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.posters", description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--part", default="test", choices=["test", "validation"])
    parser.add_argument("--artworks", type=int, default=30, help="of each kind")
    parser.add_argument("--negatives", type=int, default=3000)
    parser.add_argument("--baselines", type=int, default=0, help="negatives for the other ways")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    folder = options.pictures / options.part
    photos = _shuffled(sorted((folder / "photos").iterdir()))
    used, ordinary = photos[: 8 * options.artworks], photos[8 * options.artworks :]
    ordinary = _shuffled([*ordinary, *sorted((folder / "screens").iterdir())])[: options.negatives]
    drawn = {kind: [_artwork(kind, n, used) for n in range(options.artworks)] for kind in KINDS}
    scenes = {
        (kind, wide, side): [_scene(one, used, n, side, wide) for n, one in enumerate(ones)]
        for kind, ones in drawn.items()
        for wide in (False, True)
        for side in SIDES
    }
    print(f"{options.artworks} artworks of each kind, {len(ordinary)} ordinary pictures\n")
    print("| way | artworks | on | " + " | ".join(f"{side} px" for side in SIDES) + " |")
    print("| --- | --- | --- |" + " --- |" * len(SIDES))
    with tempfile.TemporaryDirectory() as folder_name:
        every = [one for ones in drawn.values() for one in ones]
        kits = [_kit(Path(folder_name), n, every[n :: len(every) // TOGETHER]) for n in range(len(every) // TOGETHER)]
        right = dict.fromkeys(scenes, 0)
        for number, kit in enumerate(kits):
            for place, file in enumerate(kit.assets):
                kind, index = divmod(number + place * len(kits), options.artworks)
                for key, shown in scenes.items():
                    right[key] += key[0] == KINDS[kind] and file.file in _named(kit, shown[index])
        _table("cascade", scenes, right)
        began = time.process_time()
        false = [
            path.name for n, kit in enumerate(kits) for path in ordinary[n :: len(kits)] if _named(kit, _read(path))
        ]
        spent = (time.process_time() - began) / max(1, len(ordinary)) * 1000
    for name, way in WAYS.items() if options.baselines else ():
        _compare(name, way, drawn, scenes, ordinary[: options.baselines])
    print(f"\nfalse alarms {wilson(len(false), len(ordinary))}: {false or 'none'}")
    print(f"{spent:.0f} ms a picture for {TOGETHER} artworks, its reading included")
    return 0


def _compare(
    name: str,
    way: Callable[[Pixels], Finder],
    drawn: dict[str, list[Pixels]],
    scenes: dict[tuple[str, bool, int], list[Pixels]],
    ordinary: Sequence[Path],
) -> None:
    finders = {kind: [way(_gray(one)) for one in ones] for kind, ones in drawn.items()}
    right = {
        key: sum(find(_gray(one)) >= INLIERS for find, one in zip(finders[key[0]], shown, strict=True))
        for key, shown in scenes.items()
    }
    every = [find for found in finders.values() for find in found]
    false = sum(every[n % len(every)](_gray(_read(path))) >= INLIERS for n, path in enumerate(ordinary))
    _table(f"{name}, {INLIERS} agree; {false} of {len(ordinary)} false", scenes, right)


def _table(
    name: str, scenes: dict[tuple[str, bool, int], list[Pixels]], right: dict[tuple[str, bool, int], int]
) -> None:
    for kind in KINDS:
        for wide in (False, True):
            cells = [wilson(right[kind, wide, side], len(scenes[kind, wide, side])) for side in SIDES]
            ground = "four photographs" if wide else "a photograph"
            print(f"| {name} | {kind} | {ground} | " + " | ".join(cells) + " |", flush=True)


def _artwork(kind: str, number: int, photos: Sequence[Path]) -> Pixels:
    rng = np.random.default_rng((SEED, number))
    if kind == "flat prints":
        return flat_print(rng)
    return poster(rng, _read(photos[number])) if kind == "posters" else _read(photos[len(photos) // 8 + number])


def _scene(artwork: Pixels, photos: Sequence[Path], number: int, side: int, wide: bool) -> Pixels:
    rng = np.random.default_rng((SEED, number, side, wide))
    grounds = [_read(path) for path in rng.choice(np.array(photos[len(photos) // 4 :]), 4)]
    if wide:
        tiles = [np.asarray(cv2.resize(ground, (640, 480)), np.uint8) for ground in grounds]
        grounds = [np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])]
    return photographed(rng, artwork, grounds[0], side)


def _kit(folder: Path, number: int, chosen: Sequence[Pixels]) -> Kit:
    """A kit of these artworks and nothing else."""
    assets = []
    for place, pixels in enumerate(chosen):
        file = folder / f"{number}-{place}.png"
        cv2.imwrite(str(file), pixels)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assets.append(Asset(file=file.name, sha256=digest, kind="poster", origin="drawn", mark="artwork"))
    return Kit(
        name="artworks", title="", hash=str(number), directory=str(folder), marks=("artwork",), colours=(), pairs=(),
        assets=tuple(assets), model=None,
    )  # fmt: skip


def _named(kit: Kit, pixels: Pixels) -> list[str | None]:
    """The artworks that are told of."""
    seen = artworks(Picture.of(np.ascontiguousarray(pixels[..., ::-1])), kit)
    return [one.variant for one in seen if isinstance(one, Mark) and one.score >= _ACCEPT]


def _gray(pixels: Pixels) -> Pixels:
    return Picture.of(np.ascontiguousarray(pixels[..., ::-1])).gray


def _shuffled(paths: Sequence[Path]) -> list[Path]:
    return [paths[int(index)] for index in np.random.default_rng(SEED).permutation(len(paths))]


def _read(path: Path) -> Pixels:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
