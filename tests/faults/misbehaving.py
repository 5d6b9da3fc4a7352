"""Servers that lie, drip, never end or fall silent: what each does, and what a download from it must end with.

``python -m tests.faults.misbehaving`` serves all of them, each on a port of its own, and prints the ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


def says(*parts: bytes, then: str = "close") -> Behaviour:
    """A server that reads the request, sends ``parts`` and then closes, resets, or keeps silent."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if then == "silent":
            await asyncio.sleep(60)
        if then == "half-close":
            writer.write_eof()
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


def redirects(place: Callable[[int], bytes]) -> Behaviour:
    """A server that always redirects, each time to the next place."""
    count = itertools.count()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 307 On\r\nContent-Length: 0\r\nLocation: " + place(next(count)) + b"\r\n\r\n")

    return behave


async def ignores(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A black hole: takes the connection and never reads nor answers."""
    await asyncio.sleep(60)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(60_000_000))
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
    "a length too large, and that much": (
        repeats(OK + b"Content-Length: 100000000\r\n\r\n", b"a" * 50_000),
        "too_large",
    ),
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
    "redirects from path to path": (redirects(lambda n: b"/%d" % n), "too_many_redirects"),
    "redirects back and forth": (redirects(lambda n: b"/" + b"ab"[n % 2 : n % 2 + 1]), "too_many_redirects"),
    "redirects after a slow body": (
        repeats(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", b"a", 0.01),
        "scheme_not_allowed",
    ),
    "deflate bomb": (
        says(OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(bytes(60_000_000))),
        "too_large",
    ),
    "deflate that is none": (says(OK + b"Content-Encoding: deflate\r\n\r\n" + bytes(1000)), "response_broken"),
    "gzip cut off": (says(PACKED + b"\r\n" + gzip.compress(JPEG)[:-9]), "response_broken"),
    "brotli unasked": (says(OK + b"Content-Encoding: br\r\n\r\n" + JPEG), "content_encoding"),
    "chunks of one byte, fast": (repeats(CHUNKED, b"1\r\na\r\n" * 5000), "too_large"),
    "chunk extensions for ever": (repeats(CHUNKED + b"1;", b"a" * 1000, 0.01), "timeout"),
    "10,000 headers": (says(OK + b"X: y\r\n" * 10_000 + b"\r\n" + JPEG), "response_broken"),
    "cookies": (repeats(OK, b"Set-Cookie: a=" + b"b" * 4000 + b"\r\n"), "response_broken"),
    "header without a name": (says(OK + b": a\r\n\r\n" + JPEG), "response_broken"),
    "half closes in the body": (says(OK + b"Content-Length: 200\r\n\r\n", JPEG, then="half-close"), "response_broken"),
    "busy, come back in 10^99 s": (says(b"HTTP/1.1 429 No\r\nRetry-After: 1" + b"0" * 99 + b"\r\n\r\n"), "http_429"),
    "busy, come back last year": (
        says(b"HTTP/1.1 503 No\r\nRetry-After: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n"),
        "http_503",
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


async def serve_all() -> None:
    """Serve every behaviour until standard input ends."""
    async with contextlib.AsyncExitStack() as stack:
        ports = {name: await stack.enter_async_context(serving(behave)) for name, (behave, _) in ENDS.items()}
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve_all())
