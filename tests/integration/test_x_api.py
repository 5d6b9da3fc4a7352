"""X's API against a simulated one: every kind of answer, limits, refusals, and where the token may go."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from benchmarks.questionnaire import NOW
from bot.awards.x_api import Missing, XApi
from bot.demo.x import Posted, XServer
from bot.errors import ConfigError, Transient, UserError
from bot.operations.reachable import reach
from bot.settings import GateSquare, Secret, Settings, X
from tests.integration.simulated_x import TOKEN, Clock, answering, api_at, asking


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


async def test_a_long_post_says_what_its_note_says(clock: Clock) -> None:
    """The text of a long post is cut; the whole of it, and its links, stand in the note."""
    note = {"text": "… #我的Gate时刻#", "entities": {"urls": [{"expanded_url": "https://gate.com/post/status/5"}]}}
    body = {"data": [{"id": "5", "author_id": "9", "text": "Long ago", "note_tweet": note}]}
    async with answering([web.json_response(body)]) as host, api_at(host, clock) as api:
        (post,) = (await api.lookup(["5"])).found
    assert post.account == "9"
    assert post.text == "Long ago\n… #我的Gate时刻#"
    assert post.links == ("https://gate.com/post/status/5",)


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
