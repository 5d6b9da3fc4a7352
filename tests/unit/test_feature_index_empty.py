"""The index of local features before anything is in it."""

from __future__ import annotations

import numpy as np

from detectors.feature_index import FeatureIndex


def test_an_empty_index_shares_nothing() -> None:
    """The first picture ever looked at has nobody to share with, and that is no error."""
    words, signatures = np.array([3, 1], dtype=np.uint16), np.array([5, 7], dtype=np.uint64)
    assert FeatureIndex().sharing(words, signatures, 1) == []
