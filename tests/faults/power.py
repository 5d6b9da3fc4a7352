"""Simulated power cuts: what a disk may hold after one, opened by the real store.

One part runs ingest and decisions over the watched SQLite (``power_vfs``), with two connections at once as in
production, and is then cut at random points. In every second part SQLite uses the rollback journal instead of the
write-ahead log, as it does on builds whose log is unsound.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import apsw
import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from bot.cli.app import run
from bot.model import Delivery
from bot.sources import Batch
from bot.sources.post_json import parse_post
from bot.store import Store, connection
from bot.store.times import to_us
from tests.faults import kills
from tests.faults.drill import Drill, Figures
from tests.faults.power_vfs import Connection, Disk, Note, Watched
from tests.faults.remembered import opened, unsound

DECISIONS = 60
PART = 100
_CHECKPOINT = 40  # pages; the usual thousand would hardly be reached here


def cut(trials: range, folder: Path, *, careless: bool = False) -> Figures:
    """One cut a trial. ``careless``: with an SQLite that syncs nothing, to see that this is found out."""
    journal = ("wal", "delete")[trials.start // PART % 2]
    data = folder / "data"
    prepare(data, folder)
    disk = watched_work(data, journal, random.Random(trials.start), careless=careless)
    shutil.rmtree(data)
    figures = {"cuts": 0.0, "told": 0.0, "told_lost": 0.0, "unsound": 0.0, "not_opened": 0.0}
    for number in trials:
        draw = random.Random(number)
        at = draw.randrange(len(disk.notes) + 1)
        told = {note.name for note in disk.notes[:at] if note.kind == "told"}
        data.mkdir()
        for name, content in disk.after_a_cut(at, draw).items():
            (data / name).write_bytes(content)
        figures["cuts"] += 1
        figures["told"] += len(told)
        try:
            figures["told_lost"] += len(told - kept(data))
            wrong = unsound(data)
        except Exception as error:  # noqa: BLE001 - that the store cannot be opened is what is looked for
            figures["not_opened"] += 1
            wrong = [f"{type(error).__name__}: {error}"]
        if wrong:
            print(f"cut {number}: {wrong}", flush=True)
        figures["unsound"] += len(wrong)
        shutil.rmtree(data)
    return figures


def prepare(data: Path, folder: Path) -> None:
    """A data directory of judged posts."""
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(post) + "\n" for post in kills.posts()))
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["ingest", str(feed), "--data", str(data)]) == 0


def watched_work(data: Path, journal: str, draw: random.Random, *, careless: bool) -> Disk:
    """Decisions by the real commands while a daemon's connection takes posts in; what was done to the files."""
    files = ("gatewarden.db", "gatewarden.db-wal", "gatewarden.db-journal")
    disk = Disk({name: (data / name).read_bytes() for name in files if (data / name).exists()})
    with over(disk, journal, careless=careless):
        daemon = Store(data)
        daemon.connection.run(f"PRAGMA wal_autocheckpoint={_CHECKPOINT}")
        assert daemon.connection.journal == journal
        for number in range(DECISIONS):
            post = f"k{draw.randrange(kills.POSTS)}"
            command = draw.choice((["approve", post], ["reject", post, "--reason", "content.offtopic"], ["undo"]))
            heard = io.StringIO()
            with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(io.StringIO()):
                run([*command, "--as", "mod", "--json", "--data", str(data)])
            disk.notes += [Note("told", json.loads(line)["id"]) for line in heard.getvalue().splitlines()]
            take(daemon, number)
            disk.notes.append(Note("told", f"new{number}"))
        daemon.close()
    return disk


def take(store: Store, number: int) -> None:
    """What the daemon does with a push: when this returns, the sender is told that it was taken."""
    now = dt.datetime.now(dt.UTC)
    raw = json.dumps({"id": f"new{number}", "author": {"id": f"n{number}"}, "text": "新的故事" * 300}).encode()
    snapshot = parse_post(raw, zone=dt.UTC)
    delivery = Delivery(source="push", observed_at=now, snapshot=snapshot, raw=msgspec.Raw(raw))
    with store.transaction():
        dirty = store.intake.take("push", Batch(deliveries=(delivery,), delivery_ids=(f"d{number}",)), now)
        store.work.add(dirty, to_us(now))


@contextlib.contextmanager
def over(disk: Disk, journal: str, *, careless: bool) -> Iterator[None]:
    """The store over the watched SQLite while the block lasts."""
    watched = Watched(disk)
    replaced = SimpleNamespace(
        connect=functools.partial(Connection, careless=careless),
        DatabaseError=(sqlite3.DatabaseError, apsw.Error),
        OperationalError=sqlite3.OperationalError,
        sqlite_version_info=tuple(map(int, apsw.sqlite_lib_version().split("."))),
    )
    with (
        mock.patch.object(connection, "sqlite3", replaced),
        mock.patch.object(connection, "wal_is_sound", lambda version: journal == "wal"),
    ):
        try:
            yield
        finally:
            watched.unregister()


def kept(data: Path) -> set[str]:
    """Ids of decisions and of pushed posts that are there."""
    with opened(data) as store:
        decisions = {str(row[0]) for row in store.connection.rows("SELECT id FROM decisions")}
        return decisions | {f"new{n}" for n in range(DECISIONS) if store.intake.post(f"new{n}") is not None}


DRILL = Drill(
    name="power",
    title="power cuts while posts are taken and decisions made",
    trials=500,
    batch=PART,
    most={"told_lost": 0, "unsound": 0, "not_opened": 0},
    run=cut,
)
