"""The demo's pictures are the same every time, differ from each other, and are what they pretend to be."""

from __future__ import annotations

import io
import itertools

import av
import numpy as np
import pytest

from bot.demo import album
from bot.demo.clips import clip
from bot.demo.edits import with_code
from detectors.codes import codes
from detectors.evidence import Unreadable
from detectors.fingerprint import fingerprint, hamming
from detectors.limits import Limits
from detectors.picture import Picture, open_picture

NEAR = 31  # PDQ distance at which the shipped campaign sees a copy
COPIES = {
    frozenset({"poster", "poster-sent-on"}),
    frozenset({"mug-trip", "mug-trip-smaller"}),
    frozenset({"cap-trip", "cap-trip-mirrored"}),
    frozenset({"booth", "booth-turned"}),
    frozenset({"party", "party-webp"}),
    frozenset({"jacket", "jacket-filtered"}),
}


@pytest.mark.parametrize("name", ["shirt-white", "stage-blue", "app-light", "clip-race", "cap-trip-mirrored", "huge"])
def test_the_same_name_gives_the_same_bytes(name: str) -> None:
    """Nothing is left to chance: drawn twice, also from nothing, a file is the same."""
    first = album.draw(name)
    album.pixels.cache_clear()
    assert album.draw(name) == first


def test_only_copies_resemble_each_other() -> None:
    """By PDQ over all orientations, exactly the pictures made from each other are near: no verdict of the demo rests on
    two scenes that happen to look alike."""
    seen = {}
    for name in album.names():
        picture = open_picture(album.draw(name), Limits())
        if isinstance(picture, Picture):
            seen[name] = fingerprint(picture.rgb)
    near = {
        frozenset({a, b})
        for a, b in itertools.combinations(seen, 2)
        if min(hamming(view, seen[b].pdq) for view in seen[a].orientations) <= NEAR
    }
    assert near == COPIES


@pytest.mark.parametrize(
    ("name", "reason"), [("broken", "corrupt"), ("huge", "too_many_pixels"), ("page-login", "unknown_format")]
)
def test_hostile_files_are_unreadable(name: str, reason: str) -> None:
    """Each is turned away for its own reason, and the huge one by its header alone: its body is a hundred bytes."""
    body = album.draw(name)
    assert open_picture(body, Limits()) == Unreadable(reason=reason)
    assert name != "huge" or len(body) < 200


def test_the_code_can_be_read() -> None:
    """The drawn QR code says what was put into it."""
    picture = open_picture(album.draw("shirt-code"), Limits())
    assert isinstance(picture, Picture)
    assert [code.text for code in codes(picture)] == ["https://t.me/+gatevipsignals"]


def test_an_edit_leaves_its_original_alone() -> None:
    """Edits work on a copy: the album's own pixels, which others share, do not change."""
    pixels = album.pixels("shirt-grey")
    before = pixels.copy()
    with_code(pixels, "x")
    assert np.array_equal(pixels, before)


def test_a_clip_moves() -> None:
    """A video has frames, and its first and last differ."""
    with av.open(io.BytesIO(clip(album.pixels("sea"), 1.0)), "r") as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(frames) == 12
    assert np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean() > 2
