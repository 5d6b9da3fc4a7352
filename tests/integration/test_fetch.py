"""The guarded download against real servers on loopback, and against what must never be reached."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import hashlib
import ipaddress
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.errors import Transient
from bot.media.addresses import Target
from bot.media.fetch import Fetcher
from bot.model import Refused, Stored
from bot.settings import Fetch
from bot.store.blobs import Blobs, Part

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(3000)


class Site:
    """A web server on loopback whose one handler a test sets; it counts what reaches it."""

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self.requests: list[web.Request] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        assert self.handler is not None
        return await self.handler(request)

    def gives(self, body: bytes, **headers: str) -> str:
        async def handler(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, headers={key.replace("_", "-"): value for key, value in headers.items()})

        self.handler = handler
        return f"{self.url}/a.png"

    def redirects(self, location: str, status: int = 302) -> str:
        async def handler(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": location})

        self.handler = handler
        return f"{self.url}/a.png"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def settings(site: Site, *, deadline: float = 5.0, image_bytes: int = 100_000, video_bytes: int = 400_000) -> Fetch:
    """Settings that reach this one server."""
    return Fetch(
        allow_addresses=(ipaddress.ip_network("127.0.0.1/32"),),
        allow_ports=(site.port,),
        deadline=deadline,
        image_bytes=image_bytes,
        video_bytes=video_bytes,
    )


async def names(host: str, port: int) -> Sequence[str]:
    """A resolver of made-up names; an empty answer does not exist in the system's either."""
    known = {
        "here.test": ["127.0.0.1"],
        "mixed.test": ["10.0.0.1", "127.0.0.1", "::1", "not an address"],
        "inside.test": ["10.0.0.1", "169.254.169.254"],
        "v6.test": ["::ffff:127.0.0.1", "fe80::1%lo"],
    }
    if host not in known:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return known[host]


@pytest.fixture
async def fetcher(site: Site, tmp_path: Path) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(settings(site), Blobs(tmp_path), SystemClock(), names)
    yield fetcher
    await fetcher.close()


async def test_bytes_are_stored_by_their_hash(site: Site, fetcher: Fetcher, tmp_path: Path) -> None:
    """A picture arrives whole under its SHA-256, and no cookie, credential or compression is asked for."""
    stored = await fetcher.fetch(site.gives(PNG, Set_Cookie="a=b"), "image")
    await fetcher.fetch(f"{site.url}/again", "image")
    assert stored == Stored(sha256=hashlib.sha256(PNG).hexdigest(), size=len(PNG))
    assert Blobs(tmp_path).read(stored.sha256) == PNG
    assert site.requests[1].headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & set(site.requests[1].headers)


async def test_proxy_of_the_environment_is_not_used(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment would dial for us, unjudged: it is ignored."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetcher = Fetcher(settings(site), Blobs(tmp_path), SystemClock(), names)
    assert isinstance(await fetcher.fetch(site.gives(PNG), "image"), Stored)
    await fetcher.close()


async def test_names_are_resolved_and_judged(site: Site, fetcher: Fetcher) -> None:
    """Of mixed answers only the permitted address is dialled; a name with forbidden ones only is refused."""
    site.gives(PNG)
    assert isinstance(await fetcher.fetch(f"http://here.test:{site.port}/", "image"), Stored)
    assert isinstance(await fetcher.fetch(f"http://mixed.test:{site.port}/", "image"), Stored)
    reached = len(site.requests)
    for host in ("inside.test", "v6.test"):
        assert await fetcher.fetch(f"http://{host}:{site.port}/", "image") == Refused(reason="address_not_public")
    assert len(site.requests) == reached


async def test_unknown_name_is_an_outage(site: Site, fetcher: Fetcher) -> None:
    """A name that does not resolve may resolve tomorrow."""
    with pytest.raises(Transient, match="unresolved"):
        await fetcher.fetch("http://nowhere.test/a.png", "image")


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://10.0.0.1/", "address_not_public"),
        ("http://169.254.169.254/latest/meta-data/", "address_not_public"),
        ("http://2130706433/", "port_ok"),
        ("http://[::1]/", "address_not_public"),
        ("http://inside.test/", "address_not_public"),
        ("//user@127.0.0.1/", "user_info"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("ftp://127.0.0.1/", "scheme_not_allowed"),
        ("http://127.0.0.1:22/", "port_not_allowed"),
        ("http://[", "url_malformed"),
        ("http://\\127.0.0.1/", "url_malformed"),
        ("/loop", "too_many_redirects"),
    ],
)
async def test_redirects_are_judged_like_first_urls(site: Site, fetcher: Fetcher, location: str, reason: str) -> None:
    """A redirect to anything forbidden is refused, and four hops are one too many."""
    if reason == "port_ok":  # the radix form of 127.0.0.1 is a permitted address here; nobody listens on port 80
        with pytest.raises(Transient, match="connection_failed"):
            await fetcher.fetch(site.redirects(location), "image")
        return
    assert await fetcher.fetch(site.redirects(location), "image") == Refused(reason=reason)
    assert len(site.requests) == (4 if reason == "too_many_redirects" else 1)


