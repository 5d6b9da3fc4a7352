"""One decoder process as the daemon sees it: started, asked, killed. Knows nothing of how many there are."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from typing import Final, Literal

import msgspec

from bot.engines.messages import GRANT, LENGTH, MAX_ANSWER, Answer, Start, decode

_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2])['path']; "
    "from bot.engines.child import main; main(int(sys.argv[1]), sys.argv[2])"
)
# All that a decoder learns of our environment: no secret is in it. One thread each, for there is one process a core.
_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"),
}
_KEPT: Final = ("LD_LIBRARY_PATH", "PATH")


class DecoderDiedError(Exception):
    """The process ended without an answer: ``timeout`` where it used up its time, else ``killed``."""

    def __init__(self, reason: Literal["timeout", "killed"]) -> None:
        super().__init__(reason)
        self.reason = reason


class DecoderProcess:
    """A process that answers one question at a time. After any error it is dead."""

    def __init__(self, start: Start) -> None:
        """Start it. Raises OSError where the system cannot."""
        self.answered = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, str(theirs.fileno()), _text(start)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what a decoding library prints may be a stranger's bytes
                env=_ENVIRONMENT | {name: os.environ[name] for name in _KEPT if name in os.environ},
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # an interrupt from the keyboard is for the daemon, which then stops in order
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._link = ours

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    async def ready(self, seconds: float) -> Answer:
        """Its first words. Raises DecoderDiedError."""
        return await self._listen(seconds)

    async def ask(self, file: int, seconds: float, wait: float) -> Answer:
        """Have it examine an open file, in at most ``seconds`` of processor time and ``wait`` of anyone's.
        Raises DecoderDiedError."""
        self.answered += 1
        try:
            socket.send_fds(self._link, [GRANT.pack(seconds)], [file])
        except OSError as error:
            await self.kill()
            raise DecoderDiedError("killed") from error
        return await self._listen(wait)

    async def _listen(self, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                (length,) = LENGTH.unpack(await self._receive(LENGTH.size))
                if length > MAX_ANSWER:
                    raise EOFError
                return decode(await self._receive(length))
        except TimeoutError as error:
            await self.kill()
            raise DecoderDiedError("timeout") from error
        except (EOFError, OSError, msgspec.DecodeError) as error:
            status = await self.kill()
            raise DecoderDiedError("timeout" if status == -signal.SIGXCPU else "killed") from error
        except BaseException:
            await self.kill()
            raise

    async def _receive(self, count: int) -> bytearray:
        loop, data = asyncio.get_running_loop(), bytearray()
        while len(data) < count:
            piece = await loop.sock_recv(self._link, min(count - len(data), 1 << 18))
            if not piece:
                raise EOFError
            data += piece
        return data

    def stop(self) -> None:
        """Have it end; whoever waits for its answer hears of it."""
        if self.alive:
            self._process.kill()

    async def kill(self) -> int:
        """End it and let go of it; its exit status. Not while another task waits for its answer; twice is harmless."""
        self.stop()
        self._link.close()
        return await asyncio.shield(asyncio.to_thread(self._process.wait))


def _text(start: Start) -> str:
    return msgspec.json.encode(start).decode()
