"""Classical ways to look for a mark, for comparison: each gives a picture one score and, where it can, a box."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import Kit
from detectors.colour import colour
from detectors.evidence import Box
from detectors.fingerprint import fingerprint
from detectors.picture import Picture
from detectors.resemblance import resemblances

Looked = tuple[tuple[float, Box | None], ...]
"""Scores with their places; a method that finds no place gives None for it."""
Baseline = Callable[[Picture, Kit], Looked]

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
    return _by_features(picture, kit, cv2.SIFT.create(), cv2.NORM_L2)


def by_orb(picture: Picture, kit: Kit) -> Looked:
    """ORB, ratio test, RANSAC homography: inliers."""
    return _by_features(picture, kit, cv2.ORB.create(2000), cv2.NORM_HAMMING)


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


def _by_features(picture: Picture, kit: Kit, detector: cv2.Feature2D, norm: int) -> Looked:
    best: tuple[float, Box | None] = (0.0, None)
    keypoints, seen = detector.detectAndCompute(picture.gray, None)
    if seen is None or len(keypoints) < 4:
        return (best,)
    for variant in ("mono-black", "mono-white", "current"):
        drawn = _drawn(kit, variant)
        own, known = detector.detectAndCompute(drawn, None)
        if known is None or len(own) < 4:
            continue
        pairs = cv2.BFMatcher(norm).knnMatch(known, seen, k=2)
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
        if len(good) < 4:
            continue
        ours = np.array([own[match.queryIdx].pt for match in good], np.float32)
        theirs = np.array([keypoints[match.trainIdx].pt for match in good], np.float32)
        homography, inliers = cv2.findHomography(ours, theirs, cv2.RANSAC, _REPROJECTION)
        if homography is None:
            continue
        count = float(np.count_nonzero(inliers))
        if count > best[0]:
            extent = float(drawn.shape[0])
            corners = np.array(
                [[[64, 64], [extent - 64, 64], [extent - 64, extent - 64], [64, extent - 64]]], np.float64
            )
            points = cv2.perspectiveTransform(corners, homography)[0]
            (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
            if all(math.isfinite(v) for v in (left, top, right, bottom)):
                best = (count, (float(left), float(top), float(right - left), float(bottom - top)))
    return (best,)


def _drawn(kit: Kit, variant: str) -> NDArray[np.uint8]:
    """The mark at 256 px in gray on a contrasting ground, 64 px of margin."""
    rgba = kit.picture(next(asset for asset in kit.of_mark("mark") if asset.variant == variant))
    ground = 30 if variant == "mono-white" else 245
    alpha = rgba[..., 3:].astype(np.float32) / 255
    flat = np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
    gray = cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.copyMakeBorder(gray, 64, 64, 64, 64, cv2.BORDER_CONSTANT, value=ground), np.uint8)


def _spread(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard deviation in the template's window, by the window's upper left corner."""
    window, corner = (_TEMPLATE, _TEMPLATE), (0, 0)
    mean = np.asarray(cv2.boxFilter(plane, cv2.CV_32F, window, anchor=corner), np.float32)
    square = np.asarray(cv2.boxFilter(plane * plane, cv2.CV_32F, window, anchor=corner), np.float32)
    return np.sqrt(np.maximum(square - mean * mean, 0))


def _edges(gray: cv2.typing.MatLike) -> NDArray[np.float32]:
    plane = np.asarray(gray, np.float32)
    return np.asarray(cv2.magnitude(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)), np.float32)
