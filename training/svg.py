"""Renders the small part of SVG that our drawings use: filled paths, rectangles, circles, polygons and groups.

Anything outside that part is an error, never a silent omission. No font, stroke, gradient or stylesheet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + c y + e, y' = b x + d y + f, as SVG orders them."""

SUPERSAMPLING = 8
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ARC_STEP = math.radians(2)


class SvgError(ValueError):
    """The drawing uses something outside the supported part of SVG."""


def render(source: str, height: int, paint: Mapping[str, str] | None = None) -> NDArray[np.uint8]:
    """Draw ``source`` as (height, width, 4) RGBA, straight alpha; ``paint`` maps element ids to ``#RRGGBB``.

    Coverage is counted on an 8 x 8 grid a pixel, which is the anti-aliasing; areas are right to 1 %. Raises SvgError.
    """
    root = ElementTree.fromstring(source)
    box = _numbers(root.get("viewBox", ""))
    if len(box) != 4:
        raise SvgError("the drawing has no viewBox")
    scale = height / box[3]
    width = round(box[2] * scale)
    paint = dict(paint or {})
    view = (scale, 0.0, 0.0, scale, -box[0] * scale, -box[1] * scale)
    colour = np.zeros((height, width, 3), np.float64)
    alpha = np.zeros((height, width, 1), np.float64)
    for fill, evenodd, outlines in _shapes(root, view, "#000000", False, paint):
        cover = _coverage(outlines, evenodd, width, height)[:, :, None]
        colour = np.array(_rgb(fill)) * cover + colour * (1 - cover)  # premultiplied "over"
        alpha = cover + alpha * (1 - cover)
    if paint:
        raise SvgError(f"nothing in the drawing has the id {min(paint)!r}")
    straight = np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0)
    drawn: NDArray[np.uint8] = np.rint(np.concatenate([straight, alpha * 255], axis=2)).astype(np.uint8)
    return drawn


Shape = tuple[str, bool, list["NDArray[np.float64]"]]


def _shapes(
    parent: ElementTree.Element, view: Matrix, fill: str, evenodd: bool, paint: dict[str, str]
) -> Iterator[Shape]:
    for element in parent:
        name = element.tag.removeprefix(_NAMESPACE)
        own = paint.pop(element.get("id", ""), "") or element.get("fill") or fill
        rule = element.get("fill-rule", "evenodd" if evenodd else "nonzero") == "evenodd"
        place = _compose(view, _transform(element.get("transform", "")))
        if name == "g":
            yield from _shapes(element, place, own, rule, paint)
        else:
            outlines = [_apply(place, points) for points in _outlines(name, element)]
            yield own, rule, outlines


def _outlines(name: str, element: ElementTree.Element) -> list[NDArray[np.float64]]:
    def number(key: str) -> float:
        return float(element.get(key, "0"))

    if name == "polygon":
        return [np.array(_numbers(element.get("points", ""))).reshape(-1, 2)]
    if name == "circle":
        turn = np.arange(0, 2 * math.pi, _ARC_STEP)
        centre = (number("cx"), number("cy"))
        return [np.stack([centre[0] + number("r") * np.cos(turn), centre[1] + number("r") * np.sin(turn)], axis=1)]
    if name == "rect":
        x, y, w, h, r = (number(key) for key in ("x", "y", "width", "height", "rx"))
        return _path(
            f"M{x + r} {y} H{x + w - r} A{r} {r} 0 0 1 {x + w} {y + r} V{y + h - r} A{r} {r} 0 0 1 {x + w - r} {y + h}"
            f" H{x + r} A{r} {r} 0 0 1 {x} {y + h - r} V{y + r} A{r} {r} 0 0 1 {x + r} {y} Z"
        )
    if name == "path":
        return _path(element.get("d", ""))
    raise SvgError(f"<{name}> is not supported")


