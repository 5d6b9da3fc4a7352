"""The simulated square against Gate's own published client: the contract is theirs, not ours."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import gate_api
import msgspec
import pytest
from gate_api.exceptions import GateApiException

from bot.campaign import load_campaign
from bot.demo.scenario import PlannedPost, Scenario, load_scenario
from bot.demo.square import SEARCH, Square
from bot.demo.story_clock import StoryClock

NOON = dt.datetime(2025, 7, 25, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
TAG = "我的Gate时刻"

Ask = Callable[..., Any]


@pytest.fixture
def scenario() -> Scenario:
    return load_scenario(load_campaign())


@pytest.fixture
def clock() -> StoryClock:
    return StoryClock(NOON, span=dt.timedelta(0))


@pytest.fixture
async def square(scenario: Scenario, clock: StoryClock) -> AsyncIterator[Square]:
    square = Square(scenario, clock, {"desk-large": b"\xff\xd8\xff picture"}, moody=False)
    async with square.listening():
        yield square


@pytest.fixture
async def ask(square: Square) -> AsyncIterator[Ask]:
    """Gate's client, called in a thread as it is synchronous."""
    client = gate_api.ApiClient(gate_api.Configuration(host=f"{square.url}/api/v4"))
    api = gate_api.SquareApi(client)
    yield lambda **query: asyncio.to_thread(api.list_square_ai_search, **query)
    client.rest_client.pool_manager.clear()


async def test_the_client_reads_every_field(ask: Ask, square: Square, scenario: Scenario) -> None:
    """Each field of a result arrives in the client's own model, as the type that its model declares."""
    reply = await ask(keyword=TAG, sort=1, limit=50)
    assert (reply.code, reply.label, reply.msg) == (0, "", "")
    planned = {post.id: post for post in scenario.posts}
    assert reply.data.items
    for item in reply.data.items:
        post = planned[item.id]
        assert isinstance(item.like_count, int) and isinstance(item.page_view, int)
        assert item.content == post.content(NOON).text
        assert item.nickname == post.author
        assert item.avatar.startswith(square.url)
        assert item.image == "" or item.image.startswith("http://")


async def test_pages_hold_all_that_is_there_latest_first(ask: Ask, scenario: Scenario) -> None:
    """Reading to the end of ``total`` gives each visible post once, newest first, and nothing of the future."""
    pages = [await ask(keyword=TAG, sort=1, limit=20, page=number) for number in range(1, 7)]
    ids = [item.id for page in pages for item in page.data.items]
    times = {post.id: post.at for post in scenario.posts}
    assert len(ids) == len(set(ids)) == pages[0].data.total
    assert [times[i] for i in ids] == sorted((times[i] for i in ids), reverse=True)
    assert max(times[i] for i in ids) <= NOON
    assert pages[-1].data.items == []


async def test_a_page_has_ten_results_unless_asked_otherwise(ask: Ask) -> None:
    """The documented default of ``limit``."""
    assert len((await ask(keyword=TAG)).data.items) == 10


async def test_only_a_first_picture_is_shown(ask: Ask, square: Square, scenario: Scenario) -> None:
    """A post of two pictures shows one, a post of a video none."""
    items = {item.id: item for number in (1, 2) for item in (await ask(keyword=TAG, limit=50, page=number)).data.items}
    two = next(post for post in scenario.posts if len(post.media) == 2 and post.id in items)
    video = next(post for post in scenario.posts if post.media == ("clip-shop",))
    assert items[two.id].image == square.media_url(two, 0, two.media[0])
    assert items[video.id].image == ""


async def test_popular_and_recent_results(ask: Ask, scenario: Scenario) -> None:
    """``sort`` 0 orders by popularity, ``time_range`` 1 leaves out what is older than a day."""
    popular = [item.like_count for item in (await ask(keyword=TAG, sort=0, limit=50)).data.items]
    recent = (await ask(keyword=TAG, time_range=1, limit=50)).data.items
    times = {post.id: post.at for post in scenario.posts}
    assert popular == sorted(popular, reverse=True)
    assert recent and all(times[item.id] > NOON - dt.timedelta(days=1) for item in recent)


