"""Signed pushes over real HTTP, answered only once committed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import io
import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot import settings
from bot.errors import ConfigError, UserError
from bot.sources import Batch
from bot.sources.push import MAX_BODY, Push

NOON = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
SECRET = b"secret"


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> dt.datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"push never waits, yet was asked to for {seconds} s")


def signed(
    body: bytes, *, timestamp: str = "1753012800", delivery: str = "d-1", secret: bytes = SECRET
) -> dict[str, str]:
    signature = hmac.new(secret, f"{timestamp}.{delivery}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Gatewarden-Timestamp": timestamp,
        "X-Gatewarden-Delivery": delivery,
        "X-Gatewarden-Signature": f"sha256={signature}",
    }


async def never(_: str) -> bool:
    return False


class Bench:
    """An endpoint, a consumer that commits, and a sender."""

    def __init__(self) -> None:
        self.clock, self.batches = Clock(), list[Batch]()
        self.seen_ids: set[str] = set()
        self.asked = asyncio.Semaphore(0)  # released once for each delivery that was found authentic
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        push = settings.Push(port=0, secret=settings.Secret(SECRET.decode()))
        self.source = Push(push, dt.UTC, self.clock, seen=self.seen)
        self.http = aiohttp.ClientSession()

    async def seen(self, delivery_id: str) -> bool:
        self.asked.release()
        return delivery_id in self.seen_ids

    async def consume(self) -> None:
        async with contextlib.aclosing(self.source.stream(None)) as stream:
            async for batch in stream:
                await self.may_commit.wait()
                self.batches.append(batch)
                self.seen_ids |= set(batch.delivery_ids)

    async def post(
        self, body: bytes, headers: dict[str, str], path: str = "/v1/posts"
    ) -> tuple[int, dict[str, object]]:
        url = f"http://127.0.0.1:{self.source.port}{path}"
        async with self.http.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else {}

    async def status(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        return (await self.post(body, signed(body) if headers is None else headers))[0]

    @property
    def ids(self) -> list[str]:
        return [delivery.snapshot.id for batch in self.batches for delivery in batch.deliveries]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    consumer = asyncio.create_task(bench.consume())
    await bench.source.listening.wait()
    yield bench
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    await bench.http.close()


async def test_one_post_or_an_array(bench: Bench) -> None:
    """Observed at the signed time; the record keeps the sender's own bytes."""
    one, many = b'{"id": 1, "x": 0.10000000000000000001}', b' [{"id": 2}, {"id": "3"}]\n'
    assert await bench.post(one, signed(one)) == (202, {"accepted": 1, "errors": []})
    assert await bench.post(many, signed(many, delivery="d-2")) == (202, {"accepted": 2, "errors": []})
    assert bench.ids == ["1", "2", "3"]
    first = bench.batches[0].deliveries[0]
    assert (first.observed_at, bytes(first.raw)) == (NOON, one)
    assert [i for batch in bench.batches for i in batch.delivery_ids] == ["d-1", "d-2"]


async def test_accepted_means_committed(bench: Bench) -> None:
    """No answer before the consumer asks for the next batch; deliveries that wait meanwhile share one."""
    bench.may_commit.clear()
    bodies = [json.dumps({"id": n}).encode() for n in range(5)]
    answers = [asyncio.create_task(bench.status(b, signed(b, delivery=f"d{n}"))) for n, b in enumerate(bodies)]
    for _ in answers:
        await bench.asked.acquire()
    assert not any(answer.done() for answer in answers)
    bench.may_commit.set()
    assert await asyncio.gather(*answers) == [202] * 5
    assert sorted(bench.ids) == list("01234")
    assert len(bench.batches) < 5


async def test_a_stop_before_the_commit_is_no_acceptance(bench: Bench) -> None:
    """The sender hears 503 and sends again."""
    other = Bench()
    stream = other.source.stream(None)
    first = asyncio.ensure_future(anext(stream))
    await other.source.listening.wait()
    answer = asyncio.create_task(other.status(b'{"id": 1}'))
    await first
    await stream.aclose()
    assert await answer == 503
    await other.http.close()


@pytest.mark.parametrize(
    "change",
    [
        {"X-Gatewarden-Signature": ""},
        {"X-Gatewarden-Signature": "sha256=" + "0" * 64},
        {"X-Gatewarden-Signature": "sha256=é"},
        {"X-Gatewarden-Timestamp": "1753012801"},
        {"X-Gatewarden-Timestamp": ""},
        {"X-Gatewarden-Delivery": "d-2"},
        {"X-Gatewarden-Delivery": ""},
        signed(b'{"id": 1}', secret=b"other"),
        signed(b'{"id": 2}'),
        signed(b'{"id": 1}', timestamp="now"),
        signed(b'{"id": 1}', delivery="d 1"),
        signed(b'{"id": 1}', delivery="d" * 201),
        signed(b'{"id": 1}', timestamp=str(1753012800 - 301)),
        signed(b'{"id": 1}', timestamp=str(1753012800 + 301)),
    ],
)
async def test_what_is_not_authentic(bench: Bench, change: dict[str, str]) -> None:
    """Missing, wrong, of another body, too old or too far ahead: 401 each, and nothing is taken."""
    assert await bench.status(b'{"id": 1}', {**signed(b'{"id": 1}'), **change}) == 401
    assert (bench.batches, bench.seen_ids) == ([], set())


