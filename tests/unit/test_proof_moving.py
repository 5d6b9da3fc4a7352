"""One frame in common makes no copy of an animation or a clip; most of their frames do."""

from __future__ import annotations

import hashlib

import pytest

from bot.campaign import load_campaign
from bot.copies.proof import Sight, prove
from detectors.evidence import Colour, Fingerprint, MediaEvidence, MediaKind

CAMPAIGN = load_campaign()


def medium(name: str, frames: str, kind: MediaKind = "image") -> Sight:
    """A medium whose frames are named by letters: equal letters are equal frames, others share nothing."""
    prints = []
    for letter in frames:
        pdq = hashlib.sha256(letter.encode()).hexdigest()
        prints.append(Fingerprint(pdq=pdq, orientations=(pdq,) * 8, phash="0" * 16, quality=99))
    evidence = MediaEvidence(
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        kind=kind,
        format="gif",
        width=9,
        height=9,
        duration=None,
        marks=(),
        colour=Colour(score=0.0, shares={}, adjacency=0.0),
        resemblances=(),
        fingerprints=tuple(prints),
        codes=(),
    )
    return Sight(evidence, None, None)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a", "a", "near"),
        ("abcdefgh", "axyzuvwt", None),
        ("abcd", "abcd", "near"),
        ("abcd", "abxy", "partial"),
        ("abcdefgh", "hgfedcba", None),
        ("abcdefgh", "cde", "partial"),
        ("abcdefgh", "xabcdefghy", "near"),
        ("abababab", "ab", "partial"),
    ],
)
def test_how_many_frames_make_a_copy(first: str, second: str, expected: str | None) -> None:
    """Pictures by their one frame; animations by the share of frames that both have, in sequence."""
    proof = prove(medium("1", first), medium("2", second), CAMPAIGN)
    assert (None if proof is None else proof.kind) == expected


def test_a_picture_and_an_animation_that_shows_it() -> None:
    """A still picture that equals one frame is part of the animation, not the same."""
    proof = prove(medium("1", "a"), medium("2", "abcd"), CAMPAIGN)
    assert proof is not None
    assert proof.kind == "partial"