async def test_three_hops_arrive(site: Site, fetcher: Fetcher) -> None:
    """Three redirects are followed, relative ones too, and each of their kinds."""

    async def handler(request: web.Request) -> web.StreamResponse:
        step = int(request.path.strip("/") or 0)
        if step == 3:
            return web.Response(body=PNG)
        status = (301, 307, 308)[step]
        return web.Response(status=status, headers={"Location": f"{step + 1}" if step else f"{site.url}/1"})

    site.handler = handler
    assert isinstance(await fetcher.fetch(f"{site.url}/0", "image"), Stored)


async def test_no_downgrade(site: Site, fetcher: Fetcher) -> None:
    """From https nothing leads back to http."""
    here = ipaddress.ip_address("127.0.0.1")
    target = Target("https", "127.0.0.1", 443, "/", here)
    assert fetcher._redirect(target, f"http://127.0.0.1:{site.port}/") == Refused(reason="redirect_downgrade")
    assert fetcher._redirect(target, "/other") == Target("https", "127.0.0.1", 443, "/other", here)


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 418, 429, 500, 503])
async def test_other_statuses_are_outages(site: Site, fetcher: Fetcher, status: int) -> None:
    """Whatever is no success may be one later: tried again, in bounds, by whoever called."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    site.handler = handler
    with pytest.raises(Transient, match=f"http_{status}") as caught:
        await fetcher.fetch(f"{site.url}/", "image")
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 1.0), ("120", 120.0), ("999999999", 3600.0), ("-5", None), ("soon", None), ("9" * 100, None),
     ("Sat, 26 Jul 2025 00:01:00 GMT", 60.0), ("Sat, 26 Jul 2020 00:00:00 GMT", 1.0),
     ("Sat, 99 Jul 2025 00:00:00 GMT", None)],
)  # fmt: skip
async def test_retry_after_is_clamped(site: Site, tmp_path: Path, header: str, seconds: float | None) -> None:
    """``Retry-After`` in either form is kept within a second and an hour; nonsense says nothing."""

    class Fixed(SystemClock):
        def now(self) -> dt.datetime:
            return dt.datetime(2025, 7, 26, tzinfo=dt.UTC)

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": header})

    site.handler = handler
    fetcher = Fetcher(settings(site), Blobs(tmp_path), Fixed(), names)
    with pytest.raises(Transient) as caught:
        await fetcher.fetch(f"{site.url}/", "image")
    await fetcher.close()
    assert caught.value.retry_after == seconds


async def test_magic_bytes_choose_the_limit(site: Site, fetcher: Fetcher) -> None:
    """A video may be larger than an image, by its bytes and not by what the post or the server calls it."""
    video, image = MP4 + bytes(200_000), PNG + bytes(200_000)
    assert isinstance(await fetcher.fetch(site.gives(video, Content_Type="image/png"), "image"), Stored)
    assert await fetcher.fetch(site.gives(image, Content_Type="video/mp4"), "video") == Refused(reason="too_large")
    assert await fetcher.fetch(site.gives(MP4 + bytes(500_000)), "video") == Refused(reason="too_large")


async def test_unknown_bytes_are_left_to_the_decoder(site: Site, fetcher: Fetcher) -> None:
    """A page, or nothing at all, is stored: that it does not decode is said by the decoder."""
    assert isinstance(await fetcher.fetch(site.gives(b"<html>not here</html>"), "image"), Stored)
    assert await fetcher.fetch(site.gives(b""), "image") == Stored(sha256=hashlib.sha256(b"").hexdigest(), size=0)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip", "GZIP"])
async def test_compressed_bodies(site: Site, fetcher: Fetcher, encoding: str) -> None:
    """A server that compresses unasked is understood; the hash is of the decoded bytes."""
    packed = zlib.compress(PNG) if encoding == "deflate" else gzip.compress(PNG)
    stored = await fetcher.fetch(site.gives(packed, Content_Encoding=encoding), "image")
    assert stored == Stored(sha256=hashlib.sha256(PNG).hexdigest(), size=len(PNG))


async def test_compression_bomb(site: Site, fetcher: Fetcher, tmp_path: Path) -> None:
    """A gigabyte in a megabyte is refused at the size limit, counted after decoding, and leaves nothing on disk."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    assert await fetcher.fetch(site.gives(bomb, Content_Encoding="gzip"), "image") == Refused(reason="too_large")
    assert files(tmp_path) == []


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 100])
async def test_other_encodings_are_refused(site: Site, fetcher: Fetcher, encoding: str) -> None:
    """An encoding that we did not ask for and cannot bound is refused."""
    assert await fetcher.fetch(site.gives(PNG, Content_Encoding=encoding), "image") == Refused(
        reason="content_encoding"
    )


