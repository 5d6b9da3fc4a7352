"""What is kept in memory of crowds: samples and frames are what they would be, were all counted anew."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.copies import candidates, crowds, frames
from bot.copies.frames import Frames, Seen
from bot.copies.parts import CROWD, SHARED_BY, Side, common
from tests.property.test_parts_order import small_samples

points = st.integers(0, (1 << 24) - 1)


@given(st.lists(points, max_size=20))
def test_common_points_are_those_of_many_links(links: list[int]) -> None:
    """Each point counts for itself: common are those that more of the links have than is allowed."""
    taking_part = Counter(bit for link in links for bit in range(24) if link >> bit & 1)
    allowed = SHARED_BY if len(links) < CROWD else 2
    assert common(links) == sum(1 << bit for bit, count in taking_part.items() if count > allowed)


alike = st.sampled_from([0x3F, 0xFF, 0xFFF]) | points
sides = st.builds(
    Side,
    alike.map(lambda low: low | low << 226),
    st.sampled_from([0, 2, 5, 1 << 16]),
    st.sampled_from([True, True, False]),
)
pairs = st.tuples(st.sampled_from([1, 1, 2]), st.integers(3, 9)) | st.just((1, 2))
changes = st.lists(
    st.tuples(st.dictionaries(pairs, st.tuples(sides, sides), max_size=6), st.lists(pairs, max_size=4)), max_size=10
)


@settings(max_examples=500)
@given(changes, st.integers(0, 9))
def test_whoever_is_swayed_is_told(
    steps: list[tuple[dict[tuple[int, int], tuple[Side, Side]], list[tuple[int, int]]]], restart: int
) -> None:
    """Links of some pictures come and go; whoever counts at one of them with what is common now and did not before, or
    the reverse, is told, and nobody else; also where all is built anew on the way, and in tables that must grow."""
    held: dict[tuple[int, int], tuple[Side, Side]] = {}
    with small_samples(4), pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "_ROWS", 1)
        known = Frames()
        for number, (came, went) in enumerate(steps):
            came = {pair: both for pair, both in came.items() if pair not in held}
            was = {node: _at(held, node) for node in range(1, 10)}
            held |= came
            held = {pair: both for pair, both in held.items() if pair not in went}
            told = known.swayed([Seen(*pair, *both) for pair, both in came.items()], went)
            swayed = set[int]()
            for node, before in was.items():
                common_before, common_now = _common(before), _common(_at(held, node))
                swayed |= {
                    other
                    for other, side in _at(held, node).items()
                    if side.counts(common_before) != side.counts(common_now)
                }
            assert told == swayed
            if number == restart:
                known = Frames(Seen(*pair, *both) for pair, both in held.items())


def test_rows_of_links_that_went_are_used_again() -> None:
    """Links that come and go one after another take the memory of one."""
    both = Side(0xFF, 2, doubtful=True), Side(0xFF, 2, doubtful=True)
    known = Frames([Seen(1, 2, *both)])
    before = known.bytes
    for other in range(1000):
        known.swayed([Seen(1, 3 + other % 2, *both)], [(1, 3 + other % 2)])
    assert known.bytes == before


def _at(links: dict[tuple[int, int], tuple[Side, Side]], node: int) -> dict[int, Side]:
    """The links of a picture, by partner."""
    return {
        a + b - node: both[pair_at] for (a, b), both in links.items() for pair_at in (0, 1) if (a, b)[pair_at] == node
    }


def _common(links: dict[int, Side]) -> int:
    doubtful = [side.points for side in links.values() if side.doubtful]
    taking_part = Counter(bit for link in doubtful for bit in range(250) if link >> bit & 1)
    return sum(1 << bit for bit, count in taking_part.items() if count > (3 if len(doubtful) < 4 else 2))


some_links = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 4), st.booleans()),
    max_size=40,
    unique_by=lambda link: frozenset(link[:2]),
).map(lambda links: [link for link in links if link[0] != link[1] and (link[2] or link[3])])


@settings(max_examples=300)
@given(some_links, st.randoms(use_true_random=False))
def test_samples_are_a_function_of_the_links(links: list[tuple[int, int, int, bool]], shuffle: object) -> None:
    """Taken one after another, in any order, or all at once: samples end where the twelfth doubtful link of all stands
    (here the second), and what neither of two has in its sample is dropped when the later of the two has come."""
    hashes = [f"{(number * 0x9E3779B97F4A7C15) % 2**64:016x}" + "0" * 48 for number in range(10)]
    ranks = candidates.positions(hashes)
    with small_samples(2):
        known = crowds.Crowds()
        known.add(range(10), hashes)
        held: dict[tuple[int, int], tuple[int, bool]] = {}
        shuffle.shuffle(links)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
        for a, b, places, doubtful in links:
            held[min(a, b), max(a, b)] = places, doubtful
            loose = _loose(held, ranks.tolist())
            assert known.take(a, [(b, places, doubtful)]) == sorted(loose)
            for pair in loose:
                del held[pair]
        once = crowds.Crowds()
        once.add(range(10), hashes)
        once.fill([(a, b, places, doubtful) for (a, b), (places, doubtful) in held.items()])
        assert [once.partners(node) for node in range(10)] == [known.partners(node) for node in range(10)]
        assert [once.crowded(node) for node in range(10)] == [known.crowded(node) for node in range(10)]
        for position in ranks:
            for places in range(5):
                agreeing = dict.fromkeys(range(10), places)
                assert once.asking(position, agreeing) == known.asking(position, agreeing)


def _loose(held: dict[tuple[int, int], tuple[int, bool]], ranks: list[int]) -> set[tuple[int, int]]:
    """The pairs whose link depends on samples, with neither in the other's."""

    def within(node: int, other: int) -> bool:
        order = sorted(
            (-places, ranks[a] ^ ranks[b], doubtful, a + b - node)
            for (a, b), (places, doubtful) in held.items()
            if node in (a, b)
        )
        ends = [place for place, (_, _, doubtful, _) in enumerate(order) if doubtful]
        sample = order if len(ends) < 2 else order[: ends[1] + 1]
        return other in [partner for *_, partner in sample]

    return {(a, b) for (a, b), (places, _) in held.items() if places and not within(a, b) and not within(b, a)}


