"""An engine for walks over local files: what cannot be read from disk is a value too, and the walk goes on."""

from __future__ import annotations

import os
from pathlib import Path

from bot.engines import Engine
from bot.errors import Transient
from detectors.evidence import Examined, Unreadable


class PatientEngine:
    """An ``Engine`` over another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.workers: int = getattr(engine, "workers", len(os.sched_getaffinity(0)))

    async def examine(self, path: Path) -> Examined:
        """As the engine itself, but a file that cannot be read is ``Unreadable`` with the same reason. Raises
        ``Transient`` still where no decoder can be started: no file could be read then."""
        try:
            return await self._engine.examine(path)
        except Transient as error:
            if error.reason == "decoder_not_started":
                raise
            return Unreadable(reason=error.reason)

    async def close(self) -> None:
        """As the engine itself."""
        await self._engine.close()
