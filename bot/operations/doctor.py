"""What may be wrong with this installation: each check answers in one line, and none changes anything."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import detectors
from bot.campaign import Campaign
from bot.errors import UserError
from bot.settings import Settings
from bot.store import Store
from bot.store.connection import sqlite_version, wal_is_sound
from bot.store.copy import missing
from bot.store.counts import Counts
from bot.store.opening import reading
from bot.store.rebuild import differing
from detectors.evidence import Value

State = Literal["ok", "warning", "broken"]

_OLDEST_CLOCK = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)  # before this software was written


class Check(Value):
    """One look at one thing. ``broken``: the bot cannot do its work until somebody mends it."""

    name: str
    state: State
    detail: str


def examine(settings: Settings, campaign: Campaign, kit: str, now: dt.datetime) -> Iterator[Check]:
    """Every check that needs no network, one after the other; one that fails itself is ``broken``."""
    yield _guarded("packaging", _packaging)
    yield _guarded("settings", lambda: _settings(settings))
    yield _guarded("campaign", lambda: _campaign(campaign, now))
    yield _guarded("brand kit", lambda: _kit(kit))
    yield _guarded("clock", lambda: _clock(now))
    yield _guarded("sandbox", lambda: _sandbox(settings, kit))
    yield _guarded("disk", lambda: _disk(settings))
    yield _guarded("fetching", lambda: _fetching(settings))
    yield from _database(settings)


def _guarded(name: str, check: Callable[[], tuple[State, str]]) -> Check:
    try:
        state, detail = check()
    except Exception as error:  # noqa: BLE001 - a doctor that falls ill has found something
        state, detail = "broken", f"{type(error).__name__}: {error}"
    return Check(name=name, state=state, detail=detail)


def _packaging() -> tuple[State, str]:
    """Another package of the name ``detectors`` may have taken the place of ours."""
    ours = Path(__file__).resolve().parents[2] / "detectors"
    loaded = Path(str(detectors.__file__)).resolve().parent
    if loaded != ours:
        return "broken", f"'detectors' is {loaded}, not ours: another package of that name was installed after this one"
    return "ok", str(ours.parent)


def _settings(settings: Settings) -> tuple[State, str]:
    overrides = sorted(name for name in os.environ if name.startswith("GATEWARDEN_") and "__" in name)
    beside = f", and {', '.join(overrides)}" if overrides else ""
    return "ok", f"{settings.source or 'defaults'}{beside}; data in {settings.data}"


def _campaign(campaign: Campaign, now: dt.datetime) -> tuple[State, str]:
    facts = f"{campaign.name}, version {campaign.version}"
    if campaign.closed(now):
        return "warning", f"{facts}: closed since {campaign.ends}"
    return "ok", facts if campaign.ends is None else f"{facts}, until {campaign.ends}"


def _kit(kit: str) -> tuple[State, str]:
    from detectors.brand import check_kit, load_kit

    loaded = load_kit(kit)
    problems = check_kit(Path(loaded.directory))
    if problems:
        return "broken", "; ".join(problems[:3])
    return "ok", f"{loaded.name}, {len(loaded.assets)} assets, {loaded.hash[:12]}"


def _clock(now: dt.datetime) -> tuple[State, str]:
    if now < _OLDEST_CLOCK:
        return "broken", f"this machine thinks that it is {now.isoformat()}: the window cannot be judged"
    return "ok", now.isoformat(timespec="seconds")


def _sandbox(settings: Settings, kit: str) -> tuple[State, str]:
    """Starts one decoder, so that it is the sandbox itself that answers."""
    from bot.engines.pool import PoolEngine

    if settings.engine.sandbox == "off":
        return "warning", '[engine] sandbox = "off": strangers\' files are decoded without one'

    async def layers() -> tuple[str, ...]:
        engine = PoolEngine(settings.engine, kit)
        try:
            return await engine.layers()
        finally:
            await engine.close()

    return "ok", ", ".join(asyncio.run(layers()))


def _disk(settings: Settings) -> tuple[State, str]:
    free = shutil.disk_usage(settings.data).free
    facts = f"{free / 1e9:.1f} GB free in {settings.data}, media budget {settings.media.budget / 1e9:.1f} GB"
    if free < settings.worker.disk_reserve:
        return "broken", f"{facts}: below the reserve, the feed pauses"
    return ("warning" if free < settings.media.budget else "ok"), facts


def _fetching(settings: Settings) -> tuple[State, str]:
    """Nothing beside the public internet should be open in production."""
    opened_up = [*map(str, settings.fetch.allow_addresses), *(f"port {port}" for port in settings.fetch.allow_ports)]
    if opened_up:
        return "warning", f"[fetch] allows {', '.join(opened_up)}: strangers' links may reach these"
    return "ok", "public addresses only"


def _database(settings: Settings) -> Iterator[Check]:
    """The checks that need the database; one line where it cannot be opened."""
    try:
        with reading(settings) as store:
            yield _guarded("sqlite", lambda: _sqlite(store))
            yield _guarded("database", lambda: _pages(store))
            yield _guarded("event log", lambda: _log(store))
            yield _guarded("projections", lambda: _projections(store))
            yield _guarded("work", lambda: _work(store))
    except UserError as error:
        yield Check(name="database", state="broken", detail=str(error))


def _sqlite(store: Store) -> tuple[State, str]:
    version = sqlite_version()
    facts = f"SQLite {'.'.join(map(str, version))}, journal {store.connection.journal}"
    if not wal_is_sound(version):
        return "warning", f"{facts}: this build can corrupt a write-ahead log, so the slower journal is used"
    return "ok", facts


def _pages(store: Store) -> tuple[State, str]:
    problem = store.connection.row("PRAGMA quick_check(1)")
    if problem is None or problem[0] != "ok":
        return "broken", f"damaged: {problem[0] if problem else 'no answer'}"
    gone = missing(store.connection)
    if gone:
        return "broken", f"damaged: no table {', '.join(gone)}"
    size = (store.directory / "gatewarden.db").stat().st_size
    return "ok", f"every page is sound, {size / 1e6:.1f} MB"


def _log(store: Store) -> tuple[State, str]:
    broken = store.log.verify()
    return ("ok", "every event as it was sealed") if broken is None else ("broken", broken)


def _projections(store: Store) -> tuple[State, str]:
    wrong = differing(store.connection)
    if wrong:
        return "broken", f"{len(wrong)} posts do not stand as their history says: {', '.join(wrong[:5])}"
    return "ok", "every post stands as its history says"


def _work(store: Store) -> tuple[State, str]:
    counts = Counts(store.connection)
    waiting, faults = counts.waiting(), counts.faults()
    facts = f"{waiting.open} posts to judge, {waiting.failed} of them being tried again"
    if faults:
        named = ", ".join(f"{name} ({len(ids)}: {', '.join(ids[:3])})" for name, ids in faults.items())
        return "warning", f"{facts}; faults of ours: {named}"
    return "ok", facts