@pytest.mark.parametrize("timestamp", ["1753012500", "1753013100", "1753012800000", "2025-07-20T20:00:00+08:00"])
async def test_the_window_is_open_at_both_ends(bench: Bench, timestamp: str) -> None:
    """Up to 300 seconds either way, in any form a time may have."""
    assert await bench.status(b'{"id": 1}', signed(b'{"id": 1}', timestamp=timestamp)) == 202


async def test_a_delivery_is_taken_once(bench: Bench) -> None:
    """Replayed after its commit, or while it is under way: 409."""
    body = b'{"id": 1}'
    assert [await bench.status(body), await bench.status(body)] == [202, 409]
    bench.may_commit.clear()
    bench.asked = asyncio.Semaphore(0)
    headers = signed(body, delivery="d-2")
    first = asyncio.create_task(bench.status(body, headers))
    await bench.asked.acquire()
    assert await bench.status(body, headers) == 409
    bench.may_commit.set()
    assert await first == 202
    assert bench.ids == ["1", "1"]


@pytest.mark.parametrize(
    "body", [b"", b"nope", b"3", b'{"text": "no id"}', b'[{"id": true}]', b"[1", b"[" * 100_000, b"\xff"]
)
async def test_what_is_no_post(bench: Bench, body: bytes) -> None:
    """400 with reasons, and the delivery may be mended and sent again under its id."""
    status, answer = await bench.post(body, signed(body))
    assert status == 400
    assert answer["error"]
    assert bench.batches == []
    assert await bench.status(b'{"id": 1}') == 202


async def test_too_many_posts(bench: Bench) -> None:
    """More than a batch should hold: 400."""
    assert await bench.status(b"[" + b",".join([b'{"id":1}'] * 1001) + b"]") == 400


async def test_one_bad_post_among_good_ones(bench: Bench) -> None:
    """It is put aside with its place and reason, told to the sender, and the rest goes on."""
    body = b'[{"id": 1}, {"id": 2, "author": {"verified": "yes"}}, {"id": 3}]'
    status, answer = await bench.post(body, signed(body))
    reason = "author.verified: neither true nor false"
    assert (status, answer) == (202, {"accepted": 2, "errors": [{"index": 1, "reason": reason}]})
    assert bench.ids == ["1", "3"]
    assert [(q.line, q.reason) for batch in bench.batches for q in batch.quarantined] == [(2, reason)]


async def test_paths_are_for_files(bench: Bench) -> None:
    """A push cannot make the bot read a file."""
    body = b'{"id": 1, "media": [{"type": "image", "path": "a.png"}]}'
    assert await bench.status(body) == 400


async def test_an_empty_array_is_a_delivery(bench: Bench) -> None:
    """Nothing to tell, yet said once."""
    assert [await bench.status(b"[]"), await bench.status(b"[]")] == [202, 409]


async def test_too_long(bench: Bench) -> None:
    """Refused by its announced length, or as soon as it has grown beyond."""
    url, body = f"http://127.0.0.1:{bench.source.port}/v1/posts", b" " * (MAX_BODY + 1)
    async with bench.http.post(url, data=io.BytesIO(body), headers=signed(body)) as answer:
        assert answer.status == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 65536 + 1):
            yield b" " * 65536

    with contextlib.suppress(aiohttp.ClientConnectionError):  # the server may hang up in the middle
        async with bench.http.post(url, data=chunks(), headers=signed(body)) as answer:
            assert answer.status == 413
    assert bench.batches == []


async def test_other_paths_and_methods(bench: Bench) -> None:
    """There is one thing to do here."""
    assert (await bench.post(b"{}", {}, "/"))[0] == 404
    async with bench.http.get(f"http://127.0.0.1:{bench.source.port}/v1/posts") as answer:
        assert answer.status == 405


async def test_a_port_in_use_is_said_in_one_line() -> None:
    """With the setting it stands in."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        push = settings.Push(port=port, secret=settings.Secret("s"))
        source = Push(push, dt.UTC, Clock(), seen=never)
        with pytest.raises(UserError, match=rf"\[push\] cannot listen on 127\.0\.0\.1 port {port}: .*[Aa]ddress"):
            await anext(source.stream(None))


async def test_no_secret_is_said_in_one_line() -> None:
    """An endpoint that anybody could push to is not opened."""
    with pytest.raises(ConfigError, match=r"\[push\] secret"):
        Push(settings.Push(), dt.UTC, Clock(), seen=never)


async def test_one_pass_has_nothing_to_wait_for() -> None:
    """The stream ends at once, without listening."""
    push = settings.Push(port=0, secret=settings.Secret("s"))
    source = Push(push, dt.UTC, Clock(), seen=never, once=True)
    assert [batch async for batch in source.stream(None)] == []
    assert not source.listening.is_set()
