"""Brand marks as they get onto things: which drawing of the kit, how large, how turned, how faded."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from bot.demo.drawing import Pixels, Spot, on_square, stamp, turned
from detectors.brand import Kit, load_kit
from detectors.evidence import Value


class Print(Value):
    """A mark to lay onto a thing. ``size`` is its longer side in px of the picture; ``degrees`` beside the thing's own
    turn; ``dx``, ``dy`` from where the thing usually carries one; ``lean`` 0..1: how much its right side recedes."""

    drawing: str
    size: float
    degrees: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    lean: float = 0.0
    opacity: float = 1.0


def laid(pixels: Pixels, mark: Print | None, at: Spot, degrees: float) -> Pixels:
    """The picture with the mark at that place of a thing which is itself turned; as it is without a mark."""
    if mark is None:
        return pixels
    place = turned(at[0] + mark.dx, at[1] + mark.dy, mark.size, mark.size, degrees + mark.degrees, mark.lean)
    return stamp(pixels, drawing(mark.drawing), place, mark.opacity)


def drawing(name: str) -> Pixels:
    """A drawing of the kit as ``mark/variant``, or a stranger's sign as ``other/name``, on a transparent square.
    KeyError where there is none."""
    return _OTHERS[name]() if name in _OTHERS else on_square(_drawing(name))


@functools.lru_cache(maxsize=64)
def _drawing(name: str) -> Pixels:
    wanted, _, variant = name.partition("/")
    for asset in kit().assets:
        if asset.mark == wanted and asset.variant == variant:
            return kit().picture(asset)
    raise KeyError(name)


def poster() -> Pixels:
    """The kit's official poster, (H, W, 3)."""
    rgba = kit().picture(kit().posters[0])
    return np.ascontiguousarray(rgba[..., :3])


@functools.lru_cache(maxsize=1)
def kit() -> Kit:
    """The brand kit that the campaign's pictures show."""
    return load_kit("gate")


def _power() -> Pixels:
    """A power button: a ring open at the top, with a bar."""
    sign = np.zeros((512, 512, 4), np.uint8)
    cv2.ellipse(sign, (256, 270), (190, 190), 0, -60, 240, (40, 44, 52, 255), 52, cv2.LINE_AA)
    cv2.line(sign, (256, 40), (256, 230), (40, 44, 52, 255), 52, cv2.LINE_AA)
    return sign


def _pie() -> Pixels:
    """A pie chart with its piece pulled out: no hole, and a wedge where the mark has a square."""
    sign = np.zeros((512, 512, 4), np.uint8)
    cv2.ellipse(sign, (250, 262), (220, 220), 0, 0, 270, (52, 120, 200, 255), cv2.FILLED, cv2.LINE_AA)
    cv2.ellipse(sign, (272, 240), (220, 220), 0, 270, 360, (240, 170, 60, 255), cv2.FILLED, cv2.LINE_AA)
    return sign


def _initial() -> Pixels:
    """The round letter G of somebody else, with a bar to its middle."""
    sign = np.zeros((512, 512, 4), np.uint8)
    cv2.ellipse(sign, (256, 256), (200, 200), 0, 0, 315, (234, 88, 60, 255), 74, cv2.LINE_AA)
    cv2.line(sign, (262, 256), (456, 256), (60, 130, 240, 255), 74, cv2.LINE_AA)
    return sign


def _patch() -> Pixels:
    """The brand's colours and nothing of its shapes: a mint patch sewn onto blue cloth."""
    sign = np.zeros((512, 512, 4), np.uint8)
    cv2.rectangle(sign, (16, 96), (496, 416), (0, 104, 255, 255), cv2.FILLED)
    cv2.rectangle(sign, (300, 190), (440, 350), (23, 230, 161, 255), cv2.FILLED)
    return sign


_OTHERS = {"other/patch": _patch, "other/power": _power, "other/pie": _pie, "other/initial": _initial}
