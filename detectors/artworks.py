"""Where a photograph shows an artwork of the kit: a poster on a wall, a print on a shirt. Rich artwork is what local
features are good at, as plain marks are what they fail on. Two stages, the second asked where the first left doubt:

1. glance: many cheap features of the whole picture (ORB: Rublee et al., "ORB: an efficient alternative to SIFT or
   SURF", 2011); every pair of alike ones proposes where the artwork would lie, and enough of them must agree.
2. closer: that part of the picture alone, at its full size, by the features that copies are found by; they prove it.

A picture that is an artwork as a whole, cropped or framed but never photographed, is told as resembling it: it is the
operators' picture and not the author's. Nothing is drawn at random. A kit without artworks costs nothing.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import Asset, Kit
from detectors.evidence import Mark, Resemblance
from detectors.features import Features, features, unpack
from detectors.fingerprint import fingerprint, hamming
from detectors.geometry import aligned, mapped, outline
from detectors.picture import Picture
from detectors.poses import shared

VERSION: Final = "1"
GLANCED: Final = 6
"""Places of a picture that agree on where the artwork lies, from which it is looked at closer."""

_SIDES: Final = (560, 280, 140)  # px of an artwork's shorter side at which it is known at a glance
_CLOSER: Final = (300, 150)  # and closer
_LEAST_SIDE: Final = 32  # px of a picture
_FEATURES: Final = 800  # of a picture
_KNOWN: Final = 400  # of an artwork at one size
_CONTRASTS: Final = (12, 8)  # of a corner; the second where the first gives too few: corners that weak are slow to sort
_ENOUGH: Final = 0.97  # ORB gives a few less than it is asked for
_ROWS: Final = 32
_PAIRS: Final = 250
_FARTHEST: Final = 64  # bits of 256 in which two features of one thing may differ
_LOOSE: Final = 0.06  # of the artwork's extent, by which a proposal may miss
_OCTAVES: Final = 0.6
_RADIANS: Final = 0.5
_CELL: Final = 0.04  # of the artwork's extent: what agrees within one is one place
_AROUND: Final = 0.3
_LEAST_SPAN: Final = 0.06  # of the artwork, within the features that agree: a logo on it is not the artwork
_LEAST_ALIKE: Final = 0.2
_EVEN: Final = 10.0  # agreeing features at which it is as likely as not, and per _STEP the log-odds rise by one
_STEP: Final = 0.7
_OVERLAP: Final = 0.3
_SQUARE: Final = 0.015  # of its sides, by which a whole picture's corners may be off a rectangle: no camera is so exact
_WHOLE: Final = 0.5  # of the picture, from which it may be the artwork as a whole

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


class _Points(NamedTuple):
    """ORB features: (n, 4) x, y, diameter (px) and angle (degrees), and (n, 32) uint8 descriptors."""

    places: Floats
    codes: Pixels


class _Artwork(NamedTuple):
    asset: Asset
    gray: Pixels
    points: _Points
    features: tuple[Features, ...]


class Found(NamedTuple):
    """An artwork in a picture: ``quad`` (4, 2) are its corners, clockwise from its upper left, in px of the working
    picture; ``agreeing`` counts the features that say so."""

    asset: Asset
    agreeing: int
    quad: Floats


def artworks(picture: Picture, kit: Kit) -> tuple[Mark | Resemblance, ...]:
    """Each artwork that the picture shows, the most likely first, under the mark's name that the kit gives it."""
    told: list[Mark | Resemblance] = []
    for one in found(picture, kit):
        left, top = np.clip(one.quad.min(axis=0), 0, picture.gray.shape[::-1])
        right, bottom = np.clip(one.quad.max(axis=0), 0, picture.gray.shape[::-1])
        x, y, w, h = (round(float(v) * picture.scale, 1) for v in (left, top, right - left, bottom - top))
        score = round(1 / (1 + math.exp(min(40.0, (_EVEN - one.agreeing) * _STEP))), 4)
        told.append(
            Mark(name=str(one.asset.mark), score=score, box=(x, y, w, h), stage="artwork", variant=one.asset.file)
        )
        distance = _distance(picture.gray, one, kit)
        if distance is not None:
            told.append(Resemblance(asset=one.asset.file, distance=distance))
    return tuple(told)


