"""The benchmark's own arithmetic and compositor: what the published figures rest on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.baselines import by_features, drawn_features, laid
from benchmarks.marks import Result, wilson
from benchmarks.mix import Mix, average_precision, bands, outcome
from benchmarks.photographs import annotated
from benchmarks.prints import flat_print, poster
from benchmarks.scenes import CONDITIONS, VARIANTS, ring, scene, square
from detectors.brand import load_kit
from detectors.examples import scene as ground
from detectors.picture import Picture


def test_the_interval_is_wilsons() -> None:
    """Against published values: 15 of 20 is 0.53 to 0.89, and none of 100 reaches 0.04."""
    assert wilson(15, 20) == "0.750 (0.53-0.89)"
    assert wilson(0, 100) == "0.000 (0.00-0.04)"
    assert wilson(0, 0) == "-"


@pytest.mark.parametrize("count", [100, 199, 200, 1000, 3229])
def test_the_threshold_lets_through_no_more_than_it_says(count: int) -> None:
    """At most 0.5 % of the ordinary pictures reach it, equal scores included, and it is the least such score."""
    scores = np.round(np.random.default_rng(count).random(count) ** 4, 2)
    result = Result("x", np.zeros(1), scores, np.zeros(1), 0.0, np.zeros(1), ())
    assert np.count_nonzero(scores >= result.threshold) <= 0.005 * count
    assert np.count_nonzero(scores >= np.nextafter(result.threshold, -1)) > 0.005 * count


def test_the_drawn_mark_has_the_published_proportions() -> None:
    """The benchmark draws the mark on its own; its square is 0.184 of its ring as well."""
    areas = [cv2.contourArea(shape.astype(np.float32)) for shape in (square(), ring())]
    assert areas[0] / areas[1] == pytest.approx(0.184, abs=0.002)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_scene_changes_the_picture_at_its_box(condition: str) -> None:
    """Repeatable from its seed; strongest within the stated box, which lies in the picture."""
    background = np.full((300, 400, 3), (120, 130, 110), np.uint8)
    for number, variant in enumerate(VARIANTS):
        one = scene(np.random.default_rng(number), background, 64, variant, condition)
        again = scene(np.random.default_rng(number), background, 64, variant, condition)
        assert one is not None
        assert again is not None
        assert np.array_equal(one.rgb, again.rgb)
        x, y, w, h = one.box
        assert 0 <= x < x + w <= 400
        assert 0 <= y < y + h <= 300
        spread = one.rgb.astype(float).std(axis=2)
        middle = one.rgb[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1]
        assert middle.astype(float).std() > 1.5 * max(float(np.median(spread)), 4.0)


def test_average_precision_is_the_area_under_the_curve() -> None:
    """All first: 1. None found: 0. By hand: two of three found, one false before the second, gives (1 + 2/3) / 3."""
    assert average_precision(np.array([0.9, 0.8]), [0.7, 0.1]) == 1
    assert average_precision(np.array([-1.0, -1.0]), [0.7]) == 0
    assert average_precision(np.array([0.9, 0.5, -1.0]), [0.7]) == pytest.approx((1 + 2 / 3) / 3)


def _mix(marked: list[float], ordinary: list[float]) -> Mix:
    return Mix(
        np.array(marked * 4),
        np.repeat([True, True, False, False], len(marked)),
        np.repeat([True, False, True, False], len(marked)),
        np.array(ordinary),
        np.array([0.0]),
    )


def test_the_mix_weighs_as_it_says() -> None:
    """Weights make one whole; sure marks and clean negatives cost nobody anything; doubt is shared out by weight."""
    mix = _mix([0.9, 0.9], [0.0] * 10)
    assert sum(float(part.sum()) for part in mix.weights()) == pytest.approx(1)
    assert outcome(mix, 0.8, 0.2) == pytest.approx((0, 1, 0, 0, 0))
    half = outcome(_mix([0.9, 0.5], [0.9] + [0.0] * 9), 0.8, 0.2)
    assert half.asked == pytest.approx(0.5)
    assert half.wrong == pytest.approx(0.45 * 0.9 / 10 / (0.45 * 0.9 / 10 + 0.275))


def test_the_bands_keep_to_both_limits() -> None:
    """Above ``accept`` at most 0.5 % of the approvals are wrong; below ``absent`` at most 1 % of the marks are lost."""
    rng = np.random.default_rng(3)
    mix = _mix(list(rng.beta(9, 1, 300)), list(rng.beta(1, 12, 2000)))
    accept, absent = bands(mix)
    assert outcome(mix, accept, absent).wrong <= 0.005
    assert outcome(mix, accept, absent).absent <= 0.01
    assert 0 < absent <= accept < 1


def test_photographs_come_with_the_boxes_of_their_brand(tmp_path: Path) -> None:
    """One entry a photograph and brand, each box once; brands outside the kit, flat boxes and lost files aside."""
    pictures = tmp_path / "flickr_logos_27_dataset_images"
    pictures.mkdir()
    (pictures / "1.jpg").touch()
    (tmp_path / "flickr_logos_27_dataset_training_set_annotation.txt").write_text(
        "1.jpg Apple 1 10 20 50 80\n1.jpg Apple 2 10 20 50 80\n1.jpg Apple 1 5 5 5 9\n1.jpg Nike 1 1 1 9 9\n"
        "2.jpg Apple 1 1 1 9 9\n"
    )
    assert annotated(tmp_path, ["apple"]) == [(pictures / "1.jpg", "apple", ((10.0, 20.0, 40.0, 60.0),))]


def test_photographs_that_were_looked_at_are_left_out(tmp_path: Path) -> None:
    """Each subset holds those before it, so a photograph is known by the first that it is in."""
    pictures = tmp_path / "flickr_logos_27_dataset_images"
    pictures.mkdir()
    for number in (1, 2, 3):
        (pictures / f"{number}.jpg").touch()
    (tmp_path / "flickr_logos_27_dataset_training_set_annotation.txt").write_text(
        "3.jpg Apple 3 1 1 9 9\n1.jpg Apple 3 1 1 9 9\n1.jpg Apple 1 1 1 9 9\n2.jpg Apple 2 1 1 9 9\n"
    )
    names = [[one.path.name for one in annotated(tmp_path, ["apple"], upto)] for upto in range(4)]
    assert names == [["1.jpg", "2.jpg", "3.jpg"], ["2.jpg", "3.jpg"], ["3.jpg"], []]


def test_classical_features_find_what_they_can() -> None:
    """A large, clean lock-up on a soft scene is found at its place: the baselines are no straw men."""
    kit = load_kit("gate")
    drawing = laid(kit, next(asset for asset in kit.of_mark("lockup") if asset.variant == "mono-black"))
    shown = ground(2, 1280, 720)
    height, width = drawing.shape
    shown[100 : 100 + height, 200 : 200 + width] = drawing[..., None]
    known = drawn_features(drawing, "SIFT")
    assert known is not None
    count, box = by_features(Picture.of(shown), [known], "SIFT")
    assert count >= 12
    assert box == pytest.approx((264, 164, width - 128, height - 128), abs=6)


def test_prints_differ_by_seed_and_repeat() -> None:
    """The same seed draws the same artwork, another seed another."""
    photo = np.asarray(ground(3), np.uint8)
    for draw in (flat_print, lambda rng: poster(rng, photo)):
        first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert first.shape != other.shape or not np.array_equal(first, other)
