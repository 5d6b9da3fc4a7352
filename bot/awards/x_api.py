"""X's API: public counts of posts, a hundred at a time. The only file here that dials out to X.

``GET /2/tweets?ids=…`` answers 200 also where posts are missing, which it then lists under ``errors``. It does not tell
a protected account from a suspended one. What it asks to wait is waited, in bounds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, Final

import aiohttp
import msgspec
import yarl

from bot import __version__
from bot.clock import Clock
from bot.errors import ConfigError, Transient, UserError
from bot.settings import X
from detectors.evidence import Value

PATH: Final = "/2/tweets"
MOST: Final = 100
"""Ids in one request."""

_FIELDS: Final = "public_metrics,created_at,author_id,edit_history_tweet_ids,entities,note_tweet"
_PROBLEMS: Final = {"resource-not-found": "x.deleted", "not-authorized-for-resource": "x.protected"}
_MOST_BODY: Final = 4 << 20
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_ATTEMPTS: Final = 5
_PATIENCE: Final = 16 * 60.0  # seconds; limits are counted over 15 minutes


class XPost(Value):
    """A post as X shows it. ``versions``: every id of its edit history, the oldest first, its own among them.
    ``account``: X's id of its author; ``links``: where its shortened links lead."""

    id: str
    views: int | None
    versions: tuple[str, ...]
    account: str | None = None
    text: str = ""
    links: tuple[str, ...] = ()


class Missing(Value):
    """A post that X does not show, and the code that says why."""

    id: str
    code: str


class Reply(Value):
    """What X says of the posts asked for: each is found, missing, or an older version of one that is found."""

    found: tuple[XPost, ...]
    missing: tuple[Missing, ...]


_Id = Annotated[str, msgspec.Meta(pattern="^[1-9][0-9]{0,18}$")]


class _Metrics(msgspec.Struct):
    impression_count: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None


class _Url(msgspec.Struct):
    expanded_url: str = ""
    unwound_url: str = ""


class _Entities(msgspec.Struct):
    urls: list[_Url] = []


class _Note(msgspec.Struct):
    text: str = ""
    entities: _Entities = msgspec.field(default_factory=_Entities)


class _Post(msgspec.Struct):
    id: _Id
    text: str = ""
    author_id: _Id | None = None
    public_metrics: _Metrics | None = None
    edit_history_tweet_ids: list[_Id] = []
    entities: _Entities = msgspec.field(default_factory=_Entities)
    note_tweet: _Note = msgspec.field(default_factory=_Note)


class _Error(msgspec.Struct):
    type: str = ""
    value: str | None = None
    resource_id: str | None = None


class _Body(msgspec.Struct):
    data: list[_Post] = []
    errors: list[_Error] = []


