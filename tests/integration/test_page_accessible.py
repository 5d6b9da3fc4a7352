"""No view of the page shuts anybody out: axe-core over each, in both languages, light and dark, desk and phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.awards.panel import Panel
from bot.review.moderators import name_moderator
from bot.review.page.guard import OneTimeToken, Person
from tests import chromium
from tests.integration.axe import barriers
from tests.integration.judged import START, Square
from tests.integration.page import Served, alike, jpeg, served

pytestmark = pytest.mark.skipif(chromium.BINARY is None, reason=chromium.MISSING)

DRAWN = "document.querySelector('body:not(.waiting-next) #desk .item') !== null"
LOOKS = [("en", False, 1280), ("zh", True, 1280), ("en", True, 390), ("zh", False, 390)]


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """Posts of every kind: alone, with two pictures, with none, copies, a look-alike tag, a long text; and a judge."""
    square = Square(tmp_path, examine=alike)
    kinds = (
        (1, (1,), "#我的Gate时刻# 三周年 a story"),
        (2, (2, 3), "#我的Gаte时刻# odd letters"),
        (3, (), "#我的Gate时刻#"),
        (4, (101,), "#我的Gate时刻# first"),
        (5, (102,), "#我的Gate时刻# second"),
        (6, (103,), "no tag at all"),
        (7, (104,), f"#我的Gate时刻# {'long words ' * 900}"),
    )
    for post, pictures, text in kinds:
        paths = [tmp_path / f"{number}.jpg" for number in pictures]
        for number, path in zip(pictures, paths, strict=True):
            path.write_bytes(jpeg(number))
        square.feed(str(post), f"u{post}", paths, text=text, url=f"https://square.test/{post}")
    square.judge()
    with square.store.transaction():
        assert Panel(square.store, square.campaign).add("kim", None, START)
        name_moderator(square.store, "kim", "judge", START)
    return square


@pytest.fixture
async def page(square: Square) -> AsyncIterator[Served]:
    async with served(square) as there:
        review = msgspec.structs.replace(there.house.settings.review, quota=2)
        there.house.settings = msgspec.structs.replace(there.house.settings, review=review)
        yield there


@pytest.mark.parametrize(("lang", "dark", "width"), LOOKS)
async def test_no_view_shuts_anybody_out(page: Served, lang: str, dark: bool, width: int) -> None:
    """Nothing of any impact in any view: the door, the queue with each of its overlays and dialogs, sheet, clusters and
    one of them, a post beside its original, the dashboard, an error, judging."""
    found: dict[str, list[str]] = {}
    async with chromium.chromium() as tab:

        async def look(view: str, ready: str = "true") -> None:
            await tab.until(ready)
            found[view] = await barriers(tab)

        await tab.window(width, 844, dark=dark, phone=width < 500)
        await tab.send("Network.setCookie", name="lang", value=lang, url=page.base)
        await tab.goto(f"{page.base}/login")
        await look("/login")
        await tab.goto(page.invite())
        await look("/review", DRAWN)
        await tab.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        await look("/review, all opened")
        for key, name in (("?", "help"), ("n", "note")):
            await tab.press(key)
            await look(name, f"document.getElementById('{name}').open")
            await tab.press("Escape")
        await tab.goto(f"{page.base}/review?q=reason:duplicate")
        await tab.until(DRAWN)
        for key, what in (("d", "compare"), ("D", "cluster")):
            await tab.press(key)
            await look(
                f"/review, {what}", f"document.querySelector('.compared:not([hidden])')?.dataset.what === '{what}'"
            )
        await tab.press("Escape")
        await tab.press("v")
        await look("/review, full picture", "document.body.classList.contains('full')")
        await tab.goto(f"{page.base}/review?q=author:nobody")
        await look("/review, empty")
        await tab.goto(f"{page.base}/sheet")
        await tab.until("document.querySelector('.cardlet') !== null")
        await tab.press("space")
        await look("/sheet")
        for path in ("/clusters", "/cluster?id=5", "/dashboard", "/post?id=5", "/post?id=2", "/nowhere"):
            await tab.goto(page.base + path)
            await tab.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            await look(path, "document.readyState === 'complete'")
        await tab.goto(f"{page.base}/bulk?q=&code=accepted")
        await look("/bulk, preview", "document.querySelector('.preview') !== null")
        await tab.value("document.querySelector('.preview .primary').click()")
        await look("/bulk, outcome", "document.querySelector('.outcome') !== null")
        page.house.invitation = OneTimeToken(Person(name="kim", role="judge", named=True))
        await tab.send("Network.clearBrowserCookies")
        await tab.send("Network.setCookie", name="lang", value=lang, url=page.base)
        await tab.goto(f"{page.base}/login?token={page.house.invitation.value}")
        await look("/judge", "document.querySelector('#desk .item') !== null")
        complaints = [problem for problem in tab.problems if "/nowhere" not in problem]  # a 404 that was asked for
    assert {view: problems for view, problems in found.items() if problems} == {}
    assert len(found) == 19
    assert complaints == [], "the console, or the content security policy, complained"


async def test_a_barrier_is_found(page: Served) -> None:
    """A picture without words, a field without its label, faint letters: each is told, so the silence above says
    something."""
    async with chromium.chromium() as tab:
        await tab.goto(f"{page.base}/login")
        await tab.value("""document.querySelector('label').remove(),
            document.querySelector('h1').style.color = '#ddd',
            document.querySelector('main').append(document.createElement('img'))""")
        found = {line.partition(":")[0] for line in await barriers(tab)}
    assert found >= {"critical label", "serious color-contrast", "critical image-alt"}
