"""The store's thread: whoever keeps something in memory learns of a rollback before anything else is written."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from bot.store import Store
from bot.store.connection import OperationalError
from bot.store.thread import StoreThread, StoreUnavailableError


async def test_a_rollback_is_followed_before_the_next_write(tmp_path: Path) -> None:
    """Also where the next one was asked for already: it must not see what was rolled back."""
    order: list[str] = []

    def full() -> None:
        order.append("write")
        raise OperationalError("database or disk is full")

    with contextlib.closing(StoreThread(Store(tmp_path))) as thread:
        thread.rolled_back = lambda: order.append("follow")
        first, second = await asyncio.gather(
            thread.write(full), thread.write(lambda: order.append("next")), return_exceptions=True
        )
    assert order == ["write", "follow", "next"]
    assert isinstance(first, StoreUnavailableError)
    assert second is None


async def test_a_bug_is_followed_too(tmp_path: Path) -> None:
    """Whatever it was that ended the transaction; and one that committed is not followed."""
    times = [0]

    def counted() -> None:
        times[0] += 1

    with contextlib.closing(StoreThread(Store(tmp_path))) as thread:
        thread.rolled_back = counted
        await thread.write(lambda: None)
        with pytest.raises(ZeroDivisionError):
            await thread.write(lambda: 1 // 0)
    assert times == [1]