def found(picture: Picture, kit: Kit) -> list[Found]:
    """The artworks, best first, one a place."""
    known = _artworks(kit)
    seen = _points(picture.gray, _FEATURES) if known else None
    looked = [] if seen is None else [_closer(picture.gray, each, _glance(each.points, seen)) for each in known]
    kept: list[Found] = []
    for one in sorted((each for each in looked if each), key=lambda each: (-each.agreeing, each.asset.file)):
        if all(shared(_box(one.quad), _box(other.quad)) < _OVERLAP for other in kept):
            kept.append(one)
    return kept


@functools.lru_cache(maxsize=4)
def _artworks(kit: Kit) -> tuple[_Artwork, ...]:
    known = []
    for asset in kit.posters:
        if asset.mark is None:
            continue
        gray = np.asarray(cv2.cvtColor(np.ascontiguousarray(kit.picture(asset)[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)
        at_sizes = [(ratio, _points(small, _KNOWN)) for ratio, small in _sized(gray, _SIDES)]
        points = [(p.places / (ratio, ratio, ratio, 1.0), p.codes) for ratio, p in at_sizes if p is not None]
        closer = [unpack(features(small)) for _, small in _sized(gray, _CLOSER)]
        if points:
            places, codes = (np.concatenate(column) for column in zip(*points, strict=True))
            close = tuple(each for each in closer if each is not None)
            known.append(_Artwork(asset, gray, _Points(places, codes), close))
    return tuple(known)


def _sized(gray: Pixels, sides: tuple[int, ...]) -> list[tuple[float, Pixels]]:
    """The picture with its shorter side at each of these, never enlarged, and the ratio."""
    ratios = dict.fromkeys(min(1.0, side / min(gray.shape)) for side in sides)
    return [
        (ratio, np.asarray(cv2.resize(gray, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA), np.uint8))
        for ratio in ratios
    ]


def _points(gray: Pixels, most: int) -> _Points | None:
    if min(gray.shape) < _LEAST_SIDE:
        return None
    for contrast in _CONTRASTS:
        detector = cv2.ORB.create(nfeatures=most, scaleFactor=1.3, nlevels=6, fastThreshold=contrast, edgeThreshold=15)
        places, codes = detector.detectAndCompute(gray, None)
        if len(places) >= _ENOUGH * most:
            break
    if codes is None or not len(places):
        return None
    return _Points(np.array([(*p.pt, p.size, p.angle) for p in places]), np.asarray(codes, np.uint8))


def _glance(known: _Points, seen: _Points) -> Floats | None:
    """The (2, 3) similarity from the artwork to the picture that most places agree with; None where too few do."""
    distances, nearest = _nearest(seen.codes, known.codes)
    asked = np.argsort(distances, kind="stable")[: min(_PAIRS, int((distances <= _FARTHEST).sum()))]
    if len(asked) < GLANCED:
        return None
    p, q = known.places[nearest[asked]], seen.places[asked]
    grown, turned = np.log2(q[:, 2] / p[:, 2]), np.radians(q[:, 3] - p[:, 3])
    extent = 2**grown * np.hypot(*np.ptp(known.places[:, :2], axis=0))
    # As complex numbers: the artwork turned and scaled by one, then moved.
    ours, theirs = p[:, 0] + 1j * p[:, 1], q[:, 0] + 1j * q[:, 1]
    linear = 2**grown * np.exp(1j * turned)
    off = np.abs(np.outer(linear, ours) + (theirs - linear * ours)[:, None] - theirs)
    spin = np.abs((turned[:, None] - turned + np.pi) % (2 * np.pi) - np.pi)
    agree = (np.abs(grown[:, None] - grown) <= _OCTAVES) & (spin <= _RADIANS) & (off <= _LOOSE * extent[:, None])
    best = int(agree.sum(axis=1).argmax())
    p, q = p[agree[best], :2], q[agree[best], :2]
    cells = np.floor(q / max(4.0, _CELL * extent[best])).astype(np.int64)
    return _similarity(p, q) if len(np.unique(cells, axis=0)) >= GLANCED else None


def _nearest(asked: Pixels, known: Pixels) -> tuple[NDArray[np.uint16], NDArray[np.intp]]:
    """Of each descriptor, the bits by which the nearest of the known differs, and which it is. By words of 64 bits, a
    few rows at a time so that they stay in the cache: a third of what OpenCV's matchers take."""
    words, columns = asked.view(np.uint64), np.ascontiguousarray(known.view(np.uint64).T)
    nearest, distances = np.empty(len(words), np.intp), np.empty(len(words), np.uint16)
    for start in range(0, len(words), _ROWS):
        rows = words[start : start + _ROWS]
        bits = np.zeros((len(rows), len(known)), np.uint16)
        for row, column in zip(rows.T, columns, strict=True):
            bits += np.bitwise_count(row[:, None] ^ column)
        nearest[start : start + _ROWS] = best = bits.argmin(axis=1)
        distances[start : start + _ROWS] = bits[np.arange(len(rows)), best]
    return distances, nearest


def _similarity(p: Floats, q: Floats) -> Floats:
    """(2, 3), by least squares."""
    one, none = np.ones(len(p)), np.zeros(len(p))
    rows = np.concatenate(
        [np.stack([p[:, 0], -p[:, 1], one, none], axis=1), np.stack([p[:, 1], p[:, 0], none, one], axis=1)]
    )
    a, b, x, y = np.linalg.lstsq(rows, np.concatenate([q[:, 0], q[:, 1]]))[0]
    return np.array([[a, -b, x], [b, a, y]])


def _closer(gray: Pixels, artwork: _Artwork, place: Floats | None) -> Found | None:
    """The part of the picture where the artwork seems to lie, looked at by itself."""
    if place is None:
        return None
    height, width = artwork.gray.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) @ place[:, :2].T + place[:, 2]
    margin = _AROUND * np.ptp(corners, axis=0).max()
    left, top = (int(v) for v in np.clip(corners.min(axis=0) - margin, 0, gray.shape[::-1]))
    right, bottom = (int(v) for v in np.clip(np.ceil(corners.max(axis=0) + margin), 0, gray.shape[::-1]))
    own = unpack(features(gray[top:bottom, left:right])) if min(right - left, bottom - top) > 0 else None
    if own is None:
        return None
    best: Found | None = None
    for known in artwork.features:
        fit = aligned(known, own)
        if fit is None or fit.spans[0] < _LEAST_SPAN or fit.alike < _LEAST_ALIKE:
            continue
        if best is None or fit.inliers > best.agreeing:
            ratio = np.array([(right - left) / own.width, (bottom - top) / own.height])
            best = Found(artwork.asset, fit.inliers, mapped(fit.matrix, outline(known)) * ratio + (left, top))
    return best


def _distance(gray: Pixels, one: Found, kit: Kit) -> int | None:
    """Bits in which the artwork and the picture differ where both show it; None where the picture only has it on it, or
    shows it as a camera sees it."""
    size = np.array(gray.shape[::-1])
    low, high = np.clip(one.quad.min(axis=0), 0, size), np.clip(one.quad.max(axis=0), 0, size)
    spread = np.ptp(one.quad, axis=0)
    upright = one.quad.min(axis=0) + spread * np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    if np.prod(high - low) < _WHOLE * np.prod(size) or np.abs(one.quad - upright).max() > _SQUARE * spread.max():
        return None
    artwork = next(each.gray for each in _artworks(kit) if each.asset.file == one.asset.file)
    scale = np.array(artwork.shape[::-1]) / spread
    (x0, y0), (x1, y1) = (np.rint((edge - upright[0]) * scale).astype(int) for edge in (low, high))
    (u0, v0), (u1, v1) = (np.rint(edge).astype(int) for edge in (low, high))
    ours, theirs = fingerprint(artwork[y0:y1, x0:x1]), fingerprint(gray[v0:v1, u0:u1])
    return hamming(ours.pdq, theirs.pdq)


def _box(quad: Floats) -> tuple[float, float, float, float]:
    (x, y), (right, bottom) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    return x, y, right - x, bottom - y
