"""The engine of production: decoder processes, sandboxed, replaced when they die and after so many items.

A killed or hung process costs its item one of its tries; when they are used up, the item is unreadable and the reason
says so. Nothing that a process does can stop the others or the daemon. There is no process before the first item.

Why not a ready-made process pool: docs/decisions has what was measured.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from bot.engines import DetectorError
from bot.engines.messages import Answer, Done, Fault, Ready, Start, Unconfined
from bot.engines.process import DecoderDiedError, DecoderProcess
from bot.engines.sandbox import available
from bot.errors import Transient, UserError
from bot.log import get_logger
from bot.settings import Engine as Settings
from detectors.evidence import Examined, Unreadable
from detectors.formats import VIDEO, sniff

log = get_logger("engine")

_START_SECONDS: Final = 120.0
_HEAD: Final = 64


class PoolEngine:
    """An ``Engine`` over sandboxed processes. Bounds itself: more calls than processes wait for their turn."""

    def __init__(self, settings: Settings, kit: str, *, examiner: str = "bot.engines.child:all_detectors") -> None:
        """``kit`` is a brand kit's name or folder. ``examiner`` names what examines, in tests.
        Raises UserError where no sandbox can be had and the settings do not waive it."""
        reason = available() if settings.sandbox == "on" else None
        if reason is not None:
            raise _refusal(reason)
        self.workers = settings.workers or _cores()
        self.deaths: Counter[str] = Counter()
        """How often a process died while it examined: by ``timeout`` and ``killed``."""
        self._settings = settings
        self._start = Start(
            examiner=examiner,
            kit=kit,
            memory=settings.memory,
            sandbox=settings.sandbox == "on",
            path=tuple(str(Path(entry).absolute()) for entry in sys.path),
            parent=os.getpid(),
        )
        self._turns = asyncio.Semaphore(self.workers)
        self._idle: list[DecoderProcess] = []
        self._living: set[DecoderProcess] = set()
        self._closed = False

    async def examine(self, path: Path) -> Examined:
        """See ``Engine.examine``. After ``close`` raises Transient."""
        async with self._turns:
            return await self._examine(path)

    async def layers(self) -> tuple[str, ...]:
        """Start a process and end it again: which layers of the sandbox were in force; for ``doctor``."""
        async with self._turns:
            process, layers = await self._new_process()
            await process.kill()
            return layers

    async def close(self) -> None:
        """See ``Engine.close``."""
        self._closed = True
        for process in self._living:
            process.stop()
        for _ in range(self.workers):  # whoever is inside finds its process dead and the engine closed, and leaves
            await self._turns.acquire()
        await asyncio.gather(*(process.kill() for process in self._living))
        self._idle.clear()
        for _ in range(self.workers):
            self._turns.release()

    async def _examine(self, path: Path) -> Examined:
        died = DecoderDiedError("killed")
        for _ in range(self._settings.tries):
            process = await self._process()
            try:
                answer = await self._ask(process, path)
            except DecoderDiedError as error:
                died = error
                if not self._closed:
                    self.deaths[error.reason] += 1
                    log.warning("decoder died", reason=error.reason, media=path.name)
                continue
            if (isinstance(answer, Done) and answer.last) or process.answered >= self._settings.recycle:
                await process.kill()
            else:
                self._idle.append(process)
            return _examined(answer)
        return Unreadable(reason=f"decoder_{died.reason}")

    async def _process(self) -> DecoderProcess:
        """One that stands ready, else a new one. That one died while idle is nobody's fault."""
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await process.kill()
        return (await self._new_process())[0]

    async def _ask(self, process: DecoderProcess, path: Path) -> Answer:
        """The file is opened here, and only its handle is given away: a decoder needs no right to any path."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            self._idle.append(process)
            raise Transient("file_missing" if isinstance(error, FileNotFoundError) else "file_unreadable") from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                self._idle.append(process)
                raise Transient("not_a_file")
            video = sniff(os.pread(file, _HEAD, 0)) in VIDEO
            seconds = self._settings.video_seconds if video else self._settings.seconds
            return await process.ask(file, seconds, self._settings.patience * seconds)
        finally:
            os.close(file)

    async def _new_process(self) -> tuple[DecoderProcess, tuple[str, ...]]:
        if self._closed:
            raise Transient("engine_closed")
        self._living = {process for process in self._living if process.alive}
        try:
            process = DecoderProcess(self._start)
            self._living.add(process)
            words = await process.ready(_START_SECONDS)
        except (OSError, DecoderDiedError) as error:
            raise Transient("engine_closed" if self._closed else "decoder_not_started") from error
        if isinstance(words, Ready):
            return process, words.layers
        await process.kill()
        if isinstance(words, Unconfined):
            raise _refusal(words.reason)
        raise _fault(words)


def _examined(answer: Answer) -> Examined:
    if isinstance(answer, Done):
        for line in answer.logged:
            log.warning("detector", traceback=line)
        return answer.examined
    raise _fault(answer)


def _fault(answer: Answer) -> DetectorError:
    return DetectorError(answer.trace if isinstance(answer, Fault) else "a decoder spoke out of turn")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _refusal(reason: str) -> UserError:
    return UserError(
        f'media cannot be decoded safely here: {reason}; [engine] sandbox = "off" decodes without, at your own risk'
    )
