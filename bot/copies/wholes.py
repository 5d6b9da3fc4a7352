"""Whether two media repeat each other by the hashes of whole pictures: of stills, of panels in them, of frames in
sequence. Pure on a pair, and the same whichever of the two came first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from bot.campaign import Campaign
from detectors.evidence import Fingerprint, MediaEvidence, Panel, Value

LEAST_QUALITY: Final = 50  # PDQ's own bound: below it a picture is too flat for its hash to mean anything
BITS: Final = 256
_IN_SEQUENCE: Final = 56
"""Bits within which two frames of clips may be one moment, sampled up to a quarter of a second apart, where another
pair is near and all come in one sequence. The least distance among unrelated photographs is 74."""

Print = Fingerprint | Panel


class Repeat(Value):
    """``distance``: PDQ bits, least over orientations and frames. ``panel``: it rests on a picture within one of the
    two."""

    kind: Literal["near", "partial"]
    distance: int
    panel: bool = False


def hashes(evidence: MediaEvidence) -> list[Fingerprint]:
    """The fingerprints that are not too flat to be compared."""
    return [f for f in evidence.fingerprints if f.quality >= LEAST_QUALITY]


def panels(evidence: MediaEvidence) -> list[Panel]:
    """The panels that are not too flat to be compared."""
    return [p for p in evidence.panels if p.quality >= LEAST_QUALITY]


def held(evidence: MediaEvidence) -> list[Print]:
    """The hashes under which an index holds a medium."""
    return [*hashes(evidence), *panels(evidence)]


def repeat(first: MediaEvidence, second: MediaEvidence, campaign: Campaign) -> Repeat | None:
    """Two stills are near within ``[copies] near`` bits in any of the 8 orientations, partial where a panel of one is
    that near to the other or to its panel. Two clips that are that near somewhere have frames in common in sequence:
    near where these are at least ``clip_near`` of the frames of both, partial for ``clip_partial`` of either. A still
    that equals a frame of a clip is a partial copy."""
    moving = _moves(first), _moves(second)
    whole, parts = (hashes(first), hashes(second)), (panels(first), panels(second))
    found = _matched(*whole, moving, campaign)
    for ours, theirs in ((whole[0], parts[1]), (parts[0], whole[1]), parts):
        if found is not None and found.kind == "near":
            return found
        by_panel = _matched(ours, theirs, moving, campaign)
        if by_panel is not None and (found is None or by_panel.kind == "near"):
            found = Repeat(kind=by_panel.kind if all(moving) else "partial", distance=by_panel.distance, panel=True)
    return found


def distance(first: MediaEvidence, second: MediaEvidence) -> int:
    """The least PDQ distance of any frames of two media, in any orientation; 256 where one has no hash."""
    a, b = hashes(first), hashes(second)
    return int(_distances(a, b).min()) if a and b else BITS


def least_distance(views: Sequence[str], pdqs: Sequence[str]) -> int:
    """The least PDQ distance between any of the one and any of the other; 257 where either is empty."""
    if not views or not pdqs:
        return BITS + 1
    return int(np.bitwise_count(_bits(views)[:, None, :] ^ _bits(pdqs)[None, :, :]).sum(axis=2, dtype=np.int32).min())


def _moves(evidence: MediaEvidence) -> bool:
    """Whether a medium is a sequence: a video, or an animation, of which one frame in common makes no copy."""
    return evidence.kind == "video" or len(evidence.fingerprints) > 1


def _matched(a: Sequence[Print], b: Sequence[Print], moving: tuple[bool, bool], campaign: Campaign) -> Repeat | None:
    if not a or not b:
        return None
    table = _distances(a, b)
    matched, least = table <= campaign.copies.near, int(table.min())
    if not matched.any():
        return None
    if not all(moving):
        return Repeat(kind="partial" if any(moving) else "near", distance=least)
    run = _run(table <= max(_IN_SEQUENCE, campaign.copies.near))
    if run >= campaign.copies.clip_near * max(len(a), len(b)):
        return Repeat(kind="near", distance=least)
    return Repeat(kind="partial", distance=least) if run >= campaign.copies.clip_partial * min(len(a), len(b)) else None


def _run(matched: npt.NDArray[np.bool_]) -> int:
    """The most frames that match in sequence: the longest chain of pairs in which both frames come later and later.
    (Fredman 1975: of the chains of each length, the one that ends earliest is worth keeping.)"""
    ends: list[int] = []
    for row in matched:
        for column in np.flatnonzero(row)[::-1].tolist():
            place = bisect_left(ends, column)
            ends[place : place + 1] = [column]
    return len(ends)


def _bits(pdqs: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(pdqs)), dtype=np.uint8).reshape(len(pdqs), 32)


def _distances(a: Sequence[Print], b: Sequence[Print]) -> npt.NDArray[np.int32]:
    """(len(a), len(b)) least Hamming distances over the 8 orientations of each of ``a``."""
    views, flat = _bits([v for f in a for v in f.orientations]), _bits([f.pdq for f in b])
    table = np.bitwise_count(views[:, None, :] ^ flat[None, :, :]).sum(axis=2, dtype=np.int32)
    return np.asarray(table.reshape(len(a), -1, len(b)).min(axis=1))
