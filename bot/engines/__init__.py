"""The seam behind which media are decoded: a file in, evidence (or why there is none) out.

``pool.py`` is what production uses: sandboxed processes. ``inline.py`` decodes in this process, for tests and for
bytes that are our own. The stored verdicts are the same under either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Protocol

from detectors.evidence import Examined

Examine = Callable[[bytes], Examined]


class Engine(Protocol):
    """Examines media. Any number of calls may be in flight; the engine bounds what runs."""

    async def examine(self, path: Path) -> Examined:
        """What the file holds. Bad content is a value (Unreadable). Raises ``DetectorError`` for a bug in a detector
        and ``Transient`` where the world failed (no process can be started, the disk does not answer)."""
        ...

    async def close(self) -> None:
        """Stop at once; what is in flight is cancelled. Closing twice is harmless."""
        ...


class DetectorError(RuntimeError):
    """A detector raised: a bug. ``trace`` is its traceback, from wherever it ran."""

    def __init__(self, trace: str) -> None:
        super().__init__(trace.strip().rpartition("\n")[2] or "a detector failed")
        self.trace = trace


async def examine_in_order(
    engine: Engine, paths: Iterable[Path], ahead: int
) -> AsyncIterator[tuple[Path, Examined | DetectorError]]:
    """Examine many files, ``ahead`` at a time, and give the results in the order of ``paths``.

    ``paths`` is drawn lazily, so that a folder of any size costs no memory. A bug in a detector is given as a value:
    one bad file does not end the walk.
    """

    async def one(path: Path) -> Examined | DetectorError:
        try:
            return await engine.examine(path)
        except DetectorError as fault:
            return fault

    waiting: deque[tuple[Path, asyncio.Task[Examined | DetectorError]]] = deque()
    try:
        for path in paths:
            waiting.append((path, asyncio.create_task(one(path))))
            if len(waiting) >= max(1, ahead):
                first, task = waiting.popleft()
                yield first, await task
        while waiting:
            first, task = waiting.popleft()
            yield first, await task
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)
