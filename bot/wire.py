"""The composition root: the only file that knows everyone.

``store/opening.py`` is enough for commands that look and decide. ``Bot`` adds what looks at media and judges: it leads
the data directory, and only one can.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from bot.campaign import Campaign
from bot.clock import Clock
from bot.copies.relate import Relater
from bot.engines import Engine
from bot.engines.pool import PoolEngine
from bot.errors import ConfigError, UserError
from bot.media.fetch import Fetcher
from bot.media.look import Looker
from bot.model import Verdict
from bot.pipeline import Pipeline
from bot.settings import Settings
from bot.sources import Source
from bot.sources.gate_square import GateSquare
from bot.sources.jsonl import Jsonl
from bot.sources.push import Push
from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.opening import open_blobs, open_store
from bot.store.thread import StoreThread
from bot.store.times import to_us
from bot.worker import Limits, Stage, Worker
from detectors.brand import KitError, load_kit
from detectors.examine import VERSIONS

MakeSources = Callable[[StoreThread, bool], Sequence[Source]]
"""Makes the sources of a run from the store's thread and whether it is one pass only."""


def evidence_version(kit: str | Path) -> str:
    """What evidence is stored under: changes with any detector's version and with the kit. Raises ConfigError."""
    try:
        content = load_kit(kit).hash
    except KitError as error:
        raise ConfigError(str(error)) from error
    names = msgspec.json.encode([VERSIONS, content], order="deterministic")
    return hashlib.sha256(names).hexdigest()[:16]


def open_engine(settings: Settings, kit: str | Path) -> Engine:
    """The sandboxed decoders. Raises UserError where no sandbox can be had and none was waived."""
    return PoolEngine(settings.engine, str(kit))


def configured_sources(settings: Settings, campaign: Campaign, clock: Clock, names: Sequence[str] = ()) -> MakeSources:
    """The sources named (on the command line, else in the settings, else ``gate_square``). Raises ConfigError."""
    wanted = tuple(names) or settings.sources.enabled or ("gate_square",)

    def make(thread: StoreThread, once: bool) -> Sequence[Source]:
        intake = thread.store.intake
        known: dict[str, Callable[[], Source]] = {
            "gate_square": lambda: GateSquare(
                settings.gate_square,
                campaign.hashtags,
                clock,
                known=lambda ids: thread.read(lambda: intake.known(tuple(ids), "gate_square")),
                once=once,
            ),
            "push": lambda: Push(
                settings.push, campaign.tz, clock, seen=lambda i: thread.read(lambda: intake.pushed(i)), once=once
            ),
            "jsonl": lambda: _jsonl(settings, campaign, clock, once),
        }
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ConfigError(f"[sources] enabled: no source {unknown[0]!r}; there are {', '.join(sorted(known))}")
        return [known[name]() for name in wanted]

    return make


def _jsonl(settings: Settings, campaign: Campaign, clock: Clock, once: bool) -> Source:
    if settings.jsonl.file is None:
        raise ConfigError("[jsonl] file: the jsonl source needs one")
    return Jsonl(settings.jsonl.file, campaign.tz, clock, follow=settings.jsonl.follow, once=once)


class Bot(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a running bot, put together."""

    store: Store
    thread: StoreThread
    blobs: Blobs
    engine: Engine
    relater: Relater
    pipeline: Pipeline
    worker: Worker
    sources: Sequence[Source]


@contextlib.asynccontextmanager
async def bot(
    settings: Settings,
    campaign: Campaign,
    clock: Clock,
    make_sources: MakeSources,
    *,
    kit: str | Path | None = None,
    once: bool = False,
    engine: Engine | None = None,
    on_verdicts: Callable[[Sequence[Verdict]], None] = lambda verdicts: None,
    stage: Stage = lambda name: contextlib.nullcontext(),
) -> AsyncIterator[Bot]:
    """A bot that leads the data directory. Raises ``AlreadyLedError`` where another process does."""
    kit = campaign.brand.kit if kit is None else kit
    version = evidence_version(kit)
    async with contextlib.AsyncExitStack() as stack:
        store = open_store(settings)
        thread = StoreThread(store)
        stack.callback(thread.close)
        epoch = await thread.read(lambda: store.lead(to_us(clock.now())))
        if epoch is None:
            raise AlreadyLedError(f"another gatewarden is working in {settings.data}")
        blobs = open_blobs(settings)
        engine = open_engine(settings, kit) if engine is None else engine
        stack.push_async_callback(engine.close)
        fetcher = Fetcher(settings.fetch, blobs, clock)
        stack.push_async_callback(fetcher.close)
        relater = await thread.read(lambda: Relater(store, campaign, version))
        stack.callback(relater.close)
        thread.rolled_back = relater.reload
        looker = Looker(fetcher, blobs, engine, version, settings.fetch.image_bytes, settings.fetch.video_bytes)
        pipeline = Pipeline(store, relater, looker, campaign)
        sources = make_sources(thread, once)
        limits = Limits(
            concurrency=settings.worker.concurrency,
            attempts=settings.fetch.attempts,
            grace=settings.worker.grace,
            reserve=settings.worker.disk_reserve,
        )
        worker = Worker(thread, pipeline, sources, clock, epoch, limits, on_verdicts, stage)
        yield Bot(
            store=store,
            thread=thread,
            blobs=blobs,
            engine=engine,
            relater=relater,
            pipeline=pipeline,
            worker=worker,
            sources=sources,
        )


class AlreadyLedError(UserError):
    """Another process leads this data directory."""
