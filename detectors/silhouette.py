"""Finds a kit's marks by their outline alone: what works for any colour where the mark stands plain on its ground.

The picture is cut at several gray levels (and at the brand's own colours); each blob is normalised by its second
moments, which takes out place, size and any affine skew but a turn (Rothe, Susse, Voss, "The method of normalization to
determine invariants", 1996); the turn is found by circular correlation of polar samples with those of the drawn mark.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.brand import WHOLE, Kit
from detectors.evidence import Box
from detectors.poses import agreement, box

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

LEVELS: Final = (45, 90, 130, 170, 215)
SMALLEST: Final = 14
"""Shorter side of a blob's box, px, below which an outline tells nothing."""

_RADII: Final = 16
_ANGLES: Final = 72
_REACH: Final = 2.4  # standard deviations of the blob that the polar samples reach
_TURN: Final = 50.0  # degrees either way that a mark may be turned
_LEAST: Final = 0.62
_CANVAS: Final = 96
_MOST_BLOBS: Final = 400
_BRIDGE: Final = np.ones((2, 2), np.uint8)
_FRAME: Final = 2  # px laid around the picture
_OFF_FRAME: Final = np.array([[0.0, 0.0, _FRAME], [0.0, 0.0, _FRAME]])


class Outline(NamedTuple):
    """A blob that resembles a mark: ``similarity`` -1..1 is the correlation with the drawn silhouette; ``pose`` is the
    (2, 3) affine matrix from the drawing's unit square to the picture."""

    mark: str
    similarity: float
    pose: Matrix


class _Drawn(NamedTuple):
    mark: str
    spectrum: NDArray[np.complex64]  # of the zero-mean, unit-norm polar samples, along the angle
    to_unit: Matrix  # (2, 3): from normalised coordinates to the drawing's unit square
    fill: float  # area over the area of the convex hull


def in_tones(gray: NDArray[np.uint8], kit: Kit, longest: int) -> list[Outline]:
    """Blobs of ``gray`` (H, W), reduced to a long side of ``longest`` px and cut at ``LEVELS``, that resemble marks."""
    drawn = _drawings(kit)
    scale = min(1.0, longest / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else gray
    framed = _framed(small, _ground(small))
    found: list[Outline] = []
    for level in LEVELS if drawn else ():
        for tone in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV):
            _, cut = cv2.threshold(framed, level, 255, tone)
            found += _in_mask(np.asarray(cut, np.uint8), drawn)
    return [one._replace(pose=(one.pose - _OFF_FRAME) / scale) for one in found]


def in_mask(mask: NDArray[np.uint8], kit: Kit) -> list[Outline]:
    """Blobs of a 0/255 mask (H, W) that resemble a mark of the kit."""
    drawn = _drawings(kit)
    found = _in_mask(_framed(mask, 0), drawn) if drawn else []
    return [one._replace(pose=one.pose - _OFF_FRAME) for one in found]


_LOCAL: Final = (0.2, 0.35, 0.5, 0.65, 0.8)


def at(gray: NDArray[np.uint8], kit: Kit, mark: str, pose: Matrix) -> Outline | None:
    """The blob at about that place and of about that size that resembles the mark most, cut at levels of its own."""
    drawn = tuple(each for each in _drawings(kit) if each.mark == mark)
    x, y, w, h = box(pose)
    reach = 0.25 * max(w, h) + 3
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    crop = gray[top : math.ceil(y + h + reach), left : math.ceil(x + w + reach)]
    if not drawn or min(crop.shape) < 8:
        return None
    scale = 64 / max(w, h)
    size = (max(8, round(crop.shape[1] * scale)), max(8, round(crop.shape[0] * scale)))
    small = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
    framed = _framed(small, _ground(small))
    low, high = np.percentile(framed, (2, 98))
    if high - low < 8:
        return None
    place = ((x - left) * scale + _FRAME, (y - top) * scale + _FRAME, w * scale, h * scale)
    best: Outline | None = None
    for share in _LOCAL:
        for tone in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV):
            _, cut = cv2.threshold(framed, low + share * (high - low), 255, tone)
            for one in _in_mask(np.asarray(cut, np.uint8), drawn, place):
                if best is None or one.similarity > best.similarity:
                    best = one
    if best is None:
        return None
    moved = (best.pose - _OFF_FRAME) / scale
    moved[:, 2] += left, top
    return best._replace(pose=moved)


def _framed(plane: NDArray[np.uint8], value: float) -> NDArray[np.uint8]:
    framed = cv2.copyMakeBorder(plane, _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_CONSTANT, value=value)
    return np.asarray(framed, np.uint8)


def _ground(gray: NDArray[np.uint8]) -> float:
    """The median along the picture's border: framed in it, a blob that touches the border is a blob of its own."""
    return float(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))


def silhouettes(kit: Kit) -> dict[str, NDArray[np.uint8]]:
    """One silhouette a mark: the alpha of its first drawing that stands alone (fills its picture), 0..255."""
    chosen: dict[str, NDArray[np.uint8]] = {}
    for asset in kit.assets:
        if asset.kind == "mark" and asset.mark and asset.mark not in chosen and asset.box == WHOLE:
            chosen[asset.mark] = kit.picture(asset)[..., 3]
    return chosen


