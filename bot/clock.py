"""The clock that is handed in everywhere: real in production, simulated in tests and the demo."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Protocol

UTC = dt.timezone.utc


class Clock(Protocol):
    """Wall time and waiting. ``now`` is aware and in UTC; ``sleep`` takes seconds of this clock."""

    def now(self) -> dt.datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ScaledClock:
    """A simulated clock: starts at ``start`` and runs ``speed`` times as fast as the system's; may be set ahead."""

    def __init__(self, start: dt.datetime, speed: float = 1.0) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self._start, self._speed, self._real = start.astimezone(UTC), speed, dt.datetime.now(UTC)

    def now(self) -> dt.datetime:
        return self._start + (dt.datetime.now(UTC) - self._real) * self._speed

    def advance(self, by: dt.timedelta) -> None:
        """Jump ahead by ``by``; never backwards."""
        if by < dt.timedelta(0):
            raise ValueError("a clock is only set ahead")
        self._start += by

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)
