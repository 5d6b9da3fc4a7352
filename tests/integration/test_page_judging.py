"""Judging on the page over real HTTP: blind, kept, and for judges alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.awards.judging import Held, Marked
from bot.awards.panel import Panel
from bot.review.moderators import name_moderator
from bot.review.page.guard import HEADERS, OneTimeToken, Person
from bot.store.judging import Judging
from bot.store.times import to_us
from detectors.evidence import Mark, MediaEvidence
from tests import chromium
from tests.integration.judged import START, Square
from tests.integration.page import Served, Visitor, examined, jpeg, served

AUTHORS = ("author-ann", "author-bo", "author-cy")
DRAWN = "(document.querySelector('body:not(.waiting-next) #desk .item') || {dataset: {}}).dataset.code"
GOOD = {"creativity": 8, "quality": 6, "engagement": 10}


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """Three accepted posts with a picture each, one with two; jo is the author of the third."""
    square = Square(tmp_path, examine=_marked)
    for number, author in enumerate(AUTHORS, 1):
        paths = [tmp_path / f"{number}-{each}.jpg" for each in range(2 if number == 1 else 1)]
        for each, path in enumerate(paths):
            path.write_bytes(jpeg(10 * number + each))
        square.feed(f"900{number}", author, paths, minute=number, text=f"#我的Gate时刻# story <b>{number}</b>")
    square.judge()
    with square.store.transaction():
        panel = Panel(square.store, square.campaign)
        assert panel.add("jo", AUTHORS[2], START) and panel.add("kim", None, START)
        for name in ("jo", "kim", "stranger"):
            name_moderator(square.store, name, "judge", START)
    return square


def _marked(data: bytes) -> MediaEvidence:
    """Evidence that a mark is in the picture."""
    return msgspec.structs.replace(examined(data), marks=(Mark(name="mark", score=0.99, box=(5.0, 5.0, 60.0, 60.0)),))


@pytest.fixture
async def page(square: Square) -> AsyncIterator[Served]:
    async with served(square) as there:
        yield there


async def judge(page: Served, name: str) -> Visitor:
    """Somebody who logged in as a judge."""
    page.house.invitation = OneTimeToken(Person(name=name, role="judge", named=True))
    visitor = Visitor(await page.stranger(), page.base)
    await visitor.enter(page.house.invitation.value)
    return visitor


def code_in(page: str) -> str:
    return str(re.findall(r'data-code="([0-9a-f]{10})"', page)[0])


async def marks_of(page: Served) -> list[Marked]:
    store = page.house.store
    kept = Judging(store.store.connection, store.store.log, page.house.campaign.name)
    return await store.read(kept.marks)


async def test_a_judge_scores_blind_until_nothing_is_left(page: Served) -> None:
    """Words, pictures and criteria, but no id, author or score; each answer brings the next post and the progress; the
    judge's own post never comes; a recusal and a change of mind are kept."""
    visitor = await judge(page, "jo")
    async with visitor.client.get(visitor.base) as answer:
        assert answer.url.path == "/judge"
        shown_page = await answer.text()
    stories, codes = [], []
    for outcome in (GOOD, None):
        for secret in (*AUTHORS, "9001", "9002", "9003", "0.99"):
            assert secret not in shown_page, secret
        assert shown_page.count("data-criterion=") == 3 and "&lt;b&gt;" in shown_page and "<b>1" not in shown_page
        stories.append(re.findall(r"story &lt;b&gt;(\d)", shown_page)[0])
        for picture in set(re.findall(r"/media/[0-9a-f]{64}(?:\?small=1)?", shown_page)):
            async with visitor.client.get(visitor.base + picture) as picture_answer:
                assert picture_answer.content_type == "image/jpeg"
        codes.append(code_in(shown_page))
        told = await visitor.ask("/api/judge", code=codes[-1], marks=outcome)
        shown_page = told["html"]
    assert (told["html"], told["scored"], told["left"]) == (None, 1, 0)
    assert sorted(stories) == ["1", "2"]
    assert "Nothing is left" in await visitor.page("/judge")
    again = await visitor.ask("/api/judge", code=codes[0], marks={**GOOD, "quality": 0})
    assert again["scored"] == 1
    assert sorted((m.judge, m.marks) for m in await marks_of(page) if m.marks) == [("jo", {**GOOD, "quality": 0})]
    assert sum(m.marks is None for m in await marks_of(page)) == 1


async def test_nobody_but_a_judge_scores_and_a_judge_sees_nothing_else(page: Served) -> None:
    """A moderator and one who lost the role are refused, whoever has the role is a judge without a second act, and
    judges get no view that names an author."""
    lead = await page.visitor("lea")
    async with lead.client.get(f"{lead.base}/judge") as answer:
        assert answer.status == 409
    page.house.invitation = OneTimeToken(Person(name="stranger", role="judge", named=True))
    async with (await page.stranger()).get(f"{page.base}/login?token={page.house.invitation.value}") as answer:
        assert (answer.status, answer.url.path) == (200, "/judge")
        assert code_in(await answer.text())
    visitor = await judge(page, "jo")
    code = code_in(await visitor.page("/judge"))
    for path in ("/review", "/sheet", "/clusters", "/dashboard", "/post?id=9001", "/compare?id=9001", "/cluster?id=1"):
        async with visitor.client.get(visitor.base + path) as answer:
            assert answer.status == 403, path
            text = await answer.text()
            assert not any(author in text for author in AUTHORS)
    async with visitor.client.post(
        f"{visitor.base}/api/step", json={"want": 1}, headers={"X-CSRF-Token": visitor.csrf}
    ) as answer:
        assert answer.status == 403
    store = page.house.store
    await store.write(lambda: name_moderator(store.store, "jo", "moderator", START))
    async with visitor.client.post(
        f"{visitor.base}/api/judge", json={"code": code, "marks": GOOD}, headers={"X-CSRF-Token": visitor.csrf}
    ) as answer:
        assert answer.status == 409
    assert await marks_of(page) == []


