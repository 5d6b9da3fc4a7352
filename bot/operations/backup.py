"""An online backup that is proved by restoring it, before it takes the place of an older one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bot.errors import UserError
from bot.store import Store
from bot.store.copy import Contents, copy_database, prove


def back_up(store: Store, target: Path) -> Contents:
    """Copy the database to ``target`` while others write, restore the copy, check it whole, and only then put it there.

    The copy holds everything but the media themselves. An older file of that name is replaced; on any failure it stays
    as it was. Raises UserError.
    """
    target = target.absolute()
    database = store.directory / "gatewarden.db"
    if target.is_dir():
        raise UserError(f"{target} is a folder: name a file in it")
    if target.exists() and target.samefile(database):
        raise UserError(f"{target} is the database itself")
    try:
        folder = tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent)
    except OSError as error:
        raise UserError(f"cannot write to {target.parent}: {error.strerror}") from error
    with folder as name:
        copy = Path(name) / "copy.db"
        copy_database(store.connection, copy)
        restored = Path(name) / "restored.db"
        shutil.copyfile(copy, restored)  # restoring writes to a database, which the backup itself must not see
        contents = prove(restored)
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        copy.replace(target)
    _sync(target.parent)
    return contents


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
