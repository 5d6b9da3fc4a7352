"""A picture beside the earlier one that it repeats: points and outlines lie where a person is shown them."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from bot.copies.comparison import Comparison, comparisons
from bot.reports.dossier import dossier
from detectors.evidence import MediaEvidence
from detectors.features import features
from tests.integration.judged import Square
from tests.integration.page import examined


def scene() -> Image.Image:
    """Shapes in which local features hold: dark and light blocks of many sizes."""
    random, picture = np.random.default_rng(5), np.full((600, 800), 128, np.uint8)
    for _ in range(160):
        x, y, w, h = (int(v) for v in random.integers((0, 0, 12, 12), (780, 580, 90, 90)))
        picture[y : y + h, x : x + w] = random.integers(0, 256)
    return Image.fromarray(picture).convert("RGB")


def with_features(data: bytes) -> MediaEvidence:
    with Image.open(io.BytesIO(data)) as image:
        gray = np.asarray(image.convert("L"))
    return msgspec.structs.replace(examined(data), marks=(), features=features(gray))


def compared(square: Square, post_id: str) -> tuple[Comparison, ...]:
    record = square.store.verdicts.get(post_id)
    assert record is not None
    return comparisons(square.store, square.campaign, dossier(square.store, square.campaign, record))


def test_a_part_is_shown_where_it_lies(tmp_path: Path) -> None:
    """The left half of an earlier picture: its outline covers that half, and every pair of points is the same place."""
    square = Square(tmp_path, examine=with_features)
    whole = scene()
    whole.save(tmp_path / "whole.png")
    whole.crop((0, 0, 500, 600)).save(tmp_path / "part.png")
    square.feed("1", "ann", [tmp_path / "whole.png"])
    square.feed("2", "bob", [tmp_path / "part.png"])
    square.judge()
    [shown] = compared(square, "2")
    assert (shown.original.post_id, shown.original.kind) == ("1", "partial")
    assert shown.points >= 20 and 0 < len(shown.agreeing) <= 48
    for (x, y), (u, v) in shown.agreeing:
        assert (x * 500, y * 600) == pytest.approx((u * 800, v * 600), abs=8)
    assert shown.there is not None
    flat = [number for point in shown.there for number in point]
    assert flat == pytest.approx([0, 0, 500, 0, 500, 600, 0, 600], abs=8)
    assert compared(square, "1") == ()
