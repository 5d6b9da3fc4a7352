"""Gate Square's official public search, polled.

Pages are numbered and shift while one reads: new posts push others down (seen twice, harmless), deleted ones pull
others up past the reader. So after each page the one before it is read again. A poll is complete when it came to a
page of nothing but posts known from complete polls, or to the end; only then does it bound what is first seen later.
Posts first seen since the last complete poll are therefore kept in the position: after a crash they do not end a poll.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import aiohttp
import msgspec

from bot import __version__, settings
from bot.clock import Clock
from bot.errors import ConfigError, Transient
from bot.model import Delivery, Quarantined, Snapshot
from bot.sources import Batch, Poll
from bot.sources.post_json import PostError
from bot.sources.square_reply import Page, error_label, read_item, read_page
from detectors.evidence import Value

PATH = "/api/v4/social/message/search"
LATEST = 1
LIMIT = 50
MAX_PAGES = 2000
MAX_BODY = 8 << 20
MAX_PENDING = 5000
DRIFT = 0.05
"""The share of a page's items beyond which their form has changed, rather than a few items being odd."""

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_PAUSE_SECONDS = 0.25  # between two requests: no rate limit is published, so stay modest
_ATTEMPTS = 3
_PATIENCE_SECONDS = 60.0  # how long a wait for the next attempt may be before the poll is given up
_LASTING = ("schema_drift", "http_4")  # failures that trying again at once does not mend

Known = Callable[[Sequence[str]], Awaitable[frozenset[str]]]
"""Which of these ids this source has delivered before, in committed batches."""


class _Mark(Value):
    """The position. ``complete``: start of the last complete poll for these ``keywords``; ``pending``: ids first seen
    since then, None where they became too many to keep (the next poll goes to the end)."""

    keywords: tuple[str, ...]
    complete: dt.datetime | None = None
    pending: tuple[str, ...] | None = ()


class GateSquare:
    """Polls the search for each hashtag, latest first, once per ``interval``. With ``once``: one poll, then the end.

    A delivery's ``observed_at`` is when its page was fetched; ``not_before``, for an id that was not known, is the
    start of the last complete poll less the index lag.
    """

    name = "gate_square"

    def __init__(
        self, square: settings.GateSquare, hashtags: Sequence[str], clock: Clock, *, known: Known, once: bool = False
    ) -> None:
        self._square, self._clock, self._known, self._once = square, clock, known, once
        self._keywords = tuple(sorted({tag.strip("# ") for tag in hashtags}))
        self._lag = dt.timedelta(seconds=square.index_lag)

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """A batch a page, and one at each poll's end. Raises ``Transient``, with what the square asks to wait."""
        mark = self._mark(position)
        headers = {"Accept": "application/json", "User-Agent": f"gatewarden/{__version__}"}
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers, cookie_jar=jar) as session:
            while True:
                poll = _Reading(self._clock.now(), mark)
                try:
                    for keyword in self._keywords:
                        async with contextlib.aclosing(self._read(session, keyword, poll)) as batches:
                            async for batch in batches:
                                yield batch
                except Transient:
                    yield Batch(poll=Poll(started=poll.started, finished=self._clock.now(), complete=False))
                    raise
                mark = poll.mark if poll.cut_short else _Mark(keywords=self._keywords, complete=poll.started)
                finished = self._clock.now()
                report = Poll(started=poll.started, finished=finished, complete=not poll.cut_short)
                yield Batch(position=_encode(mark), poll=report)
                if self._once:
                    return
                await self._clock.sleep(max(0.0, self._square.interval - (finished - poll.started).total_seconds()))

    def _mark(self, position: str | None) -> _Mark:
        """Where polling stood. Other hashtags than then: of the new ones, nothing is known of what came before."""
        fresh = _Mark(keywords=self._keywords)
        try:
            mark = fresh if position is None else msgspec.json.decode(position, type=_Mark)
        except msgspec.DecodeError:  # written by another version
            return fresh
        return mark if mark.keywords == self._keywords else fresh

    async def _read(self, session: aiohttp.ClientSession, keyword: str, poll: _Reading) -> AsyncGenerator[Batch, None]:
        """The pages of one keyword, down to posts that complete polls have seen."""
        found, odd = set[str](), 0
        for number in range(1, MAX_PAGES + 1):
            page = await self._fetch(session, keyword, number)
            ids, familiar, batch = await self._batch(page, poll)
            yield batch
            above = frozenset[str]()
            if number > 1:
                above, _, again = await self._batch(await self._fetch(session, keyword, number - 1), poll)
                if again.deliveries:
                    yield again
            found |= ids
            odd += len(batch.quarantined)
            ended = len(page.items) < LIMIT and page.total is not None and len(found) + odd >= page.total
            if not page.items or ended or familiar or ids == above:  # some searches give the last page again for ever
                return
        poll.cut_short = True

    async def _batch(self, page: Page, poll: _Reading) -> tuple[frozenset[str], bool, Batch]:
        """A page's ids, whether complete polls have seen them all, and what of it this poll has not delivered yet."""
        now = self._clock.now()
        posts, strange = _items(page, now)
        ids = frozenset(snapshot.id for snapshot, _ in posts)
        known = await self._known(tuple(ids)) if ids else frozenset[str]()
        bound = None if poll.mark.complete is None else poll.mark.complete - self._lag
        deliveries = []
        for snapshot, raw in posts:
            if snapshot.id not in poll.seen:
                poll.seen.add(snapshot.id)
                not_before = None if snapshot.id in known else bound
                deliveries.append(
                    Delivery(
                        source=self.name,
                        observed_at=now,
                        not_before=not_before,
                        snapshot=snapshot,
                        raw=msgspec.Raw(raw),
                    )
                )
        moved = poll.first_saw(ids - known)
        position = _encode(poll.mark) if moved else None
        batch = Batch(deliveries=tuple(deliveries), quarantined=strange, position=position)
        return ids, poll.familiar(ids, known), batch

    async def _fetch(self, session: aiohttp.ClientSession, keyword: str, number: int) -> Page:
        """One page; what may pass soon is waited out here, so that a long poll need not start over."""
        attempt = 1
        while True:
            await self._clock.sleep(_PAUSE_SECONDS)
            try:
                return read_page(await self._get(session, keyword, number))
            except Transient as error:
                wait = 2.0**attempt if error.retry_after is None else error.retry_after
                if attempt == _ATTEMPTS or error.reason.startswith(_LASTING) or wait > _PATIENCE_SECONDS:
                    raise
                attempt += 1
                await self._clock.sleep(wait)

    async def _get(self, session: aiohttp.ClientSession, keyword: str, number: int) -> bytes:
        query = {"keyword": keyword, "sort": str(LATEST), "limit": str(LIMIT), "page": str(number)}
        url = self._square.host.rstrip("/") + PATH
        try:
            async with session.get(url, params=query, allow_redirects=False) as reply:
                body = bytearray()
                async for chunk in reply.content.iter_chunked(1 << 16):
                    body += chunk
                    if len(body) > MAX_BODY:
                        raise Transient("reply_too_large")
                if reply.status != 200:
                    reason = "rate_limited" if reply.status == 429 else f"http_{reply.status}{error_label(body)}"
                    raise Transient(reason, self._retry_after(reply))
                return bytes(body)
        except aiohttp.InvalidURL as error:
            raise ConfigError(f"[gate_square] host: {self._square.host!r} is no URL such as https://…") from error
        except TimeoutError:
            raise Transient("timeout") from None
        except aiohttp.ClientError as error:
            raise Transient("unreachable") from error

    def _retry_after(self, reply: aiohttp.ClientResponse) -> float | None:
        """What the reply asks to wait, in seconds: given as such, or as a date."""
        value = reply.headers.get("Retry-After", "")
        if value.isascii() and value.isdecimal() and len(value) < 7:
            return float(value)
        try:
            until = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        until = until if until.tzinfo is not None else until.replace(tzinfo=dt.UTC)
        return max(0.0, (until - self._clock.now()).total_seconds())


