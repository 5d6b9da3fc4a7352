"""Random histories of decide, undo, bulk, edit and recluster over one store. ``python -m tests.property.histories``
runs ten thousand of them."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bot.campaign import load_campaign
from bot.decide import priority
from bot.errors import UserError
from bot.model import Author, Delivery, Finding, MediaRef, Snapshot, Stance, Status, Verdict
from bot.review.desk import Desk
from bot.review.filters import Filter
from bot.review.moderators import name_moderator
from bot.review.second import Policy
from bot.sources import Batch
from bot.store import Store
from bot.store.graph import LATER, UNORDERED, Occurrence
from bot.store.rebuild import STORED, rebuilt
from bot.store.times import to_us

CAMPAIGN = load_campaign()
START = dt.datetime(2025, 7, 21, tzinfo=dt.UTC)
POSTS = ("1", "2", "3", "4", "5")
PEOPLE = ("amy", "bo", "cy", "lea")
CODES: tuple[tuple[str, Stance], ...] = (
    ("brand.absent", "ask"), ("content.link", "ask"), ("window.unknown", "ask"), ("hashtag.missing", "block"),
    ("brand.present", "supports"),
)  # fmt: skip


class _Over(Exception):
    """Ends a history, so that nothing of it is kept."""


class World:
    """A few posts, each with one picture, some of them alike; four people; a clock. All follows from the seed."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.dice, self.at = store, random.Random(seed), START
        policy = Policy(second_share=self.dice.choice([0.0, 0.0, 0.4, 1.0]), quota=self.dice.choice([1, 2, 9]))
        with store.transaction():
            for name in PEOPLE if self.dice.random() < 0.7 else ():
                name_moderator(store, name, "lead" if name == "lea" else "moderator", START)
        self.desks = {name: Desk(store, CAMPAIGN, name, self, policy=policy) for name in PEOPLE}
        self.revisions = dict.fromkeys(POSTS, 0)
        self.media = {post: hashlib.sha256(f"{post}".encode()).hexdigest() for post in POSTS}
        for post in POSTS:
            self.edit(post)

    def now(self) -> dt.datetime:
        """The clock's face; every look moves it on."""
        self.at += dt.timedelta(seconds=self.dice.choice([0, 1, 30, 200]))
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Nobody waits here."""
        raise AssertionError

    def edit(self, post: str) -> None:
        """The author writes something else: a new revision, judged."""
        self.revisions[post] += 1
        ref = MediaRef(type="image", path=f"/{post}")
        at = START + dt.timedelta(hours=self.revisions[post])
        snapshot = Snapshot(
            id=post, created_at=START, author=Author(id=f"u{post}"), text=f"{self.revisions[post]}", media=(ref,)
        )
        delivery = Delivery(source="push", observed_at=at, snapshot=snapshot)
        with self.store.transaction():
            self.store.intake.take("push", Batch(deliveries=(delivery,)), at)
            self.store.intake.attach(post, ref, sha256=self.media[post], failure=None)
            node, new = self.store.graph.node(f"m:{self.media[post]}", "media")
            if new:
                for other in self.dice.sample(POSTS, 2):
                    known = self.store.connection.row("SELECT id FROM nodes WHERE key = ?", (f"m:{self.media[other]}",))
                    if known is not None and known[0] != node:
                        kind = self.dice.choice(["near", "near", "partial"])
                        self.store.graph.link(node, known[0], kind, 7)
                self.store.pairs.met(self.media[post])
            moment = int(post) * 10
            here = Occurrence(
                post_id=post, slot=0, node=node, author=f"u{post}", earliest=moment,
                latest=moment + self.dice.choice([0, 0, 15]),
            )  # fmt: skip
            self.store.graph.place(post, [here])
        self.judge(post)

    def judge(self, post: str) -> None:
        """The rules judge a post, from the graph and by chance."""
        findings = [Finding(code=c, stance=s) for c, s in self.dice.sample(CODES, self.dice.randrange(3))]
        standing = self.store.graph.standings(post)[0][0]
        if standing >= UNORDERED:
            code = "duplicate.near" if standing >= LATER else "duplicate.unordered"
            findings.append(Finding(code=code, stance="ask", media=0))
        stances = {f.stance for f in findings}
        known = self.store.intake.post(post)
        assert known is not None
        verdict = Verdict(
            post_id=post, revision=known.revision, findings=tuple(findings), campaign="c", campaign_version="v",
            status="ineligible" if "block" in stances else "review" if "ask" in stances else "eligible",
        )  # fmt: skip
        with self.store.transaction():
            self.store.verdicts.record(verdict, f"u{post}", priority(verdict), (), to_us(self.now()))

    def act(self, who: str) -> bool:
        """One person does one thing, if they may: whether anything was decided."""
        desk, post, dice = self.desks[who], self.dice.choice(POSTS), self.dice
        decided = dice.random() < 0.5
        acts: list[Callable[[], object]] = [
            lambda: desk.approve(desk.claim(post, decided=decided)),
            lambda: desk.reject(desk.claim(post, decided=decided), dice.choice(["rule.other", "content.stolen"])),
            lambda: desk.flag(desk.claim(post, decided=decided)),
            lambda: desk.reopen(post, "again"),
            lambda: self.bulk(desk),
            lambda: desk.settle_cluster(desk.claim(post, decided=True), "duplicate.near"),
            lambda: desk.keep_apart(post, dice.choice(POSTS)),
            lambda: desk.belong_together(post, dice.choice(POSTS)),
        ]
        before = self.store.connection.row("SELECT count(*) FROM decisions")
        with contextlib.suppress(UserError):
            dice.choice(acts)()
        return self.store.connection.row("SELECT count(*) FROM decisions") != before

    def bulk(self, desk: Desk) -> None:
        """A decision over a filter."""
        reasons = self.dice.choice([(), ("brand",), ("duplicate",)])
        either: list[tuple[Status, ...]] = [("review",), ("review", "eligible", "ineligible")]
        statuses = self.dice.choice(either)
        wanted = Filter(reasons=reasons, statuses=statuses)
        if self.dice.random() < 0.5:
            desk.carry_out(desk.plan(wanted, "approve"))
        else:
            desk.carry_out(desk.plan(wanted, "reject", "rule.other"))

    def disturb(self) -> None:
        """Something that no undo takes back."""
        post, who = self.dice.choice(POSTS), self.dice.choice(PEOPLE)
        things: list[Callable[[], object]] = [
            lambda: self.edit(post),
            lambda: self.judge(post),
            lambda: self.desks[who].note(post, "hm"),
            lambda: self.desks[who].skip(self.desks[who].claim(post, decided=True)),
            lambda: self.desks[who].undo(),
            lambda: self.desks[who].take(count=2),
        ]
        with contextlib.suppress(UserError):
            self.dice.choice(things)()

    def state(self) -> dict[str, object]:
        """All that an undo must restore: projections, the partition into clusters, standings, links."""
        rows = self.store.connection.rows
        clusters: dict[int, set[str]] = {}
        for key, number in rows("SELECT key, cluster FROM nodes"):
            clusters.setdefault(number, set()).add(key)
        return {
            **{name: rows(STORED[name]) for name in ("posts", "opinions", "pairs")},
            "verdicts": rows("SELECT id, verdict, author_id, faults FROM posts ORDER BY id"),
            "clusters": sorted(sorted(keys) for keys in clusters.values()),
            "standings": rows("SELECT post_id, slot, standing FROM occurrences ORDER BY post_id, slot"),
            "links": rows("SELECT * FROM links ORDER BY a, b"),
        }

    def stored(self) -> dict[str, object]:
        """The projections as they are stored."""
        return {name: self.store.connection.rows(select) for name, select in STORED.items()}


def history(store: Store, seed: int) -> None:
    """Live through one history, and leave no trace. Raises AssertionError where a projection is not what the log says,
    or where an undo does not restore exactly what was."""
    with contextlib.suppress(_Over), store.transaction():
        world = World(store, seed)
        for _ in range(world.dice.randrange(1, 4)):
            for _ in range(world.dice.randrange(5)):
                if world.dice.random() < 0.5:
                    world.disturb()
                else:
                    world.act(world.dice.choice(PEOPLE))
            assert world.stored() == rebuilt(store.connection), seed
            who = world.dice.choice(PEOPLE)
            states = []
            for _ in range(world.dice.randrange(6)):
                before = world.state()
                if world.act(who):
                    states.append(before)
            for before in reversed(states):
                world.desks[who].undo()
                assert world.state() == before, seed
            assert world.stored() == rebuilt(store.connection), seed
        assert store.log.verify() is None, seed
        raise _Over


def main(count: int) -> None:
    """Run so many histories, telling how far it is."""
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name))
        for seed in range(count):
            history(store, seed)
            if (seed + 1) % 1000 == 0:
                print(f"{seed + 1} histories: projections equal their rebuild, every undo exact", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
