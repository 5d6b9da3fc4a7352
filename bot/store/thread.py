"""The store's own thread: synchronous rooms for an asynchronous shell, one call at a time, in the order of asking."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.store import Store
from bot.store.connection import OperationalError

T = TypeVar("T")

_PASSING = ("full", "locked", "disk I/O error", "readonly")
"""Words in SQLite's messages for what may pass by itself."""


class StoreUnavailableError(Exception):
    """The database cannot be written just now (disk full, locked); nothing was. The shell pauses and retries."""


class StoreThread:
    """Runs functions of the store on one thread. ``rolled_back`` runs there too, after a transaction that did not
    commit and before anything else: what is kept in memory must follow."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rolled_back: Callable[[], None] = lambda: None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def read(self, work: Callable[[], T]) -> T:
        """Run ``work`` outside a transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def write(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one durable transaction. Raises ``StoreUnavailableError`` where there is no room for it.

        Shielded: a caller that is cancelled stops waiting, but what was begun is finished or rolled back as a whole.
        """
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work))

    def _transact(self, work: Callable[[], T]) -> T:
        try:
            return self._whole(work)
        except OperationalError as error:
            if any(word in str(error) for word in _PASSING):
                raise StoreUnavailableError(str(error)) from error
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreUnavailableError(str(error)) from error
            raise

    def _whole(self, work: Callable[[], T]) -> T:
        try:
            with self.store.transaction():
                return work()
        except BaseException:
            self.rolled_back()
            raise

    def close(self) -> None:
        """Finish what was asked for, then close the store."""
        self._thread.submit(self.store.close).result()
        self._thread.shutdown()
