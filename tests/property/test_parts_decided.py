"""What the bank and people decide about copies by local features stands whenever it was decided, and is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from bot.copies import bank
from bot.copies.relate import Relater
from bot.model import Looked, Post, Relation
from bot.store import Store
from bot.store.pairs import Kind
from tests.property import test_parts_order as order

NAMES = {
    "left": lambda: order.picture(100)[:, :500],
    "right": lambda: order.picture(100)[:, 460:],
    "small": lambda: _with(22, 140, 110),
    "another small": lambda: _with(20, 140, 110),
    "large": lambda: _with(31, 260, 200),
}


def _with(seed: int, width: int, height: int) -> order.Pixels:
    """The frame's picture with a small one laid upon it: near by hash, and by features but for that part."""
    page = order.picture(100)
    page[300 : 300 + height, 420 : 420 + width] = order.picture(seed, width, height)
    return page


class World:
    """A store in which things happen; whoever's relations change must be told."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.relater = Relater(self.store, order.CAMPAIGN, "v")
        self.posts: dict[str, Post] = {}
        self.told: dict[str, tuple[Relation, ...]] = {}

    def add(self, *names: str) -> None:
        for name in names:
            seen, it = order.evidence(name), order.post(len(self.posts), name)
            self.store.media.add(seen.sha256, 1, 0)
            self.store.media.save(seen.sha256, "v", seen, 0)
            self.posts[it.id] = it
            looked = [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))]
            self._tell({*self.relater.relate(it, looked, ()), it.id})

    def pair(self, a: str, b: str, kind: Kind | None) -> None:
        self._tell(self.store.pairs.put(order.evidence(a).sha256, order.evidence(b).sha256, kind))

    def bank(self, name: str) -> None:
        self._tell(bank.add(self.store, self.relater, order.evidence(name), name, "common", 31, "ann", order.START))

    def unbank(self, name: str) -> None:
        (it,) = (banked for banked in bank.listed(self.store) if banked.label == name)
        self._tell(bank.remove(self.store, self.relater, it, "ann", order.START))

    def end(self) -> tuple[object, object]:
        """All relations, and all links with those put aside."""
        relations = self.relations()
        tables = ("links", "held_links")
        links = [self.store.connection.rows(f"SELECT * FROM {table} ORDER BY a, b", ()) for table in tables]
        self.store.close()
        return relations, links

    def relations(self) -> dict[str, tuple[Relation, ...]]:
        """As they are now, by post."""
        return {number: self.relater.relations(it)[0] for number, it in self.posts.items()}

    def _tell(self, changed: set[str]) -> None:
        now = self.relations()
        assert {number for number in now if now[number] != self.told.get(number)} <= changed
        self.told = now


@pytest.fixture(autouse=True)
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    really = order.pixels
    monkeypatch.setattr(order, "pixels", lambda name: NAMES[name]() if name in NAMES else really(name))


@pytest.mark.parametrize("banked", [["right"], ["left", "right"]])
def test_near_links_by_features_follow_the_bank(tmp_path: Path, banked: list[str]) -> None:
    """Two pictures that are nearly one, but for what they share with the bank: the same links, whichever came first;
    and those of before when it leaves."""
    worlds = [World(tmp_path / name) for name in ("early", "late", "left again", "plain")]
    early, late, left, plain = worlds
    for world in worlds:
        with world.store.transaction():
            for name in banked if world is early else ():
                world.bank(name)
            world.add("small", "large")
            for name in banked if world in (late, left) else ():
                world.bank(name)
            for name in banked if world is left else ():
                world.unbank(name)
    without = plain.end()
    assert early.end() == late.end() != without
    assert left.end() == without


@pytest.mark.parametrize("kind", ["apart", "together"])
def test_proofs_put_aside_follow_the_bank(tmp_path: Path, kind: Kind) -> None:
    """What two pictures share enters the bank, or leaves it, while people's word on them stands: when that is taken
    back, the links are those of a world where nobody ever gave it."""
    pair = ("pasted 1", "beside 1")
    worlds = [World(tmp_path / name) for name in ("banked", "decided first", "plain", "decided while banked")]
    banked, decided, plain, between = worlds
    for world in worlds:
        with world.store.transaction():
            if world in (banked, between):
                world.bank("whole 1")
            world.add(*pair)
            if world in (decided, between):
                world.pair(*pair, kind)
            if world is decided:
                world.bank("whole 1")
            if world is between:
                world.unbank("whole 1")
            if world in (decided, between):
                world.pair(*pair, None)
    assert decided.end() == banked.end()
    assert between.end() == plain.end()


@pytest.mark.parametrize("kind", ["apart", "together"])
@pytest.mark.parametrize("first", [True, False])
def test_what_people_put_aside_still_tells_what_all_share(tmp_path: Path, kind: Kind, first: bool) -> None:
    """Word on two pictures in one frame, before they come or after, changes nothing for the others."""
    decided, plain = World(tmp_path / "decided"), World(tmp_path / "plain")
    with order.small_samples(2), decided.store.transaction(), plain.store.transaction():
        if first:
            decided.pair("framed 14", "framed 13", kind)
        for world in (decided, plain):
            world.add("framed 14", "framed 10", "another small", "jittered 17", "framed 13")
        if not first:
            decided.pair("framed 14", "framed 13", kind)
    others = {"1", "2", "3"}
    assert {number: decided.told[number] for number in others} == {number: plain.told[number] for number in others}
    decided.store.close()
    plain.store.close()


FRAMED = [*(f"framed {seed}" for seed in range(10, 17)), "jittered 17", "jittered 18", "inside 1", "part 1"]


def test_who_gains_or_loses_by_the_bank_is_told(tmp_path: Path) -> None:
    """A frame that a crowd shows enters the bank and leaves it again, and so does what two of them hold: all whose
    relations change are told, also those who show nothing of it, and links end as they were."""
    world, plain = World(tmp_path / "banked"), World(tmp_path / "plain")
    with order.small_samples(3), world.store.transaction(), plain.store.transaction():
        for one in (world, plain):
            one.add(*FRAMED)
        for name in ("whole 100", "whole 1"):
            world.bank(name)
            world.unbank(name)
    assert world.end() == plain.end()


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("began", [3, 6])
def test_a_bank_that_another_process_changes_is_noticed(tmp_path: Path, leaves: bool, began: int) -> None:
    """As ``gatewarden bank`` does beside a daemon that takes in more after the command has read its indexes: all
    are linked as if one process had done everything."""
    apart, one = World(tmp_path / "apart"), World(tmp_path / "one")
    with order.small_samples(3):
        for world in (apart, one):
            with world.store.transaction():
                if leaves:
                    world.bank("whole 100")
                world.add(*FRAMED[:began])
        other = Store(tmp_path / "apart")
        command = Relater(other, order.CAMPAIGN, "v")
        for world in (apart, one):
            with world.store.transaction():
                world.add(*FRAMED[began:6])
        for store, relater in ((other, command), (one.store, one.relater)):
            with store.transaction():
                if leaves:
                    (it,) = bank.listed(store)
                    bank.remove(store, relater, it, "ann", order.START)
                else:
                    bank.add(store, relater, order.evidence("whole 100"), "frame", "common", 31, "ann", order.START)
        other.close()
        for world in (apart, one):
            world.told = world.relations()
            with world.store.transaction():
                world.add(*FRAMED[6:])
    assert apart.end() == one.end()


def test_pictures_of_the_tests_are_what_they_say() -> None:
    """The parts overlap, and what is laid on the frame covers a small share of it."""
    left, right = NAMES["left"](), NAMES["right"]()
    assert (left[:, 460:] == right[:, :40]).all()
    assert np.mean(cv2.absdiff(NAMES["small"](), order.picture(100)) > 0) < 0.05
