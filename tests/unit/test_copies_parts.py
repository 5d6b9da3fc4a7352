"""Which doubtful links count once the points are left out that many of a picture's links share."""

from __future__ import annotations

import pytest

from bot.copies.parts import CROWD, SHARED_BY, common, counts, is_clear

ALL = (1 << 100) - 1


@pytest.mark.parametrize(("left", "wanted"), [(9, False), (39, False), (40, True), (100, True)])
def test_two_in_five_points_must_be_left(left: int, wanted: bool) -> None:
    """A template agrees on a hundred points, of which its other links show most: the rest makes no copy."""
    assert counts(ALL, ALL >> left, 10) is wanted


@pytest.mark.parametrize(("left", "wanted"), [(9, False), (10, True)])
def test_a_copy_needs_its_least_points(left: int, wanted: bool) -> None:
    """However many of a small link's points are its own."""
    assert counts((1 << left) - 1, 0, 10) is wanted


def test_points_are_everybodys_from_the_fourth_link_or_in_a_crowd_from_the_third() -> None:
    """Counted over all doubtful links of a picture, each point for itself."""
    assert common([0b11] * (SHARED_BY + 1)) == 0b11
    assert common([0b11] * SHARED_BY) == 0
    others = [0b10 << i for i in range(CROWD - 2)]
    assert common([0b1, 0b1, 0b1, *others[1:]]) == 0b1
    assert common([0b1, 0b1, *others]) == 0


@pytest.mark.parametrize(("alike", "doubtful", "clear"), [(0.9, False, True), (0.89, False, False), (1.0, True, False)])
def test_what_shows_clearly_the_same_counts_whatever_its_points(alike: float, doubtful: bool, clear: bool) -> None:
    """Nine tenths must look alike; a doubtful link is never clear."""
    assert is_clear(alike, doubtful=doubtful) is clear
