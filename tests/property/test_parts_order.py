"""Copies by local features: any order of arrival ends in the same relations; a template that all show makes no copy."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaign import Campaign, load_campaign
from bot.copies import bank, candidates, crowds, parts, prover
from bot.copies.parts import CROWD
from bot.copies.proof import Proof, Sight, prove
from bot.copies.relate import Relater
from bot.model import Author, Interval, Looked, MediaRef, Post, Relation
from bot.store import Store
from detectors.evidence import Colour, MediaEvidence
from detectors.examples import scene
from detectors.features import features
from detectors.fingerprint import fingerprint

START = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)
CAMPAIGN = load_campaign()
Pixels = npt.NDArray[np.uint8]


def picture(seed: int, width: int = 960, height: int = 720) -> Pixels:
    drawn, rng = scene(seed, width, height), np.random.default_rng(seed)
    for _ in range(60):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(drawn, at, int(rng.integers(5, 50)), colour, int(rng.integers(1, 6)), cv2.LINE_AA)
    return drawn


def framed(seed: int) -> Pixels:
    """One frame around different pictures: what an app shows around every post."""
    page = picture(100)
    page[150:570, 200:760] = picture(seed, 560, 420)
    return page


def pixels(name: str) -> Pixels:
    kind, _, seed = name.partition(" ")
    whole = picture(int(seed))
    match kind:
        case "part":
            return whole[100:560, 150:800]
        case "pasted":
            return np.concatenate((whole, picture(50)), axis=1)
        case "beside":
            return np.concatenate((picture(51), whole), axis=0)
        case "framed":
            return framed(int(seed))
        case "jittered":
            return _jittered(int(seed))
        case "inside":
            page = picture(100)
            page[150:570, 200:760] = cv2.resize(whole, (560, 420), interpolation=cv2.INTER_AREA)
            return page
    return whole


@functools.cache
def evidence(name: str) -> MediaEvidence:
    gray = np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels(name)), cv2.COLOR_RGB2GRAY), np.uint8)
    return MediaEvidence(
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        kind="image",
        format="png",
        width=gray.shape[1],
        height=gray.shape[0],
        duration=None,
        marks=(),
        colour=Colour(score=0.0, shares={}, adjacency=0.0),
        resemblances=(),
        fingerprints=(fingerprint(gray),),
        codes=(),
        features=features(gray),
    )


def post(number: int, name: str) -> Post:
    at = START + dt.timedelta(minutes=number)
    when = Interval(earliest=at, latest=at)
    return Post(
        id=str(number),
        revision=1,
        created_at=at,
        edited_at=None,
        posted=when,
        edited=None,
        deleted=False,
        author=Author(id=f"author {number}"),
        title="",
        text="",
        text_entered=when,
        media=(MediaRef(type="image", path=f"/{name}"),),
        media_complete=True,
        entered=(when,),
        url=None,
        stats=None,
        sources=("push",),
    )


def related(
    folder: Path, names: list[str], order: list[int], *, reload_at: int = -1
) -> dict[str, tuple[Relation, ...]]:
    """The relations of all posts after they came in this order; the indexes built anew before the one at ``reload_at``.

    Whoever is told to be judged again is noted: nobody's relations may change unsaid.
    """
    store = Store(folder)
    relater = Relater(store, CAMPAIGN, "v")
    posts = [post(number, name) for number, name in enumerate(names)]
    told: dict[str, tuple[Relation, ...]] = {}
    with store.transaction():
        for step, number in enumerate(order):
            if step == reload_at:
                relater.reload()
            seen = evidence(names[number])
            store.media.add(seen.sha256, 1, 0)
            store.media.save(seen.sha256, "v", seen, 0)
            stripped = msgspec.structs.replace(seen, features=b"")
            looked = [Looked(ref=posts[number].media[0], result=stripped)]
            changed = relater.relate(posts[number], looked, ())
            for other in (*changed, str(number)):
                if other in told or other == str(number):
                    told[other] = relater.relations(posts[int(other)])[0]
            assert told == {str(one): relater.relations(posts[one])[0] for one in order[: step + 1]}
    store.close()
    return told


names = st.sampled_from(
    ["whole 1", "part 1", "pasted 1", "whole 2", "part 2", *(f"framed {seed}" for seed in range(10, 17))]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names, min_size=2, max_size=9), st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_ends_in_the_same_relations(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], shuffle: object, reload_at: int
) -> None:
    """Two orders, one with the indexes read anew from the store halfway, agree for every post."""
    order = list(range(len(items)))
    first = related(tmp_path_factory.mktemp("one"), items, order)
    shuffle.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert related(tmp_path_factory.mktemp("two"), items, order, reload_at=reload_at) == first


def _jittered(seed: int) -> Pixels:
    """A framed picture as another device shows it: cut, scaled, compressed."""
    rng, page = np.random.default_rng(seed), framed(seed)
    left, top = (int(v) for v in rng.integers(0, 120, 2))
    size = float(rng.uniform(0.6, 1.0))
    smaller = cv2.resize(page[top:, left:], None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


crowd = [
    *(f"framed {seed}" for seed in range(10, 18)),
    *(f"jittered {seed}" for seed in range(15, 25)),
    *("inside 1", "whole 1", "part 1", "inside 2", "whole 2"),
]


@contextlib.contextmanager
def small_samples(size: int = 5) -> Iterator[None]:
    """Samples of so few that a small crowd has them full."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (candidates, crowds, parts):
            patch.setattr(module, "CROWD", size)
        yield


