"""A mark that was laid over a finished photo is told from one that was photographed, by the grain it lacks."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.campaign import load_campaign
from bot.model import Case, Looked, MediaRef, Post
from bot.rules import judge
from detectors.evidence import Mark, MediaEvidence
from detectors.pasted import cleanness
from detectors.picture import Picture, open_picture

SIDE, AT = 120, (500, 400)
BOX = (float(AT[0]), float(AT[1]), float(SIDE), float(SIDE))
Scene = npt.NDArray[np.float32]


def scene(seed: int) -> Scene:
    """Soft colours, without any grain yet."""
    small = np.random.default_rng(seed).integers(40, 215, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, (1200, 900), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def with_logo(picture: Scene) -> Scene:
    """A disc and a bar of plain colours."""
    centre = (AT[0] + SIDE // 2, AT[1] + SIDE // 2)
    cv2.circle(picture, centre, SIDE // 2 - 2, (35, 84, 230), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (centre[0], centre[1] - 20), (centre[0] + 30, centre[1]), (23, 229, 161), -1)
    return picture


def grain(seed: int, strength: float) -> Scene:
    """What a camera adds."""
    noise = np.random.default_rng(seed).normal(0, strength, (900, 1200, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 0.6).astype(np.float32)


def saved(picture: Scene, quality: int) -> Picture:
    held = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(held, "JPEG", quality=quality)
    opened = open_picture(held.getvalue())
    assert isinstance(opened, Picture)
    return opened


@pytest.mark.parametrize(("strength", "quality"), [(4.0, 95), (8.0, 95), (8.0, 85)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pasted_is_told_from_photographed(seed: int, strength: float, quality: int) -> None:
    """Drawn onto the grainy photo, the logo has no grain; photographed with the rest, it has the same."""
    pasted = cleanness(saved(with_logo(scene(seed) + grain(seed, strength)), quality), BOX)
    photographed = cleanness(saved(with_logo(scene(seed)) + grain(seed, strength), quality), BOX)
    assert pasted is not None and pasted >= 0.9
    assert photographed is not None and photographed <= 0.5


def test_where_nothing_can_be_told() -> None:
    """Graphics have no grain anywhere, and a mark of few pixels no plain areas."""
    assert cleanness(saved(with_logo(scene(1)), 95), BOX) is None
    assert cleanness(saved(with_logo(scene(1) + grain(1, 8)), 95), (500.0, 400.0, 30.0, 30.0)) is None
    assert cleanness(saved(scene(1) + grain(1, 8), 95), (1150.0, 850.0, 400.0, 400.0)) is not None  # over the edge


@pytest.mark.parametrize(
    ("clean", "score", "told"), [(0.95, 0.99, True), (0.5, 0.99, False), (None, 0.99, False), (0.95, 0.3, False)]
)
def test_it_is_a_signal_and_decides_nothing(
    clean: float | None,
    score: float,
    told: bool,
    post_of: Callable[..., Post],
    evidence_of: Callable[..., MediaEvidence],
) -> None:
    """A note beside a mark that counts, for whoever looks; the post stands as it would without."""
    mark = Mark(name="mark", score=score, box=BOX)
    plain = evidence_of(marks=(mark,))
    seen = evidence_of(marks=(Mark(name="mark", score=score, box=BOX, clean=clean),))
    ref = MediaRef(type="image", url="https://a.test/0.png")
    verdicts = [
        judge(Case(post=post_of(), looked=(Looked(ref=ref, result=e),)), load_campaign()) for e in (plain, seen)
    ]
    notes = [f for f in verdicts[1].findings if f.code == "brand.pasted"]
    assert [(f.stance, f.media) for f in notes] == ([("note", 0)] if told else [])
    assert verdicts[0].status == verdicts[1].status
