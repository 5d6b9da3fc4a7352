"""How the media fetcher reaches a host: addresses judged when resolved and again at the socket, and each host in turn.

Both checks are needed. The resolver sees what names resolve to, but aiohttp never asks it about literal addresses; the
socket sees every address that is dialled, whatever path led there.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from bot.media.addresses import Address, Policy, judge, judge_port

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A name and a port to addresses as text. Raises OSError where the name does not resolve."""

_MAX_ANSWERS: Final = 16
_MAX_IDLE_HOSTS: Final = 1024


class AddressRefusedError(Exception):
    """A name resolves to forbidden addresses only."""


class SocketRefusedError(PermissionError):
    """A forbidden address or port was about to be dialled."""


class SystemResolver:
    """The system's resolver, in threads of its own: a name server that never answers holds up names only, not files."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name, as text."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        )
        return [str(sockaddr[0]) for *_, sockaddr in found]

    def close(self) -> None:
        """Let go of the threads without waiting for a name server."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def permitted(resolve: Resolve, host: str, port: int, policy: Policy) -> tuple[Address, ...]:
    """The addresses of a name that may be dialled, without repetition, at most 16.

    Of mixed answers the forbidden ones are left out: a name may have a public and a private side, and the private one
    is never dialled. Raises AddressRefusedError where none is left, OSError where the name does not resolve.
    """
    answers = [_address(text) for text in (await resolve(host, port))[: 4 * _MAX_ANSWERS]]
    if not answers:
        raise OSError("no address")
    allowed = dict.fromkeys(address for address in answers if address is not None and judge(address, policy))
    if not allowed:
        raise AddressRefusedError(host)
    return tuple(allowed)[:_MAX_ANSWERS]


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class GuardedResolver(AbstractResolver):
    """Gives aiohttp the permitted addresses of a name, and no others."""

    def __init__(self, resolve: Resolve, policy: Policy) -> None:
        self._resolve, self._policy = resolve, policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """aiohttp's question; ``family`` is its own default, and both families are answered."""
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await permitted(self._resolve, host, port, self._policy)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def guarded_socket(policy: Policy) -> Callable[[Any], socket.socket]:
    """A socket factory for ``TCPConnector`` that makes none for a forbidden address or port."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, sockaddr = info
        address = _address(str(sockaddr[0]))
        if family not in (socket.AF_INET, socket.AF_INET6) or address is None:
            raise SocketRefusedError("address_not_public")
        if not judge(address, policy) or not judge_port(sockaddr[1], policy):
            raise SocketRefusedError("address_not_public")
        return socket.socket(family, kind, protocol)

    return make


class _Gate:
    """One host's turnstile: how many are inside, who uses it, and when the next may enter."""

    def __init__(self, inside: int) -> None:
        self.inside = asyncio.Semaphore(inside)
        self.users = 0
        self.next = 0.0


class HostGates:
    """Bounds on what one host is asked for: ``at_once`` requests, and ``rate`` new ones a second."""

    def __init__(self, at_once: int, rate: float) -> None:
        self._at_once, self._pause = at_once, 1 / rate
        self._gates: dict[str, _Gate] = {}

    @contextlib.asynccontextmanager
    async def enter(self, host: str) -> AsyncIterator[None]:
        """Wait for one's turn with this host, and hold a place until the block ends."""
        gate = self._gates.setdefault(host, _Gate(self._at_once))
        gate.users += 1
        try:
            async with gate.inside:
                now = asyncio.get_running_loop().time()
                turn = max(now, gate.next)
                gate.next = turn + self._pause
                await asyncio.sleep(turn - now)
                yield
        finally:
            gate.users -= 1
            if len(self._gates) > _MAX_IDLE_HOSTS:
                self._forget_idle()

    def _forget_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        for host in [name for name, gate in self._gates.items() if gate.users == 0 and gate.next <= now]:
            del self._gates[host]
