"""The training scenes: reproducible, labelled where the mark is, and without anything of another split."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.brand import load_kit
from training import surfaces
from training.backgrounds import Library
from training.calibrate import fit, upright
from training.composites import SIDE, Compositor, _goal, classes
from training.decoys import letters, near_miss, turned_away
from training.gather import _brand, _split, _uniform


@pytest.fixture(scope="module")
def compositor() -> Compositor:
    """Drawn backgrounds and decoys only."""
    return Compositor(load_kit("gate"), Library(None))


def test_a_scene_depends_on_its_seed_alone(compositor: Compositor) -> None:
    """Interrupted and resumed runs see the same scenes."""
    first, marks = compositor.scene(np.random.default_rng((7, 3)))
    compositor.scene(np.random.default_rng((7, 4)))
    again, same = compositor.scene(np.random.default_rng((7, 3)))
    assert np.array_equal(first, again)
    assert marks == same


def test_scenes_hold_marks_inside_and_scenes_without(compositor: Compositor) -> None:
    """Labels lie in the picture and in the range of sizes; both kinds of scene occur, and every class of mark."""
    scenes = [compositor.scene(np.random.default_rng((1, number))) for number in range(150)]
    assert all(rgb.shape == (SIDE, SIDE, 3) and rgb.dtype == np.uint8 for rgb, _ in scenes)
    placed = [mark for _, marks in scenes for mark in marks]
    assert {mark.mark for mark in placed} == {0, 1, 2}
    assert 0.2 < sum(not marks for _, marks in scenes) / len(scenes) < 0.8
    for mark in placed:
        assert 0 <= mark.x <= SIDE
        assert 0 <= mark.y <= SIDE
        assert 8 < mark.size < 80
        assert abs(mark.turn) < 1.3


def test_a_labelled_mark_changes_the_picture(compositor: Compositor) -> None:
    """Where a label is, something is drawn: half of the labelled squares at least hold strong contrast."""
    contrasts = []
    for number in range(60):
        rgb, marks = compositor.scene(np.random.default_rng((2, number)))
        for mark in marks:
            half = max(3, int(mark.size / 2))
            y, x = int(mark.y), int(mark.x)
            contrasts.append(float(rgb[max(0, y - half) : y + half, max(0, x - half) : x + half].std()))
    assert np.median(contrasts) > 15


def test_a_wide_mark_keeps_its_shape() -> None:
    """A drawing four times as wide as high is laid so, with the area of its size, and told so; the square marks and
    decoys of the shipped kit stay square."""
    kit = load_kit("gate")
    (drawing,) = (asset for asset in kit.assets if asset.file == "lockup-current.png")
    alone = msgspec.structs.replace(drawing, mark="wide", holds={})
    wide = Compositor(msgspec.structs.replace(kit, marks=("wide",), assets=(alone,)), Library(None))
    height, width = kit.picture(alone).shape[:2]
    placed = [mark for number in range(20) for mark in wide.scene(np.random.default_rng((3, number)))[1]]
    assert len(placed) > 5
    assert all(mark.aspect == pytest.approx(width / height, rel=0.05) for mark in placed)
    _, _, w, h = upright(placed[0])
    assert w / h == pytest.approx(placed[0].aspect)
    assert w * h == pytest.approx(placed[0].size ** 2)
    for aspect in (1.0, width / height):
        goals = [_goal(np.random.default_rng(seed), (90.0, 90.0, 30.0), aspect) for seed in range(200)]
        across, down = (np.median([np.hypot(*(g[i] - g[0])) for g in goals]) for i in (1, 3))
        assert across / down == pytest.approx(aspect, rel=0.05)
        assert across * down == pytest.approx(30.0**2, rel=0.1)


def test_a_group_is_no_class_of_its_own() -> None:
    """A lock-up is its mark and a word: the network learns the mark."""
    assert classes(load_kit("gate")) == ("mark", "gt", "old")


@pytest.mark.parametrize("seed", range(12))
def test_decoys_are_pictures(seed: int) -> None:
    """Every decoy has colour and cover in 0..1 and something to see."""
    rng = np.random.default_rng(seed)
    kit = load_kit("gate")
    palette = [(0.0, 0.4, 1.0), (0.1, 0.9, 0.6), (0.0, 0.0, 0.0)]
    patch = np.asarray(kit.picture(kit.of_mark("mark")[0]), np.float32) / np.float32(255)
    for decoy in (near_miss(rng, palette), letters(rng, palette), turned_away(rng, patch)):
        assert decoy.shape[2] == 4
        assert 0 <= decoy.min() <= decoy.max() <= 1.001
        assert decoy[..., 3].mean() > 0.005


@pytest.mark.parametrize("seed", range(6))
def test_the_camera_and_the_surfaces_keep_the_shape(seed: int) -> None:
    """Each step gives a picture of the same size with finite values."""
    rng = np.random.default_rng(seed)
    rgb = np.asarray(cv2.resize(rng.random((6, 6, 3)).astype(np.float32), (96, 96)), np.float32)
    steps: list[NDArray[np.float32]] = [
        surfaces.light(rng, rgb),
        surfaces.screen(rng, rgb),
        surfaces.weave(rng, rgb),
        surfaces.shine(rng, rgb, (48, 48, 30)),
        surfaces.cover(rng, rgb, (48, 48, 30), rgb[::-1]),
    ]
    assert all(step.shape == rgb.shape and np.isfinite(step).all() for step in steps)
    assert surfaces.camera(rng, steps[0]).dtype == np.uint8


@pytest.mark.parametrize("seed", range(40))
def test_relief_leaves_a_picture_and_a_far_ground(seed: int) -> None:
    """Whatever a thing is made of: colours stay in range, and the ground is at most darkened away from it, where it
    casts no shadow."""
    rng = np.random.default_rng(seed)
    colour, ground = (rng.random((64, 64, 3)).astype(np.float32) for _ in range(2))
    alpha = np.zeros((64, 64), np.float32)
    alpha[10:26, 8:24] = 1
    made, around = surfaces.relief(rng, colour, alpha, ground)
    for each in (made, around):
        assert each.dtype == np.float32
        assert each.shape == (64, 64, 3)
        assert 0 <= each.min() <= each.max() <= 1
    far = around[50:, 50:] / np.maximum(ground[50:, 50:], 0.05)
    assert far.max() < 1.05
    assert np.abs(made[10:26, 8:24] - colour[10:26, 8:24]).max() > 0.01


def test_the_split_is_by_name_and_keeps_brands_together() -> None:
    """The same name always falls into the same part, and all icons of a brand into one."""
    assert _brand("Binance-USD.svg") == _brand("binance.svg")
    assert _split(_uniform("a/b.jpg"), "photos") == _split(_uniform("a/b.jpg"), "photos")
    parts = [_split(_uniform(f"x/{number}"), "photos") for number in range(2000)]
    assert parts.count("train") / 2000 == pytest.approx(0.38, abs=0.05)
    assert parts.count("validation") / 2000 == pytest.approx(0.1, abs=0.03)


def test_the_calibration_recovers_known_probabilities() -> None:
    """Logistic regression on labels drawn from known odds finds those odds."""
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 2, (6000, 2))
    truths = (rng.random(6000) < 1 / (1 + np.exp(-(0.5 + 1.5 * rows[:, 0] - 0.7 * rows[:, 1])))).astype(float)
    assert fit(rows, truths) == pytest.approx([0.5, 1.5, -0.7], abs=0.15)
