"""Artwork of the kit in photographs: found askew and small, not where only its logo is; its file is no photograph."""

from __future__ import annotations

import functools

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from detectors.artworks import _nearest, artworks, found
from detectors.brand import Kit, load_kit
from detectors.evidence import Mark, Resemblance
from detectors.examine import examine
from detectors.examples import scene
from detectors.picture import Picture

Pixels = npt.NDArray[np.uint8]
Quad = list[tuple[int, int]]


@functools.cache
def kit() -> Kit:
    return load_kit("gate")


@functools.cache
def poster() -> Pixels:
    return np.ascontiguousarray(kit().picture(kit().posters[0])[..., :3])


def hung(quad: Quad, width: int = 1280, height: int = 960) -> Pixels:
    """The poster with its corners there, on a scene."""
    tall, wide = poster().shape[:2]
    corners = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
    place = np.array(quad, np.float32)
    ratio = float(np.ptp(place[:, 1])) / tall
    soft = cv2.GaussianBlur(poster(), (0, 0), max(0.3, 0.4 / ratio))
    matrix = cv2.getPerspectiveTransform(corners, place)
    shown = scene(7, width, height)
    return np.asarray(
        cv2.warpPerspective(soft, matrix, (width, height), dst=shown, borderMode=cv2.BORDER_TRANSPARENT), np.uint8
    )


QUADS: dict[str, Quad] = {
    "small": [(700, 400), (852, 405), (850, 596), (698, 590)],
    "seen from the side": [(300, 200), (560, 260), (560, 560), (300, 620)],
    "turned": [(640, 200), (900, 330), (740, 650), (480, 520)],
    "filling the picture": [(160, 10), (900, 40), (930, 940), (140, 900)],
}


@pytest.mark.parametrize("name", QUADS)
def test_a_poster_on_a_wall_is_found_where_it_hangs(name: str) -> None:
    """One mark of the name that the kit gives it, surely, in a box around its corners; no official picture itself."""
    seen = artworks(Picture.of(hung(QUADS[name])), kit())
    assert [type(one) for one in seen] == [Mark]
    assert isinstance(seen[0], Mark)
    assert (seen[0].name, seen[0].variant, seen[0].stage) == ("artwork", "poster-stand-in.png", "artwork")
    assert seen[0].score >= 0.95
    (x, y), (right, bottom) = np.min(QUADS[name], axis=0), np.max(QUADS[name], axis=0)
    assert np.abs(np.array(seen[0].box) - (x, y, right - x, bottom - y)).max() <= 0.06 * (bottom - y)


def test_boxes_are_in_pixels_of_the_full_picture() -> None:
    """A picture of twice the working size: the box is where people see the poster."""
    quad = [(2 * x, 2 * y) for x, y in QUADS["seen from the side"]]
    (one,) = artworks(Picture.of(hung(quad, 2560, 1920)), kit())
    assert isinstance(one, Mark)
    assert np.abs(np.array(one.box) - (600, 400, 520, 840)).max() <= 40


@pytest.mark.parametrize(
    ("cut", "margin"),
    [((0, 0, 1080, 1350), 0), ((0, 0, 1080, 1350), 90), ((40, 60, 1080, 1300), 0), ((0, 0, 1080, 1000), 0)],
)
def test_the_file_itself_is_told_as_resembling_it(cut: tuple[int, int, int, int], margin: int) -> None:
    """Whole, on a margin, a little cut or with a quarter gone: it is the operators' picture."""
    x, y, right, bottom = cut
    part = poster()[y:bottom, x:right]
    framed = cv2.copyMakeBorder(part, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    seen = artworks(Picture.of(np.asarray(framed, np.uint8)), kit())
    assert any(isinstance(one, Resemblance) and one.distance <= 31 for one in seen)


def test_the_logo_alone_is_not_the_poster() -> None:
    """The lock-up out of the poster, large on another ground, is no artwork."""
    shown = scene(8, 1280, 960)
    corner = poster()[40:170, 40:400]
    shown[300:560, 300:1020] = cv2.resize(corner, (720, 260), interpolation=cv2.INTER_CUBIC)
    assert all(one.score < 0.5 for one in artworks(Picture.of(shown), kit()) if isinstance(one, Mark))


@pytest.mark.parametrize("seed", range(6))
def test_nothing_where_nothing_is(seed: int) -> None:
    """Scenes with things in them show no artwork; nor does one tone."""
    drawn, rng = scene(seed), np.random.default_rng(seed)
    for _ in range(80):
        at = (int(rng.integers(960)), int(rng.integers(720)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(drawn, at, int(rng.integers(5, 50)), colour, int(rng.integers(1, 6)), cv2.LINE_AA)
    assert artworks(Picture.of(drawn), kit()) == ()
    assert artworks(Picture.of(np.full((300, 400, 3), 40 * seed, np.uint8)), kit()) == ()


def test_a_poster_without_a_name_is_not_looked_for() -> None:
    """The name is what the campaign can count; without it a poster is compared as a whole only."""
    nameless = tuple(msgspec.structs.replace(a, mark=None) if a.kind == "poster" else a for a in kit().assets)
    bare = msgspec.structs.replace(kit(), assets=nameless, hash="nameless")
    assert found(Picture.of(hung(QUADS["turned"])), bare) == []


def test_evidence_holds_it() -> None:
    """Looked at as a whole item, the poster stands among the marks."""
    data = cv2.imencode(".jpg", hung(QUADS["turned"])[..., ::-1])[1].tobytes()
    seen = examine(data, kit())
    assert "artwork" in {mark.name for mark in getattr(seen, "marks", ())}


@pytest.mark.parametrize(("asked", "known"), [(1, 1), (33, 7), (64, 400), (300, 90)])
def test_the_nearest_descriptor_is_opencvs(asked: int, known: int) -> None:
    """Our search by words finds what OpenCV's does, the first of equally near ones too."""
    numbers = np.random.default_rng(asked)
    theirs = numbers.integers(0, 256, (known, 32), np.uint8)
    ours = theirs[numbers.integers(0, known, asked)] ^ (numbers.integers(0, 256, (asked, 32), np.uint8) & 0x11)
    distances, nearest = _nearest(ours, theirs)
    table, places = cv2.batchDistance(ours, theirs, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=1)
    assert distances.tolist() == table[:, 0].tolist()
    assert nearest.tolist() == places[:, 0].tolist()
