"""From what detectors saw, frame by frame, to one piece of evidence on the whole item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from detectors.evidence import Code, Colour, Fingerprint, LocalFeatures, Mark, Panel, Resemblance, Value
from detectors.fingerprint import hamming
from detectors.frames import Frame

__all__ = ["Report"]

SAME: Final = 10
"""PDQ bits, the reference's own tolerance, within which a later frame is still the same picture."""
FLAT: Final = 50
"""PDQ quality below which a frame is too plain to say what it resembles."""

T = TypeVar("T", bound=Value)


class Report:
    """Gathers values. In a ``still`` picture nothing is placed in time."""

    def __init__(self, *, still: bool) -> None:
        self.still = still
        self._seen: dict[int, list[Value]] = {}
        self.faults: set[str] = set()

    def add(self, frame: Frame, values: Iterable[Value]) -> None:
        """What one detector saw in one frame."""
        self._seen.setdefault(frame.index, []).extend(values if self.still else (_placed(v, frame) for v in values))

    def of(self, kind: type[T], frame: Frame | None = None) -> list[T]:
        """All values of a kind, of one frame or of all in their order."""
        indices = sorted(self._seen) if frame is None else [frame.index]
        return [value for index in indices for value in self._seen.get(index, ()) if isinstance(value, kind)]

    @property
    def best_mark(self) -> float:
        """The highest mark score so far, 0 where there is none."""
        return max((mark.score for mark in self.of(Mark)), default=0.0)

    def marks(self) -> tuple[Mark, ...]:
        """All marks, the most likely first."""
        return tuple(sorted(self.of(Mark), key=lambda mark: -mark.score))

    def colour(self) -> Colour:
        """The colours of the most telling frame."""
        return max(self.of(Colour), key=lambda seen: seen.score, default=Colour(score=0.0, shares={}, adjacency=0.0))

    def codes(self) -> tuple[Code, ...]:
        """Each text once, where it was first seen."""
        return tuple({code.text: code for code in reversed(self.of(Code))}.values())[::-1]

    def features(self) -> bytes:
        """The packed local features; empty where none were looked for."""
        return next((seen.packed for seen in self.of(LocalFeatures)), b"")

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """One of each run of frames that show the same picture."""
        kept: list[Fingerprint] = []
        for seen in self.of(Fingerprint):
            if not kept or hamming(seen.pdq, kept[-1].pdq) > SAME:
                kept.append(seen)
        return tuple(kept)

    def panels(self) -> tuple[Panel, ...]:
        """One of each run of panels that show the same picture."""
        kept: list[Panel] = []
        for seen in self.of(Panel):
            if not kept or hamming(seen.pdq, kept[-1].pdq) > SAME:
                kept.append(seen)
        return tuple(kept)

    def resemblances(self) -> tuple[Resemblance, ...]:
        """What the whole item resembles: of several frames, only what all resemble that are not plain, at its worst.

        A clip in which a poster appears is no copy of the poster. Of two distances to one asset the less counts.
        """
        frames = [self._resembles(values) for values in self._seen.values() if self.still or not _flat(values)]
        common = set.intersection(*(set(frame) for frame in frames)) if frames else set()
        worst = {asset: max(frame[asset] for frame in frames) for asset in common}
        ordered = sorted(worst.items(), key=lambda item: (item[1], item[0]))
        return tuple(Resemblance(asset=asset, distance=distance) for asset, distance in ordered)

    @staticmethod
    def _resembles(values: Sequence[Value]) -> dict[str, int]:
        seen = [value for value in values if isinstance(value, Resemblance)]
        return {value.asset: value.distance for value in sorted(seen, key=lambda value: -value.distance)}


def _flat(values: Sequence[Value]) -> bool:
    return any(isinstance(value, Fingerprint) and value.quality < FLAT for value in values)


def _placed(value: Value, frame: Frame) -> Value:
    """The value with the frame's number and time, where its kind has room for them."""
    if "frame" not in value.__struct_fields__:
        return value
    return msgspec.structs.replace(value, frame=frame.index, time=frame.seconds)
