"""Opening what a data directory holds. Light: a command that only reads or decides needs no more than this."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The store, closed at the end. Raises UserError."""
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def reading(settings: Settings) -> Iterator[Store]:
    """The store as it stands at one moment, whatever others write meanwhile. Raises UserError."""
    with opened(settings) as store:
        store.connection.run("BEGIN")
        try:
            yield store
        finally:
            store.connection.run("COMMIT")
