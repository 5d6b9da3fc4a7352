"""Posts from JSON Lines: a file, standard input (``-``), or a file followed as it grows."""

from __future__ import annotations

import asyncio
import datetime as dt
import glob
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from bot.clock import Clock
from bot.errors import UserError
from bot.model import Delivery, Quarantined
from bot.sources import Batch
from bot.sources.lines import Line, LineSplitter
from bot.sources.post_json import MAX_BYTES, PostError, decode, parse_post
from detectors.evidence import Value

BATCH = 500
_CHUNK = 1 << 20
_HEAD = 1024
_SECONDS_BETWEEN_LOOKS = 1.0


class _Place(Value):
    """Where reading stopped. ``head`` is the SHA-256 of the first ``min(1024, offset)`` bytes: a file that was
    rotated, truncated or written anew has another one, whatever its inode and size."""

    path: str
    inode: int
    offset: int
    line: int
    head: str


class Jsonl:
    """Reads each line as one post; a line that is none is quarantined with its number, the rest goes on.

    A post was observed at ``received_at``, else when its line was read, later lines later. Without ``follow`` the
    file is read whole, whatever was read of it before (repetition changes nothing), and the position is left alone.
    With ``follow`` reading goes on from the position, through truncation and rotation, until closed; with ``once``,
    until the end. Media paths are relative to the file's folder, for standard input the working one.
    """

    name = "jsonl"

    def __init__(
        self,
        path: Path | str,
        zone: dt.tzinfo,
        clock: Clock,
        *,
        follow: bool = False,
        once: bool = False,
        received_at: dt.datetime | None = None,
    ) -> None:
        self._stdin = str(path) == "-"
        self._path = Path(path).absolute()
        self._folder = Path.cwd() if self._stdin else self._path.parent
        self._zone, self._clock, self._received_at = zone, clock, received_at
        self._follow, self._once = follow and not self._stdin, once
        self._last = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._read = False

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """Batches of at most 500 lines. Raises ``UserError`` where the file cannot be opened or read."""
        if self._follow:
            async for batch in self._following(position):
                yield batch
            return
        if self._read:  # a further pass of one run: nothing is new in a file that was read whole
            return
        splitter = LineSplitter(MAX_BYTES)
        async for chunk in self._stdin_chunks() if self._stdin else self._file_chunks():
            for batch in self._batches(splitter.feed(chunk)):
                yield batch
        for batch in self._batches(splitter.flush()):
            yield batch
        self._read = True

    async def _file_chunks(self) -> AsyncIterator[bytes]:
        with self._open(self._path) as file:
            while chunk := await asyncio.to_thread(self._some, file):
                yield chunk

    async def _stdin_chunks(self) -> AsyncIterator[bytes]:
        """Standard input may block for ever, which must not keep the process from stopping: a daemon thread reads."""
        loop, room = asyncio.get_running_loop(), threading.Semaphore(4)
        chunks: asyncio.Queue[bytes | OSError] = asyncio.Queue()

        def read() -> None:
            chunk: bytes | OSError = b"-"
            while chunk and not isinstance(chunk, OSError):
                room.acquire()
                try:
                    chunk = os.read(0, _CHUNK)
                except OSError as error:
                    chunk = error
                try:
                    loop.call_soon_threadsafe(chunks.put_nowait, chunk)
                except RuntimeError:  # the loop was closed meanwhile: nobody listens
                    return

        threading.Thread(target=read, name="stdin", daemon=True).start()
        while chunk := await chunks.get():
            if isinstance(chunk, OSError):
                raise UserError(f"cannot read standard input: {chunk.strerror}")
            yield chunk
            room.release()

    async def _following(self, position: str | None) -> AsyncGenerator[Batch, None]:
        place = None if position is None else _place(position)
        path = self._path if place is None else self._left_behind(place)
        while True:
            with self._open(path) as file:
                offset, line = await asyncio.to_thread(self._resume, file, place)
                splitter = LineSplitter(MAX_BYTES, number=line, offset=offset)
                replaced = False
                while True:
                    ended = replaced  # seen before this reading: the old file was read to its very end
                    while chunk := await asyncio.to_thread(self._some, file):
                        for batch in self._batches(splitter.feed(chunk), file):
                            yield batch
                    replaced = ended or self._replaced(file)
                    if ended or (self._once and not replaced):
                        break
                    if not replaced:
                        await self._clock.sleep(_SECONDS_BETWEEN_LOOKS)
                # In one pass over a file that still grows, an unended line that is no JSON yet waits for the next.
                for batch in self._batches(splitter.flush() if replaced else _readable(splitter.flush()), file):
                    yield batch
            if self._once and not replaced:
                return
            place, path = None, self._path

    def _left_behind(self, place: _Place) -> Path:
        """The file that ``place`` is in: where it was rotated away meanwhile, its rest comes first."""
        for path in sorted(self._path.parent.glob(f"{glob.escape(self._path.name)}*")):
            try:
                with path.open("rb", buffering=0) as file:
                    if self._same(file, place):
                        return path
            except OSError:
                continue
        return self._path

    def _open(self, path: Path) -> BinaryIO:
        try:
            return path.open("rb", buffering=0)
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error

    def _some(self, file: BinaryIO) -> bytes:
        try:
            return file.read(_CHUNK)
        except OSError as error:
            raise UserError(f"cannot read {self._path}: {error.strerror}") from error

    def _resume(self, file: BinaryIO, place: _Place | None) -> tuple[int, int]:
        """Seek to ``place`` if this is still the same file; else to the start. Returns offset and lines before it."""
        if place is None or not self._same(file, place):
            return file.seek(0), 0
        return file.seek(place.offset), place.line

    def _same(self, file: BinaryIO, place: _Place) -> bool:
        there = os.fstat(file.fileno())
        here = (str(self._path), there.st_ino) == (place.path, place.inode)
        return here and place.offset <= there.st_size and place.head == _head(file, place.offset)

    def _replaced(self, file: BinaryIO) -> bool:
        """Whether the path now names another file, or this one was cut short. A file that is gone may come back."""
        own = os.fstat(file.fileno())
        if own.st_size < file.tell():
            return True
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return (there.st_ino, there.st_dev) != (own.st_ino, own.st_dev)

    def _batches(self, lines: Sequence[Line], file: BinaryIO | None = None) -> list[Batch]:
        return [self._batch(lines[i : i + BATCH], file) for i in range(0, len(lines), BATCH)]

    def _batch(self, lines: Sequence[Line], file: BinaryIO | None) -> Batch:
        read = [self._post(line) for line in lines]
        position = None
        if file is not None:
            offset, inode = lines[-1].end, os.fstat(file.fileno()).st_ino
            place = _Place(
                path=str(self._path), inode=inode, offset=offset, line=lines[-1].number, head=_head(file, offset)
            )
            position = msgspec.json.encode(place).decode()
        return Batch(
            deliveries=tuple(item for item in read if isinstance(item, Delivery)),
            quarantined=tuple(item for item in read if isinstance(item, Quarantined)),
            position=position,
        )

    def _post(self, line: Line) -> Delivery | Quarantined | None:
        data = line.data.removeprefix(b"\xef\xbb\xbf") if line.number == 1 else line.data
        if line.whole and not data.strip():
            return None
        observed_at = self._observed()
        try:
            if not line.whole:
                raise PostError(f"longer than {MAX_BYTES} bytes")
            snapshot = parse_post(data, zone=self._zone, base_dir=self._folder)
        except PostError as error:
            raw = data.decode("utf-8", "backslashreplace")
            return Quarantined(source=self.name, line=line.number, reason=str(error), raw=raw, observed_at=observed_at)
        return Delivery(source=self.name, observed_at=observed_at, snapshot=snapshot, raw=msgspec.Raw(data))

    def _observed(self) -> dt.datetime:
        """When a line was seen. A later line is later, also where the clock stands still, for it is the newer word."""
        if self._received_at is not None:
            return self._received_at
        self._last = max(self._clock.now(), self._last + dt.timedelta(microseconds=1))
        return self._last


def _place(position: str) -> _Place | None:
    try:
        return msgspec.json.decode(position, type=_Place)
    except msgspec.DecodeError:
        return None  # written by another version: reading again from the start changes nothing


def _head(file: BinaryIO, offset: int) -> str:
    return hashlib.sha256(os.pread(file.fileno(), min(_HEAD, offset), 0)).hexdigest()


def _readable(lines: Sequence[Line]) -> list[Line]:
    found = []
    for line in lines:
        try:
            decode(line.data)
        except PostError:
            continue
        found.append(line)
    return found
