"""The benchmark's own arithmetic and compositor: what the published figures rest on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.marks import Result, wilson
from benchmarks.scenes import CONDITIONS, VARIANTS, ring, scene, square


def test_the_interval_is_wilsons() -> None:
    """Against published values: 15 of 20 is 0.53 to 0.89, and none of 100 reaches 0.04."""
    assert wilson(15, 20) == "0.750 (0.53-0.89)"
    assert wilson(0, 100) == "0.000 (0.00-0.04)"
    assert wilson(0, 0) == "-"


@pytest.mark.parametrize("count", [100, 199, 200, 1000, 3229])
def test_the_threshold_lets_through_no_more_than_it_says(count: int) -> None:
    """At most 0.5 % of the ordinary pictures reach it, equal scores included, and it is the least such score."""
    scores = np.round(np.random.default_rng(count).random(count) ** 4, 2)
    result = Result("x", np.zeros(1), scores, np.zeros(1), 0.0)
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
