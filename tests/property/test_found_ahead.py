"""Finding and proving ahead of the serial step: the links are the same to the letter, and the step proves nothing."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaign import Campaign
from bot.copies import ahead as ahead_module
from bot.copies import bank, prover, recent
from bot.copies import pending as pending_module
from bot.copies.finder import Finder
from bot.copies.proof import Proof, Sight, prove
from bot.copies.prover import Prover
from bot.copies.relate import Relater
from bot.model import Looked
from bot.store import Store
from detectors import feature_index
from detectors.evidence import MediaEvidence
from detectors.features import features
from detectors.fingerprint import fingerprint
from tests.property.test_parts_order import CAMPAIGN, START, crowd, evidence, picture, post, small_samples

shown = [*crowd, "bare whole 1", "bare inside 1", "bare whole 3", "bare jittered 15", "bare framed 15"]
"""A crowd, and pictures that have hashes only: some are found by these, also by one another."""


def medium(name: str) -> MediaEvidence:
    """As ``evidence`` has it; a bare one without local features."""
    if not name.startswith("bare "):
        return evidence(name)
    seen = evidence(name.removeprefix("bare "))
    return msgspec.structs.replace(seen, features=b"", sha256=seen.sha256[::-1])


def relate(store: Store, relater: Relater, number: int) -> set[str]:
    """Keep and relate a post of ``shown``, in the caller's transaction."""
    seen, it = medium(shown[number]), post(number, shown[number])
    store.media.save(seen.sha256, "v", seen, 0)
    looked = [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))]
    return set(relater.relate(it, looked, ()))


def links(store: Store) -> list[tuple[object, ...]]:
    """All links, by hash."""
    return store.connection.rows(
        "SELECT min(m.key, n.key), max(m.key, n.key), l.kind, distance, detail, places"
        " FROM links l JOIN nodes m ON m.id = a JOIN nodes n ON n.id = b ORDER BY 1, 2"
    )


def linked(
    folder: Path, order: list[int], ahead: int, commits: set[int], banked: int, finds: list[int] | None = None
) -> list[tuple[object, ...]]:
    """All links after these came in this order, each found ahead when so many others were still to come before it (0:
    not at all), or somewhat sooner or later: in the order ``finds``. Committed after these steps only; at ``banked`` a
    frame enters the bank and leaves."""
    store = Store(folder)
    relater = Relater(store, CAMPAIGN, "v")
    finds = finds or list(range(len(order)))

    def find(step: int) -> None:
        if ahead and step < len(order):
            relater.find_ahead(medium(shown[order[finds[step]]]))

    for step in range(ahead):
        find(step)
    steps = iter(range(len(order)))
    step = -1
    while step + 1 < len(order):
        with store.transaction():
            for step in steps:
                relate(store, relater, order[step])
                find(step + ahead)
                if step == banked:
                    bank.add(store, relater, evidence("whole 100"), "frame", "common", 31, "ann", START)
                    find(step + ahead + 1)
                    bank.remove(store, relater, bank.listed(store)[0], "ann", START)
                if step in commits:
                    break
    found = links(store)
    assert store.connection.row("SELECT count(*) FROM links") == (len(found),), "a link of no node"
    relater.close()
    store.close()
    return found


