"""X's API against a simulated one: batches, edit chains, limits, errors, the budget, what a failure leaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from benchmarks.questionnaire import NOW, Plan, campaign, filled, written
from bot.awards.measuring import Measured, measure
from bot.awards.shares import fix_moment, import_questionnaire, leaderboard, settle
from bot.awards.x_api import MOST, Missing, XApi
from bot.demo.x import Posted, XServer
from bot.errors import ConfigError, Transient, UserError
from bot.reachable import reach
from bot.settings import GateSquare, Secret, Settings, X
from bot.store import Store

TOKEN = "AAAA%2Fsimulated"
HOUR = dt.timedelta(hours=1)


class Clock:
    """Stands still; a wait moves it."""

    def __init__(self, now: dt.datetime = NOW) -> None:
        self._now = now
        self.waits: list[float] = []

    def now(self) -> dt.datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_by(dt.timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def pass_by(self, time: dt.timedelta) -> None:
        self._now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


@asynccontextmanager
async def asking(server: XServer, clock: Clock, token: str = TOKEN) -> AsyncIterator[XApi]:
    async with server.listening(), XApi(X(host=server.url, token=Secret(token)), clock) as api:
        yield api


def shared(store: Store, count: int, seed: int = 1) -> list[str]:
    """So many posts with their shares; the numbers of the posts on X."""
    plan = Plan(seed)
    x_ids = [plan.x() for _ in range(count)]
    for x_id in x_ids:
        plan.add(None, plan.row(plan.post(), x_id))
    filled(store, plan)
    assert import_questionnaire(store, campaign(), written(plan)[0].encode(), {}, "ana", NOW).joined == count
    return x_ids


async def measured(
    store: Store, server: XServer, clock: Clock, *, again: bool = False, budget: float = 25.0
) -> Measured:
    async with asking(server, clock) as api:
        return await measure(store, campaign(), api, X(budget=budget), clock, "ana", again=again)


async def test_every_kind_of_answer(clock: Clock) -> None:
    """Found, deleted, never there, protected, suspended: each as documented, a protected one like a suspended one."""
    ids = [str(10**18 + n) for n in range(5)]
    server = XServer(
        [
            Posted(id=ids[0], pace=1000),
            Posted(id=ids[1], state="deleted"),
            Posted(id=ids[2], state="protected"),
            Posted(id=ids[3], state="suspended"),
        ],
        clock,
        TOKEN,
    )
    async with asking(server, clock) as api:
        reply = await api.lookup(ids)
    assert [(post.id, post.views, post.versions) for post in reply.found] == [
        (ids[0], server.posts[ids[0]].views(NOW), (ids[0],))
    ]
    assert reply.missing == (
        Missing(id=ids[1], code="x.deleted"),
        Missing(id=ids[2], code="x.protected"),
        Missing(id=ids[3], code="x.protected"),
        Missing(id=ids[4], code="x.deleted"),
    )


async def test_a_limit_is_waited_out(clock: Clock) -> None:
    """With nothing left the next question waits for the reset before it is asked: no 429 is ever provoked."""
    post = Posted(id=str(10**18))
    server = XServer([post], clock, TOKEN, limit=2)
    async with asking(server, clock) as api:
        for _ in range(5):
            await api.lookup([post.id])
    assert (server.requests, server.refusals) == (5, 0)
    assert len(clock.waits) == 2 and all(0 < wait <= 900 for wait in clock.waits)
    assert clock.now().timestamp() >= (NOW.timestamp() // 900 + 2) * 900


async def test_429_waits_as_long_as_it_says(clock: Clock) -> None:
    """Somebody else used the limit up: the reset that the refusal names is waited for, then the answer comes."""
    post = Posted(id=str(10**18))
    server = XServer([post], clock, TOKEN, limit=1)
    async with asking(server, clock) as api:
        await api.lookup([post.id])
        api._free_at = None
        assert (await api.lookup([post.id])).found
    assert server.refusals == 1
    assert clock.now().timestamp() == (NOW.timestamp() // 900 + 1) * 900


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 40)}, 40.0),
        ({"Retry-After": "50", "x-rate-limit-reset": str(int(NOW.timestamp()) + 40)}, 50.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) - 40)}, 1.0),
        ({"Retry-After": "soon"}, 2.0),
        ({}, 2.0),
    ],
)
async def test_what_is_asked_to_wait_is_waited(clock: Clock, headers: dict[str, str], waited: float) -> None:
    """Retry-After, the reset, the longer of both; a reset that is past, or nothing said, is waited a little."""
    refusal = web.Response(status=429, headers=headers, body=b"{}")
    async with answering([refusal, web.json_response({"data": [{"id": "5"}]})]) as host, api_at(host, clock) as api:
        assert [post.id for post in (await api.lookup(["5"])).found] == ["5"]
    assert clock.waits == [waited]


async def test_a_wait_beyond_reason_is_not_begun(clock: Clock) -> None:
    """Longer than a window of 15 minutes: it is given up, and says how long it would be."""
    refusal = web.Response(status=429, headers={"Retry-After": "86400"}, body=b"{}")
    async with answering([refusal]) as host, api_at(host, clock) as api:
        with pytest.raises(Transient, match="x_rate_limited") as caught:
            await api.lookup(["5"])
    assert caught.value.retry_after == 86400
    assert clock.waits == []


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_token_is_told_at_once(clock: Clock, status: int) -> None:
    """No second try; what X says stands in the message, the token never does."""
    refusal = web.json_response({"title": "Forbidden", "detail": "client\nnot enrolled"}, status=status)
    async with answering([refusal]) as host, api_at(host, clock) as api:
        with pytest.raises(UserError, match=rf"{status} \(client not enrolled\)") as caught:
            await api.lookup(["5"])
    assert TOKEN not in str(caught.value)
    assert api.requests == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"data": 5}', b'{"data": [{"id": 5}]}', b'{"data": [{"id": "../5"}]}',
     b'{"data": [{"id": "5", "public_metrics": {"impression_count": -1}}]}', b"<html>", b"\xff"],
)  # fmt: skip
async def test_a_reply_of_another_form_is_no_reply(clock: Clock, body: bytes) -> None:
    """It is tried again and then given up; nothing of it is taken."""
    async with answering([web.Response(body=body) for _ in range(5)]) as host, api_at(host, clock) as api:
        with pytest.raises(Transient, match="x_reply_malformed"):
            await api.lookup(["5"])
    assert api.requests == 5


async def test_strangers_in_a_reply_are_passed_over(clock: Clock) -> None:
    """Only what was asked for counts, and its edit history; an error of an unknown kind is told as that."""
    body = {
        "data": [
            {"id": "6", "public_metrics": {"impression_count": 9}},
            {"id": "7", "edit_history_tweet_ids": ["5", "7"]},
        ],
        "errors": [{"value": "8", "type": "https://api.x.com/2/problems/new-kind"}],
    }
    async with answering([web.json_response(body)]) as host, api_at(host, clock) as api:
        reply = await api.lookup(["5", "8"])
    assert [(post.id, post.views, post.versions) for post in reply.found] == [("7", None, ("5", "7"))]
    assert reply.missing == (Missing(id="8", code="x.unreadable"),)


async def test_redirects_are_not_followed(clock: Clock) -> None:
    """The token goes to the host that was configured, and nowhere else."""
    elsewhere = web.Response(status=302, headers={"Location": "http://127.0.0.1:1/2/tweets"})
    async with answering([elsewhere]) as host, api_at(host, clock) as api:
        with pytest.raises(UserError, match="302"):
            await api.lookup(["5"])


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("http://api.x.com", "in the clear"),
        ("http://127.0.0.1.evil.test", "in the clear"),
        ("api.x.com", "no address"),
        ("ftp://api.x.com", "no address"),
        ("https://api.x.com/v3", "no address"),
    ],
)
def test_the_token_is_sent_over_tls_only(clock: Clock, host: str, message: str) -> None:
    """But to this machine itself."""
    with pytest.raises(ConfigError, match=message):
        XApi(X(host=host, token=Secret(TOKEN)), clock)


def test_without_a_token_it_says_what_to_do(clock: Clock) -> None:
    """A token, or a file of views."""
    with pytest.raises(UserError, match="import-views"):
        XApi(X(), clock)


async def test_measuring_asks_by_the_hundred_and_counts_the_cost(store: Store, clock: Clock) -> None:
    """250 shares are three questions; missing ones cost nothing; a second measurement on that day costs nothing."""
    x_ids = shared(store, 250)
    posts = [Posted(id=x, state="deleted" if n % 50 == 0 else "public") for n, x in enumerate(x_ids)]
    sizes: list[int] = []
    server = XServer(posts, clock, TOKEN, on_request=lambda ids: sizes.append(len(ids)))
    first = await measured(store, server, clock)
    assert sizes == [MOST, MOST, 50]
    assert (first.posts, first.due, first.counted, first.missing) == (250, 250, 245, {"x.deleted": 5})
    assert (first.charged, first.cost) == (245, 1.225)
    second = await measured(store, server, clock)
    assert (second.due, second.requests, second.charged) == (0, 0, 0)
    clock.pass_by(HOUR)
    third = await measured(store, server, clock, again=True)
    assert (third.due, third.counted, third.charged, third.cost) == (250, 245, 0, 0.0)
    clock.pass_by(dt.timedelta(days=1))
    fourth = await measured(store, server, clock)
    assert (fourth.due, fourth.charged) == (250, 245)
    assert store.shares.charged() == 490
    assert len(store.shares.counts()) == 750


async def test_the_budget_is_a_ceiling(store: Store, clock: Clock) -> None:
    """A measurement that could cost more than is left does not begin: no question, no count, no event."""
    x_ids = shared(store, 150)
    server = XServer([Posted(id=x) for x in x_ids], clock, TOKEN)
    with pytest.raises(UserError, match=r"150 posts costs up to \$0\.75; \$0\.00 of \[x\] budget \$0\.74"):
        await measured(store, server, clock, budget=0.74)
    assert server.requests == 0 and store.shares.counts() == ()
    assert (await measured(store, server, clock, budget=0.75)).cost == 0.75
    clock.pass_by(dt.timedelta(days=1))
    with pytest.raises(UserError, match=r"\$0\.75 of \[x\] budget \$1\.00 are spent"):
        await measured(store, server, clock, budget=1.0)


async def test_edit_chains_are_one_post(store: Store, clock: Clock) -> None:
    """Whichever version was entered: all versions are asked for, and their views add up."""
    (middle, plain) = shared(store, 2)
    first, last = str(int(middle) - 5), str(int(middle) + 5)
    chain = (first, middle, last)
    server = XServer(
        [*(Posted(id=x, versions=chain, pace=100 * n) for n, x in enumerate(chain, 1)), Posted(id=plain, pace=590)],
        clock,
        TOKEN,
    )
    outcome = await measured(store, server, clock)
    assert (outcome.posts, outcome.counted, outcome.charged) == (2, 4, 4)
    board = leaderboard(store, campaign(), clock.now())
    assert [(place.chain, len(place.versions)) for place in board.places] == [(first, 3), (plain, 1)]
    assert board.places[0].views == sum(server.posts[x].views(NOW) for x in chain)
    assert board.places[0].views > board.places[1].views > server.posts[last].views(NOW)
    assert not board.final


async def test_a_failure_half_way_keeps_what_was_counted(store: Store, clock: Clock) -> None:
    """It is recorded with what it brought; the next run asks for the rest only, and pays for the rest only."""
    x_ids = shared(store, 250)
    server = XServer([Posted(id=x) for x in x_ids], clock, TOKEN, outage=dict.fromkeys(range(3, 8), 503))
    with pytest.raises(Transient, match="x_http_503"):
        await measured(store, server, clock)
    assert len(store.shares.counts()) == 200
    rest = await measured(store, server, clock)
    assert (rest.due, rest.counted, rest.charged) == (50, 50, 50)
    assert store.shares.charged() == 250
    facts = [msgspec.json.decode(p) for _, _, kind, p in store.log.of("shares") if kind == "shares.measured"]
    assert [(fact["counted"], fact["charged"]) for fact in facts] == [(200, 200), (50, 50)]
    assert store.log.verify() is None


async def test_a_passing_fault_is_tried_again(store: Store, clock: Clock) -> None:
    """Two outages in a row change nothing but the time."""
    x_ids = shared(store, 3)
    server = XServer([Posted(id=x) for x in x_ids], clock, TOKEN, outage={1: 503, 2: 502})
    assert (await measured(store, server, clock)).counted == 3
    assert clock.waits == [2.0, 4.0]


async def test_what_counts_is_what_stood_at_the_moment(store: Store, clock: Clock) -> None:
    """Counts from before and after the window do not; the first one in it does, though the post is deleted later."""
    x_ids = shared(store, 4)
    moment = NOW + 2 * HOUR
    fix_moment(store, campaign(), moment, "ana", NOW)
    gone = moment + HOUR
    server = XServer(
        [
            Posted(id=x_ids[0], pace=100),
            Posted(id=x_ids[1], pace=200, state="deleted", gone=gone),
            Posted(id=x_ids[2], pace=300, state="deleted", gone=moment - HOUR),
            Posted(id=x_ids[3], pace=400, state="protected", gone=moment),
        ],
        clock,
        TOKEN,
    )
    await measured(store, server, clock)
    before = leaderboard(store, campaign(), clock.now())
    assert not before.final and [place.chain for place in before.places] == list(reversed(x_ids))
    clock.pass_by(2 * HOUR)
    assert [out.code for out in leaderboard(store, campaign(), clock.now()).out] == ["x.unmeasured"] * 4
    at_moment = await measured(store, server, clock)
    assert (at_moment.due, at_moment.counted) == (4, 2)
    assert at_moment.missing == {"x.deleted": 1, "x.protected": 1}
    clock.pass_by(2 * HOUR)
    assert (await measured(store, server, clock, again=True)).counted == 1
    clock.pass_by(10 * HOUR)
    board = leaderboard(store, campaign(), clock.now())
    assert board.final and board.moment == moment
    assert [(p.chain, p.views) for p in board.places] == [
        (x_ids[1], server.posts[x_ids[1]].views(moment)),
        (x_ids[0], server.posts[x_ids[0]].views(moment)),
    ]
    assert sorted(out.code for out in board.out) == ["x.deleted", "x.protected"]
    with pytest.raises(UserError, match="window for counting closed"):
        await measured(store, server, clock)


async def test_what_x_did_not_answer_is_asked_again(store: Store, clock: Clock) -> None:
    """Neither counted nor gone: the list is not final with it, and the next measurement asks for it."""
    (x_id,) = shared(store, 1)
    fix_moment(store, campaign(), NOW + HOUR, "ana", NOW)
    clock.pass_by(HOUR)
    async with answering([web.json_response({})]) as host, api_at(host, clock) as api:
        first = await measure(store, campaign(), api, X(), clock, "ana")
    assert first.missing == {"x.unreadable": 1}
    assert not leaderboard(store, campaign(), clock.now()).final
    clock.pass_by(HOUR)
    assert (await measured(store, XServer([Posted(id=x_id)], clock, TOKEN), clock)).counted == 1
    board = leaderboard(store, campaign(), clock.now())
    assert board.final and [place.chain for place in board.places] == [x_id]


async def test_what_a_post_on_x_says_bears_on_the_share(store: Store, clock: Clock) -> None:
    """Its hashtag, its links behind t.co, and whose it is are kept with the count, for the cost of the count."""
    x_ids = shared(store, 5)
    post_ids = [share.post_id for share in store.shares.entered()]
    fates = [
        Posted(id=x_ids[0], text="三周年 #我的Gate时刻#"),
        Posted(id=x_ids[1], text="see", link=f"https://www.gate.com/zh/post/status/{post_ids[1]}?ref=1"),
        Posted(id=x_ids[2], text="see", link=f"https://www.gate.com/post/status/{post_ids[1]}", pace=10**6),
        Posted(id=x_ids[3], author_id="77"),
        Posted(id=x_ids[4], author_id="77"),
    ]
    server = XServer(fates, clock, TOKEN)
    assert (await measured(store, server, clock)).charged == 5
    board = leaderboard(store, campaign(), clock.now())
    assert {place.chain for place in board.places} == set(x_ids[:2])
    assert {out.x_id: out.code for out in board.out} == {
        x_ids[2]: "x.unrelated", x_ids[3]: "x.same_account", x_ids[4]: "x.same_account"
    }  # fmt: skip
    assert board.waiting == 3
    settle(store, post_ids[3], "lin", clock.now())
    board = leaderboard(store, campaign(), clock.now())
    assert {place.chain for place in board.places} == {*x_ids[:2], x_ids[3]}


async def test_a_long_post_says_what_its_note_says(clock: Clock) -> None:
    """The text of a long post is cut; the whole of it, and its links, stand in the note."""
    note = {"text": "… #我的Gate时刻#", "entities": {"urls": [{"expanded_url": "https://gate.com/post/status/5"}]}}
    body = {"data": [{"id": "5", "author_id": "9", "text": "Long ago", "note_tweet": note}]}
    async with answering([web.json_response(body)]) as host, api_at(host, clock) as api:
        (post,) = (await api.lookup(["5"])).found
    assert post.account == "9"
    assert post.text == "Long ago\n… #我的Gate时刻#"
    assert post.links == ("https://gate.com/post/status/5",)


async def test_thousands_of_shares(store: Store, clock: Clock) -> None:
    """2,000 shares of every fate, over a tight limit: each has a place or a reason, and no refusal is provoked."""
    x_ids = shared(store, 2000)
    chosen = random.Random(7)
    states = [chosen.choice(("public", "public", "public", "deleted", "protected", "suspended")) for _ in x_ids]
    server = XServer(
        [Posted(id=x, pace=chosen.randrange(5), state=s) for x, s in zip(x_ids, states, strict=True)],  # type: ignore[arg-type]
        clock,
        TOKEN,
        limit=7,
    )
    outcome = await measured(store, server, clock)
    assert (outcome.requests, server.refusals) == (20, 0)
    board = leaderboard(store, campaign(), clock.now())
    assert len(board.places) == states.count("public") == outcome.charged
    assert {place.chain for place in board.places} | {out.x_id for out in board.out} == set(x_ids)
    keys = [(-place.views, int(place.chain)) for place in board.places]
    assert keys == sorted(keys)


@asynccontextmanager
async def answering(replies: list[web.Response]) -> AsyncIterator[str]:
    """A server that gives these replies, one after the other."""
    waiting = iter(replies)

    async def answer(request: web.Request) -> web.Response:
        return next(waiting)

    app = web.Application()
    app.router.add_get("/2/tweets", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def api_at(host: str, clock: Clock) -> XApi:
    return XApi(X(host=host, token=Secret(TOKEN)), clock)


async def test_doctor_asks_x_and_never_in_the_clear(clock: Clock, tmp_path: Path) -> None:
    """One question with the token that is set, to the host that is set, over TLS or to this machine."""
    server = XServer([Posted(id="20")], clock, TOKEN)
    async with server.listening():
        states = []
        for host in (server.url, "http://api.x.test"):
            settings = Settings(data=tmp_path, x=X(host=host, token=Secret(TOKEN)))
            square = msgspec.structs.replace(settings, gate_square=GateSquare(host=server.url))
            states += [(c.name, c.state) async for c in reach(square, "tag") if c.name == "x"]
    assert states == [("x", "ok"), ("x", "broken")]
    assert server.returned == 1
