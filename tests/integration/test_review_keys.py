"""The review in the terminal, key by key: what each does, to which post, and what no key may do."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path

import pytest
from textual import events

from bot.review.desk import Desk
from bot.review.tui.app import ReviewApp
from bot.review.tui.lane import AHEAD
from bot.store import Store
from tests.integration.desks import CAMPAIGN, Clock, judge
from tests.integration.reviews import drawn, on_screen, press, reviewing, until

CODES = ("brand.absent", "content.link", "duplicate.near")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve posts that wait, p01 longest."""
    with closing(Store(tmp_path)) as store:
        for number in range(12):
            at = Clock().at + dt.timedelta(minutes=number)
            judge(store, f"p{number + 1:02}", CODES[number % 3], at=at)
    return tmp_path


def said(app: ReviewApp) -> str:
    """The line above the keys."""
    pane = app.page.pane("said")
    return "".join(segment.text for segment in pane.render_line(0)).strip()


def decided(data: Path) -> list[tuple[str, str, str | None]]:
    """(post, action, code) of every decision, in order."""
    with closing(Store(data)) as store:
        rows = store.connection.rows("SELECT post_id, action, code FROM decisions ORDER BY seq")
    return [(str(post), str(action), code) for post, action, code in rows]


async def test_each_key_does_what_the_table_says(data: Path) -> None:
    """Approve, reject as found, reject by digit, flag, skip: one key each, on the post on the screen."""
    async with reviewing(data, Clock()) as (app, pilot):
        shown = []
        for key in ("a", "x", "5", "f", "space"):
            await drawn(app, pilot)
            shown.append(on_screen(app))
            await press(app, pilot, key)
        one, two, three, four, five = shown
        assert len(set(shown)) == 5
    with closing(Store(data)) as store:
        record = store.verdicts.get(two)
        assert record is not None
        found = record.verdict.findings[0].code
    assert decided(data) == [
        (one, "approve", "accepted"),
        (two, "reject", found),
        (three, "reject", "content.unsafe"),
        (four, "flag", None),
    ]
    assert five not in [post for post, _, _ in decided(data)]


async def test_many_keys_are_recorded_in_order_on_what_was_shown(data: Path) -> None:
    """Ten decisions one after another: none lost, each on the post that was on the screen."""
    async with reviewing(data, Clock()) as (app, pilot):
        shown = []
        for key in "axaxaxaxax":
            await drawn(app, pilot)
            shown.append((on_screen(app), "approve" if key == "a" else "reject"))
            await press(app, pilot, key)
    assert [(post, action) for post, action, _ in decided(data)] == shown


async def test_a_key_pressed_before_the_post_was_drawn_decides_nothing(data: Path) -> None:
    """Two keys at once: the first decides the post on the screen, the second was not meant for one nobody saw."""
    async with reviewing(data, Clock()) as (app, pilot):
        first = on_screen(app)
        app.post_message(events.Key("a", "a"))
        app.post_message(events.Key("x", "x"))
        await until(pilot, lambda: "too quick" in said(app))
        await drawn(app, pilot)
        second = on_screen(app)
        await press(app, pilot, "x")
        assert second != first
    assert [(post, action) for post, action, _ in decided(data)] == [(first, "approve"), (second, "reject")]


async def test_a_text_field_has_all_keys(data: Path) -> None:
    """While a note is written no letter of it decides anything, not even one typed in the same moment."""
    async with reviewing(data, Clock()) as (app, pilot):
        post = on_screen(app)
        for key in ("n", "a", "x"):
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: app.page.typing)
        await pilot.press("u", "f", "1", "D", "question_mark", "slash", "q", "space", "备", "enter")
        await until(pilot, lambda: not app.page.typing)
        assert on_screen(app) == post
        await until(pilot, lambda: "noted" in said(app))
    with closing(Store(data)) as store:
        assert [(d.post_id, d.action, d.note) for d in store.verdicts.decisions(post)] == [
            (post, "note", "axuf1D?/q 备")
        ]
    assert len(decided(data)) == 1


async def test_escape_leaves_a_text_field_with_nothing_done(data: Path) -> None:
    """And the next key is a key again."""
    async with reviewing(data, Clock()) as (app, pilot):
        post = on_screen(app)
        await pilot.press("n", "h", "i", "escape")
        assert not app.page.typing
        await press(app, pilot, "a")
    assert decided(data) == [(post, "approve", "accepted")]


async def test_undo_goes_back_as_far_as_one_likes(data: Path) -> None:
    """Five decisions, five undos: each brings its post back to the screen, and all is as it was."""
    async with reviewing(data, Clock()) as (app, pilot):
        shown = []
        for key in "axaxa":
            await drawn(app, pilot)
            shown.append(on_screen(app))
            await press(app, pilot, key)
        for post in reversed(shown):
            await press(app, pilot, "u")
            await until(pilot, lambda wanted=post: on_screen(app) == wanted)  # type: ignore[misc]
        await press(app, pilot, "u")
        await until(pilot, lambda: "nothing to undo" in said(app))
        await press(app, pilot, "a")
        assert shown[0] not in [item.post_id for item in app.lane.at_hand]
    with closing(Store(data)) as store:
        assert len(store.verdicts.queue()) == 11