@pytest.mark.parametrize("query", [{"sort": 7}, {"time_range": 9}, {"time_range": -1}])
async def test_a_bad_parameter_is_an_error_that_the_client_understands(ask: Ask, query: dict[str, int]) -> None:
    """HTTP 400 with ``label`` and ``message``: the client raises its own exception, label included."""
    with pytest.raises(GateApiException) as caught:
        await ask(keyword=TAG, **query)
    assert caught.value.label == "INVALID_PARAM_VALUE"
    assert next(iter(query)) in caught.value.message


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "page=0", "limit=ten", "page=%F0%9D%9F%A1", "sort="])
async def test_what_the_client_would_not_send_is_refused_too(square: Square, query: str) -> None:
    """Limits hold for callers without the client's own checks."""
    async with aiohttp.ClientSession() as session, session.get(f"{square.url}{SEARCH}?{query}") as reply:
        assert reply.status == 400
        assert set(await reply.json()) == {"label", "message"}


async def test_time_brings_posts_edits_and_deletions(ask: Ask, clock: StoryClock, scenario: Scenario) -> None:
    """The same search later: a post edited since shows its new text, one deleted is gone, new ones are there."""
    edited = next(post for post in scenario.posts if post.edits and post.at < NOON)
    deleted = next(post for post in scenario.posts if post.deleted and post.at < NOON)
    before = await _everything(ask)
    assert deleted.id in before
    clock.set_to(clock.now() + dt.timedelta(hours=24))
    after = await _everything(ask)
    assert deleted.id not in after
    assert after[edited.id].content == (edited.edits[-1].text or edited.text)
    assert set(after) - set(before)
    assert all(after[i].page_view >= before[i].page_view for i in set(after) & set(before))


async def test_a_moody_square_refuses_and_recovers(scenario: Scenario, clock: StoryClock) -> None:
    """Now and then 429 with Retry-After, and a first request for a file answered 503: the next one succeeds."""
    square = Square(scenario, clock, {"desk-large": b"\xff\xd8\xff picture"})
    async with square.listening(), aiohttp.ClientSession() as session:
        statuses = []
        for _ in range(10):
            async with session.get(square.url + SEARCH) as reply:
                statuses.append(reply.status)
                assert (reply.status == 429) == ("Retry-After" in reply.headers)
        assert statuses.count(429) == 1 and statuses[-1] == 200
        seen = []
        for number in range(12):
            post = msgspec.structs.replace(scenario.posts[0], id=number)
            async with session.get(square.media_url(post, 0, "desk-large")) as reply:
                seen.append(reply.status)
        async with session.get(square.media_url(post, 0, "desk-large")) as reply:
            seen.append(reply.status)
        assert seen == [200] * 11 + [503, 200]


async def test_traps_are_what_they_are_called(square: Square, scenario: Scenario) -> None:
    """Gone is 404, unreachable turns callers away, private is no address of ours, endless and slow go on."""
    post: PlannedPost = scenario.posts[0]
    async with aiohttp.ClientSession() as session:
        async with session.get(square.media_url(post, 0, "trap-gone")) as reply:
            assert reply.status == 404
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(square.media_url(post, 0, "trap-unreachable"))
        async with session.get(square.media_url(post, 0, "trap-endless")) as reply:
            assert len(await reply.content.readexactly(3_000_000)) == 3_000_000
        async with session.get(square.media_url(post, 0, "trap-slow")) as reply:
            assert len(await reply.content.readany()) < 100
    assert "169.254.169.254" in square.media_url(post, 0, "trap-private")


async def _everything(ask: Ask) -> dict[int, Any]:
    pages = [await ask(keyword=TAG, sort=1, limit=50, page=number) for number in range(1, 4)]
    return {item.id: item for page in pages for item in page.data.items}
