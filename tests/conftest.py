"""Makers of posts and evidence that several test folders share. Plain functions, handed over as session fixtures."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
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


def _clip(
    pictures: Iterable[npt.NDArray[np.uint8]], form: str = "mp4", codec: str = "libx264", rate: int = 10
) -> bytes:
    """A video of (H, W, 3) uint8 pictures, all of one even size, ``rate`` a second."""
    import av
    from av.video.stream import VideoStream

    held = io.BytesIO()
    with av.open(held, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        container.mux(stream.encode())
    return held.getvalue()


@pytest.fixture(scope="session")
def clip_of() -> Callable[..., bytes]:
    """Makes a video: ``clip_of(pictures, form="mp4", codec="libx264", rate=10)``."""
    return _clip
