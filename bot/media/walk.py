"""Local files in a fixed order: what ``scan`` and ``match`` are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bot.errors import UserError


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, in order of name, folder by folder. Links are not followed, so nothing is met
    twice and no walk is endless. Raises UserError where the folder itself cannot be read."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}") from error
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _readable_below(Path(entry.path))


def _readable_below(folder: Path) -> Iterator[Path]:
    try:
        yield from files_below(folder)
    except UserError:
        return  # a folder below that may not be entered hides its files, not those beside it


def check_folder(folder: Path) -> None:
    """Raises UserError where this is no folder."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder" if folder.exists() else f"no folder {folder}")


def files_of(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files named, and those below the folders named. Raises UserError, before the first, where one is missing."""
    for path in paths:
        if not path.exists():
            raise UserError(f"no file or folder {path}")
    for path in paths:
        if path.is_dir():
            yield from files_below(path)
        else:
            yield path