def _path(data: str) -> list[NDArray[np.float64]]:
    """Absolute M, L, H, V, A (circles only) and Z."""
    tokens = _TOKEN.findall(data)
    outlines: list[list[tuple[float, float]]] = []
    at = 0

    def take() -> float:
        nonlocal at
        at += 1
        return float(tokens[at - 1])

    while at < len(tokens):
        command = tokens[at]
        at += 1
        if command == "Z":
            continue
        if command == "M":
            outlines.append([(take(), take())])
            continue
        if not outlines:
            raise SvgError("a path begins with M")
        line = outlines[-1]
        x, y = line[-1]
        if command == "L":
            line.append((take(), take()))
        elif command == "H":
            line.append((take(), y))
        elif command == "V":
            line.append((x, take()))
        elif command == "A":
            radius, other, _, large, sweep = (take() for _ in range(5))
            if radius != other:
                raise SvgError("only circular arcs are supported")
            line.extend(_arc((x, y), (take(), take()), radius, large != 0, sweep != 0))
        else:
            raise SvgError(f"path command {command!r} is not supported")
    return [np.array(line) for line in outlines]


def _arc(
    start: tuple[float, float], end: tuple[float, float], radius: float, large: bool, sweep: bool
) -> list[tuple[float, float]]:
    """Points along a circular arc, the end included (SVG 1.1, appendix F.6.5, for rx = ry)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    chord = math.hypot(dx, dy)
    if chord == 0 or radius == 0:
        return [end]
    radius = max(radius, chord / 2)
    rise = math.sqrt(max(radius * radius - chord * chord / 4, 0.0)) * (1 if large != sweep else -1)
    centre = ((start[0] + end[0]) / 2 - dy / chord * rise, (start[1] + end[1]) / 2 + dx / chord * rise)
    first = math.atan2(start[1] - centre[1], start[0] - centre[0])
    turn = math.atan2(end[1] - centre[1], end[0] - centre[0]) - first
    if sweep and turn < 0:
        turn += 2 * math.pi
    elif not sweep and turn > 0:
        turn -= 2 * math.pi
    steps = max(2, math.ceil(abs(turn) / _ARC_STEP))
    angles = [first + turn * i / steps for i in range(1, steps)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles] + [end]


def _coverage(outlines: list[NDArray[np.float64]], evenodd: bool, width: int, height: int) -> NDArray[np.float64]:
    """Share of each pixel that the outlines cover, (height, width); only their bounding box is worked on."""
    size = SUPERSAMPLING
    points = np.concatenate(outlines)
    left, top = (int(v) for v in np.clip(np.floor(points.min(axis=0)) - 1, 0, (width, height)))
    right, bottom = (int(v) for v in np.clip(np.ceil(points.max(axis=0)) + 1, 0, (width, height)))
    cover = np.zeros((height, width))
    if right <= left or bottom <= top:
        return cover
    canvas = np.zeros(((bottom - top) * size, (right - left) * size), np.uint8)
    fixed = [np.rint(((line - (left, top)) * size - 0.5) * 256).astype(np.int32) for line in outlines]
    if evenodd:
        cv2.fillPoly(canvas, fixed, 1, cv2.LINE_8, 8)
    else:  # our outlines never wind against each other, so a union is the nonzero rule
        for line in fixed:
            cv2.fillPoly(canvas, [line], 1, cv2.LINE_8, 8)
    cover[top:bottom, left:right] = canvas.reshape(bottom - top, size, right - left, size).mean(axis=(1, 3))
    return cover


def _transform(text: str) -> Matrix:
    matrix = _IDENTITY
    for name, arguments in re.findall(r"(\w+)\(([^)]*)\)", text):
        values = _numbers(arguments)
        if name == "translate":
            step: Matrix = (1.0, 0.0, 0.0, 1.0, values[0], values[1])
        elif name == "scale":
            step = (values[0], 0.0, 0.0, values[-1], 0.0, 0.0)
        elif name == "rotate" and len(values) == 1:
            cos, sin = math.cos(math.radians(values[0])), math.sin(math.radians(values[0]))
            step = (cos, sin, -sin, cos, 0.0, 0.0)
        else:
            raise SvgError(f"transform {name!r} is not supported")
        matrix = _compose(matrix, step)
    return matrix


def _compose(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)


def _apply(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c, d, e, f = matrix
    x, y = points[:, 0], points[:, 1]
    return np.stack([a * x + c * y + e, b * x + d * y + f], axis=1)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _rgb(colour: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise SvgError(f"colour {colour!r} is not #RRGGBB")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
