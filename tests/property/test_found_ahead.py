"""Finding and proving ahead of the serial step: the links are the same to the letter, and the step proves nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaign import Campaign
from bot.copies import bank, prover
from bot.copies.proof import Proof, Sight, prove
from bot.copies.relate import Relater
from bot.model import Looked
from bot.store import Store
from tests.property.test_parts_order import CAMPAIGN, START, crowd, evidence, post, small_samples


def linked(folder: Path, order: list[int], ahead: int, commits: set[int], banked: int) -> list[tuple[object, ...]]:
    """All links, by hash, after a crowd came in this order, each found ahead when so many others were still to come
    before it (0: not at all). Committed after these steps only; at ``banked`` a frame enters the bank and leaves."""
    store = Store(folder)
    relater = Relater(store, CAMPAIGN, "v")

    def find(step: int) -> None:
        if ahead and step < len(order):
            relater.find_ahead(evidence(crowd[order[step]]))

    for step in range(ahead):
        find(step)
    steps = iter(range(len(order)))
    step = -1
    while step + 1 < len(order):
        with store.transaction():
            for step in steps:
                number = order[step]
                seen = evidence(crowd[number])
                store.media.save(seen.sha256, "v", seen, 0)
                it = post(number, crowd[number])
                relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
                find(step + ahead)
                if step == banked:
                    bank.add(store, relater, evidence("whole 100"), "frame", "common", 31, "ann", START)
                    find(step + ahead + 1)
                    bank.remove(store, relater, bank.listed(store)[0], "ann", START)
                if step in commits:
                    break
    links = store.connection.rows(
        "SELECT min(m.key, n.key), max(m.key, n.key), l.kind, distance, detail, places"
        " FROM links l JOIN nodes m ON m.id = a JOIN nodes n ON n.id = b ORDER BY 1, 2"
    )
    relater.close()
    store.close()
    return links


@pytest.fixture(scope="module")
def links_as_they_stand(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    with small_samples():
        return linked(tmp_path_factory.mktemp("alone"), list(range(len(crowd))), 0, set(), -1)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.randoms(use_true_random=False),
    st.integers(1, 9),
    st.sets(st.integers(0, len(crowd) - 1), min_size=3),
    st.integers(-1, len(crowd) - 1),
)
def test_finding_ahead_changes_no_link(
    links_as_they_stand: list[tuple[object, ...]],
    tmp_path_factory: pytest.TempPathFactory,
    shuffle: object,
    ahead: int,
    commits: set[int],
    banked: int,
) -> None:
    """Links are the same to the letter whether the serial step finds and proves alone or after it was done ahead, some
    posts too early and from what was committed then, also where the bank changes meanwhile."""
    order = list(range(len(crowd)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    with small_samples():
        assert linked(tmp_path_factory.mktemp("ahead"), order, ahead, commits, banked) == links_as_they_stand


def test_what_was_found_ahead_is_not_proved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All proofs of the crowd's last picture are made ahead, and none in the serial step; found before others came, it
    still is held against these."""
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")

    def relate(number: int) -> None:
        seen, it = evidence(crowd[number]), post(number, crowd[number])
        with store.transaction():
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())

    for number in range(8):
        relate(number)
    calls: list[Sight] = []

    def counted(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
        calls.append(first)
        return prove(first, second, campaign)

    monkeypatch.setattr(prover, "prove", counted)
    relater.find_ahead(evidence(crowd[8]))
    ahead = len(calls)
    relate(8)
    assert ahead == len(calls) >= 8
    relater.find_ahead(evidence(crowd[9]))
    before = len(calls)
    relate(10)
    between = len(calls)
    relate(9)
    assert before < between < len(calls) <= between + 2
    relater.close()
    relater.find_ahead(evidence(crowd[11]))
    relate(11)
    store.close()


def test_what_was_found_ahead_of_a_change_of_the_bank_is_not_used(tmp_path: Path) -> None:
    """A proof made ahead rests on what enters the bank before its post is related: no copy."""
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")
    for number, name in enumerate(("pasted 1", "beside 1")):
        seen, it = evidence(name), post(number, name)
        relater.find_ahead(seen)
        with store.transaction():
            if number:
                bank.add(store, relater, evidence("whole 1"), "poster", "common", 31, "ann", START)
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
            assert relater.relations(it)[0] == ()
    relater.close()
    store.close()
