"""The clock that is handed in everywhere: real in production, simulated in tests and the demo."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Protocol

UTC = dt.UTC


class Clock(Protocol):
    """Wall time and waiting. ``now`` is aware and in UTC; ``sleep`` takes seconds of this clock."""

    def now(self) -> dt.datetime:
        """This instant, aware and in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """The system's time."""
        return dt.datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait, letting others run."""
        await asyncio.sleep(seconds)
