"""Feeding posts once and seeing them judged, whether this process leads the data directory or another one does."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path

from bot.campaign import Campaign
from bot.clock import Clock
from bot.settings import Settings
from bot.sources import Batch, Source
from bot.store import Store
from bot.store.opening import open_store
from bot.store.thread import StoreThread
from bot.wire import AlreadyLedError, bot
from detectors.evidence import Value

_LOOK_SECONDS = 0.1  # how often the work list is looked at while another process works it off

Tell = Callable[[int, int], None]
"""Told now and then: posts fed so far, posts judged."""


MOST_TOLD = 100  # put-aside lines that a feed names one by one; the database holds them all


class Fed(Value):
    """What came of a feed: distinct posts, lines put aside, the first of those as (line number, reason), and the posts
    per status."""

    posts: int
    quarantined: int
    put_aside: tuple[tuple[int | None, str], ...]
    statuses: dict[str, int]


class Watched:
    """A source that notes what went through it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        self.post_ids: dict[str, None] = {}
        self.quarantined = 0
        self.put_aside: list[tuple[int | None, str]] = []

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """As the source itself."""
        async with contextlib.aclosing(self._source.stream(position)) as batches:
            async for batch in batches:
                self.post_ids.update(dict.fromkeys(d.snapshot.id for d in batch.deliveries))
                self.quarantined += len(batch.quarantined)
                told = batch.quarantined[: MOST_TOLD - len(self.put_aside)]
                self.put_aside += [(item.line, item.reason) for item in told]
                yield batch


async def feed(
    settings: Settings,
    campaign: Campaign,
    clock: Clock,
    source: Source,
    *,
    kit: str | Path | None = None,
    tell: Tell = lambda fed, judged: None,
) -> Fed:
    """Take everything the source has and wait until each of its posts is judged.

    Beside a process that leads the data directory the posts are handed over to it; should it end meanwhile, this one
    finishes the work. Raises UserError.
    """
    watched = Watched(source)
    try:
        await _lead(settings, campaign, clock, [watched], kit, lambda judged: tell(len(watched.post_ids), judged))
    except AlreadyLedError:
        await _hand_over(settings, clock, watched)
        await settle(settings, campaign, clock, watched.post_ids, kit=kit, tell=tell)
    with contextlib.closing(open_store(settings)) as store:
        return _fed(store, watched)


async def settle(
    settings: Settings,
    campaign: Campaign,
    clock: Clock,
    post_ids: Iterable[str],
    *,
    kit: str | Path | None = None,
    tell: Tell = lambda fed, judged: None,
) -> None:
    """Wait until these posts, which are on the work list, are judged; judge them here where nobody else does."""
    wanted = tuple(post_ids)
    while True:
        with contextlib.closing(open_store(settings)) as store:
            left = store.work.open(wanted)
        tell(len(wanted), len(wanted) - left)
        if not left:
            return
        with contextlib.suppress(AlreadyLedError):
            await _lead(settings, campaign, clock, [], kit, lambda judged: tell(len(wanted), judged))
            continue
        await asyncio.sleep(_LOOK_SECONDS)


async def _lead(
    settings: Settings,
    campaign: Campaign,
    clock: Clock,
    sources: Sequence[Source],
    kit: str | Path | None,
    tell: Callable[[int], None],
) -> None:
    """Work until the sources are read and nothing is left to judge. Raises ``AlreadyLedError`` beside a leader."""
    async with bot(settings, campaign, clock, lambda thread, once: sources, kit=kit, once=True) as parts:
        telling = asyncio.create_task(_every(_LOOK_SECONDS, lambda: tell(parts.worker.progress.judged)))
        try:
            await parts.worker.run(once=True)
        finally:
            telling.cancel()


async def _every(seconds: float, do: Callable[[], None]) -> None:
    while True:
        do()
        await asyncio.sleep(seconds)


async def _hand_over(settings: Settings, clock: Clock, source: Source) -> None:
    """Commit each batch with its place on the work list, as the leader itself would have."""
    thread = StoreThread(open_store(settings))
    try:
        position = await thread.read(lambda: thread.store.intake.position(source.name))
        async with contextlib.aclosing(source.stream(position)) as batches:
            async for batch in batches:
                await thread.write(functools.partial(thread.store.take, source.name, batch, clock.now()))
    finally:
        thread.close()


def _fed(store: Store, watched: Watched) -> Fed:
    statuses: Counter[str] = Counter()
    for post_id in watched.post_ids:
        record = store.verdicts.get(post_id)
        if record is not None:
            statuses[record.status] += 1
    return Fed(
        posts=len(watched.post_ids),
        quarantined=watched.quarantined,
        put_aside=tuple(watched.put_aside),
        statuses=dict(statuses),
    )
