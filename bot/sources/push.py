"""Posts that an operator's own backend pushes: ``POST /v1/posts``, signed, replay-protected, idempotent.

A delivery is answered 202 only when it is committed. Headers: ``X-Gatewarden-Timestamp``, ``X-Gatewarden-Delivery``
and ``X-Gatewarden-Signature: sha256=hex(HMAC-SHA256(secret, timestamp + "." + delivery + "." + body))``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import NamedTuple

import msgspec
from aiohttp import web

from bot import settings
from bot.clock import Clock
from bot.errors import ConfigError, UserError
from bot.log import get_logger
from bot.model import Delivery, Quarantined
from bot.posts.instants import parse_instant
from bot.sources import Batch
from bot.sources.post_json import PostError, parse_post

PATH = "/v1/posts"
WINDOW = dt.timedelta(seconds=300)
"""How far a signed timestamp may be from now, either way. Delivery ids must be remembered for twice as long."""
MAX_BODY = 8 << 20
MAX_POSTS = 1000
GROUP = 500
"""Deliveries committed together, while more are waiting."""

_DELIVERY_ID = re.compile(r"[!-~]{1,200}")
_READ_SECONDS = 30.0

log = get_logger("push")

Seen = Callable[[str], Awaitable[bool]]
"""Whether a delivery id was committed before."""


class _DeliveryError(Exception):
    """The answer to a delivery that is not taken."""

    def __init__(self, status: int, reason: str, errors: list[dict[str, object]] | None = None) -> None:
        super().__init__(reason)
        self.answer = web.json_response({"error": reason, "errors": errors or []}, status=status)


class _Pending(NamedTuple):
    """A delivery that waits for its commit."""

    batch: Batch
    committed: asyncio.Future[None]


class Push:
    """Listens while its stream is open: once ``listening`` is set, ``port`` is the one bound. With ``once`` there is
    no pass to make: the stream ends at once. ``observed_at`` of a delivery is its signed timestamp."""

    name = "push"

    def __init__(self, push: settings.Push, zone: dt.tzinfo, clock: Clock, *, seen: Seen, once: bool = False) -> None:
        if push.secret is None:
            raise ConfigError("[push] secret: the push source needs one; set GATEWARDEN_PUSH__SECRET or secret_file")
        self._secret = push.secret.reveal().encode()
        self._host, self.port = push.host, push.port
        self._zone, self._clock, self._seen, self._once = zone, clock, seen, once
        self.listening = asyncio.Event()
        self._waiting: asyncio.Queue[_Pending] = asyncio.Queue()
        self._in_flight: set[str] = set()

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """Committed deliveries, several a batch where several wait. Raises ``UserError`` where the port is taken."""
        if self._once:
            return
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post(PATH, self._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        group: list[_Pending] = []
        try:
            await self._listen(runner)
            while True:
                group = await self._group()
                yield Batch(
                    deliveries=tuple(item for pending in group for item in pending.batch.deliveries),
                    quarantined=tuple(item for pending in group for item in pending.batch.quarantined),
                    delivery_ids=tuple(item for pending in group for item in pending.batch.delivery_ids),
                )
                for pending in group:
                    _settle(pending, committed=True)
                group = []
        finally:
            while not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            for pending in group:
                _settle(pending, committed=False)
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, self._host, self.port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"[push] cannot listen on {self._host} port {self.port}: {reason}") from error
        self.port = int(runner.addresses[0][1])
        self.listening.set()
        log.info("listening", host=self._host, port=self.port)

    async def _group(self) -> list[_Pending]:
        group = [await self._waiting.get()]
        while not self._waiting.empty() and sum(len(pending.batch.deliveries) for pending in group) < GROUP:
            group.append(self._waiting.get_nowait())
        return group

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            body = await self._body(request)
            delivery_id, signed_at = self._authentic(request.headers, body)
            if delivery_id in self._in_flight:
                raise _DeliveryError(409, "this delivery was seen before")
            self._in_flight.add(delivery_id)
            try:
                if await self._seen(delivery_id):
                    raise _DeliveryError(409, "this delivery was seen before")
                return await self._take(delivery_id, signed_at, body)
            finally:
                self._in_flight.discard(delivery_id)
        except _DeliveryError as rejected:
            return rejected.answer

    async def _body(self, request: web.Request) -> bytes:
        if request.content_length is not None and request.content_length > MAX_BODY:
            raise _DeliveryError(413, f"longer than {MAX_BODY} bytes")
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise _DeliveryError(413, f"longer than {MAX_BODY} bytes") from None
        except TimeoutError:
            raise _DeliveryError(408, "the body did not arrive in time") from None

    def _authentic(self, headers: Mapping[str, str], body: bytes) -> tuple[str, dt.datetime]:
        """The delivery's id and signed time. The signature is looked at first: nobody else learns anything."""
        timestamp = headers.get("X-Gatewarden-Timestamp", "")
        delivery_id = headers.get("X-Gatewarden-Delivery", "")
        given = headers.get("X-Gatewarden-Signature", "").lower().encode("utf-8", "surrogateescape")
        signed = f"{timestamp}.{delivery_id}.".encode("utf-8", "surrogateescape") + body
        expected = "sha256=" + hmac.new(self._secret, signed, "sha256").hexdigest()
        if not hmac.compare_digest(given, expected.encode()) or not _DELIVERY_ID.fullmatch(delivery_id):
            raise _DeliveryError(401, "no valid signature")
        try:
            signed_at, _ = parse_instant(timestamp, dt.UTC)
        except ValueError:
            raise _DeliveryError(401, "no valid timestamp") from None
        if abs(self._clock.now() - signed_at) > WINDOW:
            raise _DeliveryError(401, "the timestamp is too far from now")
        return delivery_id, signed_at

    async def _take(self, delivery_id: str, signed_at: dt.datetime, body: bytes) -> web.Response:
        """Hand a delivery over and wait for its commit. What is no valid post is quarantined beside the others; a
        delivery without any valid post is not taken, so that it can be mended and sent again."""
        deliveries, quarantined, errors = [], [], []
        posts = _posts(body)
        for index, raw in enumerate(posts):
            try:
                snapshot = parse_post(raw, zone=self._zone)
            except PostError as error:
                errors.append({"index": index, "reason": str(error)})
                text = raw.decode("utf-8", "backslashreplace")
                quarantined.append(
                    Quarantined(source=self.name, line=index + 1, reason=str(error), raw=text, observed_at=signed_at)
                )
            else:
                deliveries.append(
                    Delivery(source=self.name, observed_at=signed_at, snapshot=snapshot, raw=msgspec.Raw(raw))
                )
        if posts and not deliveries:
            raise _DeliveryError(400, "no valid post", errors)
        batch = Batch(deliveries=tuple(deliveries), quarantined=tuple(quarantined), delivery_ids=(delivery_id,))
        pending = _Pending(batch, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(pending)
        await pending.committed
        return web.json_response({"accepted": len(deliveries), "errors": errors}, status=202)


def _posts(body: bytes) -> list[bytes]:
    """Each object's own bytes: of one, or of an array."""
    try:
        if not body.lstrip().startswith(b"["):
            return [body]
        posts = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _DeliveryError(400, f"not JSON: {error}") from None
    if len(posts) > MAX_POSTS:
        raise _DeliveryError(400, f"more than {MAX_POSTS} posts")
    return [bytes(post) for post in posts]


def _settle(pending: _Pending, *, committed: bool) -> None:
    if pending.committed.done():  # its sender hung up
        return
    if committed:
        pending.committed.set_result(None)
    else:
        pending.committed.set_exception(_DeliveryError(503, "stopping; send it again"))
