"""Local features: packed and given back, found again after edits, mirrored alike, and not found where nothing is."""

from __future__ import annotations

import functools
import itertools

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from detectors import feature_index
from detectors.brand import load_kit
from detectors.examples import scene
from detectors.feature_index import FeatureIndex
from detectors.features import MOST, Features, codes, features, parts, unpack, without
from detectors.geometry import aligned, mapped
from detectors.local import seen
from detectors.picture import Picture
from detectors.votes import TURN, counted, packed

Pixels = npt.NDArray[np.uint8]


def gray(rgb: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


@functools.cache
def picture(seed: int) -> Pixels:
    """A scene with things in it: SIFT finds little in what is only soft."""
    drawn, rng = scene(seed), np.random.default_rng(seed)
    for _ in range(60):
        at = (int(rng.integers(960)), int(rng.integers(720)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(drawn, at, int(rng.integers(5, 50)), colour, int(rng.integers(1, 6)), cv2.LINE_AA)
    return drawn


def of(rgb: Pixels) -> Features:
    found = unpack(features(gray(rgb)))
    assert found is not None
    return found


def test_packed_features_are_small_and_come_back() -> None:
    """At most 20 KB; what an index needs is a prefix; unpacked, the numbers are within their ranges."""
    packed = features(gray(picture(1)))
    found = of(picture(1))
    assert len(packed) <= 20 * 1024
    assert b"".join(parts(packed)) == packed
    coded = codes(parts(packed)[0])
    assert 100 < len(found) <= MOST
    assert (coded.words == found.words).all()
    assert (coded.signatures == found.signatures).all()
    assert found.vectors.max() <= 15
    assert (found.points >= 0).all()
    assert (found.points <= (found.width, found.height)).all()


def test_dropped_features_are_gone_and_the_others_unchanged() -> None:
    """Leaving some out keeps every table in step."""
    packed = features(gray(picture(1)))
    found = of(picture(1))
    dropped = np.arange(len(found)) % 3 == 0
    left = unpack(without(packed, dropped))
    assert left is not None
    for name in ("points", "sizes", "angles", "flipped", "vectors", "words", "signatures"):
        assert (getattr(left, name) == getattr(found, name)[~dropped]).all(), name
    assert (left.thumbnail == found.thumbnail).all()


@pytest.mark.parametrize("flat", [np.full((400, 600), 90, np.uint8), np.zeros((4, 900), np.uint8)])
def test_nothing_to_hold_on_to(flat: Pixels) -> None:
    """One tone, or a mere strip, has no features; and none are unpacked from nothing."""
    assert features(flat) == b""
    assert unpack(b"") is None
    assert len(codes(b"")) == 0


def edits() -> dict[str, tuple[Pixels, npt.NDArray[np.float64]]]:
    """An edited picture, and where the corners of the whole belong in it."""
    whole = picture(1)
    corners = np.array([(0, 0), (960, 0), (960, 720), (0, 720)], np.float64)
    pasted = picture(2).copy()
    pasted[300:660, 60:540] = cv2.resize(whole, (480, 360), interpolation=cv2.INTER_AREA)
    leaning = np.array([(60, 30), (900, 0), (860, 700), (0, 640)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), leaning)
    return {
        "part": (np.ascontiguousarray(whole[150:600, 200:860]), corners - (200, 150)),
        "mirrored": (np.ascontiguousarray(whole[:, ::-1]), np.array([(960, 0), (0, 0), (0, 720), (960, 720)], float)),
        "turned": (
            np.ascontiguousarray(np.rot90(whole, -1)),
            np.array([(720, 0), (720, 960), (0, 960), (0, 0)], float),
        ),
        "pasted": (pasted, corners / 2 + (60, 300)),
        "photographed": (cv2.warpPerspective(whole, matrix, (960, 720)).astype(np.uint8), leaning.astype(float)),
    }


@pytest.mark.parametrize("name", edits())
def test_found_again_where_it_is(name: str) -> None:
    """The whole lies in the edited picture where it was laid, within 2 % of its side; also seen the other way round."""
    edited, corners = edits()[name]
    whole, part = of(picture(1)), of(edited)
    found, back = aligned(whole, part), aligned(part, whole)
    assert found is not None
    assert back is not None
    assert min(found.inliers, back.inliers) >= 15
    outline = np.array([(0, 0), (whole.width, 0), (whole.width, whole.height), (0, whole.height)], np.float64)
    placed = mapped(found.matrix, outline) * (edited.shape[1] / part.width)
    assert np.abs(placed - corners).max() <= 20
    assert found.alike >= 0.7


def test_another_picture_is_not_found() -> None:
    """Pictures of one manner but nothing in common agree on next to nothing."""
    for seed in range(3, 9):
        found = aligned(of(picture(1)), of(picture(seed)))
        assert found is None or found.inliers < 8


def test_ignored_features_do_not_count() -> None:
    """Where all that agrees is ignored, nothing is found."""
    whole, part = of(picture(1)), of(edits()["part"][0])
    everything = np.ones(len(whole), np.bool_), np.zeros(len(part), np.bool_)
    assert aligned(whole, part, everything) is None


def test_the_kits_poster_leaves_nothing_of_ones_own() -> None:
    """Features on the official poster are left out of the evidence, those beside it are kept."""
    kit = load_kit("gate")
    poster = np.ascontiguousarray(kit.picture(kit.posters[0])[..., :3])
    assert len(codes(features(gray(poster)))) > 50
    bare = seen(Picture.of(poster), kit)
    assert sum(len(codes(value.packed)) for value in bare) < 5
    beside = picture(1).copy()
    small = cv2.resize(poster, (300, round(300 * poster.shape[0] / poster.shape[1])), interpolation=cv2.INTER_AREA)[
        :700
    ]
    beside[10 : 10 + len(small), 10:310] = small
    (value,) = seen(Picture.of(beside), kit)
    kept = unpack(value.packed)
    assert kept is not None
    assert 40 < len(kept) < len(of(beside))


def test_the_index_finds_the_same_however_it_was_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, at once, in large and in small blocks: what is found is what is found in each picture alone."""
    held = [codes(features(gray(rgb))) for rgb in (*(picture(i) for i in range(6)), *(e[0] for e in edits().values()))]
    alone: list[list[tuple[int, int]]] = [[] for _ in held]
    for key, one in enumerate(held):
        index = FeatureIndex()
        index.add(key, one)
        for found, asked in zip(alone, held, strict=True):
            found += index.sharing(asked, 4)
    assert sum(len(found) > 1 for found in alone) >= 4
    for largest in (1 << 22, 600):
        monkeypatch.setattr(feature_index, "_LARGEST", largest)
        one_by_one, at_once = FeatureIndex(), FeatureIndex()
        at_once.fill(enumerate(held[:5]))
        for key, one in enumerate(held):
            one_by_one.add(key, one)
            if key >= 5:
                at_once.add(key, one)
        for asked, found in zip(held, alone, strict=True):
            assert one_by_one.sharing(asked, 4) == at_once.sharing(asked, 4) == found
        assert len(one_by_one) == len(at_once) == sum(len(one.telling()) for one in held)
    assert FeatureIndex().sharing(codes(b""), 1) == []


def test_what_repeats_within_a_picture_is_not_looked_for() -> None:
    """The crossings of a grid pair with one another and say nothing; a picture on the grid is found as before."""
    grid = np.full((600, 800, 3), 240, np.uint8)
    grid[::40], grid[:, ::40] = 60, 60
    lined = codes(features(gray(grid)))
    assert len(lined) > 50
    assert len(lined.telling()) < 0.3 * len(lined)
    plain = codes(features(gray(picture(1))))
    assert len(plain.telling()) > 0.95 * len(plain)
    laid = grid.copy()
    laid[100:500, 150:650] = cv2.resize(picture(1), (500, 400), interpolation=cv2.INTER_AREA)
    index = FeatureIndex()
    index.fill([(1, plain), (2, lined)])
    assert [key for key, places in index.sharing(codes(features(gray(laid))), 8) if places >= 8] == [1]


def test_those_with_most_in_common_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch at a time, all are told once; none of a later batch has more places than was said; who must be in the
    first batch is."""
    held = [codes(features(gray(rgb))) for rgb in (*(picture(i) for i in range(6)), *(e[0] for e in edits().values()))]
    index = FeatureIndex()
    index.fill(enumerate(held))
    for asked in held:
        every = dict(index.sharing(asked, 2))
        with monkeypatch.context() as patch:
            patch.setattr(feature_index, "_AT_ONCE", 1)
            wanted = list(index.batches(asked, 2, lambda keys, most: (keys == 3) & (most > 0)))
        assert {key: places for found, _ in wanted for key, places in found.items()} == every
        assert all(max(later[0].values(), default=0) <= bound for (_, bound), later in itertools.pairwise(wanted))
        assert wanted[-1][1] == -1
        assert 3 not in every or 3 in wanted[0][0]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turn", [0, 20, 64, 100])
def test_votes_are_the_same_from_either_side(mirrored: bool, turn: int) -> None:
    """Many random pairs, of all turns and scales, with a group that agrees: the same counts whoever is asked for."""
    rng = np.random.default_rng(turn + mirrored)
    ours, theirs = (rng.integers(0, 2**31, 900).astype(np.uint32) for _ in range(2))
    group = np.s_[:40]  # turned by so many steps about the middle, and half as large
    places = rng.uniform(-300, 300, (40, 2))
    angles = rng.uniform(0, 2 * np.pi, 40)
    hand = -1 if mirrored else 1
    by = turn * 2 * np.pi / TURN
    moved = places * (hand, 1) @ np.array(((np.cos(by), np.sin(by)), (-np.sin(by), np.cos(by)))) / 2
    flipped = np.zeros(40, np.bool_)
    ours[group] = packed(places, np.full(40, 3.5), angles, flipped, np.zeros(2))
    theirs[group] = packed(
        moved, np.full(40, 2.5), (np.pi - angles if mirrored else angles) + by, flipped ^ mirrored, np.zeros(2)
    )
    keys = rng.integers(0, 3, 900)
    keys[group] = 2
    forth, back = counted(keys, ours, theirs, 3), counted(keys, theirs, ours, 3)
    assert [part.tolist() for part in forth] == [part.tolist() for part in back]
    assert dict(zip(*(part.tolist() for part in forth), strict=True))[2] >= 20


def test_a_picture_counts_as_much_among_many_as_alone() -> None:
    """What agrees with one picture is counted the same beside 40,000 pairs of features with others, and before them."""
    rng = np.random.default_rng(5)

    def drawn(n: int) -> npt.NDArray[np.uint32]:
        places, sizes, angles = rng.uniform(-400, 400, (n, 2)), rng.uniform(1, 6, n), rng.uniform(0, 2 * np.pi, n)
        return packed(places, sizes, angles, rng.random(n) < 0.5, np.zeros(2))

    few = drawn(30)
    ours, theirs = np.r_[few, drawn(70)], np.r_[few, drawn(70)]
    (_,), (alone,) = counted(np.full(100, 7), ours, theirs, 4)
    keys = np.r_[np.full(100, 7), rng.choice([*range(7), *range(8, 60)], 40_000)]
    found = counted(keys, np.r_[ours, drawn(40_000)], np.r_[theirs, drawn(40_000)], 4)
    assert alone >= 20
    assert dict(zip(*(part.tolist() for part in found), strict=True))[7] == alone


def test_agreement_is_the_same_from_either_side() -> None:
    """How many features two pictures share does not depend on which of them is looked for: order changes nothing."""
    shown = (picture(1), *(edited for edited, _ in edits().values()))
    held = [codes(features(gray(rgb))) for rgb in shown]
    for a, b in itertools.combinations(held, 2):
        counts = []
        for one, other in ((a, b), (b, a)):
            index = FeatureIndex()
            index.add(7, one)
            counts.append(index.sharing(other, 2))
        assert counts[0] == counts[1]
