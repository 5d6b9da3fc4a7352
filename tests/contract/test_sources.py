"""What every source keeps, over the visible tuple of them: nothing lost, nothing invented, the rest goes on."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot import settings
from bot.model import Delivery, Quarantined
from bot.sources import SOURCES, Batch, Source
from bot.sources.gate_square import GateSquare
from bot.sources.jsonl import Jsonl
from bot.sources.push import Push

NOW = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
IDS = [str(n) for n in range(1000, 1120)]
GOOD = [{"id": int(n), "content": f"text {n}", "text": f"text {n}", "image": "", "future": f"kept {n}"} for n in IDS]
BAD = {"id": None, "content": "no id", "text": "no id"}


class Clock:
    """Stands still, except for those who sleep."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> dt.datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Memory:
    """Stands for the store: what was committed."""

    def __init__(self) -> None:
        self.position: str | None = None
        self.deliveries: list[Delivery] = []
        self.quarantined: list[Quarantined] = []
        self.delivery_ids: set[str] = set()

    def commit(self, batch: Batch) -> None:
        self.deliveries += batch.deliveries
        self.quarantined += batch.quarantined
        self.delivery_ids |= set(batch.delivery_ids)
        self.position = batch.position or self.position

    @property
    def ids(self) -> set[str]:
        return {delivery.snapshot.id for delivery in self.deliveries}

    async def known(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids) & self.ids

    async def seen(self, delivery_id: str) -> bool:
        return delivery_id in self.delivery_ids


class Feed(Protocol):
    """One kind of source with what it reads from."""

    def open(self, memory: Memory) -> Source: ...

    async def send(self, source: Source) -> None:
        """Bring the posts in, and return when all are; for a source that fetches them, at once."""
        ...

    endless: bool


class JsonlFeed:
    endless = False

    def __init__(self, folder: Path) -> None:
        self.path = folder / "posts.jsonl"
        lines = [json.dumps(post) for post in [*GOOD[:60], BAD, *GOOD[60:]]]
        self.path.write_text("\n".join(lines))

    def open(self, memory: Memory) -> Source:
        return Jsonl(self.path, dt.UTC, Clock(), follow=True, once=True)

    async def send(self, source: Source) -> None:
        return


class SquareFeed:
    endless = False

    def __init__(self, server: BaseTestServer) -> None:
        self.host = str(server.make_url("/"))

    def open(self, memory: Memory) -> Source:
        return GateSquare(settings.GateSquare(host=self.host), ["tag"], Clock(), known=memory.known, once=True)

    async def send(self, source: Source) -> None:
        return


class PushFeed:
    endless = True

    def open(self, memory: Memory) -> Source:
        push = settings.Push(port=0, secret=settings.Secret("s"))
        return Push(push, dt.UTC, Clock(), seen=memory.seen)

    async def send(self, source: Source) -> None:
        assert isinstance(source, Push)
        await source.listening.wait()
        posts: list[list[dict[str, Any]]] = [GOOD[:60], [BAD, *GOOD[60:]]]
        async with aiohttp.ClientSession() as session:
            answers = await asyncio.gather(*(self._post(session, source.port, i, p) for i, p in enumerate(posts)))
        assert set(answers) <= {202, 409}

    async def _post(self, session: aiohttp.ClientSession, port: int, number: int, posts: list[dict[str, Any]]) -> int:
        body, timestamp = json.dumps(posts).encode(), str(int(NOW.timestamp()))
        signature = hmac.new(b"s", f"{timestamp}.{number}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "X-Gatewarden-Timestamp": timestamp,
            "X-Gatewarden-Delivery": str(number),
            "X-Gatewarden-Signature": f"sha256={signature}",
        }
        async with session.post(f"http://127.0.0.1:{port}/v1/posts", data=body, headers=headers) as answer:
            return answer.status


async def search(request: web.Request) -> web.Response:
    """A square that stands still."""
    items = [*GOOD[:60], BAD, *GOOD[60:]][::-1]
    page, limit = int(request.query["page"]), int(request.query["limit"])
    shown = items[(page - 1) * limit : page * limit]
    return web.json_response({"code": 0, "data": {"total": len(items), "items": shown}})


@pytest.fixture(params=SOURCES)
async def feed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Feed]:
    app = web.Application()
    app.router.add_get("/api/v4/social/message/search", search)
    async with TestServer(app) as server:
        feeds: dict[str, Feed] = {"jsonl": JsonlFeed(tmp_path), "gate_square": SquareFeed(server), "push": PushFeed()}
        yield feeds[request.param]


async def take(feed: Feed, memory: Memory, *, crash_after: int | None = None) -> None:
    """Run the source as the worker does: commit a batch, then ask for the next. A crash comes before a commit."""
    source = feed.open(memory)

    async def consume() -> None:
        async with contextlib.aclosing(source.stream(memory.position)) as stream:
            count = 0
            async for batch in stream:
                if count == crash_after:
                    return
                memory.commit(batch)
                count += 1

    consumer, sender = asyncio.create_task(consume()), asyncio.create_task(feed.send(source))
    ends = (consumer, sender) if feed.endless else (consumer,)
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (consumer, sender):
        task.cancel()
    await asyncio.gather(consumer, sender, return_exceptions=True)
    for task in done:
        task.result()


async def test_every_post_comes_and_what_is_none_is_put_aside(feed: Feed) -> None:
    """All valid posts, as they were; the one that is none is kept with a reason and stops nothing."""
    memory = Memory()
    await take(feed, memory)
    source = feed.open(memory)
    assert memory.ids == set(IDS)
    assert {item.reason for item in memory.quarantined} == {"id: missing"}
    assert all("no id" in item.raw for item in memory.quarantined)
    for delivery in memory.deliveries:
        assert delivery.source == source.name
        assert delivery.observed_at >= NOW
        assert delivery.snapshot.text == f"text {delivery.snapshot.id}"
        assert msgspec.json.decode(delivery.raw)["future"] == f"kept {delivery.snapshot.id}"


@pytest.mark.parametrize("crash_after", [0, 1, 2])
async def test_a_crash_before_a_commit_loses_nothing(feed: Feed, crash_after: int) -> None:
    """What was not committed comes again when the source is opened at the committed position."""
    memory = Memory()
    await take(feed, memory, crash_after=crash_after)
    await take(feed, memory)
    assert memory.ids == set(IDS)
    assert memory.quarantined


async def test_again_from_the_start_brings_nothing_else(feed: Feed) -> None:
    """Repetition is allowed, invention is not."""
    memory, again = Memory(), Memory()
    await take(feed, memory)
    await take(feed, again)
    assert {d.snapshot for d in memory.deliveries} == {d.snapshot for d in again.deliveries}


@pytest.mark.parametrize("position", ["", "{}", "42", '{"version": 99}', "\x00"])
async def test_a_position_of_another_version_is_no_crash(feed: Feed, position: str) -> None:
    """It starts over, which changes nothing."""
    memory = Memory()
    memory.position = position
    await take(feed, memory)
    assert memory.ids == set(IDS)


async def test_batches_are_values_with_a_json_form(feed: Feed) -> None:
    """They can be logged, stored and handed to another process."""
    memory = Memory()
    await take(feed, memory)
    batch = Batch(deliveries=tuple(memory.deliveries), quarantined=tuple(memory.quarantined), position=memory.position)
    decoded = msgspec.json.decode(msgspec.json.encode(batch), type=Batch)
    assert [d.snapshot for d in decoded.deliveries] == [d.snapshot for d in batch.deliveries]
    assert decoded.quarantined == batch.quarantined
