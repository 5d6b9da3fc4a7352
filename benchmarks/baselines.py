"""Classical ways to look for a mark, for comparison: each gives a picture one score and, where it can, a box."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import WHOLE, Asset, Kit
from detectors.colour import colour
from detectors.evidence import Box
from detectors.fingerprint import fingerprint
from detectors.picture import Picture
from detectors.resemblance import resemblances

Looked = tuple[tuple[float, Box | None], ...]
"""Scores with their places; a method that finds no place gives None for it."""
Baseline = Callable[[Picture, Kit], Looked]

MARGIN: Final = 64
"""px around a drawing whose features are taken."""
_DETECTORS: Final[dict[str, Callable[[], cv2.Feature2D]]] = {
    "SIFT": cv2.SIFT.create,
    "ORB": functools.partial(cv2.ORB.create, 2000),
}
_NORMS: Final = {"SIFT": cv2.NORM_L2, "ORB": cv2.NORM_HAMMING}
_RATIO: Final = 0.8
_REPROJECTION: Final = 5.0
_TEMPLATE: Final = 24
_FLAT: Final = 8.0


def by_colour(picture: Picture, kit: Kit) -> Looked:
    """The colour detector's score alone; it has no place."""
    return ((colour(picture, kit).score, None),)


def by_hash(picture: Picture, kit: Kit) -> Looked:
    """Whole-picture PDQ beside the kit's assets."""
    found = resemblances(fingerprint(picture.rgb), kit)
    return ((-float(found[0].distance) if found else -256.0, None),)


def by_sift(picture: Picture, kit: Kit) -> Looked:
    """SIFT, ratio test, RANSAC homography: inliers."""
    return (by_features(picture, _known(kit, "mark", "SIFT"), "SIFT"),)


def by_orb(picture: Picture, kit: Kit) -> Looked:
    """ORB, ratio test, RANSAC homography: inliers."""
    return (by_features(picture, _known(kit, "mark", "ORB"), "ORB"),)


def by_template(picture: Picture, kit: Kit) -> Looked:
    """Normalised cross-correlation of gradient magnitudes over 14 scales."""
    drawn = _drawn(kit, "mono-black")
    best: tuple[float, Box | None] = (0.0, None)
    for step in range(14):
        size = 20 * 2 ** (step / 3.5)
        scale = _TEMPLATE / size
        if min(picture.gray.shape) * scale < _TEMPLATE + 8:
            continue
        small = cv2.resize(picture.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        template = cv2.resize(drawn, (_TEMPLATE, _TEMPLATE), interpolation=cv2.INTER_AREA)
        edges = _edges(small)
        fit = np.nan_to_num(cv2.matchTemplate(edges, _edges(template), cv2.TM_CCOEFF_NORMED), posinf=0, neginf=0)
        steep = _spread(edges)[: fit.shape[0], : fit.shape[1]] > _FLAT
        fit = np.where(steep, fit, np.float32(0))  # on flat ground the correlation divides by nothing
        _, high, _, (x, y) = cv2.minMaxLoc(fit)
        if high > best[0]:
            best = (float(high), (x / scale, y / scale, size, size))
    return (best,)


BASELINES: Final[dict[str, Baseline]] = {
    "colour": by_colour,
    "PDQ": by_hash,
    "SIFT": by_sift,
    "ORB": by_orb,
    "gradient template": by_template,
}


class Drawn(NamedTuple):
    """The features of one drawing: places, descriptors, and the drawing's width and height in px, its margin in."""

    places: NDArray[np.float32]
    descriptors: NDArray[Any]
    size: tuple[int, int]


def drawn_features(gray: NDArray[np.uint8], way: str) -> Drawn | None:
    """Of a drawing with its margin; None where it has too few for a homography. ``way``: "SIFT" or "ORB"."""
    places, descriptors = _DETECTORS[way]().detectAndCompute(gray, None)
    if descriptors is None or len(places) < 4:
        return None
    return Drawn(np.array([p.pt for p in places], np.float32), descriptors, (gray.shape[1], gray.shape[0]))


def by_features(picture: Picture, known: Sequence[Drawn], way: str) -> tuple[float, Box | None]:
    """The most inliers of any of the drawings, and the box of the drawing without its margin."""
    best: tuple[float, Box | None] = (0.0, None)
    places, seen = _DETECTORS[way]().detectAndCompute(picture.gray, None)
    if seen is None or len(places) < 4:
        return best
    for drawn in known:
        pairs = cv2.BFMatcher(_NORMS[way]).knnMatch(drawn.descriptors, seen, k=2)
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
        if len(good) < 4:
            continue
        theirs = np.array([places[match.trainIdx].pt for match in good], np.float32)
        homography, inliers = cv2.findHomography(
            drawn.places[[m.queryIdx for m in good]], theirs, cv2.RANSAC, _REPROJECTION
        )
        if homography is None or (count := float(np.count_nonzero(inliers))) <= best[0]:
            continue
        right, bottom = drawn.size[0] - MARGIN, drawn.size[1] - MARGIN
        corners = np.array([[[MARGIN, MARGIN], [right, MARGIN], [right, bottom], [MARGIN, bottom]]], np.float64)
        points = cv2.perspectiveTransform(corners, homography)[0]
        (x, y), (u, v) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        if all(math.isfinite(value) for value in (x, y, u, v)):
            best = (count, (x, y, u - x, v - y))
    return best


@functools.lru_cache(maxsize=4)
def _known(kit: Kit, mark: str, way: str) -> tuple[Drawn, ...]:
    chosen = (a for a in kit.of_mark(mark) if a.variant in ("mono-black", "mono-white", "current"))
    features = (drawn_features(laid(kit, asset), way) for asset in chosen if asset.box == WHOLE)
    return tuple(each for each in features if each is not None)


def laid(kit: Kit, asset: Asset) -> NDArray[np.uint8]:
    """A drawing in gray on a contrasting ground, with a margin."""
    rgba = kit.picture(asset)
    ground = 30 if asset.variant == "mono-white" else 245
    alpha = rgba[..., 3:].astype(np.float32) / 255
    flat = np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
    gray = cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY)
    return np.asarray(
        cv2.copyMakeBorder(gray, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=ground), np.uint8
    )


def _drawn(kit: Kit, variant: str) -> NDArray[np.uint8]:
    return laid(kit, next(asset for asset in kit.of_mark("mark") if asset.variant == variant))


def _spread(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard deviation in the template's window, by the window's upper left corner."""
    window, corner = (_TEMPLATE, _TEMPLATE), (0, 0)
    mean = np.asarray(cv2.boxFilter(plane, cv2.CV_32F, window, anchor=corner), np.float32)
    square = np.asarray(cv2.boxFilter(plane * plane, cv2.CV_32F, window, anchor=corner), np.float32)
    return np.sqrt(np.maximum(square - mean * mean, 0))


def _edges(gray: cv2.typing.MatLike) -> NDArray[np.float32]:
    plane = np.asarray(gray, np.float32)
    return np.asarray(cv2.magnitude(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)), np.float32)
