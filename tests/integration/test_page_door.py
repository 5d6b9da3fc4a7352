"""The page's door over real HTTP: who comes in, what every answer carries, and what no request can do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.review.moderators import name_moderator, remove_moderator
from bot.review.page.guard import HEADERS, OneTimeToken, Person, Sessions
from tests.integration.judged import START, Square
from tests.integration.page import Served, served, waiting

VIEWS = ("/review", "/sheet", "/clusters", "/dashboard", "/post?id=1", "/compare?id=1", "/cluster?id=1")
WRITES = ("/api/step", "/api/claims", "/api/note", "/api/bulk", "/api/settle", "/logout", "/preferences")


@pytest.fixture
def square(tmp_path: Path) -> Square:
    return waiting(tmp_path, 3)


@pytest.fixture
async def page(square: Square) -> AsyncIterator[Served]:
    async with served(square) as there:
        yield there


async def test_the_printed_address_lets_one_in_once(page: Served) -> None:
    """It opens a session with a cookie that scripts and other sites never see; a second time it opens nothing."""
    address = page.invite()
    client = await page.stranger()
    async with client.get(address, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    async with client.get(f"{page.base}/review") as answer:
        assert answer.status == 200
    async with (await page.stranger()).get(address) as answer:
        assert answer.status == 403


async def test_nobody_sees_anything_before_the_login(page: Served) -> None:
    """Views lead to the login; parts, pictures and writes are refused."""
    client = await page.stranger()
    for path in ("/", "/review", "/sheet", "/clusters", "/dashboard", "/post?id=1", "/cluster?id=1", "/nowhere"):
        async with client.get(page.base + path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers.get("Location")) == (303, "/login"), path
    for path in ("/compare?id=1", f"/media/{'a' * 64}"):
        async with client.get(page.base + path) as answer:
            assert answer.status == 401, path
    for path in WRITES[:-1]:
        async with client.post(page.base + path, json={}) as answer:
            assert answer.status == 401, path


async def test_a_moderators_token_logs_in_until_they_are_removed(page: Served) -> None:
    """By the form, with its CSRF token; the role is shown; removed, the session that is open ends too."""
    store = page.house.store
    token = await store.write(lambda: name_moderator(store.store, "bea", "moderator", START))
    client = await page.stranger()
    async with client.get(f"{page.base}/login") as answer:
        form = re.search(r'name="csrf" value="([0-9a-f]{64})"', await answer.text())
    assert form is not None
    async with client.post(f"{page.base}/login", data={"csrf": "0" * 64, "token": token}) as answer:
        assert 'name="token"' in await answer.text()
    async with client.get(f"{page.base}/login") as answer:
        form = re.search(r'name="csrf" value="([0-9a-f]{64})"', await answer.text())
    assert form is not None
    async with client.post(f"{page.base}/login", data={"csrf": form[1], "token": token}) as answer:
        said = await answer.text()
        assert answer.status == 200 and "<bdi>bea</bdi><small>moderator</small>" in said
    await store.write(lambda: remove_moderator(store.store, "bea", START))
    async with client.get(f"{page.base}/review") as answer:
        assert answer.status == 401


async def test_a_wrong_token_is_refused(page: Served) -> None:
    """Also an odd one."""
    for token in ("", "x", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "令" * 200):
        async with (await page.stranger()).get(f"{page.base}/login", params={"token": token}) as answer:
            assert answer.status == 403


async def test_every_answer_carries_the_policy(page: Served) -> None:
    """Views, parts, pictures, scripts, redirects and errors of every kind: the same strict headers, and no inline
    script or style in any page."""
    visitor = await page.visitor()
    items = (await visitor.step(want=1))["items"]
    [picture] = set(re.findall(r"/media/[0-9a-f]{64}", items[0]["html"]))
    static = re.findall(r'/static/[^"]+', await visitor.page("/review"))
    paths = (*VIEWS, picture, *static, "/", "/login", "/nowhere", "/post?id=none", "/static/x/y", f"/media/{'0' * 64}")
    for path in paths:
        async with visitor.client.get(visitor.base + path, allow_redirects=False) as answer:
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
            assert "Server" not in answer.headers
            if answer.content_type == "text/html":
                text = await answer.text()
                assert answer.headers["Cache-Control"] == "no-store"
                assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", text), path


@pytest.mark.parametrize("path", WRITES)
async def test_a_write_without_the_pages_token_is_refused(page: Served, path: str) -> None:
    """Without the CSRF token, with another's, or from another site: nothing is done."""
    visitor, other = await page.visitor("ann"), await page.visitor("bob")
    [item] = (await visitor.step(want=1))["items"]
    body = {"acts": [{"action": "approve", "post_id": item["post_id"], "token": item["token"]}]}
    own = {"X-CSRF-Token": visitor.csrf}
    for headers in ({}, {"X-CSRF-Token": other.csrf}, {**own, "Origin": "https://evil.test"},
                    {**own, "Sec-Fetch-Site": "cross-site"}, {**own, "Sec-Fetch-Site": "same-site"}):  # fmt: skip
        if path == "/preferences" and headers.get("X-CSRF-Token") == visitor.csrf and len(headers) == 1:
            continue
        async with visitor.client.post(visitor.base + path, json=body, headers=headers) as answer:
            assert answer.status == 403, headers
    async with visitor.client.post(f"{visitor.base}/login", data={}, headers={"Origin": "https://evil.test"}) as answer:
        assert answer.status == 403
    assert (await visitor.step(count=True))["waiting"] == 3


