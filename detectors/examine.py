"""One media item looked at by all detectors: bytes in, evidence out. START READING HERE.

    bytes -> decoded once -> one frame of a picture, a few of an animation, two a second of a video
          -> every frame: the detectors that cost little
          -> few frames: those that cost much, the rest only while nothing sure was found
          -> evidence

No clock, network or database: the same bytes and kit give the same evidence on any machine. To add a detector, write
its file and add one line to ``DETECTORS``.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from detectors import (
    artworks,
    codes,
    colour,
    examples,
    features,
    fingerprint,
    frames,
    local,
    marks,
    panels,
    pasted,
    picture,
    resemblance,
)
from detectors.animation import shots
from detectors.brand import Kit
from detectors.evidence import Colour, Examined, Fingerprint, MediaEvidence, MediaKind, Unreadable, Value
from detectors.examples import Example
from detectors.formats import VIDEO, sniff
from detectors.frames import Frame, open_video
from detectors.limits import Limits, UnfitError
from detectors.picture import Picture
from detectors.report import Report

__all__ = ["DETECTORS", "VERSIONS", "Detector", "View", "Watch", "examine"]

log = logging.getLogger(__name__)

Watch = Callable[[str], AbstractContextManager[object]]
"""Given a stage's name, a context that is entered when the stage starts and left when it ends: costs are measured by
who watches, so that none can enter the evidence."""


@dataclass(frozen=True, eq=False)
class View:
    """What a detector is given: one decoded frame and the brand kit. ``fingerprint`` is made once for all."""

    picture: Picture
    kit: Kit

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The whole-picture hashes of this frame."""
        return fingerprint.fingerprint(self.picture.gray)


@dataclass(frozen=True)
class Detector:
    """One detector: ``look`` gives what it sees in one frame, and ``examples`` pictures that show how it should.

    ``costly`` detectors see few frames of a video, those for ``stills`` none; the others see all that are sampled.
    """

    name: str
    version: str
    look: Callable[[View], Iterable[Value]]
    examples: Callable[[Kit], tuple[Example, ...]]
    costly: bool = False
    stills: bool = False


DETECTORS: Final = (
    Detector(
        "fingerprint",
        fingerprint.VERSION,
        lambda v: (v.fingerprint, *panels.seen(v.picture, v.kit)),
        examples.of_fingerprint,
    ),
    Detector(
        "resemblance",
        resemblance.VERSION,
        lambda v: resemblance.resemblances(v.fingerprint, v.kit),
        examples.of_resemblance,
    ),
    Detector("features", features.VERSION, lambda v: local.seen(v.picture, v.kit), examples.of_features, stills=True),
    Detector("colour", colour.VERSION, lambda v: (colour.colour(v.picture, v.kit),), examples.of_colour),
    Detector(
        "artworks",
        artworks.VERSION,
        lambda v: artworks.artworks(v.picture, v.kit),
        examples.of_artworks,
        costly=True,
    ),
    Detector("codes", codes.VERSION, lambda v: codes.codes(v.picture), examples.of_codes, costly=True),
    Detector(
        "marks",
        f"{marks.VERSION}.{pasted.VERSION}",
        lambda v: (pasted.judged(v.picture, mark) for mark in marks.marks(v.picture, v.kit)),
        examples.of_marks,
        costly=True,
    ),
)

VERSIONS: Final[dict[str, str]] = {
    "picture": picture.VERSION,
    "frames": frames.VERSION,
    **{detector.name: detector.version for detector in DETECTORS},
}
"""Name to version of everything that evidence depends on, beside the kit."""


def examine(data: bytes, kit: Kit, limits: Limits | None = None, watch: Watch = nullcontext) -> Examined:
    """What all detectors see in one image or video, or why it cannot be read. Never raises on bad content.

    A detector that raises is named in ``faults``, its traceback logged, and the others go on. ``watch`` is told the
    stages: "decode" and each detector's name.
    """
    limits = limits or Limits()
    look = _Look(kit, limits, watch)
    try:
        return look.at_video(data) if sniff(data) in VIDEO else look.at_image(data)
    except UnfitError as unfit:
        return Unreadable(reason=unfit.reason)


