"""Any order, any interleaving of sources, any repetition of deliveries ends in one state and one set of verdicts."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.campaign import load_campaign
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
from tests.integration.judged import seen as canned

START = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)
CAMPAIGN = load_campaign()
TAG = "#我的Gate时刻#"


def run(folder: Path, deliveries: list[Delivery], pauses: set[int]) -> dict[str, object]:
    """Feed the deliveries one by one, letting the pipeline drain after those in ``pauses`` and at the end."""
    store = Store(folder)
    blobs = Blobs(folder / "media")

    async def drain(pipeline: Pipeline) -> None:
        async def has_evidence(sha256: str) -> bool:
            return pipeline.has_evidence(sha256)

        while store.work.open():
            with store.transaction():
                plans = [pipeline.plan(job) for job in store.work.claim(3, 2**60, 1, idle=True)]
            for plan in plans:
                seen = await pipeline.look(plan, has_evidence)
                with store.transaction():
                    pipeline.settle(plan, seen, 2**60)

    async def feed() -> None:
        fetcher = Fetcher(Fetch(), blobs, SystemClock())
        looker = Looker(fetcher, blobs, InlineEngine(canned), "v", 10**6, 10**6)
        relater = Relater(store, CAMPAIGN, "v")
        pipeline = Pipeline(store, relater, looker, CAMPAIGN)
        for i, delivery in enumerate(deliveries):
            with store.transaction():
                dirty = store.intake.take(delivery.source, Batch(deliveries=(delivery,)), delivery.observed_at)
                store.work.add(dirty, 0)
            if i in pauses:
                await drain(pipeline)
        await drain(pipeline)
        relater.close()
        await fetcher.close()

    asyncio.run(feed())
    assert store.log.verify() is None
    state = {r.post_id: (r.verdict, r.status, r.author_id, store.intake.post(r.post_id)) for r in store.verdicts.all()}
    store.close()
    return msgspec.to_builtins(state)  # type: ignore[no-any-return]


posts = st.fixed_dictionaries(
    {
        "id": st.sampled_from("12345"),
        "source": st.sampled_from(["gate_square", "push", "push"]),
        "minute": st.integers(0, 6),
        "known": st.booleans(),
        "text": st.sampled_from(
            [TAG, f"{TAG} 今天第一次在这里完成交易,心情特别激动,记录一下这个难忘的时刻", "no tag at all"]
        ),
        "media": st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 1, 5])), max_size=2),
        "author": st.sampled_from(["a", "b", "c", None]),
        "person": st.sampled_from([None, None, "P"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(posts, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_one_state_whatever_the_order(items: list[dict[str, object]], shuffle: random.Random) -> None:
    """The verdicts and merged posts after two orders, with different repetitions and pauses, are equal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        deliveries = [_delivery(folder, item) for item in items]
        first = run(folder / "one", deliveries, pauses=set())
        again = deliveries + [d for d in deliveries if shuffle.random() < 0.3]
        shuffle.shuffle(again)
        pauses = {i for i in range(len(again)) if shuffle.random() < 0.5}
        assert run(folder / "two", again, pauses) == first


def _delivery(folder: Path, item: dict[str, object]) -> Delivery:
    minute = int(str(item["minute"]))
    media = []
    for family, variant in item["media"]:  # type: ignore[attr-defined]  # the strategy above makes it a list of pairs
        path = folder / f"{family}-{variant}"
        path.write_text(f"{family} {variant}")
        media.append(MediaRef(type="image", path=str(path)))
    author = Author() if item["author"] is None else Author(id=str(item["author"]))
    if item["author"] == "c" and item["person"] is not None:
        author = msgspec.structs.replace(author, person="P")
    return Delivery(
        source=str(item["source"]),
        observed_at=START + dt.timedelta(minutes=minute),
        snapshot=Snapshot(
            id=str(item["id"]),
            created_at=START + dt.timedelta(minutes=int(str(item["id"]))) if item["known"] else None,
            author=author,
            text=str(item["text"]),
            media=tuple(media),
            media_complete=item["source"] == "push",
        ),
    )
