"""The page in a real browser, with real keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.review.keys import KEYS
from bot.store.times import to_us
from tests import chromium
from tests.integration.judged import Square
from tests.integration.page import Served, served, waiting

pytestmark = pytest.mark.skipif(chromium.BINARY is None, reason=chromium.MISSING)

DRAWN = "(document.querySelector('#desk .item') || {dataset: {}}).dataset.post"
READY = f"{DRAWN} !== undefined && !document.body.classList.contains('waiting-next')"

# Notes which post was drawn at each key, before the page hears of it.
SPY = """window.spied = []; addEventListener('keydown', (event) => {
    const item = document.querySelector('#desk .item');
    spied.push([event.key, item && !document.body.classList.contains('waiting-next') ? item.dataset.post : null]);
}, true)"""


@pytest.fixture
def square(tmp_path: Path) -> Square:
    return waiting(tmp_path, 14)


@pytest.fixture
async def page(square: Square) -> AsyncIterator[Served]:
    async with served(square) as there:
        yield there


@pytest.fixture
async def tab(page: Served) -> AsyncIterator[chromium.Page]:
    async with chromium.chromium() as there:
        await there.window(1280, 800)
        await there.goto(page.invite())
        await there.until(READY)
        yield there
        assert there.problems == [], "the console, or the content security policy, complained"


async def decided(page: Served) -> list[tuple[str, str, str | None]]:
    """(post, action, code) of every decision, in order."""
    rows = await page.house.store.read(
        lambda: page.house.store.store.connection.rows("SELECT post_id, action, code FROM decisions ORDER BY seq")
    )
    return [(post, action, code) for post, action, code in rows]


async def settled(page: Served, count: int) -> list[tuple[str, str, str | None]]:
    async with asyncio.timeout(30):
        while len(found := await decided(page)) < count:  # noqa: ASYNC110 - the page tells no one
            await asyncio.sleep(0.02)
    return found


async def test_each_key_does_what_the_screen_says(page: Served, tab: chromium.Page) -> None:
    """Every key of the table is shown. Deciding keys act on the post that is drawn, and the next is drawn at once."""
    shown = await tab.value("[...document.querySelectorAll('.keybar kbd')].map((key) => key.textContent)")
    assert set(shown) == {key.key for key in KEYS}
    expected: list[tuple[str, str, str | None]] = []
    for key, action, code in (("a", "approve", "accepted"), ("x", "reject", "brand.absent"),
                              ("4", "reject", "content.offtopic"), ("f", "flag", None)):  # fmt: skip
        before = await tab.until(DRAWN)
        await tab.press(key)
        await tab.until(f"{READY} && {DRAWN} !== '{before}'")
        expected.append((before, action, code))
        assert await settled(page, len(expected)) == expected
    before = await tab.value(DRAWN)
    await tab.press("space")
    await tab.until(f"{READY} && {DRAWN} !== '{before}'")
    await tab.press("u")
    await tab.until(f"{READY} && {DRAWN} === '{expected[-1][0]}'")
    await tab.press("u")
    await tab.until(f"{READY} && {DRAWN} === '{expected[-2][0]}'")
    assert [action for _, action, _ in await settled(page, 6)][-2:] == ["undo", "undo"]
    await tab.press("v")
    assert await tab.value("document.body.classList.contains('full')")
    await tab.press("v")
    await tab.press("?")
    await tab.until("document.getElementById('help').open")
    await tab.press("a")  # under the help nothing is decided
    await tab.press("Escape")
    await tab.press("d")
    await tab.until("document.getElementById('said').textContent !== ''")
    await tab.press("/")
    assert await tab.value("document.activeElement.id") == "filter"
    assert len(await decided(page)) == 6


async def test_no_key_of_a_burst_is_lost_or_strays(page: Served, tab: chromium.Page) -> None:
    """Keys far faster than a person's: each acts on the post that was drawn when it was pressed. Where none was drawn
    yet, it is not taken, and the page says so."""
    await tab.value(SPY)
    for number in range(24):
        await tab.press("a" if number % 3 else "1")
    spied = await tab.value("spied")
    meant = [(post, key) for key, post in spied if post is not None]
    if len(meant) < len(spied):
        assert "Wait" in await tab.value("document.getElementById('wrong').textContent")
    found = [(post, "a" if action == "approve" else "1") for post, action, _ in await settled(page, len(meant))]
    assert found == meant
    assert meant  # how many more were drawn in time is the machine's affair: benchmarks/review_page.py counts them


async def test_nothing_is_taken_from_where_people_write(page: Served, tab: chromium.Page) -> None:
    """Typing into the filter and a note decides nothing; nor do shortcuts of the browser, nor a key that is held."""
    await tab.press("/")
    await tab.write("axu f1 d")
    assert await tab.value("document.getElementById('filter').value") == "axu f1 d"
    await tab.press("Escape")
    await tab.press("a", modifiers=2)
    before = await tab.value(DRAWN)
    await tab.press("n")
    await tab.until("document.getElementById('note').open")
    await tab.write("fa1x u")
    await tab.press("Enter", modifiers=2)
    assert [(post, action) for post, action, _ in await settled(page, 1)] == [(before, "note")]
    held = {"type": "keyDown", "key": "a", "code": "KeyA", "text": "a", "autoRepeat": True}
    await tab.send("Input.dispatchKeyEvent", **held)
    assert await tab.value(DRAWN) == before
    assert len(await decided(page)) == 1


async def test_a_post_that_somebody_took_over_is_refused_and_said(page: Served, tab: chromium.Page) -> None:
    """The key decides nothing; an alert tells why; the next post is drawn all the same."""
    before = await tab.value(DRAWN)
    store = page.house.store.store
    ahead = to_us(SystemClock().now()) + 60_000_000
    await page.house.store.write(lambda: store.claims.take(before, 1, "bob", ahead, ()))
    await tab.press("a")
    await tab.until(f"{READY} && {DRAWN} !== '{before}'")
    said = await tab.until("document.getElementById('wrong').textContent")
    assert before in said and "no longer held" in said
    assert await decided(page) == []


async def test_a_sheet_by_keys_alone(page: Served, tab: chromium.Page) -> None:
    """Arrows move, space picks; one key rejects all but those picked; one undo brings them back."""
    await tab.goto(f"{page.base}/sheet")
    await tab.until("document.querySelectorAll('.cardlet').length === 14")
    await tab.press("space")
    await tab.press("ArrowRight")
    await tab.press("ArrowRight")
    await tab.press("space")
    await tab.press("x")
    await tab.until("document.querySelectorAll('.cardlet').length === 2")
    kept = await tab.value("[...document.querySelectorAll('.cardlet')].map((card) => card.dataset.post)")
    found = await settled(page, 12)
    assert {post for post, _, _ in found} == {str(n) for n in range(1, 15)} - set(kept)
    assert {(action, code) for _, action, code in found} == {("reject", "brand.absent")}
    await tab.press("u")
    await tab.until("document.querySelectorAll('.cardlet').length === 14")


async def test_everything_is_reached_by_the_keyboard_and_seen(page: Served, tab: chromium.Page) -> None:
    """Tab goes through every control in the order of the page, without a trap; wherever the focus is, it is seen; and a
    button that has it is pressed by Enter."""
    outline = """(() => { const a = document.activeElement, s = getComputedStyle(a);
        return [a.id || a.dataset.key || a.textContent.trim().slice(0, 20), a === document.body,
                parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== 'none'] })()"""
    await tab.value("document.querySelector('.jump').focus()")
    reached: list[str] = []
    unseen: list[str] = []
    for _ in range(90):
        await tab.press("Tab")
        label, out, visible = await tab.value(outline)
        if out or (reached and label == reached[0]):
            break
        reached.append(label)
        if not visible:
            unseen.append(label)
    assert unseen == []
    assert {"filter", "a", "x", "u", "1", "0", "?"} <= set(reached)
    assert reached.index("filter") < reached.index("a") < reached.index("1")
    before = await tab.value(DRAWN)
    await tab.value("document.querySelector('[data-key=a]').focus()")
    await tab.press("Enter")
    await tab.until(f"{READY} && {DRAWN} !== '{before}'")
    assert await tab.value("document.activeElement.classList.contains('item')")  # so that space skips, and no more
    assert await settled(page, 1) == [(before, "approve", "accepted")]


async def test_an_outage_is_told_and_ends_by_itself(page: Served, tab: chromium.Page) -> None:
    """While the server does not answer, the page says so and takes no key; then it goes on, and the post comes back."""
    before = await tab.value(DRAWN)
    await tab.send("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1,
                   uploadThroughput=-1)  # fmt: skip
    await tab.press("a")
    await tab.until("document.getElementById('wrong').textContent.includes('could not reach')")
    await tab.until("document.querySelector('#desk .item') === null")
    await tab.press("a")
    await tab.send("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
                   uploadThroughput=-1)  # fmt: skip
    assert await tab.until(DRAWN) == before
    assert await decided(page) == []
    tab.problems = [problem for problem in tab.problems if "ERR_INTERNET_DISCONNECTED" not in problem]
