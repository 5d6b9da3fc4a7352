"""The review of a data directory as a test drives it: without a terminal, key by key."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

from textual.pilot import Pilot

from bot.i18n import translator
from bot.review.desk import Desk
from bot.review.filters import Filter
from bot.review.tui.app import ReviewApp
from bot.review.tui.item import Place
from bot.review.tui.lane import AHEAD
from bot.review.tui.picture import Way
from bot.review.tui.setting import Setting
from bot.review.tui.sheet import Reader
from bot.settings import Engine
from bot.store import Store
from bot.store.blobs import Blobs
from tests.integration.desks import CAMPAIGN, Clock

ALL = Filter()


@asynccontextmanager
async def reviewing(
    data: Path,
    clock: Clock,
    who: str = "ann",
    *,
    lease: float = 120.0,
    way: Way = "blocks",
    wanted: Filter = ALL,
    at_hand: int = AHEAD + 1,
) -> AsyncIterator[tuple[ReviewApp, Pilot[None]]]:
    """The review of a data directory, its first post drawn."""

    def place(stack: ExitStack) -> Place:
        store = stack.enter_context(closing(Store(data)))
        desk = Desk(store, CAMPAIGN, who, clock, lease=dt.timedelta(seconds=lease))
        return Place(desk=desk, store=store, campaign=CAMPAIGN, blobs=Blobs(data / "media"))

    setting = Setting(
        who=who,
        campaign=CAMPAIGN.name,
        reader=Reader(lang="en", say=translator("en"), zone=dt.UTC),
        engine=Engine(),
        blobs=Blobs(data / "media"),
        lease=lease,
        way=way,
        wanted=wanted,
    )
    app = ReviewApp(setting, place)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.lane.item is not None and len(app.lane.at_hand) >= at_hand)
        await drawn(app, pilot)
        yield app, pilot
    assert app.failure is None


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(30):
        while not true():
            await pilot.pause(0.02)


async def drawn(app: ReviewApp, pilot: Pilot[None]) -> None:
    """Wait until the post is drawn, so that a key decides."""
    await until(pilot, lambda: app.drawn_at < float("inf"))


async def press(app: ReviewApp, pilot: Pilot[None], *keys: str) -> None:
    """Press keys as a person does: each when the post is drawn."""
    for key in keys:
        await drawn(app, pilot)
        await pilot.press(key)


def on_screen(app: ReviewApp) -> str:
    item = app.lane.item
    return "" if item is None else item.post_id
