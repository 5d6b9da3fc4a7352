"""Posts judged by the real pipeline over made-up evidence, for tests of what people do with them."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.campaign import Campaign, load_campaign
from bot.clock import SystemClock
from bot.copies.relate import Relater
from bot.engines.inline import InlineEngine
from bot.media.fetch import Fetcher
from bot.media.look import Looker
from bot.model import Author, Delivery, MediaRef, Snapshot
from bot.pipeline import Pipeline
from bot.settings import Fetch
from bot.sources import Batch
from bot.store import Store
from bot.store.blobs import Blobs
from detectors.evidence import Colour, Fingerprint, Mark, MediaEvidence

START = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)
TAG = "#我的Gate时刻#"
VERSION = "v"


def seen(data: bytes) -> MediaEvidence:
    """Evidence for bytes "FAMILY VARIANT" or "FAMILY VARIANT SCORE": pictures of one family differ by 8 bits a step."""
    family, variant, *score = data.split()
    bits = int.from_bytes(hashlib.sha256(family).digest())
    for i in range(int(variant) * 8):
        bits ^= 1 << (i * 7 % 256)
    pdq = f"{bits:064x}"
    return MediaEvidence(
        sha256=hashlib.sha256(data).hexdigest(),
        kind="image",
        format="png",
        width=9,
        height=9,
        duration=None,
        marks=(Mark(name="mark", score=float(score[0]) if score else 0.99, box=(0.0, 0.0, 5.0, 5.0)),),
        colour=Colour(score=0.0, shares={}, adjacency=0.0),
        resemblances=(),
        codes=(),
        fingerprints=(Fingerprint(pdq=pdq, orientations=(pdq,) * 8, phash="0" * 16, quality=99),),
    )


class Square:
    """A store that posts are fed into. ``feed`` delivers; ``judge`` judges all that is due; ``examine`` looks."""

    def __init__(
        self, folder: Path, campaign: Campaign | None = None, examine: Callable[[bytes], MediaEvidence] = seen
    ) -> None:
        self._examine = examine
        self.folder, self.campaign = folder, campaign or load_campaign()
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder / "data")

    def feed(
        self,
        post_id: str,
        author: str,
        pictures: Sequence[str | Path] = (),
        *,
        minute: int | None = None,
        text: str = TAG,
        **fields: Any,
    ) -> None:
        """Deliver one post, made at this minute (None: as many as the id). Pictures are files, or texts to be one."""
        media = []
        for content in pictures:
            path = content if isinstance(content, Path) else self.folder / content.replace(" ", "-")
            if isinstance(content, str):
                path.write_text(content)
            media.append(MediaRef(type="image", path=str(path)))
        at = START + dt.timedelta(minutes=int(post_id) if minute is None else minute)
        snapshot = Snapshot(
            id=post_id, created_at=at, author=Author(id=author), text=text, media=tuple(media), **fields
        )
        delivery = Delivery(source="push", observed_at=START + dt.timedelta(days=1), snapshot=snapshot)
        with self.store.transaction():
            dirty = self.store.intake.take("push", Batch(deliveries=(delivery,)), delivery.observed_at)
            self.store.work.add(dirty, 0)

    def judge(self, now: int = 2**50) -> None:
        """Look at and judge everything that waits for it."""
        asyncio.run(self._judge(now))

    async def _judge(self, now: int) -> None:
        blobs = Blobs(self.folder / "media")
        fetcher = Fetcher(Fetch(), blobs, SystemClock())
        looker = Looker(fetcher, blobs, InlineEngine(self._examine), VERSION, 10**6, 10**6)
        store = self.store
        relater = Relater(store, self.campaign, VERSION)
        pipeline = Pipeline(store, relater, looker, self.campaign)

        async def has_evidence(sha256: str) -> bool:
            return pipeline.has_evidence(sha256)

        while store.work.open():
            with store.transaction():
                plans = [pipeline.plan(job) for job in store.work.claim(50, 2**60, 1, idle=True)]
            for plan in plans:
                found = await pipeline.look(plan, has_evidence)
                with store.transaction():
                    pipeline.settle(plan, found, now)
        relater.close()
        await fetcher.close()
