"""A queue to measure reviews on: posts that wait for a person, each with a 1920 x 1080 JPEG, as the bot would have
stored them. Their verdicts are made up; everything else goes through the store's own doors.
"""

from __future__ import annotations

import colorsys
import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from bot.campaign import load_campaign
from bot.decide import priority
from bot.model import Author, Delivery, Finding, MediaRef, Snapshot, Verdict
from bot.sources import Batch
from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.times import to_us
from detectors.evidence import Code, Colour, Mark, MediaEvidence

START: Final = dt.datetime(2025, 7, 20, 4, tzinfo=dt.UTC)
STRIP: Final = 120  # rows at the foot of each picture, in one colour by which a screen tells it
_WORDS: Final = "三周年了,第一次用它付早餐钱的那天我还记得,后来就一直带着它走。 Three years of mornings like this one."


def post_id(number: int) -> str:
    """The id of a post of the queue, which is worked off in the order of its numbers."""
    return str(70_000_000 + number)


def colour(number: int) -> tuple[int, int, int]:
    """The colour at the foot of a post's picture: neighbours in the queue differ much."""
    red, green, blue = colorsys.hsv_to_rgb(number * 0.382 % 1, 0.75, 0.85)
    return int(255 * red), int(255 * green), int(255 * blue)


def picture(number: int) -> bytes:
    """A JPEG with shapes and texture, as a photograph has."""
    random = np.random.default_rng(number)
    small = random.integers(0, 256, (14, 24, 3), dtype=np.uint8)
    scene = cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    grain = cv2.resize(random.integers(0, 24, (270, 480), dtype=np.uint8), (1920, 1080))
    scene = cv2.add(scene, cv2.merge([grain] * 3))
    scene[-STRIP:] = colour(number)[::-1]
    return cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def make(data: Path, posts: int, pictures: int) -> None:
    """``posts`` posts that wait, with ``pictures`` different pictures in turn."""
    blobs, campaign = Blobs(data / "media"), load_campaign()
    stored = [blobs.put(picture(number)) for number in range(pictures)]
    with closing(Store(data)) as store:
        for begin in range(0, posts, 500):
            with store.transaction():
                for number in range(begin, min(begin + 500, posts)):
                    _wait(store, number, stored[number % pictures].sha256, campaign.version)


def _wait(store: Store, number: int, sha256: str, version: str) -> None:
    name, at = post_id(number), START + dt.timedelta(seconds=number)
    ref = MediaRef(type="image", url=f"https://pictures.test/{name}.jpg")
    snapshot = Snapshot(
        id=name,
        created_at=at,
        author=Author(id=f"u{number % 4000}", nickname=f"摄影师{number % 4000}", verified=True),
        text=f"#我的Gate时刻# P{name} {_WORDS}",
        media=(ref,),
    )
    batch = Batch(deliveries=(Delivery(source="jsonl", observed_at=at, snapshot=snapshot),))
    store.intake.take("jsonl", batch, at)
    store.media.add(sha256, 1, to_us(at))
    store.intake.attach(name, ref, sha256=sha256, failure=None)
    box = (800.0, 400.0, 200.0, 160.0)
    evidence = MediaEvidence(
        sha256=sha256,
        kind="image",
        format="jpeg",
        width=1920,
        height=1080,
        duration=None,
        marks=(Mark(name="mark", score=0.41, box=box),),
        colour=Colour(score=0.1, shares={}, adjacency=0.0),
        resemblances=(),
        fingerprints=(),
        codes=(Code(text="https://example.test/", quad=((1.0, 1.0), (90.0, 1.0), (90.0, 90.0), (1.0, 90.0))),),
    )
    store.media.save(sha256, "benchmark", evidence, to_us(at))
    findings = (
        Finding(code="brand.unsure", stance="ask", media=0, detail={"score": 0.41}),
        Finding(code="content.code", stance="ask", media=0, detail={"text": f"F{name}"}),
    )
    verdict = Verdict(
        post_id=name, revision=1, status="review", findings=findings, campaign="benchmark", campaign_version=version
    )
    store.verdicts.record(verdict, snapshot.author.id, priority(verdict), (), to_us(at))
