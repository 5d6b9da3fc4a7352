"""``match`` by local features: parts are found, placed in the query's pixels, drawn; a frame alone is no copy."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from bot.campaign import load_campaign
from bot.copies.matching import Item, Matcher, score_of
from bot.media.annotate import side_by_side
from detectors.brand import load_kit
from detectors.evidence import MediaEvidence
from detectors.examine import examine
from detectors.examples import scene

CAMPAIGN = load_campaign()
Pixels = npt.NDArray[np.uint8]


def picture(seed: int) -> Pixels:
    drawn, rng = scene(seed), np.random.default_rng(seed)
    for _ in range(60):
        at = (int(rng.integers(960)), int(rng.integers(720)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(drawn, at, int(rng.integers(5, 50)), colour, int(rng.integers(1, 6)), cv2.LINE_AA)
    return drawn


@functools.cache
def item(name: str) -> Item:
    """As the command sees a file: PNG bytes through all detectors."""
    whole = picture(1)
    if name == "part":
        whole = whole[150:600, 200:860]
    elif name == "pasted":
        ground = picture(2)
        ground[300:660, 60:540] = cv2.resize(whole, (480, 360), interpolation=cv2.INTER_AREA)
        whole = ground
    elif name == "another":
        whole = picture(3)
    _, data = cv2.imencode(".png", np.ascontiguousarray(whole)[..., ::-1])
    seen = examine(data.tobytes(), load_kit("gate"))
    assert isinstance(seen, MediaEvidence)
    return Item(path=name, real=f"/{name}", evidence=seen)


@pytest.mark.parametrize(
    ("query", "corners"),
    [
        ("part", [(-200, -150), (760, -150), (760, 570), (-200, 570)]),
        ("pasted", [(60, 300), (540, 300), (540, 660), (60, 660)]),
    ],
)
def test_the_whole_is_found_in_the_query_where_it_lies(query: str, corners: list[tuple[float, float]]) -> None:
    """A part: the whole reaches beyond the query's edges. A paste-in: it lies within. To 2 % of the query's width."""
    (match,) = Matcher([item("whole"), item("another")], CAMPAIGN).matches(item(query))
    assert (match.path, match.kind) == ("whole", "partial")
    assert match.inliers is not None
    assert match.inliers >= 15
    assert match.quad is not None
    assert np.abs(np.array(match.quad) - corners).max() <= 20
    assert score_of(CAMPAIGN.copies.near) <= match.score <= 1


def test_the_same_from_the_other_side() -> None:
    """With index and query exchanged, kind, points and score are equal; the quad is the part's place in the whole."""
    (forth,) = Matcher([item("whole")], CAMPAIGN).matches(item("part"))
    (back,) = Matcher([item("part")], CAMPAIGN).matches(item("whole"))
    assert (forth.kind, forth.inliers, forth.score) == (back.kind, back.inliers, back.score)
    assert back.quad is not None
    assert np.abs(np.array(back.quad) - [(200, 150), (860, 150), (860, 600), (200, 600)]).max() <= 20


def test_every_candidate_is_shown_below_all() -> None:
    """With a least score of 0 what is no copy is listed too, below the campaign's threshold."""
    found = Matcher([item("whole"), item("another")], CAMPAIGN, 0.0).matches(item("part"))
    assert [m.path for m in found] == ["whole", "another"]
    assert found[1].score < score_of(CAMPAIGN.copies.near) <= found[0].score


def test_agreeing_points_are_drawn() -> None:
    """As many as the match names, each within both pictures, and they change the drawing."""
    matcher = Matcher([item("whole")], CAMPAIGN)
    (match,) = matcher.matches(item("part"))
    points = matcher.agreeing(item("part"), match)
    assert len(points) == match.inliers
    assert all(0 <= value <= 1 for pair in points for point in pair for value in point)
    from PIL import Image

    left, right = Image.fromarray(picture(1)), Image.fromarray(picture(1))
    plain, joined = (np.asarray(side_by_side(left, right, lines)) for lines in ((), points))
    assert plain.shape == joined.shape
    assert (plain != joined).any()


def framed(seed: int, strip: int = 0) -> Item:
    """One frame around another scene each, whose left ``strip`` px two may have in common."""
    shown = picture(1)
    shown[80:-80, 80:-80] = picture(100 + seed)[80:-80, 80:-80]
    shown[80:-80, 80 : 80 + strip] = picture(99)[80:-80, 80 : 80 + strip]
    _, data = cv2.imencode(".png", np.ascontiguousarray(shown)[..., ::-1])
    seen = examine(data.tobytes(), load_kit("gate"))
    assert isinstance(seen, MediaEvidence)
    return Item(path=f"{seed}", real=f"/{seed}", evidence=seen)


def test_a_query_that_lies_in_the_index_itself_is_told_the_same() -> None:
    """Its own link to a file counts once there, also in a crowd: one folder may be both index and query."""
    crowd, one, other = [framed(seed) for seed in range(20)], framed(20, 300), framed(21, 300)
    found = Matcher([*crowd, other], CAMPAIGN).matches(one)
    assert [match.path for match in found] == ["21"]
    assert Matcher([*crowd, one, other], CAMPAIGN).matches(one) == found