async def test_damaged_compression_is_an_outage(site: Site, fetcher: Fetcher) -> None:
    """A broken or cut stream is the server's failure."""
    for body in (b"no gzip at all", gzip.compress(PNG)[:-9]):
        with pytest.raises(Transient, match="response_broken"):
            await fetcher.fetch(site.gives(body, Content_Encoding="gzip"), "image")


async def test_full_disk_is_an_outage(site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space is the world failing, not the post."""

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Part, "write", full)
    with pytest.raises(Transient, match="disk_full"):
        await fetcher.fetch(site.gives(PNG), "image")


async def test_one_host_is_not_crowded(site: Site, tmp_path: Path) -> None:
    """No more than ``per_host`` requests stand at one host at once, and all of them come through."""
    inside = most = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return web.Response(body=PNG + request.path.encode())

    site.handler = handler
    few = Fetch(allow_addresses=settings(site).allow_addresses, allow_ports=(site.port,), per_host=2, rate=1000.0)
    fetcher = Fetcher(few, Blobs(tmp_path), SystemClock(), names)
    results = await asyncio.gather(*(fetcher.fetch(f"{site.url}/{n}", "image") for n in range(12)))
    await fetcher.close()
    assert all(isinstance(result, Stored) for result in results)
    assert most == 2


async def test_check_dials_nothing(site: Site, fetcher: Fetcher) -> None:
    """``check`` tells allowed, refused and unresolved apart, for any text, without a connection."""
    site.gives(PNG)
    said = {
        url: (verdict.allowed, verdict.reason)
        for url in (f"{site.url}/a", "http://mixed.test/", "http://inside.test/", "http://nowhere.test/", "", "\ud800")
        for verdict in [await fetcher.check(url)]
    }
    assert list(said.values()) == [
        (True, None),
        (True, None),
        (False, "address_not_public"),
        (None, "unresolved"),
        (False, "url_malformed"),
        (False, "url_malformed"),
    ]
    assert site.requests == []
