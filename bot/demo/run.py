"""The demo: the real bot of ``wire.py`` over real HTTP against the simulated square, act by act, and what came out."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import secrets
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console

from bot import settings as config
from bot.campaign import load_campaign
from bot.demo import album
from bot.demo.awarding import FOLDER, award
from bot.demo.backend import Backend, Told
from bot.demo.report import Report, Row, console, outcome, print_report, wavered
from bot.demo.scenario import Act, Scenario, load_scenario
from bot.demo.shares import FILE, share
from bot.demo.square import LOOPBACK, Square
from bot.demo.story_clock import StoryClock
from bot.errors import UserError
from bot.log import configure
from bot.model import Status, Verdict
from bot.settings import Secret, Settings
from bot.sources import Batch, Source
from bot.sources.push import Push
from bot.store import Store
from bot.wire import Bot, MakeSources, bot, configured_sources

DEFAULT_DATA: Final = Path(".demo")
MARKER: Final = "gatewarden-demo"
"""A file in the demo's data folder: what holds it may be emptied for the next run."""

_OURS: Final = ("gatewarden.db*", "media/**/*", FILE, f"{FOLDER}/**/*", MARKER)
_DEADLINE: Final = 2.0  # seconds for one download: the square is near, and one of its media never ends
_PATIENCE: Final = 120.0  # seconds after which an act that has not come to its end never will
_LOOK: Final = 0.05
_BEFORE: Final = dt.timedelta(hours=1)


def run(data: Path | None = None) -> int:
    """``gatewarden demo``: run the story, print the report, and return the exit status. ``data``: else ``.demo`` here.

    Raises UserError as ``run_demo`` does.
    """
    configure(config.Log(level="error"))
    return 0 if asyncio.run(run_demo(data or DEFAULT_DATA, console(), Console(stderr=True))) else 1


async def run_demo(
    data: Path,
    out: Console,
    err: Console,
    *,
    scenario: Scenario | None = None,
    engine: config.Engine | None = None,
) -> bool:
    """Run a story, the shipped one if none is given, in the folder ``data``, which is emptied first where an earlier
    demo made it. Prints the report to ``out`` and progress to ``err``. Returns whether every verdict is as meant.

    Raises UserError where the folder holds anything else, or is led by another process.
    """
    began = time.perf_counter()
    prepare(data)
    campaign = load_campaign()
    scenario = load_scenario(campaign) if scenario is None else scenario
    clock = StoryClock(scenario.acts[0].at - _BEFORE)
    files = await _drawn(scenario, err)
    square = Square(scenario, clock, files)
    async with square.listening():
        settings = settings_for(data, square, engine or config.Engine())
        history: dict[str, set[Status]] = defaultdict(set)
        polls = Polls()
        make = polls.watched(configured_sources(settings, campaign, clock, ("gate_square", "push")))
        async with bot(settings, campaign, clock, make, on_verdicts=lambda news: _remember(history, news)) as parts:
            told = await _play(parts, scenario, square, clock, polls, settings, err)
            rows = await _rows(parts, scenario, history)
            quarantined = await parts.thread.read(lambda: len(parts.store.intake.quarantined()))
    err.print("two days later  The questionnaire is imported, and views on X are counted", highlight=False)
    shared = await share(settings, campaign, scenario, clock)
    err.print("an hour later  Judges have scored, two parties have drawn, winners are published", highlight=False)
    awarded = await award(settings, campaign, clock)
    report = Report(
        rows=rows,
        seconds=time.perf_counter() - began,
        searches=square.searches,
        refusals=square.refusals,
        told=told,
        quarantined=quarantined,
        shared=shared,
        awarded=awarded,
        data=str(data),
        program=_program(),
    )
    print_report(report, out)
    return report.as_meant


def _program() -> str:
    """How to call the command again: by its name where the shell finds it, else by where it is."""
    called = Path(sys.argv[0])
    if shutil.which("gatewarden"):
        return "gatewarden"
    return os.path.relpath(called) if called.name == "gatewarden" else "python -m bot"


def prepare(data: Path) -> None:
    """Make the folder, or empty it of an earlier demo. Raises UserError where it holds something else, or where
    another process is at work in it."""
    marker = data / MARKER
    try:
        if data.exists() and any(data.iterdir()) and not marker.exists():
            raise UserError(f"{data} holds something that is not the demo's: name another folder with --data")
        data.mkdir(parents=True, exist_ok=True)
        if any(data.glob("*.db")):
            _ensure_idle(data)
        for pattern in _OURS:
            for path in data.glob(pattern):
                if path.is_file():
                    path.unlink()
        marker.write_text("Made by `gatewarden demo`, and emptied by the next one.\n")
    except OSError as error:
        raise UserError(f"cannot use {data} for the demo: {error.strerror or error}") from error