@dataclass(frozen=True)
class _Look:
    kit: Kit
    limits: Limits
    watch: Watch

    def at_image(self, data: bytes) -> MediaEvidence:
        """A still picture, or the shots of an animated one, which stays an image without a duration."""
        with self.watch("decode"):
            seen = shots(data, self.limits)
        first = seen[0].picture
        report = self._through(seen, still=len(seen) == 1)
        return _evidence(data, "image", first.format, first.width, first.height, None, report)

    def at_video(self, data: bytes) -> Examined:
        with self.watch("decode"):
            video = open_video(data, self.limits)
        if isinstance(video, Unreadable):
            return video
        report = self._through(self._decoded(video.frames()), still=False)
        return _evidence(data, "video", video.format, video.width, video.height, video.duration, report)

    def _decoded(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for _ in range(self.limits.samples):
            with self.watch("decode"):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame
        raise UnfitError("too_many_frames")

    def _through(self, frames: Iterable[Frame], *, still: bool) -> Report:
        """The cheap detectors on every frame; the costly ones on a few, and on more only while nothing is sure."""
        report, few = Report(still=still), _Few(self.limits.marks_most)
        for frame in frames:
            view = View(frame.picture, self.kit)
            self._ask(report, frame, view, costly=False)
            few.offer(frame, view, max((colour.score for colour in report.of(Colour, frame)), default=0.0))
        for count, (frame, view) in enumerate(few.most_telling_first()):
            if count >= self.limits.marks_first and report.best_mark >= self.limits.enough:
                break
            self._ask(report, frame, view, costly=True)
        return report

    def _ask(self, report: Report, frame: Frame, view: View, *, costly: bool) -> None:
        for detector in DETECTORS:
            if detector.costly == costly and (report.still or not detector.stills):
                with self.watch(detector.name):
                    try:
                        report.add(frame, tuple(detector.look(view)))
                    except MemoryError:
                        raise  # the grant is too small for this item, which is no bug of the detector's
                    except Exception:  # a bug in one detector must not cost what the others see
                        log.exception("detector %s failed", detector.name)
                        report.faults.add(detector.name)


class _Few:
    """Keeps at most ``most`` frames of any number, spread over the whole, of each stretch the one most telling."""

    def __init__(self, most: int) -> None:
        self._most, self._stretch, self._offered = most, 1, 0
        self._kept: list[tuple[float, Frame, View]] = []

    def offer(self, frame: Frame, view: View, telling: float) -> None:
        """The next frame, and how telling its colours are (0..1)."""
        place = self._offered // self._stretch
        self._offered += 1
        if place == len(self._kept):
            self._kept.append((telling, frame, view))
        elif telling > self._kept[place][0]:
            self._kept[place] = (telling, frame, view)
        if len(self._kept) > self._most:
            self._stretch *= 2
            pairs = [self._kept[i : i + 2] for i in range(0, len(self._kept), 2)]
            self._kept = [max(pair, key=lambda kept: kept[0]) for pair in pairs]

    def most_telling_first(self) -> list[tuple[Frame, View]]:
        """What was kept; where colours tell nothing, the middle before the ends."""
        middle = (len(self._kept) - 1) / 2
        ranked = sorted(enumerate(self._kept), key=lambda item: (-item[1][0], abs(item[0] - middle), item[0]))
        return [(frame, view) for _, (_, frame, view) in ranked]


def _evidence(
    data: bytes, kind: MediaKind, form: str, width: int, height: int, duration: float | None, report: Report
) -> MediaEvidence:
    return MediaEvidence(
        sha256=hashlib.sha256(data).hexdigest(),
        kind=kind,
        format=form,
        width=width,
        height=height,
        duration=duration,
        marks=report.marks(),
        colour=report.colour(),
        resemblances=report.resemblances(),
        fingerprints=report.fingerprints(),
        codes=report.codes(),
        faults=tuple(sorted(report.faults)),
        detectors=VERSIONS,
        features=report.features(),
        panels=report.panels(),
    )
