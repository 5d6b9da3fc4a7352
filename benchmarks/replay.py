"""How long a replay of stored posts takes: ``python -m benchmarks.replay [--posts N] [--keep DIR]``.

Builds a data directory of N judged posts through the real pipeline over made-up evidence: one picture each, one in
twenty nearly another's, one in fifty another's bytes, one in thirty a story told before. No local features: no parts;
and but one picture in ten has a fingerprint fit for search, for building would else take an hour.
Then replays another brand threshold, and for a tenth of the posts another threshold of copies (links are proven anew,
which costs more the more pictures there are), as the command does, and prints seconds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bot.campaign import Campaign, load_campaign
from bot.copies.relate import Relater, ground
from bot.media.look import Looker, Seen
from bot.model import Author, Delivery, MediaRef, Snapshot, Stats, Stored
from bot.pipeline import Pipeline
from bot.reports.replay import replay
from bot.sources import Batch
from bot.store import Store
from bot.store.times import to_us
from detectors.evidence import Code, Colour, Fingerprint, Mark, MediaEvidence, Resemblance

START = dt.datetime(2025, 7, 10, tzinfo=dt.UTC)
VERSION = "benchmark"
_STEP = 1000


class _Blind(Looker):
    """Looks at nothing: what there is to be seen is handed over."""

    def __init__(self) -> None:
        self.version = VERSION


def main() -> None:
    """Build, replay twice, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="Build here, or use what was built here before.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = asked.keep or Path(name)
        campaign = load_campaign()
        if not (folder / "gatewarden.db").exists():
            begun = time.perf_counter()
            build(folder, asked.posts, campaign)
            print(f"built {asked.posts} posts in {time.perf_counter() - begun:.0f} s", flush=True)
        brand = msgspec.structs.replace(campaign.brand, accept=0.5)
        told(folder, "another brand threshold", msgspec.structs.replace(campaign, brand=brand))
        few, copies = folder / "few", msgspec.structs.replace(campaign.copies, near=campaign.copies.near - 10)
        if not few.exists():
            build(few, asked.posts // 10, campaign)
        told(few, "another threshold of copies", msgspec.structs.replace(campaign, copies=copies))


def told(folder: Path, title: str, campaign: Campaign) -> None:
    """Replay, and print what it took."""
    store = Store(folder)
    anew = ", links proven anew" if store.grounds.all() - {ground(campaign)} else ""
    begun, before = time.perf_counter(), _busy()
    found = replay(store, campaign, VERSION)
    seconds, busy = time.perf_counter() - begun, _busy() - before
    store.close()
    print(
        f"{title}{anew}: {found.posts} posts in {seconds:.1f} s on {os.cpu_count()} cores ({busy:.1f} CPU s),"
        f" {len(found.flips)} would flip",
        flush=True,
    )


def _busy() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def build(folder: Path, count: int, campaign: Campaign) -> None:
    """Judge so many posts, a thousand a transaction."""
    store = Store(folder)
    pipeline = Pipeline(store, Relater(store, campaign, VERSION), _Blind(), campaign)
    posts = _posts(random.Random(7), count)
    while chunk := [post for _, post in zip(range(_STEP), posts, strict=False)]:
        with store.transaction():
            deliveries = tuple(delivery for delivery, _ in chunk)
            at = deliveries[-1].observed_at
            store.work.add(store.intake.take("push", Batch(deliveries=deliveries), at), 0)
            evidence = {delivery.snapshot.id: seen for delivery, seen in chunk}
            for job in store.work.claim(_STEP, 2**60, 1, idle=True):
                plan = pipeline.plan(job)
                looked = [_seen(ref, evidence[job.post_id]) for ref in plan.todo]
                pipeline.settle(plan, looked, to_us(at))
    store.close()


def _seen(ref: MediaRef, evidence: MediaEvidence) -> Seen:
    return Seen(ref=ref, stored=Stored(sha256=evidence.sha256, size=250_000), examined=evidence)


def _posts(dice: random.Random, count: int) -> Iterator[tuple[Delivery, MediaEvidence]]:
    pictures: list[MediaEvidence] = []
    stories: list[str] = []
    for number in range(count):
        if pictures and dice.random() < 0.02:
            evidence = dice.choice(pictures)
        else:
            near = pictures[dice.randrange(0, len(pictures), 10)] if pictures and dice.random() < 0.05 else None
            evidence = _evidence(dice, number, near)
            pictures.append(evidence)
        if stories and dice.random() < 1 / 30:
            story = dice.choice(stories)
        else:
            story = "".join(chr(dice.randrange(0x4E00, 0x5E00)) for _ in range(dice.randrange(10, 90)))
            stories.append(story)
        at = START + dt.timedelta(seconds=number * 12)
        snapshot = Snapshot(
            id=str(1_000_000 + number),
            created_at=at,
            author=Author(id=f"u{dice.randrange(count)}", nickname=f"昵称{number}", verified=True, account_type="main"),
            text=f"#我的Gate时刻# {story}",
            media=(MediaRef(type="image", url=f"https://img.test/{number}.jpg"),),
            url=f"https://square.test/post/{number}",
            stats=Stats(views=dice.randrange(10_000), likes=dice.randrange(100)),
        )
        yield Delivery(source="push", observed_at=at + dt.timedelta(minutes=1), snapshot=snapshot), evidence


def _evidence(dice: random.Random, number: int, near: MediaEvidence | None) -> MediaEvidence:
    quality = 90 if near is not None or number % 10 == 0 else 20
    views = tuple(f"{dice.getrandbits(256):064x}" for _ in range(8))
    if near is not None:
        flips = sum(1 << bit for bit in dice.sample(range(256), 2 * dice.randrange(1, 15)))
        views = tuple(f"{int(view, 16) ^ flips:064x}" for view in near.fingerprints[0].orientations)
    score = round(dice.betavariate(0.4, 0.4), 4)
    marks = (Mark(name="mark", score=score, box=(100.0, 80.0, 240.0, 200.0)),) if score > 0.1 else ()
    codes = (Code(text=f"https://gate.test/{number}", quad=((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))),)
    return MediaEvidence(
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        kind="image",
        format="jpeg",
        width=1080,
        height=1440,
        duration=None,
        marks=marks,
        colour=Colour(score=round(dice.random() ** 4, 4), shares={"blue": 0.1, "white": 0.4}, adjacency=0.1),
        resemblances=(Resemblance(asset="poster", distance=dice.randrange(90, 140)),),
        fingerprints=(
            Fingerprint(pdq=views[0], orientations=views, phash=f"{dice.getrandbits(64):016x}", quality=quality),
        ),
        codes=codes if dice.random() < 0.02 else (),
        detectors={"brand": "1", "fingerprint": "1"},
    )


if __name__ == "__main__":
    main()
