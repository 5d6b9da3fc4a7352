"""Servers that lie, drip, never end or fall silent: each download ends with a reason, in bounds."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ipaddress
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from bot.addresses import Policy, judge
from bot.clock import SystemClock
from bot.dialling import AddressRefusedError, GuardedResolver, SocketRefusedError, guarded_socket
from bot.errors import Transient
from bot.fetch import Fetcher
from bot.model import Refused, Stored
from bot.settings import Fetch
from bot.store.blobs import Blobs

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
DEADLINE = 0.4
LIMIT = 300_000


def says(*parts: bytes, then: str = "close") -> Behaviour:
    """A server that reads the request, sends ``parts`` and then closes, resets, or keeps silent."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if then == "silent":
            await asyncio.sleep(60)
        if then == "reset":
            writer.transport.abort()

    return behave


def repeats(start: bytes, piece: bytes, pause: float = 0.0) -> Behaviour:
    """A server that sends ``start`` and then ``piece`` for ever."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


async def ignores(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A black hole: takes the connection and never reads nor answers."""
    await asyncio.sleep(60)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(20_000_000))
PACKED = OK + b"Content-Encoding: gzip\r\n"

ENDS: dict[str, tuple[Behaviour, str]] = {
    "silent after accept": (ignores, "timeout"),
    "silent after the request": (says(then="silent"), "timeout"),
    "silent after the status": (says(OK, then="silent"), "timeout"),
    "silent after the headers": (says(OK + b"Content-Length: 10\r\n\r\n", then="silent"), "timeout"),
    "silent in the body": (says(OK + b"Content-Length: 200\r\n\r\n", JPEG, then="silent"), "timeout"),
    "closes at once": (says(), "response_broken"),
    "resets at once": (says(then="reset"), "response_broken"),
    "closes in the headers": (says(OK + b"Content-"), "response_broken"),
    "resets in the body": (says(OK + b"Content-Length: 200\r\n\r\n", JPEG, then="reset"), "response_broken"),
    "promises more than it sends": (says(OK + b"Content-Length: 200\r\n\r\n", JPEG), "response_broken"),
    "cuts a chunk": (says(CHUNKED + b"ffff\r\n" + JPEG), "response_broken"),
    "leaves out the last chunk": (says(CHUNKED + b"4\r\n\xff\xd8\xff\xe0\r\n"), "response_broken"),
    "drips the body": (repeats(OK + b"Content-Length: 9999\r\n\r\n", b"\xff", 0.02), "timeout"),
    "drips chunks": (repeats(CHUNKED, b"1\r\na\r\n", 0.02), "timeout"),
    "drips headers": (repeats(OK, b"X: y\r\n", 0.02), "timeout"),
    "drips one header": (repeats(OK + b"X: ", b"y", 0.02), "timeout"),
    "drips the status": (repeats(b"HTTP/1.1 200 ", b"O", 0.02), "timeout"),
    "interim answers for ever": (repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), "timeout"),
    "early hints, then silence": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n", then="silent"), "timeout"),
    "headers for ever": (repeats(OK, b"X-A: " + b"a" * 1000 + b"\r\n"), "response_broken"),
    "one header for ever": (repeats(OK + b"X-A: ", b"a" * 1000), "response_broken"),
    "status line for ever": (repeats(b"HTTP/1.1 200 ", b"O" * 1000), "response_broken"),
    "body for ever": (repeats(OK + b"\r\n", b"a" * 50_000), "too_large"),
    "chunks for ever": (repeats(CHUNKED, b"8000\r\n" + b"a" * 0x8000 + b"\r\n"), "too_large"),
    "trailers for ever": (repeats(CHUNKED + b"0\r\n", b"X: y\r\n", 0.01), "timeout"),
    "a chunk header for ever": (repeats(CHUNKED, b"0" * 1000), "timeout"),
    "an honest length too large": (says(OK + b"Content-Length: 999999999999\r\n\r\n", then="silent"), "too_large"),
    "length and more": (says(OK + b"Content-Length: 400000\r\n\r\n" + bytes(400_000)), "too_large"),
    "gzip bomb": (says(PACKED + b"\r\n" + BOMB), "too_large"),
    "gzip bomb in chunks": (
        says(PACKED + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BOMB) + BOMB + b"\r\n0\r\n\r\n"),
        "too_large",
    ),
    "gzip of a drip": (repeats(PACKED + b"\r\n" + gzip.compress(b"a")[:10], b"\x00", 0.02), "response_broken"),
    "nested encodings": (says(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + BOMB), "content_encoding"),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "response_broken"),
    "HTTP/0.9": (says(b"<html>hello</html>"), "response_broken"),
    "TLS alert": (says(b"\x15\x03\x03\x00\x02\x02\x28"), "response_broken"),
    "bad status": (says(b"HTTP/1.1 20x OK\r\n\r\n"), "response_broken"),
    "status out of range": (says(b"HTTP/1.1 99999 OK\r\n\r\n"), "response_broken"),
    "negative length": (says(OK + b"Content-Length: -5\r\n\r\n" + JPEG), "response_broken"),
    "length no number": (says(OK + b"Content-Length: ten\r\n\r\n" + JPEG), "response_broken"),
    "two lengths": (says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + JPEG), "response_broken"),
    "bad chunk size": (says(CHUNKED + b"zz\r\n" + JPEG), "response_broken"),
    "chunk size negative": (says(CHUNKED + b"-1\r\n" + JPEG), "response_broken"),
    "null in a header": (says(OK + b"X: a\x00b\r\n\r\n" + JPEG), "response_broken"),
    "nothing but newlines": (repeats(b"", b"\r\n" * 1000, 0.01), "timeout"),
    "switching protocols": (says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", then="silent"), "http_101"),
    "redirect with an endless body": (
        repeats(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", b"a" * 10_000),
        "address_not_public",
    ),
    "redirect with a huge location": (
        says(b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 5000 + b"\r\n\r\n"),
        "url_too_long",
    ),
    "redirect with bytes for a location": (
        says(b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\n\r\n"),
        "url_malformed",
    ),
    "redirect without a location": (says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "http_302"),
    "redirect to itself": (
        says(b"HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 0\r\n\r\n"),
        "too_many_redirects",
    ),
    "error page without end": (repeats(b"HTTP/1.1 500 No\r\n\r\n", b"a" * 10_000), "http_500"),
}


@contextlib.asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[int]:
    """A raw TCP server on loopback; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await behave(reader, writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def loopback(port: int, deadline: float = DEADLINE) -> Fetch:
    return Fetch(
        allow_addresses=(ipaddress.ip_network("127.0.0.1/32"),),
        allow_ports=(port,),
        deadline=deadline,
        image_bytes=LIMIT,
        video_bytes=LIMIT,
    )


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ENDS)
async def test_every_download_ends_with_a_reason(name: str, tmp_path: Path) -> None:
    """Whatever a server does, the download ends as refused or as an outage, and leaves no bytes behind."""
    behave, reason = ENDS[name]
    deadline = DEADLINE if reason == "timeout" else 30.0  # what ends by itself must not depend on a busy machine
    async with serving(behave) as port:
        fetcher = Fetcher(loopback(port, deadline), Blobs(tmp_path), SystemClock())
        try:
            got: object = await fetcher.fetch(f"http://127.0.0.1:{port}/a.jpg", "image")
        except Transient as error:
            got = error.reason
        finally:
            await fetcher.close()
    assert (got.reason if isinstance(got, Refused) else got) == reason
    assert files(tmp_path) == []


async def test_the_deadline_is_over_all_hops(tmp_path: Path) -> None:
    """Each hop alone is fast enough; together they are not."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(DEADLINE * 0.6)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")

    async with serving(slow) as port:
        fetcher = Fetcher(loopback(port), Blobs(tmp_path), SystemClock())
        with pytest.raises(Transient, match="timeout"):
            await fetcher.fetch(f"http://127.0.0.1:{port}/a.jpg", "image")
        await fetcher.close()


async def test_https_to_a_server_without_it(tmp_path: Path) -> None:
    """A failed handshake is an outage with its own reason, and no plain request is ever sent instead."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(3))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    async with serving(listen) as port:
        fetcher = Fetcher(loopback(port, 30.0), Blobs(tmp_path), SystemClock())
        with pytest.raises(Transient, match="tls_failed"):
            await fetcher.fetch(f"https://127.0.0.1:{port}/a.jpg", "image")
        await fetcher.close()
    assert heard == [b"\x16\x03\x01"]


async def test_a_silent_name_server_does_not_hold_up_others(tmp_path: Path) -> None:
    """A name whose resolution never ends times out, while other downloads go on."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host == "silent.test":
            await asyncio.sleep(60)
        return ["127.0.0.1"]

    async with serving(says(OK + b"Content-Length: %d\r\n\r\n" % len(JPEG) + JPEG)) as port:
        fetcher = Fetcher(loopback(port, 2.0), Blobs(tmp_path), SystemClock(), resolve)
        silent = asyncio.create_task(fetcher.fetch(f"http://silent.test:{port}/", "image"))
        assert isinstance(await fetcher.fetch(f"http://here.test:{port}/", "image"), Stored)
        assert not silent.done()
        with pytest.raises(Transient, match="timeout"):
            await silent
        assert (await fetcher.check("http://silent.test/")).allowed is None
        await fetcher.close()


async def test_rebinding_answers_never_reach_the_dialler() -> None:
    """Over 2,000 random mixed answers, each differing from the last, only permitted addresses come out."""
    draw = random.Random(5)
    policy = Policy(networks=(ipaddress.ip_network("127.0.0.1/32"),))
    pool = [
        "127.0.0.1", "127.0.0.2", "10.0.0.1", "169.254.169.254", "8.8.8.8", "::1", "::ffff:127.0.0.1", "fe80::1%lo",
        "2606:4700::1111", "64:ff9b::a00:1", "0.0.0.0", "", "not an address", "127.1", "224.0.0.1",
    ]  # fmt: skip

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return draw.choices(pool, k=draw.randint(0, 5))

    resolver, came, refused = GuardedResolver(rebinding, policy), 0, 0
    for _ in range(2000):
        try:
            for answer in await resolver.resolve("rebind.test", 80, socket.AF_UNSPEC):
                came += 1
                assert judge(ipaddress.ip_address(answer["host"]), policy), answer
        except (AddressRefusedError, OSError):
            refused += 1
    assert came > 500
    assert refused > 100


@pytest.mark.parametrize(
    ("family", "sockaddr", "made"),
    [
        (socket.AF_INET, ("127.0.0.1", 8080), True),
        (socket.AF_INET, ("127.0.0.1", 8081), False),
        (socket.AF_INET, ("10.0.0.1", 80), False),
        (socket.AF_INET, ("127.1", 80), False),
        (socket.AF_INET6, ("::1", 80, 0, 0), False),
        (socket.AF_INET6, ("::ffff:127.0.0.1", 80, 0, 0), False),
        (socket.AF_INET6, ("fe80::1%1", 80, 0, 1), False),
        (socket.AF_UNIX, "/run/docker.sock", False),
    ],
)
def test_the_socket_is_judged_too(family: int, sockaddr: object, made: bool) -> None:
    """No socket exists for a forbidden address, port or family, whatever asked for it."""
    make = guarded_socket(Policy(networks=(ipaddress.ip_network("127.0.0.1/32"),), ports=(8080,)))
    info = (family, socket.SOCK_STREAM, 0, "", sockaddr)
    if made:
        make(info).close()
    else:
        with pytest.raises(SocketRefusedError):
            make(info)
