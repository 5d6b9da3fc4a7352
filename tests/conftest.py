"""Makers of posts and evidence that several test folders share. Plain functions, handed over as session fixtures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from bot.model import Author, Interval, MediaRef, Post
from detectors.evidence import Colour, Mark, MediaEvidence

BEFORE = dt.datetime(2025, 7, 20, 12, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def _post(text: str = "#我的Gate时刻# 三周年", media: int = 1, **fields: Any) -> Post:
    """A sound entry with ``media`` pictures, but for ``fields``."""
    at = Interval(earliest=BEFORE, latest=BEFORE)
    refs = tuple(MediaRef(type="image", url=f"https://a.test/{i}.png") for i in range(media))
    values: dict[str, Any] = {
        "id": "1",
        "revision": 1,
        "created_at": BEFORE,
        "edited_at": None,
        "posted": at,
        "edited": None,
        "deleted": False,
        "author": Author(id="u1", verified=True, account_type="main"),
        "title": "",
        "text": text,
        "text_entered": at,
        "media": refs,
        "media_complete": True,
        "entered": (at,) * media,
        "url": None,
        "stats": None,
        "sources": ("jsonl",),
    }
    return Post(**(values | fields))


def _evidence(score: float | None = 0.95, mark: str = "mark", colour: float = 0.0, **fields: Any) -> MediaEvidence:
    """What the detectors say of a picture in which ``mark`` has this score (None: no mark at all)."""
    values: dict[str, Any] = {
        "sha256": "ab" * 32,
        "kind": "image",
        "format": "png",
        "width": 1200,
        "height": 800,
        "duration": None,
        "marks": () if score is None else (Mark(name=mark, score=score, box=(1.0, 2.0, 3.0, 4.0)),),
        "colour": Colour(score=colour, shares={}, adjacency=0.0),
        "resemblances": (),
        "fingerprints": (),
        "codes": (),
        "detectors": {"marks": "1"},
    }
    return MediaEvidence(**(values | fields))


@pytest.fixture(scope="session")
def post_of() -> Callable[..., Post]:
    """Makes a post: ``post_of(text, media=1, **fields)``, a sound entry but for what is said."""
    return _post


@pytest.fixture(scope="session")
def evidence_of() -> Callable[..., MediaEvidence]:
    """Makes evidence of one picture: ``evidence_of(score, mark="mark", colour=0.0, **fields)``."""
    return _evidence
