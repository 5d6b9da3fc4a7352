"""A simulated X: ``GET /2/tweets`` as its documentation has it, errors included, on loopback.

Views grow with the clock. Posts may be edited (each version counts by itself), deleted, or their accounts protected or
suspended, which the real one does not tell apart. Requests are limited over 15 minutes; it may be out of order.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final, Literal

from aiohttp import web

from bot.awards.links import time_of
from bot.clock import Clock
from detectors.evidence import Value

LOOPBACK: Final = "127.0.0.1"
_WINDOW: Final = 15 * 60
_PROBLEMS: Final = "https://api.twitter.com/2/problems"
_MOST: Final = 100
_SHORT: Final = "https://t.co/AbCdEf1234"


class Posted(Value):
    """A post on X. ``pace``: views in its first hour; ``versions``: its edit history, the oldest first, empty where it
    was never edited. ``gone``: when it was deleted, or its account protected or suspended. ``author_id``: None makes
    one of its own; ``link``: where the link in it leads."""

    id: str
    author_id: str | None = None
    text: str = "#我的Gate时刻#"
    link: str | None = None
    pace: int = 100
    versions: tuple[str, ...] = ()
    state: Literal["public", "deleted", "protected", "suspended"] = "public"
    gone: dt.datetime | None = None

    def views(self, now: dt.datetime) -> int:
        """Views by then: they only grow."""
        hours = max(0.0, (now - time_of(self.id)).total_seconds() / 3600)
        return int(self.pace * hours**0.5)

    def hidden(self, now: dt.datetime) -> bool:
        """Whether X does not show it."""
        return self.state != "public" and (self.gone is None or now >= self.gone)


class XServer:
    """The server's state and its web application. ``limit``: requests in 15 minutes. ``outage``: by the number of a
    request, from 1, the status that it is answered with instead."""

    def __init__(
        self,
        posts: Iterable[Posted],
        clock: Clock,
        token: str,
        *,
        limit: int = 300,
        outage: Mapping[int, int] | None = None,
        on_request: Callable[[list[str]], None] = lambda ids: None,
    ) -> None:
        self.posts = {post.id: post for post in posts}
        self._clock, self._token, self._limit = clock, token, limit
        self._outage, self._on_request = dict(outage or {}), on_request
        self._window, self._used = 0, 0
        self.requests = self.refusals = self.returned = 0
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve on a free port of loopback."""
        app = web.Application()
        app.router.add_get("/2/tweets", self._lookup)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        try:
            held = socket.socket()
            held.bind((LOOPBACK, 0))
            await web.SockSite(runner, held).start()
            self.port = int(runner.addresses[0][1])
            yield
        finally:
            await runner.cleanup()

    async def _lookup(self, request: web.Request) -> web.Response:
        self.requests += 1
        now = self._clock.now()
        if self.requests in self._outage:
            return _problem(self._outage[self.requests], "Service Unavailable", {})
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return _problem(401, "Unauthorized", {})
        limits, refused = self._spend(now)
        if refused:
            self.refusals += 1
            return _problem(429, "Too Many Requests", limits)
        ids = request.query.get("ids", "").split(",")
        wrong = _wrong(ids)
        if wrong:
            return web.json_response(wrong, status=400, headers=limits)
        self._on_request(ids)
        fields = frozenset(request.query.get("tweet.fields", "").split(","))
        body: dict[str, list[dict[str, Any]]] = {}
        for x_id in dict.fromkeys(ids):
            post = self.posts.get(x_id)
            if post is None or post.hidden(now):
                body.setdefault("errors", []).append(_error(x_id, post))
            else:
                body.setdefault("data", []).append(_shown(post, fields, now))
        self.returned += len(body.get("data", ()))
        return web.json_response(body, headers=limits)

    def _spend(self, now: dt.datetime) -> tuple[dict[str, str], bool]:
        """One request of the limit: the headers that tell of it, and whether it was too much."""
        window = int(now.timestamp()) // _WINDOW
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        headers = {
            "x-rate-limit-limit": str(self._limit),
            "x-rate-limit-remaining": str(max(0, self._limit - self._used)),
            "x-rate-limit-reset": str((window + 1) * _WINDOW),
        }
        return headers, self._used > self._limit


def _shown(post: Posted, fields: frozenset[str], now: dt.datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": post.id,
        "text": post.text if post.link is None else f"{post.text} {_SHORT}",
        "edit_history_tweet_ids": list(post.versions or (post.id,)),
    }
    views = post.views(now)
    more: dict[str, Any] = {
        "author_id": post.author_id or str(int((post.versions or (post.id,))[0]) % 10**9 + 1),
        "created_at": time_of(post.id).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "public_metrics": {
            "retweet_count": views // 90,
            "reply_count": views // 70,
            "like_count": views // 12,
            "quote_count": views // 400,
            "bookmark_count": views // 150,
            "impression_count": views,
        },
    }
    if post.link is not None:
        url = {"start": len(post.text) + 1, "end": len(post.text) + 1 + len(_SHORT), "url": _SHORT}
        more["entities"] = {"urls": [{**url, "expanded_url": post.link, "display_url": post.link[:26] + "…"}]}
    return shown | {name: value for name, value in more.items() if name in fields}


def _error(x_id: str, post: Posted | None) -> dict[str, Any]:
    """What stands under ``errors`` for a post that is not shown: not found, or not authorised, and no more."""
    known = {"value": x_id, "resource_id": x_id, "parameter": "ids", "resource_type": "tweet"}
    if post is None or post.state == "deleted":
        detail = f"Could not find tweet with ids: [{x_id}]."
        return {**known, "title": "Not Found Error", "detail": detail, "type": f"{_PROBLEMS}/resource-not-found"}
    detail = f"Sorry, you are not authorized to see the Tweet with ids: [{x_id}]."
    return {
        **known,
        "section": "data",
        "title": "Authorization Error",
        "detail": detail,
        "type": f"{_PROBLEMS}/not-authorized-for-resource",
    }


def _wrong(ids: list[str]) -> dict[str, Any] | None:
    """The answer to a question that is none."""
    if not 1 <= len(ids) <= _MOST:
        message = f"The number of values in the `ids` query parameter list [{len(ids)}] is not between 1 and 100"
    elif odd := [x_id for x_id in ids if not (x_id.isascii() and x_id.isdecimal() and len(x_id) <= 19)]:
        message = f"The `ids` query parameter value [{odd[0]}] is not valid"
    else:
        return None
    return {
        "errors": [{"parameters": {"ids": ids[:3]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{_PROBLEMS}/invalid-request",
    }


def _problem(status: int, title: str, headers: Mapping[str, str]) -> web.Response:
    body = {"title": title, "detail": title, "type": "about:blank", "status": status}
    return web.json_response(body, status=status, headers=headers)
