"""The demo's clock: it runs fast, but never on its own past the act that is being played.

So a slow machine sees the same story: the deadline is crossed when the story says so, not when time has run out.
"""

from __future__ import annotations

import asyncio
import datetime as dt


class StoryClock:
    """Starts at ``start`` and runs ``speed`` times as fast as the system's, for ``span`` at most; then it stands still
    until it is set to the next act."""

    def __init__(self, start: dt.datetime, speed: float = 20.0, span: dt.timedelta = dt.timedelta(minutes=6)) -> None:
        self._speed, self._span = speed, span
        self._moved = asyncio.Event()
        self._begin(start)

    def now(self) -> dt.datetime:
        """The story's time, in UTC."""
        start, since = self._act
        passed = (dt.datetime.now(dt.UTC) - since) * self._speed
        return start + min(max(passed, dt.timedelta(0)), self._span)

    @property
    def spent(self) -> bool:
        """Whether the act's span is used up: what is due later is due in the next act."""
        return self.now() >= self._act[0] + self._span

    def set_to(self, at: dt.datetime) -> None:
        """Begin the next act. Raises ValueError for a time that has passed already."""
        if at < self.now():
            raise ValueError("a clock is only set ahead")
        self._begin(at)
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait for that long by this clock, or until it is set past that. While the clock stands still at the end of an
        act a wait takes as long as ever: who polls goes on polling."""
        until = self.now() + dt.timedelta(seconds=seconds)
        await asyncio.sleep(0)
        while (left := (until - self.now()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(left / self._speed):
                    await self._moved.wait()
            except TimeoutError:
                return

    def _begin(self, at: dt.datetime) -> None:
        self._act = (at.astimezone(dt.UTC), dt.datetime.now(dt.UTC))  # one value: other threads read it
