"""Data directories of eligible posts, made without looking at any picture: what awards are tested on."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from bot.awards import drawing
from bot.awards.joining import Joined, Share
from bot.awards.judging import Marked
from bot.awards.leaderboard import Count
from bot.awards.randomness import Reveals, parties, promise
from bot.campaign import load_campaign
from bot.model import Author, Delivery, Finding, MediaRef, Snapshot, Verdict
from bot.posts.merge import url_key
from bot.sources import Batch
from bot.store import Store
from bot.store.judging import Judging
from bot.store.times import to_us
from detectors.evidence import Colour, Mark, MediaEvidence
from tests.integration.commands import Command

COUNT = 150
POSTED = dt.datetime(2025, 7, 20, 4, tzinfo=dt.UTC)
NICKNAMES = ("satoshi", "张三丰", "<b>bold</b>", "=1+1", "x", "", "ann|bob`", "李四\u202e")


def author(number: int, person: bool = True) -> Author:
    """The author of a post: every fifteenth has a second post under another account."""
    human = number - 1 if number % 15 == 1 and number > 1 else number
    return Author(
        id=f"a{number}",
        person=f"p{human}" if person else None,
        nickname=NICKNAMES[number % len(NICKNAMES)],
        region=("CN", "US", "HK")[number % 3],
    )


def fill(folder: Path, count: int, **more: Any) -> Store:
    """A store of ``count`` eligible posts, ids 1001 and up, each with one picture; ``more``: of each author."""
    store, campaign = Store(folder), load_campaign()
    deliveries, shas = [], {}
    for number in range(count):
        post_id, ref = str(1001 + number), MediaRef(type="image", url=f"https://a.test/{number}.png")
        snapshot = Snapshot(
            id=post_id, created_at=POSTED, author=author(number, **more), text="#我的Gate时刻#", media=(ref,),
            url=f"https://www.gate.com/post/status/{post_id}",
        )  # fmt: skip
        deliveries.append(Delivery(source="push", observed_at=POSTED, snapshot=snapshot))
        body = b"picture %d" % number
        shas[post_id] = (ref, hashlib.sha256(body).hexdigest())
        stored = folder / "media" / shas[post_id][1][:2] / shas[post_id][1][2:]
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(body)
    with store.transaction():
        store.intake.take("push", Batch(deliveries=tuple(deliveries)), POSTED)
        for post_id, (ref, sha256) in shas.items():
            store.intake.attach(post_id, ref, sha256=sha256, failure=None)
            store.media.save(sha256, "1", evidence(sha256), to_us(POSTED))
            verdict = Verdict(
                post_id=post_id,
                revision=1,
                status="eligible",
                findings=(Finding(code="accepted", stance="supports"),),
                campaign=campaign.name,
                campaign_version=campaign.version,
            )
            store.verdicts.record(verdict, f"a{int(post_id) - 1001}", 0, (), to_us(POSTED))
    assert url_key(shas["1001"][0]) in store.intake.attachments("1001")
    return store


def evidence(sha256: str) -> MediaEvidence:
    """What the detectors would have said."""
    return MediaEvidence(
        sha256=sha256, kind="image", format="png", width=10, height=10, duration=None,
        marks=(Mark(name="mark", score=0.9, box=(1.0, 1.0, 3.0, 3.0)),),
        colour=Colour(score=0.0, shares={}, adjacency=0.0), resemblances=(), fingerprints=(), codes=(),
        detectors={"marks": "1"},
    )  # fmt: skip


def scored(store: Store, count: int, judges: tuple[str, ...] = ("jo", "kim"), seed: int = 1) -> None:
    """Marks by every judge for every post, drawn at random."""
    rng, campaign = random.Random(seed), load_campaign()
    judging = Judging(store.connection, store.log, campaign.name)
    with store.transaction():
        for judge in judges:
            judging.add_judge(judge, None, to_us(POSTED))
        for number in range(count):
            for judge in judges:
                marks = {name: rng.randrange(11) for name in campaign.rubric}
                judging.mark(Marked(post_id=str(1001 + number), judge=judge, marks=marks), 1, to_us(POSTED))


MOMENT = dt.datetime(2025, 7, 28, 4, tzinfo=dt.UTC)
NOW = dt.datetime(2025, 7, 30, 4, tzinfo=dt.UTC)


def shared(store: Store, count: int) -> None:
    """Every third post was shared to X and counted at the moment: the later the post, the more views."""
    campaign = load_campaign()
    numbers = range(0, count, 3)
    shares = tuple(
        Share(post_id=str(1001 + n), x_id=str(10**18 + n), author_id=f"a{n}", owner=author(n).person or "", line=n + 2)
        for n in numbers
    )
    with store.transaction():
        number = store.shares.begin("questionnaire", "ab" * 32, (len(shares), len(shares), 0), "amy", POSTED)
        store.shares.add(number, Joined(shares=shares, again=(), problems=(), contested=frozenset()))
        store.shares.fix_moment(campaign.name, MOMENT, "amy", POSTED)
        counts = [
            Count(x_id=s.x_id, at=MOMENT + dt.timedelta(minutes=5), views=100 * s.line, failure=None) for s in shares
        ]
        store.shares.count(counts, {s.x_id: s.x_id for s in shares}, "file")


def drawn(store: Store) -> None:
    """The draw, between two parties."""
    campaign, began = load_campaign(), MOMENT - dt.timedelta(hours=3)
    told = Reveals(reveals={"club": "ab" * 32, "gate": "cd" * 32})
    source = parties({name: promise(name, secret) for name, secret in told.reveals.items()}, began, None)
    with store.transaction():
        drawing.commit(store, campaign, source, (), "amy", began)
        drawing.hold(store, campaign.name, told, "amy", began + dt.timedelta(hours=2))


def ready(folder: Path, count: int) -> None:
    """A data directory in which everything is there to propose winners."""
    store = fill(folder, count)
    scored(store, count)
    shared(store, count)
    drawn(store)
    store.close()


def winning(command: Command, data: Path) -> dict[str, list[str]]:
    """Winners' posts by tier."""
    found: dict[str, list[str]] = {}
    for row in command("winners", "propose", "--json", "--data", data).objects:
        if row["tier"] is not None:
            found.setdefault(row["tier"], []).append(row["post_id"])
    return found


def frozen(command: Command, data: Path) -> dict[str, list[str]]:
    """Tick every winner's post and freeze."""
    found = winning(command, data)
    ticks = [f"--tick={post_id}" for posts in found.values() for post_id in posts]
    assert command("winners", "recheck", *ticks, "--as", "amy", "--data", data).status == 0
    ended = command("winners", "freeze", "--as", "amy", "--data", data)
    assert ended.status == 0, ended.err
    return found


def published(command: Command, data: Path, folder: Path, *more: str) -> Path:
    """Publish into a folder."""
    assert command("winners", "publish", folder, *more, "--as", "amy", "--data", data).status == 0
    return folder


def verify(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The shipped verifier, as a program that sees nothing of ours."""
    program = [sys.executable, "-I", str(folder / "evidence" / "verify_winners.py"), *more]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd="/")