def test_samples_hold_those_with_most_in_common() -> None:
    """By hand: who agrees at more places comes first, of equals whose hash is nearer; a full sample leaves out the
    others, but for those to whose samples the picture belongs."""
    known = crowds.Crowds()
    known.add([1, 2, 3, 4], [f"{value:016x}" + "0" * 48 for value in (0b000, 0b011, 0b001, 0b100)])
    with small_samples(2):
        known.fill([(2, 3, 20, True), (2, 4, 21, True), (1, 3, 9, True), (1, 2, 9, False)])
        assert [known.crowded(node) for node in (1, 2, 3, 4)] == [False, True, True, False]
        assert known.take(1, [(4, 12, True)]) == [(1, 2)]
    assert [known.crowded(node) for node in (1, 2, 3, 4)] == [True] * 4
    assert known.partners(1) == [4, 3]
    assert known.open_to(np.array([1, 2, 9]), np.array([8, 20, 1])).tolist() == [False, True, True]
    second = candidates.positions([f"{0b011:016x}" + "0" * 48])[0]
    assert known.asking(second, {1: 9}) == set()
    assert known.asking(second, {1: 10}) == {1}
    last = candidates.positions([f"{0b001:016x}" + "0" * 48])[0]
    assert known.asking(last, {1: 9}) == {1}, "with whom the sample ends belongs to it"
    assert [known.first(1, 2), known.first(2, 1), known.first(1, 1)] == [True, False, None]