def _in_mask(mask: NDArray[np.uint8], drawn: tuple[_Drawn, ...], place: Box | None = None) -> list[Outline]:
    # parts that meet at a corner come apart when sampled: the tone grows by a pixel, and gives it back in _blob
    contours, _ = cv2.findContours(cv2.dilate(mask, _BRIDGE), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found: list[Outline] = []
    looked = 0
    for contour in contours:
        if len(contour) < 8:
            continue
        x, y, w, h = cv2.boundingRect(contour)
        if min(w, h) < SMALLEST or max(w, h) > 2.2 * min(w, h):
            continue
        if place is not None and agreement((x, y, w, h), place) < 0.4:
            continue
        hull = cv2.contourArea(cv2.convexHull(contour))
        if hull < 0.4 * w * h:
            continue
        looked += 1
        if looked > _MOST_BLOBS:
            break
        found += _match(_blob(mask, contour, (x, y, w, h)), (x, y), hull, drawn)
    return found


def _blob(mask: NDArray[np.uint8], contour: cv2.typing.MatLike, box: tuple[int, int, int, int]) -> Floats:
    """The blob's own pixels in its box, 0 or 1, its holes left out and its neighbours too."""
    x, y, w, h = box
    inside = np.zeros((h, w), np.uint8)
    cv2.drawContours(inside, [contour - (x, y)], -1, 1, cv2.FILLED)
    return np.asarray(inside * (mask[y : y + h, x : x + w] > 0), np.float32)


def _match(blob: Floats, corner: tuple[int, int], hull: float, drawn: tuple[_Drawn, ...]) -> list[Outline]:
    area = float(blob.sum())
    close = [template for template in drawn if 0.72 < area / hull / template.fill < 1.4]
    if not close:
        return []
    scale = 1.0
    if max(blob.shape) > _CANVAS:
        scale = _CANVAS / max(blob.shape)
        size = (max(2, round(blob.shape[1] * scale)), max(2, round(blob.shape[0] * scale)))
        blob = np.asarray(cv2.resize(blob, size, interpolation=cv2.INTER_AREA), np.float32)
    samples, normal = _polar(blob)
    if normal is None:
        return []
    spectrum = np.fft.rfft(samples, axis=1)
    found: list[Outline] = []
    for template in close:
        fit = np.fft.irfft((spectrum * template.spectrum.conj()).sum(axis=0), _ANGLES)
        best = int(np.argmax(np.where(_ALLOWED, fit, -1.0)))
        if fit[best] < _LEAST:
            continue
        turn = 2 * math.pi * best / _ANGLES
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        linear = normal[:, :2] @ rotation @ np.linalg.inv(template.to_unit[:, :2])
        shift = normal[:, 2] - linear @ template.to_unit[:, 2]
        pose = np.concatenate([linear, shift[:, None]], axis=1) / scale
        pose[:, 2] += corner
        found.append(Outline(template.mark, float(fit[best]), pose))
    return found


_DEGREES: Final = np.arange(_ANGLES) * 360.0 / _ANGLES
_ALLOWED: Final = np.minimum(_DEGREES, 360.0 - _DEGREES) <= _TURN
_WEIGHTS: Final = np.sqrt(np.arange(_RADII, dtype=np.float32) + 0.5)[:, None]  # rings of equal step differ in area


def _polar(blob: Floats) -> tuple[Floats, Matrix | None]:
    """Polar samples (radii, angles) of the normalised blob, zero mean and unit norm, and the (2, 3) matrix from
    normalised to blob coordinates; None where it has no extent."""
    m = cv2.moments(blob)
    if m["m00"] < 1:
        return np.zeros((_RADII, _ANGLES), np.float32), None
    covariance = np.array([[m["mu20"], m["mu11"]], [m["mu11"], m["mu02"]]]) / m["m00"]
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < 0.5 or values[1] > 8 * values[0]:
        return np.zeros((_RADII, _ANGLES), np.float32), None
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    centre = np.array([m["m10"], m["m01"]]) / m["m00"]
    places = (root @ _grid()).reshape(2, _RADII, _ANGLES) + centre[:, None, None]
    samples = cv2.remap(
        blob,
        places[0].astype(np.float32),
        places[1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    weighted = (samples - samples.mean()) * _WEIGHTS
    norm = float(np.linalg.norm(weighted))
    return (weighted / max(norm, 1e-6)).astype(np.float32), np.concatenate([root, centre[:, None]], axis=1)


@functools.lru_cache(maxsize=1)
def _grid() -> Matrix:
    radius = (np.arange(_RADII) + 0.5) * _REACH / _RADII
    angle = np.arange(_ANGLES) * 2 * math.pi / _ANGLES
    return np.stack([np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))]).reshape(2, -1)


@functools.lru_cache(maxsize=4)
def _drawings(kit: Kit) -> tuple[_Drawn, ...]:
    drawn: list[_Drawn] = []
    for mark, alpha in silhouettes(kit).items():
        contours, _ = cv2.findContours((alpha > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if len(contours) != 1 or max(alpha.shape) > 2 * min(alpha.shape):
            continue  # letters beside a mark are no single outline
        height, width = alpha.shape
        ratio = _CANVAS / max(alpha.shape)
        small = np.float32(1 / 255) * cv2.resize(alpha, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        samples, normal = _polar(np.asarray(small, np.float32))
        if normal is None:
            continue
        to_unit = np.diag([1 / (width * ratio), 1 / (height * ratio)]) @ normal
        hull = cv2.contourArea(cv2.convexHull(contours[0])) * ratio * ratio
        spectrum = np.fft.rfft(samples, axis=1).astype(np.complex64)
        drawn.append(_Drawn(mark, spectrum, to_unit, float(small.sum()) / hull))
    return tuple(drawn)
