"""What a daemon does beside judging: show its vitals, raise alerts, let the canary fly, sweep old media.

Each duty is a task of its own; one that fails is logged and tried again at its next turn, and never stops the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot.clock import Clock
from bot.engines.pool import PoolEngine
from bot.log import get_logger
from bot.model import Verdict
from bot.operations.alerts import Alerter, Recent, Vitals, Webhook
from bot.operations.canary import Canary
from bot.operations.metrics import Metrics, application, serving
from bot.settings import Settings
from bot.store.times import from_us
from bot.wire import Bot

log = get_logger("housekeeping")

POLLED = ("gate_square",)
"""Sources whose silence means something: the others speak when their operator does."""

_SWEEP_SECONDS = 6 * 3600.0
_REPLAY_WINDOW = dt.timedelta(minutes=20)  # twice the push endpoint's window, both ways, and some


class Pulse:
    """What the daemon tells while it works: given to ``wire.bot`` as ``on_verdicts``, asked by alerts and metrics."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.recent = Recent()
        self.canary: bool | None = None

    def judged(self, verdicts: Sequence[Verdict]) -> None:
        """Verdicts were recorded."""
        self.metrics.judged(verdicts)
        for verdict in verdicts:
            self.recent.note(fault=any(f.code == "detector.fault" for f in verdict.findings))


@contextlib.asynccontextmanager
async def keeping_house(
    parts: Bot, settings: Settings, clock: Clock, canary: Canary, pulse: Pulse
) -> AsyncIterator[None]:
    """All duties, while the block lasts. Raises UserError where the metrics' port is taken."""
    started = clock.now()

    async def vitals() -> Vitals:
        queue, since, backlog = await parts.thread.read(
            lambda: (*parts.store.verdicts.waiting(), parts.store.work.open())
        )
        recent, faults = pulse.recent.counts
        return Vitals(
            now=clock.now(),
            started=started,
            queue=queue,
            queue_since=None if since is None else from_us(since),
            backlog=backlog,
            heard={s.name: parts.worker.last_heard.get(s.name) for s in parts.sources if s.name in POLLED},
            recent=recent,
            recent_faults=faults,
            canary=pulse.canary,
            disk_full=parts.worker.paused,
            deaths=parts.engine.deaths.total() if isinstance(parts.engine, PoolEngine) else 0,
        )

    async def fly() -> None:
        problem = await canary.check(clock.now())
        pulse.canary = problem is None
        if problem is not None:
            log.error("canary missed", problem=problem)

    async def sweep() -> None:
        swept = await asyncio.to_thread(parts.blobs.sweep, clock.now(), settings.media.retention, settings.media.budget)
        await parts.thread.write(lambda: parts.store.intake.forget_pushes(clock.now() - _REPLAY_WINDOW))
        if swept.removed:
            log.info("media swept", removed=swept.removed, freed=swept.freed, left=swept.left)

    alerter = Alerter(settings.alerts, clock, Webhook(settings.alerts.webhook, clock))

    async def alert() -> None:
        await alerter.consider(await vitals())

    async with contextlib.AsyncExitStack() as stack:
        if settings.metrics.enabled:
            await stack.enter_async_context(
                serving(settings.metrics, application(pulse.metrics, vitals, settings.alerts))
            )
        duties = [(sweep, _SWEEP_SECONDS), (alert, settings.alerts.every)]
        if settings.canary.enabled:
            duties.append((fly, settings.canary.interval))
        tasks = [asyncio.create_task(_every(clock, seconds, duty)) for duty, seconds in duties]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _every(clock: Clock, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
    """Do a duty now and again after ``seconds``, until cancelled."""
    while True:
        try:
            await duty()
        except Exception:  # noqa: BLE001 - a duty that fails must not stop the daemon; it comes round again
            log.error("duty failed", duty=duty.__name__, traceback=traceback.format_exc())
        await clock.sleep(seconds)
