"""Decoding in this very process: no sandbox, no limit of time or memory. For tests, and for bytes of our own making."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path

from bot.engines import DetectorError, Examine
from bot.errors import Transient
from detectors.evidence import Examined


class InlineEngine:
    """An ``Engine`` over a plain function; one file at a time, in a thread, so that the event loop stays free."""

    def __init__(self, examine: Examine) -> None:
        self._examine = examine
        self._one_at_a_time = asyncio.Lock()

    async def examine(self, path: Path) -> Examined:
        """See ``Engine.examine``."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._look, path)

    def _look(self, path: Path) -> Examined:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Transient("media_unreadable_on_disk") from error
        try:
            return self._examine(data)
        except Exception as error:
            raise DetectorError(traceback.format_exc()) from error

    async def close(self) -> None:
        """Nothing to stop: a thread that decodes goes on to its end."""
