"""Fetching one round of drand from hosts that the operator names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from bot import __version__
from bot.awards.randomness import Beacon, DrandRound, from_beacon
from bot.errors import Transient, UserError

_SECONDS: Final = 15.0
_MOST: Final = 4096  # bytes of an answer; a round has about 250


async def fetch_round(hosts: Sequence[str], agree: int, source: DrandRound) -> Beacon:
    """The announced round, as at least ``agree`` hosts give it. No redirect is followed, no cookie kept.

    Raises UserError where hosts contradict each other, Transient where too few answer.
    """
    headers = {"Accept": "application/json", "User-Agent": f"gatewarden/{__version__}"}
    timeout, jar = aiohttp.ClientTimeout(total=_SECONDS), aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=timeout, headers=headers, cookie_jar=jar) as session:
        answers = await asyncio.gather(*(_ask(session, host, source) for host in dict.fromkeys(hosts)))
    beacons = [answer for answer in answers if isinstance(answer, Beacon)]
    if any(beacon != beacons[0] for beacon in beacons):
        raise UserError(f"drand's hosts contradict each other about round {source.round}: nothing was drawn")
    if len(beacons) < agree:
        reasons = "; ".join(answer for answer in answers if isinstance(answer, str))
        raise Transient(f"{len(beacons)} of {agree} hosts gave round {source.round} ({reasons})")
    return beacons[0]


async def _ask(session: aiohttp.ClientSession, host: str, source: DrandRound) -> Beacon | str:
    """One host's answer, or why there is none."""
    url = f"{host.rstrip('/')}/{source.chain}/public/{source.round}"
    try:
        async with session.get(url, allow_redirects=False) as response:
            body = await response.content.read(_MOST)
            if response.status != 200:
                return f"{host} answered {response.status}"
        beacon = msgspec.json.decode(body, type=Beacon)
        from_beacon(source, beacon)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return f"{host}: {type(error).__name__}"
    except (msgspec.DecodeError, UserError) as error:
        return f"{host}: {error}"
    return beacon
