"""The loop: feed, claim, look, settle; bounded, stoppable, for weeks.

One task a source takes batches in, each in one transaction with the feed's position. The dispatcher claims due posts,
plans them, and settles at once those that need no look; the others are looked at concurrently and settled in groups,
so that several posts share a durable transaction. A stop finishes what is in flight within its grace and hands the
rest back; nothing is lost either way, for a claim that was not settled is due again at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bot.clock import Clock
from bot.errors import Transient, UserError
from bot.log import get_logger
from bot.media.look import Seen
from bot.model import Verdict
from bot.pipeline import Pipeline, Plan
from bot.sources import Batch, Source
from bot.store.thread import StoreThread, StoreUnavailableError
from bot.store.times import to_us
from bot.store.work import Job
from detectors.evidence import Value

T = TypeVar("T")
Stage = Callable[[str], contextlib.AbstractContextManager[None]]
"""Measures a stage of the flow, by name, while its block lasts."""

log = get_logger("worker")

_CLAIM = 128
_GROUP = 64
_IDLE_SECONDS = 0.5  # how often the work list is looked at for what other processes put there
_FULL_SECONDS = 5.0
_STEADY_SECONDS = 2.0  # from which on the end of the process is no longer put down to chance
_OUR_DISK = frozenset({"disk_full", "disk_failed"})  # no fault of the post's: it costs none of its tries


class Limits(Value):
    """Bounds of the loop. ``attempts``: tries of one post while the world fails; ``backoff``: seconds before the
    second,
    doubled for each further, at most ``backoff_most``; ``grace``: seconds that a stop waits for what is in flight;
    ``reserve``: bytes of free disk below which nothing is taken in."""

    concurrency: int = 16
    attempts: int = 3
    grace: float = 30.0
    backoff: float = 2.0
    backoff_most: float = 600.0
    reserve: int = 0


class Progress(Value):
    """What the worker has done so far in this run."""

    taken: int = 0
    judged: int = 0
    open: int = 0


class Worker:
    """Runs sources through the pipeline. One per data directory: ``epoch`` comes from ``Store.lead``."""

    def __init__(
        self,
        thread: StoreThread,
        pipeline: Pipeline,
        sources: Sequence[Source],
        clock: Clock,
        epoch: int,
        limits: Limits,
        on_verdicts: Callable[[Sequence[Verdict]], None] = lambda verdicts: None,
        stage: Stage = lambda name: contextlib.nullcontext(),
    ) -> None:
        self._thread, self._pipeline = thread, pipeline
        self._sources, self._clock, self._epoch, self._limits = sources, clock, epoch, limits
        self._on_verdicts, self._stage = on_verdicts, stage
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._free = asyncio.Semaphore(limits.concurrency)
        self._looking: dict[str, tuple[Plan, asyncio.Task[None]]] = {}
        self._looked: asyncio.Queue[tuple[Plan, tuple[Seen, ...]]] = asyncio.Queue()
        self._taken = self._judged = 0
        self._began = 0.0
        self.last_heard: dict[str, dt.datetime] = {}
        self._unwritable = self._cramped = False

    @property
    def progress(self) -> Progress:
        """Counts of this run."""
        return Progress(taken=self._taken, judged=self._judged, open=len(self._looking) + self._looked.qsize())

    @property
    def paused(self) -> bool:
        """Whether nothing is taken in for want of room on the disk."""
        return self._unwritable or self._cramped

    def stop(self) -> None:
        """Ask for a graceful stop; harmless when asked twice."""
        self._stopping.set()
        self._wake.set()

    async def run(self, *, once: bool = False) -> None:
        """Work until stopped; with ``once`` (and sources made for one pass), until a pass over the sources brings
        nothing new and all is judged.

        Raises ``UserError`` where, with ``once``, a source could not be read within its attempts.
        """
        async with asyncio.TaskGroup() as tasks:
            helpers = [tasks.create_task(self._dispatch()), tasks.create_task(self._settle())]
            try:
                if once:
                    await self._passes()
                else:
                    feeds = [tasks.create_task(self._feed(source, once=False)) for source in self._sources]
                    await self._stopping.wait()
                    await _cancel(feeds)
            finally:
                self.stop()
                await self._wind_down()
                await _cancel(helpers)

    async def _passes(self) -> None:
        while not self._stopping.is_set():
            before = self._taken
            feeds = asyncio.gather(*(self._feed(source, once=True) for source in self._sources), return_exceptions=True)
            results = await self._unless_stopped(feeds)
            await self._unless_stopped(asyncio.ensure_future(self._drained()))
            for failure in results or ():
                if isinstance(failure, BaseException):
                    raise failure
            if self._taken == before:
                return

    async def _drained(self) -> None:
        while await self._thread.read(self._thread.store.work.open):  # noqa: ASYNC110 - other processes add work too
            await asyncio.sleep(0.02)

    async def _unless_stopped(self, work: asyncio.Future[T]) -> T | None:
        """The result of ``work``, or None where a stop came first; the work is cancelled then."""
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await _cancel([stop])
            return work.result()
        await _cancel([work])
        return None

    async def _feed(self, source: Source, *, once: bool) -> None:
        """Take a source's batches in, for ever or for one pass. Its outages are waited out, in bounds where
        ``once``.
        """
        failures = 0
        while True:
            try:
                position = await self._thread.read(lambda: self._thread.store.intake.position(source.name))
                async with contextlib.aclosing(source.stream(position)) as stream:
                    async for batch in stream:
                        await self._take(source.name, batch)
                        if not once and (batch.poll is None or batch.poll.complete):
                            failures = 0  # an unfinished poll is no sign of health; one pass has so many tries in all
                return
            except UserError:
                raise
            except Transient as error:
                reason, retry_after = error.reason, error.retry_after
            except Exception as error:  # noqa: BLE001 - a bug in one source must not stop the daemon
                log.error("source broke", source=source.name, traceback=traceback.format_exc())
                reason, retry_after = f"{type(error).__name__}: {error}", None
            failures += 1
            if once and failures >= self._limits.attempts:
                raise UserError(f"the source {source.name} could not be read: {reason}")
            wait = self._backoff(failures, retry_after)
            log.warning("source failed", source=source.name, reason=reason, again_in=round(wait, 1))
            await self._clock.sleep(wait)

    async def _take(self, source: str, batch: Batch) -> None:
        def write() -> int:
            return self._thread.store.take(source, batch, self._clock.now())

        await self._room()
        with self._stage("take"):
            self._taken += await self._durably(write)
        self.last_heard[source] = self._clock.now()
        self._wake.set()

    async def _room(self) -> None:
        """Wait until there is room to spare: what is taken in must be looked at and judged as well."""
        while (free := self._thread.store.free()) < self._limits.reserve:
            self._cramped = True
            log.error("disk nearly full: the feed pauses", free=free, reserve=self._limits.reserve)
            await asyncio.sleep(_FULL_SECONDS)
        self._cramped = False

    async def _durably(self, write: Callable[[], int]) -> int:
        """Write; while the store cannot be written (a full disk) all pauses here, and resumes by itself."""
        while True:
            try:
                written = await self._thread.write(write)
                self._unwritable = False
                return written
            except StoreUnavailableError as error:
                self._unwritable = True
                log.error("store unavailable: paused", error=str(error))
                await asyncio.sleep(_FULL_SECONDS)

    async def _dispatch(self) -> None:
        """Claim due posts; settle those that need no look, start looking at the others."""
        self._began = asyncio.get_running_loop().time()
        while not self._stopping.is_set():
            self._wake.clear()
            room = self._limits.concurrency * 2 - len(self._looking)
            claimed = await self._claim() if room > 0 else 0
            if not claimed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)

    async def _claim(self) -> int:
        """One claim; two transactions, so that an attempt is on record before it is made."""
        store, idle = self._thread.store, not self._looking
        steady = asyncio.get_running_loop().time() - self._began >= _STEADY_SECONDS
        jobs: list[Job] = []
        plans: list[Plan] = []
        verdicts: list[Verdict] = []

        def claim() -> int:
            jobs[:] = store.work.claim(_CLAIM, to_us(self._clock.now()), self._epoch, idle=idle, steady=steady)
            return len(jobs)

        def settle() -> int:
            verdicts.clear()
            plans.clear()
            now = to_us(self._clock.now())
            for job in jobs:
                plan = self._pipeline.plan(job)
                plans.append(plan)
                if not plan.todo:
                    verdicts.extend(self._pipeline.settle(plan, (), now))
            return sum(1 for plan in plans if not plan.todo)

        claimed = await self._durably(claim)
        if claimed:
            self._tell(await self._durably(settle), verdicts)
        for plan in plans:
            if plan.todo:
                self._looking[plan.job.post_id] = (plan, asyncio.create_task(self._look(plan)))
        return claimed

    async def _look(self, plan: Plan) -> None:
        async with self._free:
            with self._stage("look"):
                seen = await self._pipeline.look(plan, self._has_evidence)
        await self._looked.put((plan, seen))

    async def _has_evidence(self, sha256: str) -> bool:
        return await self._thread.read(lambda: self._pipeline.has_evidence(sha256))

    async def _settle(self) -> None:
        """Record looked posts, those that are ready together in one transaction."""
        while True:
            group = [await self._looked.get()]
            while len(group) < _GROUP and not self._looked.empty():
                group.append(self._looked.get_nowait())
            await self._settle_group(group)

    async def _settle_group(self, group: Sequence[tuple[Plan, tuple[Seen, ...]]]) -> None:
        verdicts: list[Verdict] = []

        def write() -> int:
            verdicts.clear()
            now = to_us(self._clock.now())
            return sum(self._settle_one(plan, seen, now, verdicts) for plan, seen in group)

        with self._stage("settle"):
            settled = await self._durably(write)
        for plan, _ in group:
            self._looking.pop(plan.job.post_id, None)
        self._tell(settled, verdicts)
        self._wake.set()

    def _settle_one(self, plan: Plan, seen: tuple[Seen, ...], now: int, verdicts: list[Verdict]) -> int:
        full = next((s for s in seen if s.transient in _OUR_DISK), None)
        if full is not None:
            log.error("media cannot be stored: waiting for room", post=plan.job.post_id, reason=full.transient)
            self._pipeline.keep(plan.job.post_id, seen, now)
            self._thread.store.work.give_back(plan.job, now + round(_FULL_SECONDS * 1_000_000))
            return 0
        failed = next((s for s in seen if s.transient is not None), None)
        if failed is not None and plan.job.tries + 1 < self._limits.attempts:
            self._pipeline.keep(plan.job.post_id, seen, now)
            due = now + round(self._backoff(plan.job.tries + 1, failed.retry_after) * 1_000_000)
            self._thread.store.work.retry(plan.job, due, failed.transient or "")
            return 0
        verdicts.extend(self._pipeline.settle(plan, seen, now))
        return 1

    def _backoff(self, failures: int, retry_after: float | None) -> float:
        wait = self._limits.backoff * 2.0 ** (failures - 1) if retry_after is None else retry_after
        return min(wait, self._limits.backoff_most)

    def _tell(self, settled: int, verdicts: Sequence[Verdict]) -> None:
        self._judged += settled
        for verdict in verdicts:
            codes = [f.code for f in verdict.findings if f.stance != "supports"]
            log.info("judged", post=verdict.post_id, revision=verdict.revision, status=verdict.status, reasons=codes)
        if verdicts:
            self._on_verdicts(verdicts)

    async def _wind_down(self) -> None:
        """Finish what is in flight within the grace; hand back the rest."""
        looks = {task for _, task in self._looking.values()}
        if looks:
            await asyncio.wait(looks, timeout=self._limits.grace)
        while not self._looked.empty():
            await self._settle_group([self._looked.get_nowait()])
        left = [plan for plan, _ in self._looking.values()]
        await _cancel([task for _, task in self._looking.values()])
        if left:
            now = to_us(self._clock.now())
            await self._thread.write(lambda: self._thread.store.work.give_back_all([plan.job for plan in left], now))
        self._looking.clear()


async def _cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
