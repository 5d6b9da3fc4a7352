"""Polling the public search over real HTTP: shifting pages, crashes, outages, drift."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import settings
from bot.errors import ConfigError, Transient
from bot.model import Delivery
from bot.sources import Batch
from bot.sources.gate_square import GateSquare

NOON = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
LAG = dt.timedelta(minutes=30)


class Clock:
    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> dt.datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += dt.timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Square:
    """The search over ``posts``, newest first. ``faults`` are answers given first; ``before`` runs before each page."""

    def __init__(self) -> None:
        self.posts: list[dict[str, object]] = []
        self.asked: list[tuple[str, int]] = []
        self.queries: list[dict[str, str]] = []
        self.faults: list[web.Response] = []
        self.before: Callable[[int], None] = lambda count: None
        self.total = True
        self.most = 50

    def add(self, *ids: int) -> None:
        for number in ids:
            self.posts.insert(0, {"id": number, "content": f"text {number} #tag #other", "image": "", "page_view": 1})

    def remove(self, *ids: int) -> None:
        self.posts = [post for post in self.posts if post["id"] not in ids]

    async def answer(self, request: web.Request) -> web.Response:
        self.before(len(self.asked))
        keyword, page = request.query["keyword"], int(request.query["page"])
        limit = min(self.most, int(request.query["limit"]))
        self.asked.append((keyword, page))
        self.queries.append(dict(request.query))
        if self.faults:
            return self.faults.pop(0)
        found = [post for post in self.posts if f"#{keyword}" in str(post["content"])]
        data: dict[str, object] = {"items": found[(page - 1) * limit : page * limit]}
        if self.total:
            data["total"] = len(found)
        return web.json_response({"code": 0, "label": "", "msg": "", "data": data})


class Bench:
    """A square, what was committed of it, and a clock."""

    def __init__(self, square: Square, host: str) -> None:
        self.square, self.host, self.clock = square, host, Clock()
        self.position: str | None = None
        self.deliveries: dict[str, list[Delivery]] = {}
        self.batches: list[Batch] = []
        self.tags = ["tag"]

    async def known(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids) & self.deliveries.keys()

    def source(self, *, once: bool = True) -> GateSquare:
        return GateSquare(settings.GateSquare(host=self.host), self.tags, self.clock, known=self.known, once=once)

    def commit(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.position = batch.position or self.position
        for delivery in batch.deliveries:
            self.deliveries.setdefault(delivery.snapshot.id, []).append(delivery)

    async def poll(self) -> None:
        self.square.asked.clear()
        async for batch in self.source().stream(self.position):
            self.commit(batch)

    async def crash_after(self, batches: int) -> None:
        stream = self.source().stream(self.position)
        for _ in range(batches):
            self.commit(await anext(stream))
        await stream.aclose()

    @property
    def ids(self) -> set[int]:
        return set(map(int, self.deliveries))

    @property
    def pages(self) -> list[int]:
        return [page for _, page in self.square.asked]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    square, app = Square(), web.Application()
    app.router.add_get("/api/v4/social/message/search", square.answer)
    async with TestServer(app) as server:
        yield Bench(square, str(server.make_url("/")).rstrip("/"))


async def test_it_asks_as_documented(bench: Bench) -> None:
    """Keyword without its hashes, latest first, fifty a page, from page one."""
    bench.tags = ["#我的Gate时刻#"]
    await bench.poll()
    assert bench.square.queries == [{"keyword": "我的Gate时刻", "sort": "1", "limit": "50", "page": "1"}]


async def test_the_first_poll_reads_to_the_end_and_later_ones_to_known_posts(bench: Bench) -> None:
    """Steady state: one page where nothing is new, two where something is."""
    bench.square.add(*range(120))
    await bench.poll()
    assert bench.ids == set(range(120))
    assert bench.pages == [1, 2, 1, 3, 2]
    await bench.poll()
    assert bench.pages == [1]
    bench.square.add(500)
    await bench.poll()
    assert bench.pages == [1, 2, 1]
    assert 500 in bench.ids


async def test_a_poll_reports_whether_it_was_complete(bench: Bench) -> None:
    """With when it began: from then on, what is new was not there before."""
    bench.square.add(1)
    await bench.poll()
    poll = bench.batches[-1].poll
    assert poll is not None
    assert (poll.started, poll.complete) == (NOON, True)
    bench.square.faults = [web.Response(status=400)]
    with pytest.raises(Transient):
        await bench.poll()
    assert [batch.poll.complete for batch in bench.batches if batch.poll] == [True, False]


async def test_not_before_is_the_last_complete_poll_less_the_lag(bench: Bench) -> None:
    """For ids that were not known; the first poll proves nothing, nor does any for ids already known."""
    bench.square.add(1)
    await bench.poll()
    started = bench.batches[-1].poll
    bench.square.add(2)
    await bench.poll()
    assert started is not None
    assert [d.not_before for d in bench.deliveries["1"]] == [None, None]
    assert [d.not_before for d in bench.deliveries["2"]] == [started.started - LAG]


async def test_posts_that_slip_up_between_two_pages_are_found(bench: Bench) -> None:
    """Deleting a post on page one pulls the first of page two up past the reader; the re-read catches it."""
    bench.square.add(*range(150))
    bench.square.before = lambda count: bench.square.remove(149, 148, 147) if count == 1 else None
    await bench.poll()
    assert bench.ids == set(range(147)) | {149, 148, 147}


async def test_posts_pushed_down_do_not_end_a_poll(bench: Bench) -> None:
    """Fifty new posts while page one is read: page two then shows only posts of this very poll, and is not the end."""
    bench.square.add(*range(100))
    await bench.poll()
    bench.square.add(*range(200, 250))
    bench.square.before = lambda count: bench.square.add(*range(300, 350)) if count == 1 else None
    await bench.poll()
    assert bench.pages == [1, 2, 1, 3, 2]
    assert set(range(200, 250)) <= bench.ids


@pytest.mark.parametrize("batches", [1, 2, 3, 4, 5])
async def test_a_crash_within_a_poll_leaves_no_gap(bench: Bench, batches: int) -> None:
    """Posts that only an unfinished poll has seen do not end the next one: below them may be some nobody saw."""
    bench.square.add(*range(60))
    await bench.poll()
    bench.square.add(*range(1000, 1220))
    await bench.crash_after(batches)
    await bench.poll()
    assert bench.ids == {*range(60), *range(1000, 1220)}


async def test_a_crash_within_the_very_first_poll(bench: Bench) -> None:
    """With no complete poll yet, the next goes to the end."""
    bench.square.add(*range(150))
    await bench.crash_after(1)
    await bench.poll()
    assert bench.ids == set(range(150))


async def test_further_hashtags_start_from_nothing(bench: Bench) -> None:
    """Polls that did not ask for a keyword bound nothing that is found by it."""
    bench.square.add(*range(60))
    bench.square.posts += [{"id": n, "content": f"old {n} #new"} for n in range(100, 160)]
    await bench.poll()
    bench.tags = ["tag", "new"]
    await bench.poll()
    assert bench.ids == {*range(60), *range(100, 160)}
    assert all(d.not_before is None for ds in bench.deliveries.values() for d in ds)


@pytest.mark.parametrize("total", [True, False])
async def test_a_server_that_gives_less_than_asked(bench: Bench, total: bool) -> None:
    """Short pages are not the end while more is promised, or while nothing is said and another page has posts."""
    bench.square.add(*range(45))
    bench.square.most, bench.square.total = 20, total
    await bench.poll()
    assert bench.ids == set(range(45))


async def test_a_server_that_repeats_its_last_page_for_ever(bench: Bench) -> None:
    """The poll ends all the same."""
    page = {"code": 0, "data": {"items": [{"id": n, "content": "#tag"} for n in range(50)]}}
    bench.square.faults = [web.json_response(page) for _ in range(20)]
    await bench.poll()
    assert bench.pages == [1, 2, 1]
    assert bench.ids == set(range(50))


async def test_what_may_pass_is_waited_out(bench: Bench) -> None:
    """Rate limits for as long as they ask, outages with growing waits; then the poll goes on where it was."""
    bench.square.add(*range(60))
    bench.square.faults = [
        web.Response(status=429, headers={"Retry-After": "7"}),
        web.Response(status=503),
    ]
    await bench.poll()
    assert bench.ids == set(range(60))
    assert [s for s in bench.clock.slept if s >= 1] == [7.0, 4.0]


@pytest.mark.parametrize(
    ("fault", "reason", "retry_after", "asked"),
    [
        ({"status": 429, "headers": {"Retry-After": "600"}}, "rate_limited", 600.0, 1),
        ({"status": 429, "headers": {"Retry-After": "Sun, 20 Jul 2025 12:10:00 GMT"}}, "rate_limited", 599.75, 1),
        ({"status": 429, "headers": {"Retry-After": "soon"}}, "rate_limited", None, 3),
        ({"status": 502}, "http_502", None, 3),
        ({"status": 302, "headers": {"Location": "/x"}}, "http_302", None, 3),
        ({"status": 400, "text": '{"label": "INVALID_KEY", "message": "x"}'}, "http_400_INVALID_KEY", None, 1),
        ({"status": 403, "text": "<html>"}, "http_403", None, 1),
        ({"text": '{"code": 5, "label": "SERVER_ERROR"}'}, "square_error_SERVER_ERROR", None, 3),
        ({"text": '{"label": "SERVER_ERROR", "message": "x"}'}, "square_error_SERVER_ERROR", None, 3),
        ({"text": "<html>"}, "schema_drift", None, 1),
        ({"text": '{"code": 0, "data": {"items": [{"post": 1}, {"post": 2}]}}'}, "schema_drift", None, 1),
        ({"body": b" " * (9 << 20)}, "reply_too_large", None, 3),
    ],
)  # fmt: skip
async def test_what_does_not_pass(
    bench: Bench, fault: dict[str, object], reason: str, retry_after: float | None, asked: int
) -> None:
    """The stream ends with the reason and what the square asks to wait; the position has not moved."""
    bench.square.faults = [web.Response(**fault) for _ in range(3)]  # type: ignore[arg-type]
    with pytest.raises(Transient) as failure:
        await bench.poll()
    assert (failure.value.reason, failure.value.retry_after) == (reason, retry_after)
    assert (len(bench.square.asked), bench.position) == (asked, None)


async def test_nobody_there() -> None:
    """A refused connection is the world failing."""
    bench = Bench(Square(), "http://127.0.0.1:1")
    with pytest.raises(Transient, match="unreachable"):
        await bench.poll()


async def test_a_host_that_is_no_url() -> None:
    """A person must mend that: one line."""
    with pytest.raises(ConfigError, match=r"\[gate_square\] host"):
        await Bench(Square(), "api.example").poll()


@pytest.mark.parametrize(
    ("odd", "good", "drift"), [(1, 1, False), (2, 48, False), (3, 47, True), (1, 0, True), (2, 2, True)]
)
async def test_odd_items_and_another_form(bench: Bench, odd: int, good: int, drift: bool) -> None:
    """One odd item, or a twentieth of a page, is put aside; more means that the form has changed, and nothing moves."""
    bench.square.add(*range(good))
    bench.square.posts += [{"id": f"x{n}" * 200, "content": "#tag"} for n in range(odd)]
    if drift:
        with pytest.raises(Transient, match="schema_drift"):
            await bench.poll()
        assert (bench.ids, bench.position) == (set(), None)
    else:
        await bench.poll()
        assert bench.ids == set(range(good))
        assert sum(len(batch.quarantined) for batch in bench.batches) == odd


async def test_one_poll_an_interval(bench: Bench) -> None:
    """Counted from start to start, on the clock that was handed in."""
    bench.square.add(1)
    stream = bench.source(once=False).stream(None)
    started: list[dt.datetime] = []
    while len(started) < 3:
        batch = await anext(stream)
        bench.commit(batch)
        if batch.poll is not None:
            started.append(batch.poll.started)
    await stream.aclose()
    assert [(t - NOON).total_seconds() for t in started] == [0, 60, 120]


async def test_views_come_again_with_each_poll(bench: Bench) -> None:
    """A known post on a page that is read is delivered with its newest counters."""
    bench.square.add(1)
    await bench.poll()
    bench.square.posts[0]["page_view"] = 99
    await bench.poll()
    assert [d.snapshot.stats and d.snapshot.stats.views for d in bench.deliveries["1"]] == [1, 99]


async def test_many_new_posts_do_not_swell_the_position(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound they are no longer kept one by one: the next poll goes to the end instead, and no gap is left."""
    monkeypatch.setattr("bot.sources.gate_square.MAX_PENDING", 60)
    bench.square.add(*range(60))
    await bench.poll()
    bench.square.add(*range(1000, 1200))
    await bench.crash_after(3)
    assert bench.position is not None
    assert json.loads(bench.position)["pending"] is None
    await bench.poll()
    assert bench.ids == {*range(60), *range(1000, 1200)}
    assert json.loads(bench.position)["pending"] == []
