"""The operator's own backend: it knows what the public search does not say, and pushes it, signed.

What it pushes is an export with gaps: some posts without a time, some authors without verification, one record that is
no post at all. It sends one delivery twice, as backends do that missed an answer.
"""

from __future__ import annotations

import datetime as dt
import hmac
import itertools
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp
import msgspec

from bot.clock import Clock
from bot.demo.scenario import PlannedPost, Scenario
from bot.demo.square import Square, counters, media_type
from bot.sources.push import PATH
from detectors.evidence import Value

_BATCH: Final = 20
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
_MALFORMED: Final = {
    "id": 12879999,
    "text": "#我的Gate时刻#",
    "media": [{"type": "hologram", "url": "https://gate.com/x"}],
}


class Told(Value):
    """What came of pushing: deliveries taken, posts in them, posts that were refused as none, repetitions refused."""

    deliveries: int = 0
    posts: int = 0
    refused: int = 0
    repeated: int = 0

    def __add__(self, other: Told) -> Told:
        return Told(
            deliveries=self.deliveries + other.deliveries,
            posts=self.posts + other.posts,
            refused=self.refused + other.refused,
            repeated=self.repeated + other.repeated,
        )


class Backend:
    """Pushes to ``url``. ``secret`` signs; times are those of ``clock``."""

    def __init__(self, scenario: Scenario, square: Square, clock: Clock, url: str, secret: str) -> None:
        self._scenario, self._square, self._clock = scenario, square, clock
        self._url, self._secret = url + PATH, secret.encode()
        self._told_until = _NEVER

    async def tell(self) -> Told:
        """Push every post that is new, edited or deleted since the last time. Raises RuntimeError where a delivery is
        answered otherwise than it must be."""
        now, since = self._clock.now(), self._told_until
        news = [post for post in self._scenario.posts if post.told and post.changed(since, now)]
        records = [self.record(post, now) for post in news]
        first = self._told_until == _NEVER
        if first:
            records.insert(len(records) // 2, dict(_MALFORMED))
        told = Told()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            for number, batch in enumerate(_batched(records)):
                told += await self._deliver(session, batch, repeat=first and number == 0)
        self._told_until = now
        return told

    def record(self, post: PlannedPost, now: dt.datetime) -> dict[str, Any]:
        """What the operator's database has of a post at ``now``, less what it lacks."""
        content, account = post.content(now), self._scenario.account(post.author)
        author = {
            "id": account.id,
            "person": account.person,
            "nickname": account.nickname,
            "verified": account.verified,
            "account_type": account.account_type,
            "region": account.region,
        }
        record: dict[str, Any] = {
            "id": post.id,
            "created_at": post.at.isoformat(),
            "edited_at": None if content.edited_at is None else content.edited_at.isoformat(),
            "deleted": post.gone(now),
            "author": author,
            "title": post.title,
            "text": content.text,
            "media": [
                {"type": media_type(name), "url": self._square.media_url(post, number, name)}
                for number, name in enumerate(content.media)
            ],
            "url": f"https://www.gate.com/post/status/{post.id}",
            "stats": counters(post, now),
        }
        for field in post.lacks:
            holder, _, key = field.rpartition(".")
            del (record[holder] if holder else record)[key]
        return record

    async def _deliver(self, session: aiohttp.ClientSession, records: list[dict[str, Any]], *, repeat: bool) -> Told:
        body = msgspec.json.encode(records)
        headers = self.sign(body, secrets.token_hex(8))
        async with session.post(self._url, data=body, headers=headers) as reply:
            if reply.status != 202:
                raise RuntimeError(f"the push endpoint answered {reply.status}: {await reply.text()}")
            answer = await reply.json()
        if repeat:
            async with session.post(self._url, data=body, headers=headers) as reply:
                if reply.status != 409:
                    raise RuntimeError(f"the push endpoint answered {reply.status} to a repetition")
        refused = len(answer["errors"])
        return Told(deliveries=1, posts=len(records) - refused, refused=refused, repeated=int(repeat))

    def sign(self, body: bytes, delivery: str) -> Mapping[str, str]:
        """The headers of one delivery."""
        timestamp = str(round(self._clock.now().timestamp()))
        digest = hmac.new(self._secret, f"{timestamp}.{delivery}.".encode() + body, "sha256").hexdigest()
        return {
            "Content-Type": "application/json",
            "X-Gatewarden-Timestamp": timestamp,
            "X-Gatewarden-Delivery": delivery,
            "X-Gatewarden-Signature": f"sha256={digest}",
        }


def _batched(records: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    rest = iter(records)
    while batch := list(itertools.islice(rest, _BATCH)):
        yield batch
