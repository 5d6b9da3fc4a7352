"""Opening what a data directory holds. Light: a command that only reads or decides needs no more than this."""

from __future__ import annotations

from bot.errors import ConfigError, UserError
from bot.settings import Settings
from bot.store import Store
from bot.store.blobs import Blobs


def open_store(settings: Settings) -> Store:
    """The store of the data directory. Raises UserError."""
    if settings.store.url is not None:
        raise ConfigError("[store] url: only the default, SQLite in the data directory, is supported")
    return Store(settings.data)


def open_blobs(settings: Settings) -> Blobs:
    """The folder of media. Raises UserError."""
    try:
        return Blobs(settings.data / "media")
    except OSError as error:
        raise UserError(f"cannot make the media folder in {settings.data}: {error.strerror}") from error
