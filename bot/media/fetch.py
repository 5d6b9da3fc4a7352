"""The guarded download: the only place that dials what strangers link to.

Every hop of a redirect is judged as a first URL is: its text, its addresses when resolved, its address at the socket.
What policy forbids is a value (``Refused``, permanent); what the world fails at raises ``Transient``. The bytes' own
first bytes say what they are, never a header or a name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from bot.clock import Clock
from bot.errors import FULL_DISK, Transient
from bot.media.addresses import Policy, Target, judge_url
from bot.media.bodies import BodyBrokenError, BodyRefusedError, decoded, retry_after
from bot.media.dialling import (
    AddressRefusedError,
    GuardedResolver,
    HostGates,
    Resolve,
    SocketRefusedError,
    SystemResolver,
    guarded_socket,
    permitted,
)
from bot.model import MediaType, Refused, Stored
from bot.settings import Fetch
from bot.store.blobs import Blobs, Part
from detectors.evidence import Value
from detectors.formats import VIDEO, sniff

_HEADERS: Final = {
    "User-Agent": "gatewarden (campaign media check)",
    "Accept-Encoding": "identity",
}
_ACCEPT: Final[dict[MediaType, str]] = {
    "image": "image/*, video/*;q=0.5, */*;q=0.1",
    "video": "video/*, image/*;q=0.5, */*;q=0.1",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HEAD: Final = 64  # bytes that tell the format
_BUFFER: Final = 1 << 20


class UrlVerdict(Value):
    """Whether the fetcher may get a URL. ``allowed`` is None where its name does not resolve; ``reason`` is a stable
    snake_case word, None where it is allowed."""

    url: str
    allowed: bool | None
    reason: str | None = None


class Fetcher:
    """Downloads media into ``blobs``. One for the process; any number of downloads at once, bounded per host."""

    def __init__(self, settings: Fetch, blobs: Blobs, clock: Clock, resolve: Resolve | None = None) -> None:
        """``resolve`` replaces the system's resolver, in tests. Must be made on a running event loop."""
        self._settings, self._blobs, self._clock = settings, blobs, clock
        self._policy = policy_of(settings)
        self._own_resolver = SystemResolver() if resolve is None else None
        self._resolve: Resolve = resolve or self._own_resolver or SystemResolver()
        self._gates = HostGates(settings.per_host, settings.rate)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(self._resolve, self._policy),
                socket_factory=guarded_socket(self._policy),
                limit=0,  # bounded by who calls, and by the gates
            ),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),  # one deadline over all hops stands above
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # no proxy, no .netrc
            auto_decompress=False,
            requote_redirect_url=False,
        )

    async def fetch(self, url: str, kind: MediaType) -> Stored | Refused:
        """Get the bytes behind ``url``, redirects followed, into the blobs.

        ``kind`` is what the post says it is: it goes into the ``Accept`` header and binds nothing, for the bytes' own
        first bytes choose the size limit. Bytes of no known format are stored too, within the limit of an image: that
        they do not decode is for the decoder to say.

        Raises Transient (time-out, outage, any status but success, disk full), with ``retry_after`` where the server
        gave one.
        """
        target = judge_url(url, self._policy)
        if isinstance(target, str):
            return Refused(reason=target)
        try:
            with self._blobs.part() as part:
                refused = await self._follow(target, kind, part)
                return await asyncio.to_thread(part.keep) if refused is None else refused
        except OSError as error:
            raise Transient("disk_full" if error.errno in FULL_DISK else "disk_failed") from error

    async def check(self, url: str) -> UrlVerdict:
        """Whether ``fetch`` may get this URL: resolves its name, dials nothing. Never raises."""
        target = judge_url(url, self._policy)
        if isinstance(target, str):
            return UrlVerdict(url=url, allowed=False, reason=target)
        if target.address is None:
            try:
                async with asyncio.timeout(self._settings.deadline):
                    await permitted(self._resolve, target.host, target.port, self._policy)
            except AddressRefusedError:
                return UrlVerdict(url=url, allowed=False, reason="address_not_public")
            except (OSError, UnicodeError, TimeoutError):
                return UrlVerdict(url=url, allowed=None, reason="unresolved")
        return UrlVerdict(url=url, allowed=True)

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def _follow(self, target: Target, kind: MediaType, part: Part) -> Refused | None:
        """Fill ``part`` from ``target``, over at most the permitted number of redirects, all in one deadline; waiting
        for one's turn with a host does not count. Returns why not, or None."""
        loop = asyncio.get_running_loop()
        left = self._settings.deadline
        for hop in range(self._settings.redirects + 1):
            async with self._gates.enter(target.host):
                start = loop.time()
                try:
                    async with asyncio.timeout(left):
                        answer = await self._ask(target, kind, part)
                except TimeoutError as error:
                    raise Transient("timeout") from error
                left -= loop.time() - start
            if not isinstance(answer, str):
                return answer
            if hop == self._settings.redirects:
                break
            following = self._redirect(target, answer)
            if isinstance(following, Refused):
                return following
            target = following
        return Refused(reason="too_many_redirects")

    def _redirect(self, target: Target, location: str) -> Target | Refused:
        try:
            following = judge_url(urljoin(target.url, location), self._policy)
        except ValueError:  # urljoin on malformed brackets
            following = "url_malformed"
        if isinstance(following, str):
            return Refused(reason=following)
        if target.scheme == "https" and following.scheme == "http":
            return Refused(reason="redirect_downgrade")
        return following

    async def _ask(self, target: Target, kind: MediaType, part: Part) -> Refused | str | None:
        """One request. Returns the ``Location`` of a redirect, why not, or None once ``part`` holds the whole body."""
        try:
            url, accept = URL(target.url, encoded=True), {"Accept": _ACCEPT[kind]}
            async with self._session.get(url, allow_redirects=False, headers=accept) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    return response.headers["Location"]
                if response.status != 200:
                    wait = retry_after(response.headers.get("Retry-After"), self._clock.now())
                    raise Transient(f"http_{response.status}", wait)
                await self._read(response, part)
        except (AddressRefusedError, SocketRefusedError):
            return Refused(reason="address_not_public")
        except BodyRefusedError as refusal:
            return Refused(reason=refusal.reason)
        except (aiohttp.InvalidURL, UnicodeError):
            return Refused(reason="url_malformed")
        except aiohttp.ClientConnectorError as error:
            if any(isinstance(cause, SocketRefusedError) for cause in _causes(error)):
                return Refused(reason="address_not_public")
            raise Transient(_connecting_failed(error)) from error
        except (aiohttp.ClientError, BodyBrokenError, ConnectionError) as error:
            raise Transient("response_broken") from error
        return None

    async def _read(self, response: aiohttp.ClientResponse, part: Part) -> None:
        """The body into ``part``, in steps; the disk is touched in a thread."""
        if (response.content_length or 0) > max(self._settings.image_bytes, self._settings.video_bytes):
            raise BodyRefusedError("too_large")
        buffer = bytearray()
        limit = 0
        async for piece in decoded(response.content.iter_any(), response.headers.get("Content-Encoding", "")):
            buffer += piece
            if part.size == 0:
                limit = self._limit(bytes(buffer[:_HEAD]))
            if part.size + len(buffer) > limit:
                raise BodyRefusedError("too_large")
            if len(buffer) >= _BUFFER:
                await asyncio.to_thread(part.write, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(part.write, bytes(buffer))

    def _limit(self, head: bytes) -> int:
        """The most bytes that a file with these first bytes may have."""
        return self._settings.video_bytes if sniff(head) in VIDEO else self._settings.image_bytes


def policy_of(settings: Fetch) -> Policy:
    """What the settings permit beside the public internet."""
    hosts = tuple(host.strip().lower().rstrip(".") for host in settings.allow_hosts)
    return Policy(networks=settings.allow_addresses, ports=settings.allow_ports, hosts=hosts)


def _connecting_failed(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "unresolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls_failed"
    return "connection_failed"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it."""
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__
