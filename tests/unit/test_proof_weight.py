"""What a proof by features must amount to: how many points, over how much, and how much of it looks the same."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bot.campaign import load_campaign
from bot.copies import proof
from bot.copies.proof import Proof, Sight, prove, score_of
from detectors.evidence import Colour, MediaEvidence
from detectors.examples import scene
from detectors.features import features, unpack
from detectors.geometry import Alignment

CAMPAIGN = load_campaign()


def sight(seed: int) -> Sight:
    """A picture with its features, and no hash."""
    found = unpack(features(np.asarray(cv2.cvtColor(scene(seed), cv2.COLOR_RGB2GRAY), np.uint8)))
    assert found is not None
    evidence = MediaEvidence(
        sha256=f"{seed:064x}", kind="image", format="png", width=960, height=720, duration=None, marks=(),
        colour=Colour(score=0.0, shares={}, adjacency=0.0), resemblances=(), fingerprints=(), codes=(),
    )  # fmt: skip
    return Sight(evidence, found, np.zeros(len(found), np.bool_))


def proved(monkeypatch: pytest.MonkeyPatch, inliers: int, area: float, alike: float, askew: float = 0.0) -> Proof:
    """The proof where the geometry says this much of a part."""
    found = Alignment(
        matrix=np.diag([0.4, 0.4, 1.0]),
        pairs=np.column_stack((np.arange(inliers), np.arange(inliers))),
        covers=(1.0, 0.16),
        spans=(area, 0.16 * area),
        alike=alike,
        spread=0.4,
        askew=askew,
    )
    monkeypatch.setattr(proof, "aligned", lambda *_: found)
    told = prove(sight(1), sight(2), CAMPAIGN)
    assert told is not None
    return told


@pytest.mark.parametrize(
    ("inliers", "area", "alike", "copy"),
    [
        (7, 0.25, 0.9, True),  # a small paste-in: few points, but all looks the same
        (6, 0.9, 1.0, False),
        (9, 0.5, 0.5, False),  # what is between the points differs: as many as ever are asked
        (10, 0.5, 0.5, True),
        (14, 0.16, 0.4, False),  # one floor beneath two different things
        (14, 0.5, 0.3, True),  # words over much of it, points all over the rest
    ],
)
def test_points_area_and_likeness_make_up_for_one_another(
    monkeypatch: pytest.MonkeyPatch, inliers: int, area: float, alike: float, copy: bool
) -> None:
    """A proof is one exactly where its score reaches that of the farthest near copy."""
    told = proved(monkeypatch, inliers, area, alike)
    assert told.hollow is not copy
    bar = score_of(Proof(kind="near", distance=CAMPAIGN.copies.near), CAMPAIGN)
    assert (score_of(told, CAMPAIGN) >= bar) is copy


@pytest.mark.parametrize(("alike", "askew", "copy"), [(0.5, 0.003, True), (0.5, 0.03, False), (0.9, 0.3, True)])
def test_one_floor_beneath_two_things_is_no_copy(
    monkeypatch: pytest.MonkeyPatch, alike: float, askew: float, copy: bool
) -> None:
    """Where much differs, one must lie in the other as straight as editing lays it; a turned copy looks the same."""
    told = proved(monkeypatch, 40, 0.6, alike, askew)
    assert told.hollow is not copy
    bar = score_of(Proof(kind="near", distance=CAMPAIGN.copies.near), CAMPAIGN)
    assert (score_of(told, CAMPAIGN) >= bar) is copy