@pytest.fixture(scope="module")
def links_as_they_stand(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    with small_samples():
        return linked(tmp_path_factory.mktemp("alone"), list(range(len(shown))), 0, set(), -1)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.randoms(use_true_random=False),
    st.integers(1, 9),
    st.sets(st.integers(0, len(shown) - 1), min_size=3),
    st.integers(-1, len(shown) - 1),
    st.sampled_from([256, 8192]),
    st.lists(st.integers(0, 7), min_size=len(shown), max_size=len(shown)),
    st.tuples(st.sampled_from([2, 3, 6, 256]), st.sampled_from([2, 5, 256])),
)
def test_finding_ahead_changes_no_link(
    links_as_they_stand: list[tuple[object, ...]],
    tmp_path_factory: pytest.TempPathFactory,
    shuffle: object,
    ahead: int,
    commits: set[int],
    banked: int,
    newest: int,
    late: list[int],
    kept: tuple[int, int],
) -> None:
    """Links are the same to the letter whether the serial step finds and proves alone or after it was done ahead, some
    posts too early and from what was committed then, some before others that come before them; also where the bank
    changes meanwhile, where the indexes seal what is new, and where more are in flight than are kept."""
    finds = sorted(range(len(shown)), key=lambda step: step + late[step])
    order = list(range(len(shown)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    with small_samples(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(feature_index, "_NEWEST", newest)
        patch.setattr(pending_module, "_MOST", kept[0])
        patch.setattr(recent, "_MOST", kept[1])
        assert linked(tmp_path_factory.mktemp("ahead"), order, ahead, commits, banked, finds) == links_as_they_stand


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Store, Relater]]:
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")
    yield store, relater
    relater.close()
    store.close()


def _of_another_app(seed: int) -> MediaEvidence:
    """A picture in another frame than the crowd's."""
    page = picture(200)
    page[150:570, 200:760] = picture(seed, 560, 420)
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)
    sha256 = hashlib.sha256(f"another {seed}".encode()).hexdigest()
    like = evidence("framed 10")
    return msgspec.structs.replace(like, sha256=sha256, features=features(gray), fingerprints=(fingerprint(gray),))


def test_two_of_different_crowds_that_are_near_by_hash_are_linked(opened: tuple[Store, Relater]) -> None:
    """They share no features and neither is in the other's sample: found ahead, only the distance of their hashes says
    that they must be tried."""
    store, relater = opened
    one = evidence("framed 15")
    other = msgspec.structs.replace(_of_another_app(30), fingerprints=one.fingerprints)
    crowds = [
        *(evidence(f"framed {seed}") for seed in range(10, 15)),
        *(_of_another_app(seed) for seed in range(31, 36)),
    ]
    with small_samples(2):
        for number, seen in enumerate((*crowds, other, one)):
            if seen is one:
                relater.find_ahead(seen)
            with store.transaction():
                store.media.save(seen.sha256, "v", seen, 0)
                it = post(number, "framed 10")
                relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
    assert {f"m:{one.sha256}", f"m:{other.sha256}"} in [{a, b} for a, b, *_ in links(store)]
    assert store.connection.row("SELECT count(*) FROM links WHERE places = 0") == (1,)


