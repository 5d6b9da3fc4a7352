"""Media bytes by content hash, on disk: written whole or not at all, and removed by age and budget.

A file's name is the SHA-256 of its bytes, two digits a folder: ``ab/cd…``. Its modification time is when it was last
needed. Names come from hashes alone, so nothing that a stranger wrote ever becomes a path.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import os
import re
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bot.model import Refused, Stored
from detectors.evidence import Value

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CHUNK: Final = 1 << 20
_STALE_PART_SECONDS: Final = 3600.0


class Swept(Value):
    """What a sweep did: files and bytes removed, bytes left."""

    removed: int
    freed: int
    left: int


class Part:
    """A file being written. Nothing is visible until ``keep``; leaving the block without it removes all traces.

    Synchronous: a caller on an event loop hands whole chunks to a thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        descriptor, name = tempfile.mkstemp(prefix="part-", dir=self._folder / "parts")
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._path: Path | None = Path(name)
        return self

    def write(self, data: bytes) -> None:
        """Append. Raises OSError where the disk is full."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._hash.update(data)
        self.size += len(data)

    def keep(self) -> Stored:
        """Make the bytes durable under their hash; the same bytes again change nothing but the time last needed."""
        assert self._path is not None, "kept twice"
        digest = self._hash.hexdigest()
        target = self._folder / digest[:2] / digest[2:]
        if not _refresh(target):
            os.fsync(self._file.fileno())
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                _sync_folder(self._folder)
            self._path.replace(target)
            self._path = None
            _sync_folder(target.parent)
        return Stored(sha256=digest, size=self.size)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Blobs:
    """The folder of media. Any number of threads and processes may use one folder at once."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if missing. Raises OSError."""
        self._folder = folder
        (folder / "parts").mkdir(parents=True, exist_ok=True)

    def part(self) -> Part:
        """A new file to write to, as a context manager."""
        return Part(self._folder)

    def put(self, data: bytes) -> Stored:
        """Keep bytes that are in memory already."""
        with self.part() as part:
            part.write(data)
            return part.keep()

    def put_file(self, path: Path, max_bytes: int) -> Stored | Refused:
        """Copy a local file in. Only regular files, and no more than ``max_bytes``. Raises OSError."""
        try:
            with open(path, "rb", buffering=0, opener=_open_at_once) as file:
                return self._copy(file, max_bytes)
        except IsADirectoryError:
            return Refused(reason="not_a_file")

    def _copy(self, file: io.FileIO, max_bytes: int) -> Stored | Refused:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return Refused(reason="not_a_file")
        with self.part() as part:
            while chunk := file.read(_CHUNK):
                if part.size + len(chunk) > max_bytes:
                    return Refused(reason="too_large")
                part.write(chunk)
            return part.keep()

    def path(self, sha256: str) -> Path:
        """Where these bytes are, or would be. Raises ValueError for what is no hash."""
        if _HASH.fullmatch(sha256) is None:
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
        return self._folder / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        """Whether the bytes are here; if so, they count as needed now."""
        return _refresh(self.path(sha256))

    def read(self, sha256: str) -> bytes:
        """The bytes. Raises FileNotFoundError where a sweep has removed them."""
        return self.path(sha256).read_bytes()

    def remove(self, sha256: str) -> bool:
        """Erase these bytes; whether there were any."""
        try:
            self.path(sha256).unlink()
        except FileNotFoundError:
            return False
        return True

    def sweep(self, now: dt.datetime, retention: float, budget: int, needed: Collection[str] = frozenset()) -> Swept:
        """Remove what was not needed for ``retention`` seconds, then the longest unneeded until ``budget`` bytes are
        left, and half-written files that a crash left. What is in ``needed`` stays, whatever its age."""
        files: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                facts = path.stat()
                files.append((facts.st_mtime, facts.st_size, path))
        left, removed, freed, instant = sum(size for _, size, _ in files), 0, 0, now.timestamp()
        for used, size, path in sorted(files):
            if instant - used <= retention and left <= budget:
                break
            if path.parent.name + path.name in needed:
                continue
            path.unlink(missing_ok=True)
            left, removed, freed = left - size, removed + 1, freed + size
        for path in (self._folder / "parts").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if instant - path.stat().st_mtime > _STALE_PART_SECONDS:
                    path.unlink()
        return Swept(removed=removed, freed=freed, left=left)


def _refresh(path: Path) -> bool:
    """Set the modification time to now; whether the file exists."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _open_at_once(name: str, flags: int) -> int:
    """Open without waiting: a FIFO would block for ever."""
    return os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
