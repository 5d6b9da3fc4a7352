"""What the tests of X ask with and whom: a clock that waits move, the simulated X, and a server with given replies."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from benchmarks.questionnaire import NOW
from bot.awards.x_api import XApi
from bot.demo.x import XServer
from bot.settings import Secret, X

TOKEN = "AAAA%2Fsimulated"
HOUR = dt.timedelta(hours=1)


class Clock:
    """Stands still; a wait moves it."""

    def __init__(self, now: dt.datetime = NOW) -> None:
        self._now = now
        self.waits: list[float] = []

    def now(self) -> dt.datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_by(dt.timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def pass_by(self, time: dt.timedelta) -> None:
        self._now += time


@asynccontextmanager
async def asking(server: XServer, clock: Clock, token: str = TOKEN) -> AsyncIterator[XApi]:
    async with server.listening(), XApi(X(host=server.url, token=Secret(token)), clock) as api:
        yield api


@asynccontextmanager
async def answering(replies: list[web.Response]) -> AsyncIterator[str]:
    """A server that gives these replies, one after the other."""
    waiting = iter(replies)

    async def answer(request: web.Request) -> web.Response:
        return next(waiting)

    app = web.Application()
    app.router.add_get("/2/tweets", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def api_at(host: str, clock: Clock) -> XApi:
    return XApi(X(host=host, token=Secret(TOKEN)), clock)