def test_what_was_found_ahead_is_not_proved_again(
    opened: tuple[Store, Relater], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All proofs of a crowd's picture are made ahead, and none in the serial step; found before others came, it still
    is held against these."""
    store, relater = opened
    for number in range(8):
        with store.transaction():
            relate(store, relater, number)
    calls: list[Sight] = []

    def counted(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
        calls.append(first)
        return prove(first, second, campaign)

    def related(number: int) -> int:
        before = len(calls)
        with store.transaction():
            relate(store, relater, number)
        return len(calls) - before

    monkeypatch.setattr(prover, "prove", counted)
    relater.find_ahead(medium(shown[8]))
    assert len(calls) >= 8
    assert related(8) == 0
    relater.find_ahead(medium(shown[9]))
    related(10)
    assert 0 < related(9) <= 2
    relater.close()
    before = len(calls)
    relater.find_ahead(medium(shown[11]))
    assert len(calls) == before
    assert related(11) > 0


def test_who_is_in_flight_is_met_ahead(opened: tuple[Store, Relater], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures found ahead of each other's arrival are linked without a search and without a proof in the serial step,
    whichever comes first; one that nobody found ahead is searched for."""
    store, relater = opened
    serial: list[str] = []
    for owner, name in ((Finder, "batches"), (Prover, "proved")):
        monkeypatch.setattr(owner, name, _noted(serial, name, getattr(owner, name)))

    def related(*numbers: int) -> list[str]:
        serial.clear()
        with store.transaction():
            for number in numbers:
                relate(store, relater, number)
        return serial

    for number in range(4):
        relater.find_ahead(medium(shown[number]))
    assert related(1, 0, 3, 2) == []
    assert len(links(store)) == 6
    for number in (4, 5):
        relater.find_ahead(medium(shown[number]))
    assert "batches" in related(6)
    assert related(5) == ["batches", "proved"]
    assert related(4) == ["batches", "proved"]


def _noted(calls: list[str], name: str, method: Callable[..., object]) -> Callable[..., object]:
    def noted(*args: object, **options: object) -> object:
        calls.append(name)
        return method(*args, **options)

    return noted


def test_what_was_found_ahead_of_a_change_of_the_bank_is_not_used(opened: tuple[Store, Relater]) -> None:
    """A proof made ahead rests on what enters the bank before its post is related: no copy."""
    store, relater = opened
    for number, name in enumerate(("pasted 1", "beside 1")):
        seen, it = evidence(name), post(number, name)
        relater.find_ahead(seen)
        with store.transaction():
            if number:
                bank.add(store, relater, evidence("whole 1"), "poster", "common", 31, "ann", START)
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
            assert relater.relations(it)[0] == ()


class RolledBackError(Exception):
    """The transaction does not commit."""


def _rolled_back(folder: Path, order: list[int], *, found_ahead: bool) -> list[tuple[object, ...]]:
    """All links after the first twelve and one more, which was found while all the others were there for a moment."""
    store = Store(folder)
    relater = Relater(store, CAMPAIGN, "v")
    *others, last = order
    with store.transaction():
        for number in others[:12]:
            relate(store, relater, number)
    with contextlib.suppress(RolledBackError), store.transaction():
        for number in others[12:]:
            relate(store, relater, number)
        if found_ahead:
            relater.find_ahead(medium(shown[last]))
        raise RolledBackError
    relater.reload()
    with store.transaction():
        relate(store, relater, last)
    found = links(store)
    assert store.connection.row("SELECT count(*) FROM links") == (len(found),), "a link of no node"
    relater.close()
    store.close()
    return found


def test_what_was_found_in_a_transaction_that_was_rolled_back_is_not_used(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Newcomers that never came to stay had made samples stricter while a picture was found: it is found anew."""
    with small_samples():
        for seed in range(8):
            order = np.random.default_rng(seed).permutation(len(crowd)).tolist()
            alone, ahead = (
                _rolled_back(tmp_path_factory.mktemp("rolled"), order, found_ahead=found) for found in (False, True)
            )
            assert alone == ahead


def test_what_fails_ahead_is_opened_anew(opened: tuple[Store, Relater], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while everybody's pictures are read, at the first find or later: the next find reads all of them."""
    store, relater = opened
    with store.transaction():
        bank.add(store, relater, evidence("whole 1"), "poster", "common", 31, "ann", START)
    for number, name in enumerate(("pasted 1", "beside 1")):
        with monkeypatch.context() as patch:
            patch.setattr(prover, "unpack", _broken)
            with pytest.raises(ZeroDivisionError):
                relater.find_ahead(evidence(name))
        relater.find_ahead(evidence(name))
        seen, it = evidence(name), post(number, name)
        with store.transaction():
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
            assert relater.relations(it)[0] == ()


def _broken(_packed: bytes) -> None:
    raise ZeroDivisionError


def test_little_is_kept_of_what_is_never_asked_for(
    opened: tuple[Store, Relater], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found for posts that never come is dropped, the oldest first; the newest is used as before."""
    store, relater = opened
    monkeypatch.setattr(ahead_module, "_KEPT", 6)
    for number in range(3):
        with store.transaction():
            relate(store, relater, number)
    calls: list[Sight] = []
    for number in (3, 4, 5):
        relater.find_ahead(medium(shown[number]))
    monkeypatch.setattr(prover, "prove", lambda first, second, campaign: calls.append(first))
    with store.transaction():
        relate(store, relater, 5)
    assert not calls
    with store.transaction():
        relate(store, relater, 3)
    assert calls
