"""Whether the services that the settings name answer, and agree with our clock: the checks of ``doctor`` that dial."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import AsyncIterator

import aiohttp

from bot.awards.x_api import endpoint
from bot.errors import ConfigError
from bot.operations.doctor import Check
from bot.settings import Settings

_SECONDS = 10.0
_APART = dt.timedelta(seconds=60)  # by the time that an answer was sent, in whole seconds


async def reach(settings: Settings, hashtag: str) -> AsyncIterator[Check]:
    """One request to each: the square's search, and X where a token is set."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:
        url = f"{settings.gate_square.host}/api/v4/social/message/search"
        query = {"keyword": hashtag, "sort": "1", "limit": "1"}
        for check in await _ask(session, "square", url, query, {}):
            yield check
        if settings.x.token is not None:
            headers = {"Authorization": f"Bearer {settings.x.token.reveal()}"}
            try:
                url = endpoint(settings.x.host)
            except ConfigError as error:
                yield Check(name="x", state="broken", detail=str(error))
                return
            for check in await _ask(session, "x", url, {"ids": "20"}, headers):
                yield check


async def _ask(
    session: aiohttp.ClientSession, name: str, url: str, query: dict[str, str], headers: dict[str, str]
) -> list[Check]:
    try:
        async with session.get(url, params=query, headers=headers, allow_redirects=False) as response:
            body, heard = await response.content.read(2000), dt.datetime.now(dt.UTC)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return [Check(name=name, state="broken", detail=f"{url}: {type(error).__name__} {error}".strip())]
    clock = _clock(name, response.headers.get("Date"), heard)
    if response.status != 200:
        return [Check(name=name, state="broken", detail=f"{url} answered {response.status}"), *clock]
    if not body.lstrip().startswith(b"{"):
        return [Check(name=name, state="broken", detail=f"{url} did not answer with JSON"), *clock]
    return [Check(name=name, state="ok", detail=f"{url} answered"), *clock]


def _clock(name: str, date: str | None, heard: dt.datetime) -> list[Check]:
    """Our clock beside theirs; nothing where they do not tell theirs."""
    try:
        theirs = email.utils.parsedate_to_datetime(date or "").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return []
    apart = round((heard - theirs).total_seconds())
    if abs(heard - theirs) <= _APART:
        return [Check(name=f"clock beside {name}", state="ok", detail=f"{apart:+d} s")]
    detail = f"ours differs by {apart:+d} s: signed pushes are refused, and posts seem to be seen at other times"
    return [Check(name=f"clock beside {name}", state="warning", detail=detail)]
