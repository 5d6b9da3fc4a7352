"""Fetching one round of drand from hosts that the operator names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from bot import __version__
from bot.awards.beacon import Beacon, Chain, DrandRound, decode_beacon, from_beacon
from bot.errors import Transient, UserError

_SECONDS: Final = 15.0
_MOST: Final = 4096  # bytes of an answer; a round has about 250


class _Info(msgspec.Struct):
    """What a host says of its chain, as far as we compare it."""

    public_key: str
    genesis_time: int
    period: int


async def fetch_round(hosts: Sequence[str], source: DrandRound) -> Beacon:
    """The announced round, from whichever host gives it: its signature shows that it is the right one. No redirect is
    followed, no cookie kept. Raises Transient where none does."""
    async with _session() as session:
        answers = await asyncio.gather(*(_ask(session, host, source) for host in dict.fromkeys(hosts)))
    found = next((answer for answer in answers if isinstance(answer, Beacon)), None)
    if found is None:
        raise Transient(f"no host gave round {source.round} ({'; '.join(map(str, answers))})")
    return found


async def compare(hosts: Sequence[str], chain: Chain) -> dict[str, str | None]:
    """What is wrong with each host, None where nothing is: it answers, and has the same key, genesis and period."""
    async with _session() as session:
        answers = await asyncio.gather(*(_info(session, host, chain) for host in dict.fromkeys(hosts)))
    return dict(zip(dict.fromkeys(hosts), answers, strict=True))


async def _info(session: aiohttp.ClientSession, host: str, chain: Chain) -> str | None:
    try:
        async with session.get(f"{host.rstrip('/')}/{chain.chain}/info", allow_redirects=False) as response:
            body = await response.content.read(_MOST)
            if response.status != 200:
                return f"answered {response.status}"
        said = msgspec.json.decode(body, type=_Info)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return f"{type(error).__name__} {error}".strip()
    except msgspec.DecodeError as error:
        return f"did not answer as drand does: {error}"
    same = (said.public_key, said.genesis_time, said.period) == (chain.public_key, chain.genesis, chain.period)
    return None if same else "tells another key, genesis or period than we hold"


def _session() -> aiohttp.ClientSession:
    headers = {"Accept": "application/json", "User-Agent": f"gatewarden/{__version__}"}
    timeout, jar = aiohttp.ClientTimeout(total=_SECONDS), aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(timeout=timeout, headers=headers, cookie_jar=jar)


async def _ask(session: aiohttp.ClientSession, host: str, source: DrandRound) -> Beacon | str:
    """One host's answer, or why there is none."""
    url = f"{host.rstrip('/')}/{source.chain}/public/{source.round}"
    try:
        async with session.get(url, allow_redirects=False) as response:
            body = await response.content.read(_MOST)
            if response.status != 200:
                return f"{host} answered {response.status}"
        beacon = decode_beacon(body)
        from_beacon(source, beacon)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return f"{host}: {type(error).__name__}"
    except (msgspec.DecodeError, UserError) as error:
        return f"{host}: {error}"
    return beacon