class _Reading:
    """One poll under way: ``seen`` are the ids it delivered; ``cut_short``: it gave up before the feed's end."""

    def __init__(self, started: dt.datetime, mark: _Mark) -> None:
        self.started, self.mark = started, mark
        self.seen: set[str] = set()
        self.cut_short = False
        self._pending = set(mark.pending or ())

    def first_saw(self, ids: frozenset[str]) -> bool:
        """Keep ids that were new, as seen since the last complete poll; whether the mark moved. Before there was a
        complete poll nothing needs keeping: such a poll goes to the end in any case."""
        if self.mark.complete is None or self.mark.pending is None or ids <= self._pending:
            return False
        self._pending |= ids
        pending = tuple(sorted(self._pending)) if len(self._pending) <= MAX_PENDING else None
        self.mark = msgspec.structs.replace(self.mark, pending=pending)
        return True

    def familiar(self, ids: frozenset[str], known: frozenset[str]) -> bool:
        """Whether complete polls have seen all these ids."""
        bounded = self.mark.complete is not None and self.mark.pending is not None
        return bounded and bool(ids) and ids <= known and self._pending.isdisjoint(ids)


def _items(page: Page, now: dt.datetime) -> tuple[list[tuple[Snapshot, bytes]], tuple[Quarantined, ...]]:
    """The posts of a page and what is none. Raises ``Transient`` where so many are none that the form has changed;
    one odd item beside good ones is just that, however short the page."""
    posts, strange = [], []
    for item in page.items:
        raw = bytes(item)
        try:
            posts.append((read_item(raw), raw))
        except PostError as error:
            text = raw.decode("utf-8", "backslashreplace")
            strange.append(Quarantined(source=GateSquare.name, line=None, reason=str(error), raw=text, observed_at=now))
    if len(strange) > DRIFT * len(page.items) and (len(strange) > 1 or not posts):
        raise Transient("schema_drift")
    return posts, tuple(strange)


def _encode(mark: _Mark) -> str:
    return msgspec.json.encode(mark).decode()
