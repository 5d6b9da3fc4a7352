"""The simulated square: the public search as Gate's published client has it, and the host of the posts' media.

``GET /api/v4/social/message/search`` answers what the clock's time has brought: posts appear, are edited, get counted
and vanish, so pages shift while one reads. It shows a post's first picture only, and neither author ids nor times. From
time to time it refuses with 429, and the media host with 503, both with ``Retry-After``.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import unicodedata
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import numpy as np
from aiohttp import web

from bot.clock import Clock
from bot.demo.album import kind
from bot.demo.edits import png
from bot.demo.scenario import PlannedPost, Scenario

SEARCH: Final = "/api/v4/social/message/search"
LOOPBACK: Final = "127.0.0.1"

_MOST: Final = 50
_RANGES: Final = {0: None, 1: dt.timedelta(days=1), 2: dt.timedelta(days=7), 3: dt.timedelta(days=30)}
_ALIKE: Final = 0.5  # share of the keyword's pairs of letters from which a text is found: searches are not exact
_REFUSE_EVERY: Final = 9  # searches
_FAIL_EVERY: Final = 12  # media files, each at its first request
_PRIVATE: Final = "http://169.254.169.254/latest/meta-data/photo.jpg"
_CHUNK: Final = 1 << 16
_ENDLESS: Final = 1 << 30  # a bound all the same, should nobody hang up


class Square:
    """The square's state and its web application. ``files``: the bytes of every picture by name. ``moody``: whether
    it refuses now and then."""

    def __init__(self, scenario: Scenario, clock: Clock, files: Mapping[str, bytes], *, moody: bool = True) -> None:
        self._scenario, self._clock, self._files, self._moody = scenario, clock, files, moody
        self._asked: dict[str, int] = {}
        self.searches = self.refusals = 0
        self.port = self.dead_port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve on free ports of loopback: on one nobody answers."""
        app = web.Application()
        app.router.add_get(SEARCH, self.search)
        app.router.add_get("/media/{post}/{number}/{name}", self._media)
        app.router.add_get("/avatars/{name}", self._avatar)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        with contextlib.closing(socket.socket()) as held:
            held.bind((LOOPBACK, 0))  # bound and never listening: whoever dials it is turned away
            self.dead_port = int(held.getsockname()[1])
            try:
                await web.TCPSite(runner, LOOPBACK, 0).start()
                self.port = int(runner.addresses[0][1])
                yield
            finally:
                await runner.cleanup()

    def media_url(self, post: PlannedPost, number: int, name: str) -> str:
        """Where the picture or video of a post is, or is said to be."""
        if name == "trap-private":
            return _PRIVATE
        host = f"http://{LOOPBACK}:{self.dead_port}" if name == "trap-unreachable" else self.url
        return f"{host}/media/{post.id}/{number}/{name}"

    def visible(self, now: dt.datetime) -> list[PlannedPost]:
        """Posts that are there at ``now``, newest first."""
        there = (post for post in self._scenario.posts if post.at <= now and not post.gone(now))
        return sorted(there, key=lambda post: (post.at, post.id), reverse=True)

    async def search(self, request: web.Request) -> web.Response:
        """The public search."""
        self.searches += 1
        if self._moody and self.searches % _REFUSE_EVERY == 0:
            self.refusals += 1
            return _error(429, "TOO_MANY_REQUESTS", "Request rate limit exceeded", {"Retry-After": "3"})
        query = request.query
        try:
            span = _RANGES[_number(query, "time_range", 0, 0, 3)]
            sort = _number(query, "sort", 0, 0, 1)
            limit = _number(query, "limit", 10, 1, _MOST)
            page = _number(query, "page", 1, 1, 1 << 31)
        except ValueError as error:
            return _error(400, "INVALID_PARAM_VALUE", str(error))
        now = self._clock.now()
        found = [
            post
            for post in self.visible(now)
            if post.shown
            and (span is None or post.at > now - span)
            and _alike(query.get("keyword", ""), post.content(now).text)
            and _alike(query.get("currency", ""), post.content(now).text)
        ]
        if sort == 0:
            found.sort(key=lambda post: -counters(post, now)["likes"])
        items = [self._item(post, now) for post in found[(page - 1) * limit : page * limit]]
        return web.json_response({"code": 0, "label": "", "msg": "", "data": {"total": len(found), "items": items}})

    def _item(self, post: PlannedPost, now: dt.datetime) -> dict[str, object]:
        content, counted = post.content(now), counters(post, now)
        pictures = ((i, name) for i, name in enumerate(content.media) if media_type(name) == "image")
        first = next((self.media_url(post, i, name) for i, name in pictures), "")
        return {
            "id": post.id,
            "content": content.text,
            "image": first,
            "avatar": f"{self.url}/avatars/{quote(post.author)}.png",
            "nickname": post.author,
            "like_count": counted["likes"],
            "page_view": counted["views"],
        }

    async def _avatar(self, request: web.Request) -> web.Response:
        tone = np.frombuffer(zlib.crc32(request.match_info["name"].encode()).to_bytes(4), np.uint8)[:3]
        return web.Response(body=png(np.full((48, 48, 3), tone, np.uint8)), content_type="image/png")

    async def _media(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == "trap-endless":
            return await _pour(request, b"\xff\xd8\xff\xe0" + bytes(_CHUNK), 0.0)
        if name == "trap-slow":
            return await _pour(request, b"\xff", 0.2)
        asked = self._asked[request.path] = self._asked.get(request.path, 0) + 1
        if self._moody and asked == 1 and len(self._asked) % _FAIL_EVERY == 0:
            return web.Response(status=503, headers={"Retry-After": "2"})
        body = self._files.get(name)
        return web.Response(status=404) if body is None else web.Response(body=body, content_type=kind(name))


def media_type(name: str) -> str:
    """What a post says that its medium is."""
    return "video" if name.startswith("clip-") else "image"


def counters(post: PlannedPost, now: dt.datetime) -> dict[str, int]:
    """Views, likes, comments and shares: they only grow, as fast as the post is popular."""
    hours = max(0.0, (now - post.at).total_seconds() / 3600)
    popular = 1 + zlib.crc32(str(post.id).encode()) % 40
    views = int(popular * 9 * hours**0.7) + 3
    return {"views": views, "likes": views // 11, "comments": views // 53, "shares": views // 97}


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or not least <= int(text) <= most:
        raise ValueError(f"Invalid parameter: {name}")
    return int(text)


def _alike(keyword: str, text: str) -> bool:
    """Whether a text holds enough of a keyword, as searches that cut texts into pairs of letters find it."""
    wanted = _pairs(keyword)
    return not wanted or len(wanted & _pairs(text)) >= _ALIKE * len(wanted)


def _pairs(text: str) -> frozenset[str]:
    folded = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    return frozenset(folded[i : i + 2] for i in range(len(folded) - 1))


def _error(status: int, label: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"label": label, "message": message}, status=status, headers=headers)


async def _pour(request: web.Request, piece: Sequence[int] | bytes, pause: float) -> web.StreamResponse:
    """A body that goes on until whoever asked has had enough."""
    response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
    sent = 0
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        while sent < _ENDLESS:
            await response.write(bytes(piece))
            sent += len(piece)
            await asyncio.sleep(pause)
    return response