async def test_the_next_three_are_at_hand(data: Path) -> None:
    """Claimed and read before a key asks for them, and let go when the review ends."""
    async with reviewing(data, Clock()) as (app, pilot):
        with closing(Store(data)) as store:
            held = store.connection.rows("SELECT post_id FROM claims ORDER BY post_id")
        at_hand = [item.post_id for item in app.lane.at_hand]
        assert len(at_hand) == AHEAD + 1
        assert sorted(at_hand) == [post for (post,) in held]
        await press(app, pilot, "a")
        assert on_screen(app) == at_hand[1]
    with closing(Store(data)) as store:
        assert store.connection.rows("SELECT post_id FROM claims") == []


async def test_two_at_once_never_see_the_same(data: Path) -> None:
    """What one has at hand, the other is not shown."""
    clock = Clock()
    async with reviewing(data, clock) as (ann, _), reviewing(data, clock, "bo") as (bo, pilot):
        assert {i.post_id for i in ann.lane.at_hand}.isdisjoint(i.post_id for i in bo.lane.at_hand)
        await press(bo, pilot, "a")


async def test_a_post_that_somebody_took_over_is_not_decided(data: Path) -> None:
    """A claim that ran out and went to somebody else decides nothing, and the person is told."""
    clock = Clock()
    async with reviewing(data, clock) as (app, pilot):
        post = on_screen(app)
        with closing(Store(data)) as store:
            clock.forward(minutes=5)
            Desk(store, CAMPAIGN, "bo", clock).claim(post)
        await press(app, pilot, "a")
        await until(pilot, lambda: "was not decided" in said(app) or "is with somebody else" in said(app))
        assert on_screen(app) != post
    assert decided(data) == []


async def test_a_post_that_changed_meanwhile_is_read_again(data: Path) -> None:
    """A decision on the old revision is refused; the new one is shown, and a key decides that."""
    async with reviewing(data, Clock()) as (app, pilot):
        post = on_screen(app)
        with closing(Store(data)) as store:
            judge(store, post, "content.link", revision=2)
        await until(pilot, lambda: app.lane.item is not None and app.lane.item.claim.revision == 2)
        assert (on_screen(app), "changed while you looked" in said(app)) == (post, True)
        await press(app, pilot, "x")
    assert decided(data) == [(post, "reject", "content.link")]


async def test_a_filter_shows_what_it_says(data: Path) -> None:
    """And a wrong one is told in a line, with nothing changed."""
    async with reviewing(data, Clock()) as (app, pilot):
        await pilot.press("slash", *"reason:content.link", "enter")
        await until(pilot, lambda: app.lane.item is not None and len(app.lane.at_hand) == 4)
        assert all(i.it.record.verdict.findings[0].code == "content.link" for i in app.lane.at_hand)
        before = on_screen(app)
        await pilot.press("slash", *" reason:nonsense", "enter")
        await until(pilot, lambda: "no reason code" in said(app))
        assert on_screen(app) == before


async def test_who_goes_away_gives_the_posts_back(data: Path) -> None:
    """After a lease without a key nothing is held; the next key only comes back, it decides nothing."""
    clock = Clock()
    async with reviewing(data, clock, lease=1.0) as (app, pilot):
        await until(pilot, lambda: app.lane.away)
        with closing(Store(data)) as store:
            await until(pilot, lambda: store.connection.rows("SELECT post_id FROM claims") == [])
        await pilot.press("a")
        await until(pilot, lambda: app.lane.item is not None)
    assert decided(data) == []


async def test_a_click_in_the_queue_shows_that_post(data: Path) -> None:
    """Two rows a post: a click on the eighth row shows the fourth."""
    async with reviewing(data, Clock()) as (app, pilot):
        await until(pilot, lambda: len(app.lane.rows()) == 12)
        wanted = app.lane.rows()[9].post_id
        await pilot.click("#queue", offset=(3, 18))
        await until(pilot, lambda: on_screen(app) == wanted)


async def test_an_empty_queue_takes_no_key(data: Path) -> None:
    """Nothing waits: keys say so and do nothing."""
    async with reviewing(data, Clock()) as (app, pilot):
        await pilot.press("slash", *"author:nobody", "enter")
        await until(pilot, lambda: app.lane.item is None and app.lane.total == 0)
        for key in "axf1Ddvn":
            await pilot.press(key)
        assert "nothing is on the screen" in said(app)
    assert decided(data) == []


async def test_help_and_picture_close_without_deciding(data: Path) -> None:
    """A key that closes the help is not taken for a decision; Escape leaves the full picture."""
    async with reviewing(data, Clock()) as (app, pilot):
        parts = []
        for key in ("question_mark", "a", "v", "escape"):
            await press(app, pilot, key)
            parts.append(app.page.part)
        assert parts == ["sheet", "body", "whole", "body"]
    assert decided(data) == []