def _ensure_idle(data: Path) -> None:
    with contextlib.closing(Store(data)) as store:
        if store.lead(0) is None:
            raise UserError(f"another gatewarden is working in {data}")


def settings_for(data: Path, square: Square, engine: config.Engine) -> Settings:
    """The settings of a daemon that watches this square."""
    return Settings(
        data=data,
        gate_square=config.GateSquare(host=square.url),
        push=config.Push(port=0, secret=Secret(secrets.token_hex(16))),
        fetch=config.Fetch(
            allow_addresses=(ipaddress.ip_network(f"{LOOPBACK}/32"),),
            allow_ports=(square.port, square.dead_port),
            deadline=_DEADLINE,
            rate=500,
        ),
        engine=engine,
    )


class Polls:
    """Sees when a poll of the search has come to its end and is committed: then an act has been taken in."""

    def __init__(self) -> None:
        self._ended: asyncio.Queue[Batch] = asyncio.Queue()

    def watched(self, make: MakeSources) -> MakeSources:
        """The same sources, the search looked at from outside."""
        return lambda thread, once: [
            _Watched(source, self._ended) if source.name == "gate_square" else source for source in make(thread, once)
        ]

    async def complete_since(self, act: Act) -> None:
        """Wait for a complete poll that began in this act."""
        while True:
            poll = (await self._ended.get()).poll
            if poll is not None and poll.complete and poll.started >= act.at:
                return


class _Watched:
    """A source that hands on what another gives, and tells of what was committed."""

    def __init__(self, source: Source, committed: asyncio.Queue[Batch]) -> None:
        self._source, self._committed = source, committed
        self.name = source.name

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """The other's batches."""
        async with contextlib.aclosing(self._source.stream(position)) as batches:
            async for batch in batches:
                yield batch
                self._committed.put_nowait(batch)


async def _drawn(scenario: Scenario, err: Console) -> dict[str, bytes]:
    """Every picture that some post shows, as a file. Traps are no pictures."""
    names = [name for name in scenario.pictures if not name.startswith("trap-")]
    err.print(f"drawing {len(names)} pictures and videos", highlight=False)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as threads:
        bodies = await asyncio.gather(*(loop.run_in_executor(threads, album.draw, name) for name in names))
    return dict(zip(names, bodies, strict=True))


async def _play(
    parts: Bot, scenario: Scenario, square: Square, clock: StoryClock, polls: Polls, settings: Settings, err: Console
) -> Told:
    """The story from its first act to its last, the worker at work all the time."""
    told = Told()
    clock.set_to(scenario.acts[0].at)  # not earlier: a slow machine still draws at the time before
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(parts.worker.run())
        backend = Backend(scenario, square, clock, await _push_url(parts), _secret(settings))
        for number, act in enumerate(scenario.acts):
            if number:
                clock.set_to(act.at)
            err.print(f"{act.at:%d %b %H:%M}  {act.title}", highlight=False)
            try:
                async with asyncio.timeout(_PATIENCE):
                    await polls.complete_since(act)
                    if act.push:
                        told += await backend.tell()
                    await _drained(parts, clock, last=act is scenario.acts[-1])
            except TimeoutError:
                raise UserError(f"the demo stands still since {_PATIENCE:.0f} s: the log above says why") from None
            progress = parts.worker.progress
            err.print(f"              {progress.taken} changes taken in, {progress.judged} judged", highlight=False)
        parts.worker.stop()
        await work
    return told


async def _push_url(parts: Bot) -> str:
    """Where the bot listens for pushes, once it does."""
    push = next(source for source in parts.sources if isinstance(source, Push))
    while push.port == 0:  # noqa: ASYNC110 - the source tells nobody when it listens
        await asyncio.sleep(_LOOK)
    return f"http://{LOOPBACK}:{push.port}"


def _secret(settings: Settings) -> str:
    assert settings.push.secret is not None
    return settings.push.secret.reveal()


async def _drained(parts: Bot, clock: StoryClock, *, last: bool) -> None:
    """Wait until every post is judged. What is to be tried again after an act's time is left to the next one."""
    while await parts.thread.read(parts.store.work.open):
        if clock.spent:
            if not last:
                return
            clock.set_to(clock.now())
        await asyncio.sleep(_LOOK)


def _remember(history: dict[str, set[Status]], news: Sequence[Verdict]) -> None:
    for verdict in news:
        history[verdict.post_id].add(verdict.status)


async def _rows(parts: Bot, scenario: Scenario, history: dict[str, set[Status]]) -> tuple[Row, ...]:
    verdicts = parts.store.verdicts
    records = await parts.thread.read(lambda: [verdicts.get(str(post.id)) for post in scenario.posts])
    return tuple(
        Row(post=post, came=outcome(record), wavered=wavered(post, frozenset(history[str(post.id)])))
        for post, record in zip(scenario.posts, records, strict=True)
    )
