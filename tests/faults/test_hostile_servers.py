"""Servers that lie, drip, never end or fall silent: each download ends with a reason, in bounds."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.errors import Transient
from bot.media.addresses import Policy, judge
from bot.media.dialling import AddressRefusedError, GuardedResolver, SocketRefusedError, guarded_socket
from bot.media.fetch import Fetcher
from bot.model import Refused, Stored
from bot.settings import Fetch
from bot.store.blobs import Blobs
from tests.faults.misbehaving import ENDS, JPEG, OK, says, serving

DEADLINE = 0.4
LIMIT = 300_000


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
