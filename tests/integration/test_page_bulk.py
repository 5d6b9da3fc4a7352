"""All of a filter at once on the page, and who belongs to a cluster: previewed, confirmed, parked, taken back."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.review.bulk import parked
from tests import chromium
from tests.integration.judged import Square
from tests.integration.page import Served, Visitor, alike, jpeg, served, waiting

QUOTA = 5


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """Eight posts without the brand."""
    return waiting(tmp_path, 8)


@pytest.fixture
async def page(square: Square) -> AsyncIterator[Served]:
    async with served(square) as there:
        review = msgspec.structs.replace(there.house.settings.review, quota=QUOTA)
        there.house.settings = msgspec.structs.replace(there.house.settings, review=review)
        yield there


async def decided(page: Served) -> list[tuple[str, str]]:
    """(post, status) of all that no longer waits, in the order of their ids."""
    connection = page.house.store.store.connection
    rows = await page.house.store.read(
        lambda: connection.rows("SELECT id, status FROM posts WHERE status <> 'review' ORDER BY CAST(id AS INTEGER)")
    )
    return [(post, status) for post, status in rows]


async def send(visitor: Visitor, path: str, **given: str) -> tuple[int, str]:
    """A form of the page."""
    form = {"csrf": visitor.csrf, **given}
    async with visitor.client.post(visitor.base + path, data=form) as answer:
        return answer.status, html.unescape(await answer.text())


def preview_in(said: str) -> str:
    return str(re.findall(r'name="preview" value="([^"]+)"', said)[0])


async def test_a_filter_is_previewed_confirmed_parked_and_taken_back(page: Served) -> None:
    """The preview changes nothing and counts; what is confirmed is decided up to the quota; the rest is parked, shown
    to everybody, and confirmed; one undo restores all of it."""
    visitor = await page.visitor()
    said = html.unescape(await visitor.page("/bulk?q=reason:brand&code=brand.absent&note=none"))
    assert f"Reject {QUOTA} posts" in said and f"3 more are over the quota of {QUOTA}" in said
    assert await decided(page) == []
    status, told = await send(visitor, "/bulk?q=reason:brand", preview=preview_in(said))
    assert status == 200 and f"{QUOTA} posts decided." in told and "waits below" in told
    assert len(await decided(page)) == QUOTA
    other = await page.visitor("bob")
    assert "1 parked" in await other.page("/review")
    [waits] = re.findall(r'name="id" value="([^"]+)"', told)
    status, told = await send(visitor, "/bulk/parked", id=waits, do="confirm")
    assert status == 200 and "3 posts decided." in told
    assert await decided(page) == [(str(number), "ineligible") for number in range(1, 9)]
    status, told = await send(visitor, "/bulk/undo")
    assert status == 200 and "8 taken back" in told
    assert await decided(page) == []


async def test_a_preview_is_confirmed_once_and_by_whom_it_was_shown_to(page: Served) -> None:
    """Not again, not another's, not one that a newer one replaced: refused in words, nothing decided."""
    ann, bob = await page.visitor("ann"), await page.visitor("bob")
    first = preview_in(await ann.page("/bulk?q=author:u1&code=accepted"))
    assert (await send(bob, "/bulk", preview=first))[0] == 409
    second = preview_in(await ann.page("/bulk?q=author:u2&code=accepted"))
    assert (await send(ann, "/bulk", preview=first))[0] == 409
    assert await decided(page) == []
    assert (await send(ann, "/bulk", preview=second))[0] == 200
    status, told = await send(ann, "/bulk", preview=second)
    assert status == 409 and "look again" in told
    assert await decided(page) == [("2", "eligible")]


async def test_what_changed_since_the_preview_is_left_and_told(page: Served) -> None:
    """What somebody else looks at meanwhile waits on, and is named."""
    ann, bob = await page.visitor("ann"), await page.visitor("bob")
    said = await ann.page("/bulk?q=&code=accepted")
    [held] = (await bob.step(want=1))["items"]
    _, told = await send(ann, "/bulk", preview=preview_in(said))
    assert "1 left" in told and f"/post?id={held['post_id']}" in told
    assert held["post_id"] not in dict(await decided(page))


async def test_an_excess_is_dropped_undecided(page: Served) -> None:
    """And dropping, or confirming, it again is refused."""
    visitor = await page.visitor()
    _, told = await send(visitor, "/bulk", preview=preview_in(await visitor.page("/bulk?q=&code=accepted")))
    [waits] = re.findall(r'name="id" value="([^"]+)"', told)
    assert "3 posts were left undecided" in (await send(visitor, "/bulk/parked", id=waits, do="drop"))[1]
    assert (await send(visitor, "/bulk/parked", id=waits, do="confirm"))[0] == 409
    assert len(await decided(page)) == QUOTA
    store = page.house.store
    assert await store.read(lambda: parked(store.store)) == []


@pytest.mark.parametrize(
    "query",
    [
        "q=reason:nosuch&code=accepted",
        "q=&code=nosuch",
        "q=status:withdrawn&code=accepted",
        f"q=&code=accepted&note={'n' * 2001}",
    ],
)
async def test_what_makes_no_sense_is_told_beside_the_field(page: Served, query: str) -> None:
    """A wrong filter, reason or note: no preview, and why, in the reader's language."""
    visitor = await page.visitor()
    async with visitor.client.get(f"{page.base}/bulk?{query}", headers={"Accept-Language": "zh"}) as answer:
        said = await answer.text()
    assert answer.status == 200 and 'name="preview"' not in said
    assert re.findall(r'id="filter-wrong" class="wrong">([^<]+)<', said)