async def test_a_judge_waits_while_others_have_the_rest(page: Served) -> None:
    """Both posts lie before two other judges: the page says so, takes no score for one, and hands it out later."""
    store, campaign = page.house.store, page.house.campaign

    def hold(until: dt.datetime) -> None:
        kept = Judging(store.store.connection, store.store.log, campaign.name)
        for number, name in enumerate(("k1", "k2", "k3", "k4")):
            kept.add_judge(name, None, to_us(START))
            kept.hold(Held(judge=name, post_id=f"900{1 + number % 2}"), to_us(until))

    visitor = await judge(page, "jo")
    code = code_in(await visitor.page("/judge"))
    await store.write(lambda: hold(page.house.clock.now() + dt.timedelta(minutes=5)))
    await store.write(lambda: store.store.connection.run("DELETE FROM held_posts WHERE judge = 'jo'"))
    shown = await visitor.page("/judge")
    assert "<p>Other judges have the rest" in shown and "data-code" not in shown
    body = {"code": code, "marks": GOOD}
    async with visitor.client.post(
        f"{visitor.base}/api/judge", json=body, headers={"X-CSRF-Token": visitor.csrf}
    ) as answer:
        assert answer.status == 409
    assert await marks_of(page) == []
    await store.write(lambda: hold(START))
    told = await visitor.ask("/api/judge", **body)
    assert (told["scored"], told["left"]) == (1, 1)


@pytest.mark.parametrize(
    ("marks", "status"),
    [
        ({"creativity": 8}, 409),
        ({**GOOD, "charm": 1}, 409),
        ({**GOOD, "quality": 11}, 409),
        ({**GOOD, "quality": -1}, 409),
        ({**GOOD, "quality": "9"}, 400),
        ({**GOOD, "quality": True}, 400),
        ([], 400),
    ],
)
async def test_wrong_marks_keep_nothing(page: Served, marks: object, status: int) -> None:
    """A missing or unknown criterion, a mark out of range or of another kind: refused, in the reader's language."""
    visitor = await judge(page, "jo")
    code = code_in(await visitor.page("/judge"))
    headers = {"X-CSRF-Token": visitor.csrf, "Accept-Language": "zh"}
    async with visitor.client.post(
        f"{visitor.base}/api/judge", json={"code": code, "marks": marks}, headers=headers
    ) as answer:
        assert answer.status == status
        if status == 409:
            assert re.search("[一-鿿]", (await answer.json())["error"])
    assert await marks_of(page) == []


async def test_the_door_holds_for_judging_too(page: Served) -> None:
    """Without a login, without the CSRF token, or from another site nothing is shown or kept; every answer carries the
    strict headers, and no script or style stands in the page."""
    client = await page.stranger()
    async with client.get(f"{page.base}/judge", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/login"
    visitor = await judge(page, "jo")
    async with visitor.client.get(f"{visitor.base}/judge") as answer:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        text = await answer.text()
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", text)
    body = {"code": code_in(text), "marks": GOOD}
    for headers in ({}, {"X-CSRF-Token": visitor.csrf, "Origin": "https://evil.test"}):
        async with visitor.client.post(f"{visitor.base}/api/judge", json=body, headers=headers) as answer:
            assert answer.status == 403
    assert await marks_of(page) == []


@pytest.mark.skipif(chromium.BINARY is None, reason=chromium.MISSING)
async def test_real_keys_judge_in_a_browser(page: Served) -> None:
    """Digits mark one criterion after another, ``t`` is ten, Enter keeps nothing before all are marked, then brings the
    next post; ``u`` goes back and saving replaces; ``r`` recuses."""
    async with chromium.chromium() as tab:
        await tab.window(1280, 800)
        page.house.invitation = OneTimeToken(Person(name="kim", role="judge", named=True))
        await tab.goto(f"{page.base}/login?token={page.house.invitation.value}")
        first = await tab.until(DRAWN)
        await tab.press("8")
        await tab.press("Enter")
        assert await tab.value("document.getElementById('wrong').textContent") != ""
        assert await marks_of(page) == []
        await tab.press("6")
        await tab.press("t")
        await tab.press("Enter")
        second = await tab.until(f"{DRAWN} !== '{first}' && {DRAWN}")
        assert [m.marks for m in await marks_of(page)] == [GOOD]
        await tab.press("u")
        await tab.until(f"{DRAWN} === '{first}'")
        for key in ("ArrowDown", "0", "Enter"):
            await tab.press(key)
        await tab.until(f"{DRAWN} === '{second}'")
        assert [m.marks for m in await marks_of(page)] == [{**GOOD, "quality": 0}]
        await tab.press("r")
        third = await tab.until(f"{DRAWN} !== '{second}' && {DRAWN}")
        for key in ("1", "2", "3", "Enter"):
            await tab.press(key)
        await tab.until("!document.querySelector('#desk .item') && document.querySelector('.empty').offsetHeight > 0")
        assert third not in (first, second)
        assert await tab.value("document.getElementById('scored').textContent") == "2"
        assert len(await marks_of(page)) == 3
        assert tab.problems == [], "the console, or the content security policy, complained"