@pytest.mark.parametrize("host", ["evil.test", "evil.test:8620", "127.0.0.1.evil.test", "8.8.8.8", "[::2]", "a]b", ""])
async def test_another_hosts_name_is_dns_rebinding(page: Served, host: str) -> None:
    """Under any name but this machine's own nothing is answered, not even the login."""
    visitor = await page.visitor()
    for path in ("/login", "/review"):
        async with visitor.client.get(visitor.base + path, headers={"Host": host}) as answer:
            assert answer.status in (400, 421)
            said = await answer.text()
            assert visitor.csrf not in said and 'name="token"' not in said


async def test_logging_out_ends_the_session(page: Served) -> None:
    """Also for somebody who kept the cookie."""
    visitor = await page.visitor()
    kept = {cookie.key: cookie.value for cookie in visitor.client.cookie_jar}
    async with visitor.client.post(f"{visitor.base}/logout", data={"csrf": visitor.csrf}) as answer:
        assert answer.url.path == "/login"
    async with (await page.stranger()).get(f"{page.base}/review", cookies=kept, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_preferences_go_back_to_our_own_pages_alone(page: Served) -> None:
    """A language and a theme are kept; an address elsewhere is not followed."""
    visitor = await page.visitor()
    wanted = {"csrf": visitor.csrf, "lang": "zh", "theme": "dark", "back": "//evil.test/"}
    for back, leads in (("//evil.test/", "/"), ("/\\evil.test", "/"), ("https://evil.test", "/"), ("/sheet", "/sheet")):
        async with visitor.client.post(
            f"{visitor.base}/preferences", data=wanted | {"back": back}, allow_redirects=False
        ) as answer:
            assert answer.headers["Location"] == leads
    said = await visitor.page("/sheet")
    assert '<html lang="zh-CN" data-theme="dark">' in said and "批量查看" in said


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"acts": 1}', b'{"want": 9999}', b'{"acts":[{"action":"drop"}]}',
                                  b"\xff", b'{"filter": "reason:nothing"}', b"[" * 100_000])  # fmt: skip
async def test_a_body_that_is_none_of_ours_is_refused(page: Served, body: bytes) -> None:
    """In one line, as JSON, and nothing is decided."""
    visitor = await page.visitor()
    async with visitor.client.post(
        f"{visitor.base}/api/step", data=body, headers={"X-CSRF-Token": visitor.csrf}
    ) as answer:
        assert answer.status in (400, 409)
        assert set(await answer.json()) == {"error"}


def test_sessions_end_by_themselves() -> None:
    """After half a day without use; the oldest where there are too many; and a one-time token after a quarter hour."""
    clock = [0.0]
    sessions = Sessions(lambda: clock[0])
    first = sessions.open(Person(name="ann"))
    clock[0] = 12 * 3600.0
    assert sessions.find(first) is not None
    clock[0] += 12 * 3600.0 + 1
    assert sessions.find(first) is None
    old = sessions.open(Person(name="old"))
    clock[0] += 1
    rest = [sessions.open(Person(name=str(number))) for number in range(1000)]
    assert sessions.find(old) is None and sessions.find(rest[0]) is not None
    token = OneTimeToken(Person(name="ann"), lambda: clock[0])
    clock[0] += 15 * 60.0 + 1
    assert token.take(token.value) is None
