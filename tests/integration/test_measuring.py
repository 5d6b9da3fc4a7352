"""Counting views against a simulated X: batches, cost, budget, edit chains, the moment, what a failure leaves."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from benchmarks.questionnaire import NOW, Plan, campaign, filled, written
from bot.awards.measuring import Measured, measure
from bot.awards.shares import fix_moment, import_questionnaire, leaderboard, settle
from bot.awards.x_api import MOST
from bot.demo.x import Posted, XServer
from bot.errors import Transient, UserError
from bot.settings import X
from bot.store import Store
from tests.integration.simulated_x import HOUR, TOKEN, Clock, answering, api_at, asking


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


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
