"""Judging in the terminal, key by key: blind, kept, nothing taken before it was drawn."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

from textual.pilot import Pilot

from bot.awards.judging import Marked
from bot.awards.panel import Panel
from bot.campaign import load_campaign
from bot.clock import SystemClock
from bot.i18n import translator
from bot.review.desk import Desk
from bot.review.tui.item import Place
from bot.review.tui.judge import JudgeApp, PaneName
from bot.review.tui.picture import CellPicture
from bot.review.tui.setting import Setting
from bot.review.tui.sheet import Reader
from bot.settings import Engine
from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.judging import Judging
from tests.integration.commands import Command
from tests.integration.reviews import until

CAMPAIGN = load_campaign()


@asynccontextmanager
async def judging(data: Path) -> AsyncIterator[tuple[JudgeApp, Pilot[None]]]:
    """kim at the terminal, the first post drawn. kim's own account wrote posts 1 and 3."""
    with closing(Store(data)) as store, store.transaction():
        Panel(store, CAMPAIGN).add("kim", "ann", dt.datetime.now(dt.UTC))

    def place(stack: ExitStack) -> Place:
        store = stack.enter_context(closing(Store(data)))
        desk = Desk(store, CAMPAIGN, "kim", SystemClock())
        return Place(desk=desk, store=store, campaign=CAMPAIGN, blobs=Blobs(data / "media"))

    setting = Setting(
        who="kim",
        campaign=CAMPAIGN.name,
        reader=Reader(lang="en", say=translator("en"), zone=dt.UTC),
        engine=Engine(),
        blobs=Blobs(data / "media"),
    )
    app = JudgeApp(setting, dict(CAMPAIGN.rubric), place)
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(app, pilot)
        yield app, pilot
    assert app.failure is None


async def drawn(app: JudgeApp, pilot: Pilot[None]) -> None:
    """Wait until keys are taken."""
    await until(pilot, lambda: app.drawn_at < math.inf)


async def press(app: JudgeApp, pilot: Pilot[None], *keys: str) -> None:
    """As a person does: each key when the post is drawn."""
    for key in keys:
        await drawn(app, pilot)
        await pilot.press(key)


def words(app: JudgeApp, *names: PaneName) -> str:
    """What parts of the screen say."""
    lines = (app.panes[name].render_line(y) for name in names for y in range(app.panes[name].size.height))
    return "\n".join(line.text for line in lines)


def kept(data: Path) -> list[Marked]:
    with closing(Store(data)) as store:
        return Judging(store.connection, store.log, CAMPAIGN.name).marks()


async def test_a_judge_scores_until_nothing_is_left(eligible: Path) -> None:
    """Neither id nor author is shown, nor the judge's own posts; a picture is; digits and ``t`` mark, Enter keeps
    nothing before all are marked; ``u`` goes back and keeping replaces; ``r`` stands back."""
    async with judging(eligible) as (app, pilot):
        assert app.ballot is not None
        first = app.ballot.blind.code
        shown = words(app, "head", "words", "marks")
        assert first in shown and "nick" not in shown and "0 scored · 2 left" in shown and "creativity 40 %" in shown
        assert isinstance(app.picture, CellPicture)
        seen = app.picture
        await until(pilot, lambda: "▀" in seen.render_line(seen.size.height // 2).text)
        await press(app, pilot, "8", "enter")
        assert "every criterion" in words(app, "said") and kept(eligible) == []
        await press(app, pilot, "6", "t", "enter")
        await drawn(app, pilot)
        assert app.ballot is not None and app.ballot.blind.code != first
        [marked] = kept(eligible)
        assert marked.marks == {"creativity": 8, "quality": 6, "engagement": 10}
        await press(app, pilot, "u")
        assert app.ballot is not None and app.ballot.blind.code == first
        await press(app, pilot, "down", "0", "enter")
        await drawn(app, pilot)
        [marked] = kept(eligible)
        assert marked.marks == {"creativity": 8, "quality": 0, "engagement": 10}
        await press(app, pilot, "r")
        await drawn(app, pilot)
        assert app.ballot is None and "1 scored · 0 left" in words(app, "head")
        assert {m.post_id for m in kept(eligible)} == {"2", "4"}
        assert sum(m.marks is None for m in kept(eligible)) == 1


async def test_a_key_before_the_post_is_drawn_is_not_taken(eligible: Path) -> None:
    """``r`` pressed twice at once recuses from one post only, and that is said."""
    async with judging(eligible) as (app, pilot):
        at = app.drawn_at
        app._press("r", "r", at)
        app._press("r", "r", at)
        assert "not drawn yet" in words(app, "said")
        await drawn(app, pilot)
        assert len(kept(eligible)) == 1


async def test_the_picture_alone(eligible: Path) -> None:
    """``v`` gives the picture the whole width, and back; after the freeze of the winners a score is refused."""
    async with judging(eligible) as (app, pilot):
        before = app.picture.size.width
        await press(app, pilot, "v")
        await until(pilot, lambda: app.picture.size.width > before)
        await press(app, pilot, "v")
        await until(pilot, lambda: app.picture.size.width == before)
        with closing(Store(eligible)) as store, store.transaction():
            store.connection.run(
                "INSERT INTO frozen_awards (campaign, at, who, document, key) VALUES (?, 0, 'x', x'00', 'k')",
                (CAMPAIGN.name,),
            )
        await press(app, pilot, "1", "2", "3", "enter")
        await drawn(app, pilot)
        assert "frozen" in words(app, "said") and kept(eligible) == []


def test_without_a_terminal_the_way_out_is_named(command: Command, eligible: Path) -> None:
    """Through a pipe it says which commands do the same."""
    ended = command("judge", "review", "--as", "jo", "--data", eligible)
    assert ended.status == 1 and "judge score" in ended.err
