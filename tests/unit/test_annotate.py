"""What is drawn into copies of pictures, and pictures as rows of a terminal."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from bot.media.annotate import best_frame, drawn, half_blocks, outlines, png, side_by_side
from detectors.evidence import Colour, Mark, MediaEvidence, MediaKind


def test_a_box_is_drawn_where_it_is() -> None:
    """At half scale a box lies at half its coordinates, and the picture around it is untouched."""
    evidence = _evidence((Mark(name="mark", score=0.9, box=(100.0, 100.0, 60.0, 40.0)),))
    image = drawn(np.zeros((120, 160, 3), np.uint8), 2.0, outlines(evidence))
    pixels = np.asarray(image)
    assert pixels[50:71, 50].any(axis=1).all()
    assert pixels[70, 50:81].any(axis=1).all()
    assert not pixels[90:, 100:].any()
    assert png(image).startswith(b"\x89PNG")


@pytest.mark.parametrize("at", [(0.0, 0.0), (280.0, 0.0), (0.0, 150.0), (290.0, 215.0)])
def test_words_cover_neither_what_they_name_nor_each_other(at: tuple[float, float]) -> None:
    """At any edge: inside the two outlines nothing is drawn but the smaller outline, and both words can be seen."""
    x, y = at
    marks = (
        Mark(name="mark", score=0.9, box=(x, y, 24.0, 24.0)),
        Mark(name="lockup", score=0.9, box=(x, y, 30.0, 24.0)),
    )
    black = np.zeros((240, 320, 3), np.uint8)
    both, one, other = (
        np.asarray(drawn(black, 1.0, outlines(_evidence(some)))) for some in (marks, marks[:1], marks[1:])
    )
    top, left = int(y), int(x)
    assert not both[top + 3 : top + 22, left + 3 : left + 21].any()
    inked = [int((picture == 255).all(axis=2).sum()) for picture in (both, one, other)]
    assert inked[0] == inked[1] + inked[2]


def test_a_video_shows_the_marks_of_its_frame_alone() -> None:
    """The frame of the best mark is chosen, and only its marks are drawn."""
    marks = tuple(
        Mark(name="mark", score=s, box=(0.0, 0.0, 9.0, 9.0), frame=f, time=f / 25) for s, f in ((0.5, 3), (0.9, 30))
    )
    evidence = _evidence(marks, kind="video")
    assert best_frame(evidence) == 30
    assert [o.words for o in outlines(evidence, 30)] == ["mark 0.90"]
    assert best_frame(_evidence((), kind="video")) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (300, 400), (7, 5)])
def test_half_blocks_fit_their_cells(shape: tuple[int, int]) -> None:
    """Any shape of picture: at most so many rows and columns, and each row ends with its colours reset."""
    rows = half_blocks(np.full((*shape, 3), 128, np.uint8), 40, 12)
    assert 1 <= len(rows) <= 12
    assert all(1 <= row.count("▀") <= 40 and row.endswith("\x1b[0m") for row in rows)
    assert all(re.fullmatch(r"(\x1b\[38;2;128;128;128;48;2;128;128;128m▀)+\x1b\[0m", row) for row in rows)


def test_two_pictures_side_by_side_have_one_height() -> None:
    """Whatever their sizes."""
    both = side_by_side(Image.new("RGB", (100, 50)), Image.new("RGB", (30, 300)))
    assert both.size == (600 + 30 + 8, 300)


def _evidence(marks: tuple[Mark, ...], kind: MediaKind = "image") -> MediaEvidence:
    return MediaEvidence(
        sha256="ab" * 32,
        kind=kind,
        format="png",
        width=320,
        height=240,
        duration=None,
        marks=marks,
        colour=Colour(score=0.0, shares={}, adjacency=0.0),
        resemblances=(),
        fingerprints=(),
        codes=(),
    )
