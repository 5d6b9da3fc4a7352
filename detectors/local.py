"""The local features of a picture as evidence: those that lie on the kit's own posters are left out.

What everybody may show alike says nothing on who copied whom. Small marks are left in: the marks' detector places them.
"""

from __future__ import annotations

import functools
from typing import Final

import cv2
import numpy as np

from detectors.brand import Kit
from detectors.evidence import LocalFeatures
from detectors.features import Features, features, unpack, without
from detectors.geometry import aligned, inside
from detectors.picture import Picture

__all__ = ["seen"]

SURE: Final = 12
"""Features that agree on where a poster lies: five times what unrelated photographs reached by chance."""


def seen(picture: Picture, kit: Kit) -> tuple[LocalFeatures, ...]:
    """At most one value; none where there is nothing of the picture's own to hold on to."""
    packed = features(picture.gray)
    own = unpack(packed)
    if own is None:
        return ()
    official = np.zeros(len(own), np.bool_)
    for poster in _posters(kit):
        found = aligned(poster, own)
        if found is not None and found.inliers >= SURE:
            official |= inside(own.points, found.matrix, poster)
    if official.any():
        packed = without(packed, official)
    return () if official.all() else (LocalFeatures(packed=packed),)


@functools.lru_cache(maxsize=4)
def _posters(kit: Kit) -> tuple[Features, ...]:
    """The features of the kit's posters."""
    grays = (cv2.cvtColor(np.ascontiguousarray(kit.picture(p)[..., :3]), cv2.COLOR_RGB2GRAY) for p in kit.posters)
    found = (unpack(features(np.asarray(gray, np.uint8))) for gray in grays)
    return tuple(poster for poster in found if poster is not None)
