"""The index of local features over made-up ones: what it holds, and since when."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import feature_index
from detectors.feature_index import FeatureIndex
from detectors.features import Codes


def made(seed: int, count: int) -> Codes:
    """Features of few words, signatures and places, so that many pictures agree at some."""
    rng = np.random.default_rng(seed)
    return Codes(
        rng.integers(0, 5, count).astype(np.uint16) * np.uint16(3000),
        rng.integers(0, 4, count).astype(np.uint64),
        (rng.integers(100, 130, count) | rng.integers(100, 130, count) << 8 | 64 << 24).astype(np.uint32),
    )


def test_an_empty_index_shares_nothing() -> None:
    """The first picture ever looked at has nobody to share with, and that is no error."""
    assert FeatureIndex().sharing(made(1, 2), 1) == []


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40)), max_size=8),
    st.integers(-1, 60),
    st.integers(0, 8),
    st.sampled_from([8, 64, 8192]),
)
def test_what_came_after_a_key_is_found_wherever_it_lies(
    pictures: list[tuple[int, int]], above: int, filled: int, newest: int
) -> None:
    """Some filled at once and some one by one, sealed or not: with ``above`` just those of later keys are found, with
    the places that they have in an index of their own."""
    asked = made(0, 40)
    keys = [7 * number + 3 for number in range(len(pictures))]
    held = [made(seed, count) for seed, count in pictures]
    expected: list[tuple[int, int]] = []
    for key, codes in zip(keys, held, strict=True):
        alone = FeatureIndex()
        alone.add(key, codes)
        expected += alone.sharing(asked, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feature_index, "_NEWEST", newest)
        index = FeatureIndex()
        index.fill(zip(keys[:filled], held[:filled], strict=True))
        for key, codes in zip(keys[filled:], held[filled:], strict=True):
            index.add(key, codes)
        assert index.sharing(asked, 2) == expected
        found = {key: places for batch, _ in index.batches(asked, 2, above=above) for key, places in batch.items()}
    assert found == {key: places for key, places in expected if key > above}
    assert len(index) == sum(count for _, count in pictures)