class XApi:
    """Asks X. Use as an async context manager. Raises UserError where there is no token, ConfigError where the host
    would make it public."""

    def __init__(self, settings: X, clock: Clock) -> None:
        if settings.token is None:
            raise UserError(
                "there is no token for X: set GATEWARDEN_X__TOKEN, or [x] token_file, or use shares import-views"
            )
        self._url = endpoint(settings.host)
        self._token, self._clock = settings.token, clock
        self._free_at: float | None = None  # Unix seconds; until then X wants no request
        self.requests = 0

    async def __aenter__(self) -> XApi:
        headers = {
            "Authorization": f"Bearer {self._token.reveal()}",
            "Accept": "application/json",
            "User-Agent": f"gatewarden/{__version__}",
        }
        jar = aiohttp.DummyCookieJar()
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers, cookie_jar=jar)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def lookup(self, ids: Sequence[str]) -> Reply:
        """What X says of up to ``MOST`` posts. Raises Transient where it stays unreachable, UserError where it refuses
        for good."""
        if not 0 < len(ids) <= MOST:
            raise ValueError(f"1 to {MOST} ids")
        attempt = 1
        while True:
            await self._pace()
            try:
                return _read(await self._get(ids), ids)
            except Transient as error:
                wait = 2.0**attempt if error.retry_after is None else error.retry_after
                if attempt == _ATTEMPTS or wait > _PATIENCE:
                    raise
                attempt += 1
                await self._clock.sleep(wait)

    async def _pace(self) -> None:
        """Wait out a limit that the last reply said is used up."""
        if self._free_at is not None:
            await self._clock.sleep(min(_PATIENCE, max(0.0, self._free_at - self._now())))
            self._free_at = None

    async def _get(self, ids: Sequence[str]) -> bytes:
        self.requests += 1
        query = {"ids": ",".join(ids), "tweet.fields": _FIELDS}
        try:
            async with self._session.get(self._url, params=query, allow_redirects=False) as reply:
                body = await _body(reply)
                if reply.status == 200:
                    if reply.headers.get("x-rate-limit-remaining") == "0":
                        self._free_at = _number(reply.headers.get("x-rate-limit-reset"))
                    return body
                if reply.status in (401, 402, 403):
                    raise UserError("X refuses the token: {status}{told}", status=reply.status, told=_title(body))
                if reply.status == 429 or reply.status >= 500:
                    reason = "x_rate_limited" if reply.status == 429 else f"x_http_{reply.status}"
                    raise Transient(reason, self._asked_wait(reply))
                raise UserError("X does not take the question: {status}{told}", status=reply.status, told=_title(body))
        except TimeoutError:
            raise Transient("x_timeout") from None
        except aiohttp.ClientError as error:
            raise Transient("x_unreachable") from error

    def _asked_wait(self, reply: aiohttp.ClientResponse) -> float | None:
        """Seconds that X asks to wait: until its limit is reset, and no less than it says outright."""
        after = _number(reply.headers.get("Retry-After"))
        reset = _number(reply.headers.get("x-rate-limit-reset"))
        waits = [wait for wait in (after, None if reset is None else reset - self._now()) if wait is not None]
        return max(1.0, *waits) if waits else None

    def _now(self) -> float:
        return self._clock.now().timestamp()


def endpoint(host: str) -> str:
    """The address to ask. A token is sent over TLS only, but to this machine itself. Raises ConfigError."""
    try:
        url = yarl.URL(host)
    except ValueError:
        url = yarl.URL()
    if url.scheme not in ("http", "https") or url.host is None or url.path not in ("", "/"):
        raise ConfigError("[x] host: {host} is no address such as https://api.x.com", host=f"{host!r}")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigError("[x] host: {host} would send the token in the clear; write https://", host=f"{host!r}")
    return str(url.origin()) + PATH


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _body(reply: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in reply.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > _MOST_BODY:
            raise Transient("x_reply_too_large")
    return bytes(body)


def _read(body: bytes, asked: Sequence[str]) -> Reply:
    """A reply to a question about these ids; what it tells of others is passed over."""
    try:
        reply = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Transient("x_reply_malformed") from error
    found = dict[str, XPost]()
    covered = set[str]()
    for post in reply.data:
        versions = tuple(dict.fromkeys((*post.edit_history_tweet_ids, post.id)))
        if not set(asked).isdisjoint(versions):
            found[post.id] = _post(post, versions)
            covered.update(versions)
    codes = {error.value or error.resource_id: _code(error) for error in reply.errors}
    missing = tuple(Missing(id=i, code=codes.get(i, "x.unreadable")) for i in asked if i not in covered)
    return Reply(found=tuple(found.values()), missing=missing)


def _post(post: _Post, versions: tuple[str, ...]) -> XPost:
    """A long post says all that it says in its note."""
    urls = (*post.entities.urls, *post.note_tweet.entities.urls)
    return XPost(
        id=post.id,
        views=None if post.public_metrics is None else post.public_metrics.impression_count,
        versions=versions,
        account=post.author_id,
        text=f"{post.text}\n{post.note_tweet.text}",
        links=tuple(dict.fromkeys(link for url in urls for link in (url.expanded_url, url.unwound_url) if link)),
    )


def _code(error: _Error) -> str:
    return _PROBLEMS.get(error.type.rpartition("/")[2], "x.unreadable")


def _title(body: bytes) -> str:
    """What the body of a refusal says, shortened."""
    try:
        told = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return ""
    words = told.get("detail") or told.get("title")
    return f" ({' '.join(words.split())[:200]})" if isinstance(words, str) else ""


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 12 else None
