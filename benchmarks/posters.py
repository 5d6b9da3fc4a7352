"""Posters and printed artwork photographed again: how small may they be, and what does looking for them cost?

    python -m benchmarks.posters --pictures PICTURES [--artworks 40] [--negatives 600]

Each artwork (the kit's poster, and photographs of the test part in its place, for prints are as rich as photographs) is
laid in perspective on another picture, lit, blurred and saved as JPEG, its shorter side at a stated length. Two ways to
find it: the local features that every picture is looked at for anyway, and SIFT on the working picture.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.marks import wilson
from detectors.brand import load_kit
from detectors.features import features, unpack
from detectors.geometry import aligned
from detectors.picture import Picture

Pixels = NDArray[np.uint8]
Finder = Callable[[Pixels], int]
"""How many features of one artwork agree on a place in a gray picture."""

SEED: Final = 99
SIDES: Final = (150, 220, 320, 480)
INLIERS: Final = 12
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
    parser.add_argument("--artworks", type=int, default=40)
    parser.add_argument("--negatives", type=int, default=600)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    paths = sorted((options.pictures / "test" / "photos").iterdir())
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(paths))
    posters = [np.ascontiguousarray(load_kit("gate").picture(each)[..., 2::-1]) for each in load_kit("gate").posters]
    artworks = [*posters, *_read(paths, order[: options.artworks - len(posters)])]
    others = _read(paths, order[-options.negatives :])
    scenes = {
        side: [photographed(rng, one, others[index % len(others)], side) for index, one in enumerate(artworks)]
        for side in SIDES
    }
    print(f"{len(artworks)} artworks, {len(others)} other pictures; found: {INLIERS} features agree\n")
    print("| way | " + " | ".join(f"{side} px" for side in SIDES) + " | false alarms | ms a picture |")
    print("| --- |" + " --- |" * (len(SIDES) + 2))
    for name, way in WAYS.items():
        finders = [way(_gray(one)) for one in artworks]
        cells = []
        for side in SIDES:
            found = [find(_gray(scene)) >= INLIERS for find, scene in zip(finders, scenes[side], strict=True)]
            cells.append(wilson(sum(found), len(found)))
        began = time.process_time()
        false = sum(finders[index % len(finders)](_gray(one)) >= INLIERS for index, one in enumerate(others))
        spent = (time.process_time() - began) / len(others) * 1000
        print(f"| {name} | " + " | ".join(cells) + f" | {false} of {len(others)} | {spent:.0f} |", flush=True)
    return 0


def _gray(pixels: Pixels) -> Pixels:
    return Picture.of(np.ascontiguousarray(pixels[..., ::-1])).gray


def _read(paths: Sequence[Path], chosen: NDArray[np.intp]) -> list[Pixels]:
    return [np.asarray(cv2.imread(str(paths[int(index)]), cv2.IMREAD_COLOR), np.uint8) for index in chosen]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
