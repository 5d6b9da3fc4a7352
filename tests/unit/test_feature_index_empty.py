"""The index of local features before anything is in it."""

from __future__ import annotations

import numpy as np

from detectors.feature_index import FeatureIndex
from detectors.features import Codes


def test_an_empty_index_shares_nothing() -> None:
    """The first picture ever looked at has nobody to share with, and that is no error."""
    asked = Codes(np.array([3, 1], np.uint16), np.array([5, 7], np.uint64), np.array([2, 9], np.uint32))
    assert FeatureIndex().sharing(asked, 1) == []
