"""URL forms and rebinding answers through the real fetcher, with every connection that it tries to make watched.

The watch stands where the event loop connects a socket. Only a server of this drill is really connected to; of all
others it is noted that they would have been, and they are refused there: nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import random
import re
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.errors import Transient
from bot.media.fetch import Fetcher
from bot.model import Refused
from bot.settings import Fetch
from bot.store.blobs import Blobs
from tests.faults.drill import Drill, Figures
from tests.faults.url_forms import CLOSED_V4, CLOSED_V6, OPEN_V4, OPEN_V6, forms

REBINDINGS = 10_000
FORMS = forms()
_ABSOLUTE = re.compile("[A-Za-z]+://")  # the others mean something else behind a redirect
_ODD_ANSWERS = ("", "rubbish", "127.1", "fe80::1%lo", "::ffff:8.8.4.4", "2130706433", "64:ff9b::808:404")


class Watch:
    """What was dialled since the last look."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []
        self.site: tuple[str, int] | None = None

    @contextlib.contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Stand between the loop and the network while the block lasts."""
        connect = loop.sock_connect

        async def watched(sock: socket.socket, address: Any) -> None:
            place = (str(ipaddress.ip_address(address[0])), int(address[1]))
            if place == self.site:
                await connect(sock, address)
                return
            self.dialled.append(place)
            raise ConnectionRefusedError(111, "not in a drill")

        loop.sock_connect = watched  # type: ignore[method-assign]
        try:
            yield
        finally:
            loop.sock_connect = connect  # type: ignore[method-assign]


class Names:
    """A name server: what it says of a name is set by the drill."""

    def __init__(self) -> None:
        self.answers: dict[str, Sequence[str]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name. Raises OSError where it has none."""
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.answers[host]


@contextlib.asynccontextmanager
async def redirecting() -> AsyncIterator[tuple[int, list[str]]]:
    """A server on loopback that redirects to what stands in the list."""
    target = [""]

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            place = target[0].encode("utf-8", "surrogatepass")
            writer.write(
                b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: %s\r\n\r\n" % place
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], target


async def drill(trials: range, folder: Path) -> Figures:
    """The URL forms of these numbers, and beyond their end rebinding names."""
    watch, names = Watch(), Names()
    figures = {
        "forms": 0.0,
        "redirects": 0.0,
        "rebindings": 0.0,
        "forbidden": 0.0,
        "allowed_refused": 0.0,
        "raw_exceptions": 0.0,
    }
    blobs = Blobs(folder / "media")
    with watch.watching(asyncio.get_running_loop()):
        async with redirecting() as (port, target):
            watch.site = ("127.0.0.1", port)
            closed = Fetcher(Fetch(rate=1e9), blobs, SystemClock(), names)
            settings = Fetch(rate=1e9, allow_addresses=(ipaddress.ip_network("127.0.0.1/32"),), allow_ports=(port,))
            redirected = Fetcher(settings, blobs, SystemClock(), names)
            for number in trials:
                if number >= len(FORMS):
                    name = f"rebind{number}.example.net"
                    answers = rebinding(random.Random(number))
                    names.answers = {name: answers}
                    await _try(closed, watch, f"http://{name}/", frozenset(answers) & _OPEN, 80, figures)
                    figures["rebindings"] += 1
                    continue
                form = FORMS[number]
                names.answers = _Always(form.answers)
                allowed = frozenset({form.dials[0]}) if form.dials else frozenset()
                dialled = form.dials[1] if form.dials else 0
                await _try(closed, watch, form.url, allowed, dialled, figures)
                figures["forms"] += 1
                if _ABSOLUTE.match(form.url) and form.url.isprintable():
                    target[0] = form.url
                    await _try(redirected, watch, f"http://127.0.0.1:{port}/", allowed, dialled, figures)
                    figures["redirects"] += 1
            await closed.close()
            await redirected.close()
    return figures


class _Always(dict[str, Sequence[str]]):
    """Every name has these addresses; none at all: no name is known."""

    def __init__(self, answers: Sequence[str]) -> None:
        super().__init__()
        self._answers = answers

    def __contains__(self, name: object) -> bool:
        return bool(self._answers)

    def __getitem__(self, name: str) -> Sequence[str]:
        return self._answers


_OPEN = frozenset({*OPEN_V4, *OPEN_V6})


def rebinding(draw: random.Random) -> list[str]:
    """What a hostile name server says this time: public, inside, nonsense, in any mixture."""
    pool = draw.choice(([*OPEN_V4, *OPEN_V6], [*CLOSED_V4, *CLOSED_V6], _ODD_ANSWERS, [*_OPEN, *CLOSED_V4, "::1"]))
    return draw.choices(pool, k=draw.choice((0, 1, 1, 2, 3, 5, 16)))


async def _try(
    fetcher: Fetcher,
    watch: Watch,
    url: str,
    allowed: frozenset[str],
    port: int,
    figures: dict[str, float],
) -> None:
    """Fetch one URL, have it judged without being fetched, and compare what was dialled with what may be."""
    watch.dialled.clear()
    try:
        got: object = await fetcher.fetch(url, "image")
        verdict = await fetcher.check(url)
    except Transient as error:
        got, verdict = error, await fetcher.check(url)
    except Exception as error:  # noqa: BLE001 - that one comes out is what is looked for
        print(f"{url!r}: {type(error).__name__}: {error}", flush=True)
        figures["raw_exceptions"] += 1
        return
    places = {(address, port) for address in allowed}
    strays = set(watch.dialled) - places
    if strays or not isinstance(got, Refused | Transient):
        print(f"{url!r}: dialled {sorted(strays)}, got {got}", flush=True)
        figures["forbidden"] += max(1, len(strays))
    if allowed and (not watch.dialled or verdict.allowed is not True):
        print(f"{url!r}: refused: {got}, {verdict.reason}", flush=True)
        figures["allowed_refused"] += 1


DRILL = Drill(
    name="urls",
    title="URL forms, each also behind a redirect, and rebinding names through the fetcher",
    trials=len(FORMS) + REBINDINGS,
    batch=len(FORMS) + REBINDINGS,
    most={"forbidden": 0, "allowed_refused": 0, "raw_exceptions": 0},
    run=lambda trials, folder: asyncio.run(drill(trials, folder)),
)
