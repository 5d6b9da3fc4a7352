"""Whether the services that the settings name answer: the only checks of ``doctor`` that dial."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

from bot.doctor import Check
from bot.settings import Settings

_SECONDS = 10.0


async def reach(settings: Settings, hashtag: str) -> AsyncIterator[Check]:
    """One request to each: the square's search, and X where a token is set."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:
        url = f"{settings.gate_square.host}/api/v4/social/message/search"
        query = {"keyword": hashtag, "sort": "1", "limit": "1"}
        yield await _ask(session, "square", url, query, {})
        if settings.x.token is not None:
            headers = {"Authorization": f"Bearer {settings.x.token.reveal()}"}
            yield await _ask(session, "x", f"{settings.x.host}/2/tweets", {"ids": "20"}, headers)


async def _ask(
    session: aiohttp.ClientSession, name: str, url: str, query: dict[str, str], headers: dict[str, str]
) -> Check:
    try:
        async with session.get(url, params=query, headers=headers) as response:
            body = await response.content.read(2000)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return Check(name=name, state="broken", detail=f"{url}: {type(error).__name__} {error}".strip())
    if response.status != 200:
        return Check(name=name, state="broken", detail=f"{url} answered {response.status}")
    if not body.lstrip().startswith(b"{"):
        return Check(name=name, state="broken", detail=f"{url} did not answer with JSON")
    return Check(name=name, state="ok", detail=f"{url} answered")
