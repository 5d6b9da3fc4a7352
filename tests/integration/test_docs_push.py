"""The push example in docs/operating.md works as printed, against the real endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.settings import Push as PushSettings
from bot.settings import Secret
from bot.sources.push import Push

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


async def test_the_push_example_is_accepted() -> None:
    """The printed function signs a delivery that the endpoint takes and commits."""
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # the example is the subject of this test

    async def seen(delivery_id: str) -> bool:
        return False

    source = Push(PushSettings(port=0, secret=Secret("s3cret")), dt.UTC, SystemClock(), seen=seen)
    async with contextlib.aclosing(source.stream(None)) as stream:
        first = asyncio.ensure_future(anext(stream))
        await source.listening.wait()
        url = f"http://127.0.0.1:{source.port}"
        answer = asyncio.ensure_future(asyncio.to_thread(names["push"], [{"id": 7}], url, b"s3cret"))
        batch = await first
        assert [delivery.snapshot.id for delivery in batch.deliveries] == ["7"]
        following = asyncio.ensure_future(anext(stream))  # asking for more says that the first is committed
        assert await answer == 202
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
