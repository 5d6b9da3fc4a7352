"""One item through all detectors: what comes together, what is spared, and what a broken detector costs."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from detectors import examine as subject
from detectors.brand import Kit, load_kit
from detectors.evidence import Examined, Fingerprint, Mark, MediaEvidence, Resemblance, Unreadable
from detectors.examine import DETECTORS, VERSIONS, View, examine
from detectors.examples import of_marks, scene
from detectors.frames import Frame
from detectors.limits import Limits
from detectors.picture import Picture
from detectors.report import Report

Pixels = npt.NDArray[np.uint8]
Clip = Callable[..., bytes]


@pytest.fixture(scope="module")
def kit() -> Kit:
    return load_kit("gate")


@pytest.fixture(scope="module")
def marked(kit: Kit) -> Pixels:
    """A scene of 960 x 720 with the mark in it."""
    return of_marks(kit)[0].picture.rgb


def png(pixels: Pixels) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=1)
    return held.getvalue()


def evidence(examined: Examined) -> MediaEvidence:
    assert isinstance(examined, MediaEvidence), examined
    return examined


class Watched:
    """Counts the stages."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.stages[stage] += 1
        yield


def test_a_picture_with_a_mark(kit: Kit, marked: Pixels) -> None:
    """A still picture: one fingerprint without a moment, the mark at its place, all versions named."""
    seen = evidence(examine(png(marked), kit))
    assert (seen.kind, seen.format, seen.width, seen.height, seen.duration) == ("image", "png", 960, 720, None)
    assert [(print_.frame, print_.time) for print_ in seen.fingerprints] == [(None, None)]
    best = seen.marks[0]
    assert best.score >= 0.5
    x, y, w, h = best.box
    assert abs(x + w / 2 - 480) < 30
    assert abs(y + h / 2 - 360) < 30
    assert seen.colour.score > 0.5
    assert seen.detectors == VERSIONS
    assert seen.faults == ()


def test_evidence_is_the_same_every_time_and_survives_json(kit: Kit, marked: Pixels) -> None:
    """Stored and fresh evidence are equal."""
    data = png(marked)
    seen = examine(data, kit)
    assert seen == examine(data, kit)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Examined) == seen


def test_a_mark_shown_late_in_a_video(kit: Kit, marked: Pixels, clip_of: Clip) -> None:
    """A mark that appears in the last third is found, with the frame and time where it stands."""
    seen = evidence(examine(clip_of([scene(1)] * 20 + [marked] * 10), kit))
    assert (seen.kind, seen.duration) == ("video", 3.0)
    best = seen.marks[0]
    assert best.score >= 0.5
    assert best.frame is not None
    assert best.frame >= 20
    assert best.time == pytest.approx(best.frame / 10)


def test_a_mark_in_a_later_frame_of_an_animation(kit: Kit, marked: Pixels) -> None:
    """The same for a picture that moves, which stays an image and has no duration."""
    held = io.BytesIO()
    Image.fromarray(scene(1)).save(
        held, "WEBP", save_all=True, append_images=[Image.fromarray(marked)], duration=200, lossless=True
    )
    seen = evidence(examine(held.getvalue(), kit))
    assert (seen.kind, seen.duration) == ("image", None)
    assert [print_.frame for print_ in seen.fingerprints] == [0, 1]
    assert (seen.marks[0].frame, seen.marks[0].time) == (1, 0.2)


def test_a_still_scene_is_fingerprinted_once(kit: Kit, clip_of: Clip) -> None:
    """Frames that show the same picture share one fingerprint; another picture has its own."""
    seen = evidence(examine(clip_of([scene(1)] * 30 + [scene(2)] * 30), kit))
    assert [print_.frame for print_ in seen.fingerprints] == [0, 30]


def test_costly_detectors_stop_when_sure(kit: Kit, marked: Pixels, clip_of: Clip) -> None:
    """Marks are sought in a few frames, and in more only while none scores enough; cheap detectors see all."""
    data = clip_of([scene(n // 2, 320, 240) for n in range(80)])
    limits = Limits(marks_first=2, marks_most=8, enough=0.0)
    sure, unsure = Watched(), Watched()
    examine(data, kit, limits, sure)
    examine(data, kit, msgspec.structs.replace(limits, enough=1.0), unsure)
    assert sure.stages["marks"] == 2
    assert 4 < unsure.stages["marks"] <= 8
    assert sure.stages["fingerprint"] == unsure.stages["fingerprint"] >= 16


def test_more_samples_than_allowed_are_refused(kit: Kit, clip_of: Clip) -> None:
    """A video of endless cuts is not half looked at: it is refused, and a person looks."""
    data = clip_of([scene(n, 64, 64) for n in range(30)])
    assert examine(data, kit, Limits(samples=5)) == Unreadable(reason="too_many_frames")


def test_a_broken_detector_is_a_fault_and_no_more(
    kit: Kit, marked: Pixels, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others go on, the name stands in the evidence, the traceback in the log."""

    def fail(_: View) -> tuple[Mark, ...]:
        raise ZeroDivisionError("a bug")

    broken = tuple(replace(d, look=fail) if d.name == "marks" else d for d in DETECTORS)
    monkeypatch.setattr(subject, "DETECTORS", broken)
    seen = evidence(examine(png(marked), kit))
    assert seen.faults == ("marks",)
    assert seen.marks == ()
    assert len(seen.fingerprints) == 1
    assert "ZeroDivisionError: a bug" in caplog.text


def test_want_of_memory_is_no_bug(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left to the process that granted the memory."""

    def starve(_: View) -> tuple[Mark, ...]:
        raise MemoryError

    monkeypatch.setattr(subject, "DETECTORS", tuple(replace(d, look=starve) for d in DETECTORS))
    with pytest.raises(MemoryError):
        examine(png(scene(1, 64, 64)), kit)


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"text", "unknown_format"), (b"\x00\x00\x00\x18ftypisomxx", "corrupt")]
)
def test_bad_bytes_are_a_value(kit: Kit, data: bytes, reason: str) -> None:
    """Never an exception."""
    assert examine(data, kit) == Unreadable(reason=reason)


def frame(index: int) -> Frame:
    return Frame(index, index / 10, Picture.of(np.zeros((4, 4, 3), np.uint8)))


def print_of(quality: int = 100) -> Fingerprint:
    return Fingerprint(pdq="0" * 64, orientations=("0" * 64,), phash="0" * 16, quality=quality)


def test_a_clip_resembles_only_what_all_its_frames_do() -> None:
    """A poster in one frame does not make a clip a copy of the poster; frames too plain to tell do not count."""
    report = Report(still=False)
    report.add(frame(0), [print_of(), Resemblance(asset="a", distance=4), Resemblance(asset="b", distance=9)])
    report.add(frame(1), [print_of(quality=10)])
    report.add(frame(2), [print_of(), Resemblance(asset="a", distance=12)])
    assert report.resemblances() == (Resemblance(asset="a", distance=12),)
    report.add(frame(3), [print_of()])
    assert report.resemblances() == ()


def test_marks_of_several_frames_stand_best_first() -> None:
    """The whole item's marks, each with its frame."""
    report = Report(still=False)
    for index, score in ((3, 0.7), (1, 0.9), (2, 0.7)):
        report.add(frame(index), [Mark(name="mark", score=score, box=(0, 0, 1, 1))])
    assert [(mark.score, mark.frame) for mark in report.marks()] == [(0.9, 1), (0.7, 2), (0.7, 3)]
    assert report.best_mark == 0.9
