"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.errors import UserError


def write_whole(target: Path, pieces: Iterable[str | bytes]) -> int:
    """Write the pieces (text as UTF-8) to a new file beside ``target``, make it durable, and put it in its place.
    On any failure an older file stays as it was. Returns how many pieces. Raises UserError."""
    target = target.absolute()
    if target.exists() and not target.is_file():  # /dev/stdout, a pipe: there is nothing to replace
        return _write_through(target, pieces)
    count = 0
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece.encode() if isinstance(piece, str) else piece)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _write_through(target: Path, pieces: Iterable[str | bytes]) -> int:
    count = 0
    try:
        with target.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode() if isinstance(piece, str) else piece)
                count += 1
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from error
    return count


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def make_folder(folder: Path) -> None:
    """Make a folder for results if missing. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror}") from error