@pytest.fixture(scope="module")
def as_they_stand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Relation, ...]]:
    with small_samples():
        return related(tmp_path_factory.mktemp("one"), crowd, list(range(len(crowd))))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(0, len(crowd)))
def test_any_order_of_a_crowd_ends_in_the_same_relations(
    as_they_stand: dict[str, tuple[Relation, ...]],
    tmp_path_factory: pytest.TempPathFactory,
    shuffle: object,
    reload_at: int,
) -> None:
    """Of many that share a frame only samples are linked; which these are, and so what is a copy, does not depend on
    who came first, nor on a restart halfway."""
    order = list(range(len(crowd)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    with small_samples():
        assert related(tmp_path_factory.mktemp("two"), crowd, order, reload_at=reload_at) == as_they_stand
    kinds = {crowd[int(number)]: {r.kind for r in relations} for number, relations in as_they_stand.items()}
    assert kinds["part 1"] == kinds["whole 1"] == kinds["whole 2"] == {"partial"}


@pytest.mark.parametrize("banked", ["whole 100", "whole 1"])
def test_a_crowd_stands_as_before_when_the_bank_does(
    as_they_stand: dict[str, tuple[Relation, ...]], tmp_path: Path, banked: str
) -> None:
    """Samples of a crowd lose links when its frame, or what lies in one of its frames, enters the bank, and are filled
    up; when it leaves again, all relations and links are what they were."""
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")
    posts = [post(number, name) for number, name in enumerate(crowd)]
    with small_samples(), store.transaction():
        for it, name in zip(posts, crowd, strict=True):
            seen = evidence(name)
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
        links = store.connection.rows("SELECT * FROM links ORDER BY a, b")
        bank.add(store, relater, evidence(banked), "banked", "common", 31, "ann", START)
        assert {it.id: relater.relations(it)[0] for it in posts} != as_they_stand
        (entry,) = bank.listed(store)
        bank.remove(store, relater, entry, "ann", START)
        assert {it.id: relater.relations(it)[0] for it in posts} == as_they_stand
        assert store.connection.rows("SELECT * FROM links ORDER BY a, b") == links
    store.close()


def test_the_sample_is_proved_and_whoever_must_be() -> None:
    """By hand: twelve doubtful ones fill the sample, those in between that are not are in it, too; beyond it only who
    must be tried."""
    tried, proof = list[int](), Proof(kind="partial", distance=256)

    def prove(key: int, _places: int) -> Proof | None:
        tried.append(key)
        return None if key == 3 else Proof(kind="partial", distance=256, doubtful=key != 5)

    batches = [({key: 200 - key for key in range(start, start + 50)}, bound) for start, bound in ((0, 150), (50, -1))]
    found = list(candidates.proved(batches, _by_key, lambda _: {40}, prove))
    assert tried == [*range(CROWD + 2), 40]
    assert [(one.key, one.within) for one in found] == [
        *((key, True) for key in range(CROWD + 2) if key != 3),
        (40, False),
    ]
    few = [(dict.fromkeys(range(10), 9), -1)]
    assert [one.key for one in candidates.proved(few, _by_key, lambda _: set(), prove)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    late = [({1: 5, 2: 9}, 7), ({3: 7, 4: 4}, -1)]
    assert [one.key for one in candidates.proved(late, _by_key, lambda _: set(), lambda *_: proof)] == [2, 3, 1, 4]
    assert candidates.positions(["1f" * 32, "00" * 7 + "a0" + "ff" * 24]).tolist() == [int("1f" * 8, 16), 0xA0]


def _by_key(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    return keys.astype(np.uint64)


def test_a_part_is_a_copy_whoever_comes_to_light_first(tmp_path: Path) -> None:
    """The later part of an earlier picture is a partial copy; the picture itself stays first."""
    found = related(tmp_path, ["whole 1", "part 1"], [1, 0])
    assert [(r.kind, r.order) for r in found["1"]] == [("partial", "later")]
    assert found["0"] == ()


def test_a_frame_that_many_show_makes_no_copy(tmp_path: Path) -> None:
    """The first few screens of one app may be taken for copies; once it is seen that what they share is the frame,
    none is. A true copy among them still is one."""
    screens = [f"framed {seed}" for seed in range(10, 17)]
    found = related(tmp_path / "a", screens, list(range(7)))
    assert all(relations == () for relations in found.values())
    found = related(tmp_path / "b", [*screens, "whole 1", "part 1"], list(range(9)))
    assert {number: [r.kind for r in relations] for number, relations in found.items() if relations} == {
        "8": ["partial"]
    }


def test_no_copy_rests_on_a_banked_picture(tmp_path: Path) -> None:
    """Two pictures that both hold a third are copies of each other, unless that third is known to be everybody's."""
    for banked, expected in ((False, ["partial"]), (True, [])):
        store = Store(tmp_path / str(banked))
        relater = Relater(store, CAMPAIGN, "v")
        with store.transaction():
            if banked:
                poster = evidence("whole 1")
                store.media.save_features(poster.sha256, poster.features)
                store.media.add_to_bank(poster.sha256, "poster", "common", (), "ann", 0)
            for number, name in enumerate(("pasted 1", "beside 1")):
                seen = evidence(name)
                store.media.save(seen.sha256, "v", seen, 0)
                it = post(number, name)
                relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
            assert [r.kind for r in relater.relations(post(1, "beside 1"))[0]] == expected
        store.close()


def test_links_are_proved_anew_when_the_bank_changes(tmp_path: Path) -> None:
    """What two posts share enters the bank after them, and leaves it again: a copy, none, a copy; both are told."""
    store = Store(tmp_path)
    relater = Relater(store, CAMPAIGN, "v")
    with store.transaction():
        for number, name in enumerate(("pasted 1", "beside 1")):
            seen, it = evidence(name), post(number, name)
            store.media.save(seen.sha256, "v", seen, 0)
            relater.relate(it, [Looked(ref=it.media[0], result=msgspec.structs.replace(seen, features=b""))], ())
        later = post(1, "beside 1")
        assert [r.kind for r in relater.relations(later)[0]] == ["partial"]
        touched = bank.add(store, relater, evidence("whole 1"), "poster", "common", 31, "ann", START)
        assert touched == {"0", "1"}
        assert relater.relations(later)[0] == ()
        (banked,) = bank.listed(store)
        assert bank.remove(store, relater, banked, "ann", START) == {"0", "1"}
        assert [r.kind for r in relater.relations(later)[0]] == ["partial"]
    store.close()


def test_a_flood_of_framed_pictures_costs_few_proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known to share the frame alone is not proved again: proofs a picture stay bounded, and none is a copy."""
    proofs: list[Sight] = []

    def counted(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
        proofs.append(first)
        return prove(first, second, campaign)

    monkeypatch.setattr(prover, "prove", counted)
    found = related(tmp_path, [f"framed {seed}" for seed in range(10, 46)], list(range(36)))
    assert all(relations == () for relations in found.values())
    assert len(proofs) <= 36 * 2 * CROWD


def test_common_points_are_those_of_many_links() -> None:
    """A point is everybody's from the fourth doubtful link on, counted by hand."""
    links = [0b0111, 0b0110, 0b1110, 0b0100]
    assert parts.common(links) == 0b0100
    assert parts.common(links[:3]) == 0
    assert parts.counts(0b0111, 0b0100, 2)
    assert not parts.counts(0b0111, 0b0100, 3)
    assert not parts.counts((1 << 100) - 1, (1 << 80) - 1, 10)
    assert parts.hexed((parts.bits([0, 2, 3]), 0)) == ("d", "0")


def _written_on(seed: int, colour: int) -> Pixels:
    """The first picture with a band of words and a badge of its own."""
    page = picture(1).copy()
    cv2.rectangle(page, (0, 560), (960, 660), (colour, 40, 200 - colour), -1)
    cv2.putText(page, f"my moment {seed}", (60, 630), 0, 2.2, (255, 255, 255), 4)
    cv2.circle(page, (120 + 150 * seed, 90), 60, (colour, 200, 20), -1)
    return page


def test_overlays_make_no_frame_of_the_picture_beneath(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who posts one stolen picture five times under other words does not turn it into a template that all may show; nor
    does laying it into the frame that honest posts share."""
    shown = {f"written {i}": _written_on(i, 40 * i) for i in range(5)}
    really = pixels
    monkeypatch.setattr(sys.modules[__name__], "pixels", lambda name: shown[name] if name in shown else really(name))
    written = [f"written {i}" for i in range(5)]
    found = related(tmp_path / "a", ["whole 1", *written], list(range(6)))
    assert [{r.kind for r in found[str(i)]} <= {"near", "partial"} and bool(found[str(i)]) for i in range(1, 6)] == [
        True
    ] * 5
    framed_ones = [f"framed {seed}" for seed in range(10, 17)]
    found = related(tmp_path / "b", ["whole 1", *framed_ones, "inside 1"], list(range(9)))
    assert [r.kind for r in found["8"]] == ["partial"]
    assert all(found[str(i)] == () for i in range(8))