async def test_the_door_holds_for_forms(page: Served) -> None:
    """Without the session's token, or from another site, a form decides nothing."""
    visitor = await page.visitor()
    given = {"preview": preview_in(await visitor.page("/bulk?q=&code=accepted"))}
    for headers, csrf in (({}, "x"), ({"Origin": "https://evil.test"}, visitor.csrf)):
        async with visitor.client.post(f"{page.base}/bulk", data={**given, "csrf": csrf}, headers=headers) as answer:
            assert answer.status == 403
    assert await decided(page) == []


@pytest.mark.skipif(chromium.BINARY is None, reason=chromium.MISSING)
async def test_a_filter_is_decided_by_the_keyboard_alone(page: Served) -> None:
    """From the queue by Tab and Enter; the choice by its letters; preview, confirm and undo without a mouse."""
    async with chromium.chromium() as tab:
        await tab.window(1280, 800)
        await tab.goto(page.invite())

        async def loaded(what: str) -> None:
            await tab.until(f"document.readyState === 'complete' && document.querySelector({what!r}) !== null")

        async def reach(what: str) -> None:
            for _ in range(60):
                await tab.press("Tab")
                if await tab.value(f"document.activeElement.matches({what!r})"):
                    return
            raise AssertionError(f"{what} is not reached by Tab")

        await tab.press("/")
        await reach("a.all")
        await tab.press("Enter")
        await loaded("#code")
        await tab.press("/")
        await tab.write("reason:brand")
        await reach("#code")
        await tab.write("approve")
        await reach(".choose button")
        await tab.press("Enter")
        await loaded(".preview")
        await tab.until("document.activeElement.matches('#would')")  # what would change is read first
        await tab.press("Tab")  # the next stop confirms it
        assert await tab.value("document.activeElement.matches('.preview .primary')")
        await tab.press("Enter")
        await loaded(".outcome")
        assert len(await decided(page)) == QUOTA
        await tab.press("u")
        await tab.until(f"document.querySelector('.outcome')?.textContent.includes('{QUOTA} taken back')")
        assert await decided(page) == []
        assert tab.problems == []


def copies(folder: Path) -> Square:
    """Three posts that show one picture, and one that shows another."""
    square = Square(folder, examine=alike)
    for number, picture in ((1, 101), (2, 102), (3, 103), (4, 4)):
        path = folder / f"{picture}.jpg"
        path.write_bytes(jpeg(picture))
        square.feed(str(number), f"u{number}", [path])
    square.judge()
    return square


async def test_a_cluster_is_split_and_joined(tmp_path: Path) -> None:
    """What is kept apart leaves the cluster, what is kept together joins it; undo takes each back; nonsense is refused
    in words."""
    square = await asyncio.to_thread(copies, tmp_path)
    async with served(square) as there:
        visitor = await there.visitor()

        async def members(post: str) -> set[str]:
            return set(re.findall(r'class="cardlet[^"]*" data-post="(\d)"', await visitor.page(f"/cluster?id={post}")))

        assert await members("1") == {"1", "2", "3"}
        assert await visitor.ask("/api/tie", action="together", post_id="4", other="1") == {}
        assert await members("1") == {"1", "2", "3", "4"}
        await visitor.step({"action": "undo"})
        assert await members("1") == {"1", "2", "3"}
        for asked in ({"action": "apart", "post_id": "4", "other": "1"},
                      {"action": "together", "post_id": "4", "other": "1", "media": 7},
                      {"action": "together", "post_id": "no", "other": "1"}):  # fmt: skip
            headers = {"X-CSRF-Token": visitor.csrf}
            async with visitor.client.post(f"{there.base}/api/tie", json=asked, headers=headers) as answer:
                assert answer.status == 409 and (await answer.json())["error"]


@pytest.mark.skipif(chromium.BINARY is None, reason=chromium.MISSING)
async def test_a_cluster_is_corrected_by_the_keyboard(tmp_path: Path) -> None:
    """The forms beneath a cluster: Enter keeps together or apart, the view follows, ``u`` takes back."""
    square = await asyncio.to_thread(copies, tmp_path)
    cards = "[...document.querySelectorAll('.cluster .cardlet')].map((card) => card.dataset.post).join()"
    async with served(square) as there, chromium.chromium() as tab:
        await tab.goto(there.invite())
        await tab.goto(f"{there.base}/cluster?id=1")
        assert await tab.value(cards) == "1,2,3"
        await tab.value("document.querySelector('.ties summary').focus()")
        await tab.press("Enter")
        await tab.value("document.querySelector('[data-action=together] [name=other]').focus()")
        await tab.write("4")
        await tab.press("Enter")
        await tab.until(f"{cards} === '1,2,3,4'")
        await tab.value("document.activeElement.blur()")
        await tab.press("u")
        await tab.until(f"{cards} === '1,2,3'")
        await tab.value("document.querySelector('[data-action=apart] [name=post_id]').select()")
        await tab.write("3")
        await tab.press("Enter")
        await tab.until(f"{cards} === '1,2'")
        assert tab.problems == []
