"""The hash index finds all that is near, and nothing else."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import nearest
from detectors.fingerprint import hamming
from detectors.nearest import HashIndex


def hashes(count: int, seed: int = 0) -> list[str]:
    rows = np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)
    return [row.tobytes().hex() for row in rows]


def flipped(pdq: str, bits: int) -> str:
    """The hash with its lowest ``bits`` bits turned."""
    return f"{int(pdq, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of eight, so that few hashes fill several."""
    monkeypatch.setattr(nearest, "_BLOCK", 8)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 45), st.integers(-1, 8))
def test_search_equals_brute_force(distances: list[int], radius: int, above: int) -> None:
    """Every key within the radius with its least distance, over sealed and open blocks, and no other."""
    queries = hashes(2)
    stored = [(n % 7, flipped(queries[n % 2], bits)) for n, bits in enumerate(distances)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_BLOCK", 8)
        index = HashIndex()
        for key, pdq in stored:
            index.add(key, pdq)
        found = index.within(queries, radius, above=above)
        assert above >= 0 or found == index.within(queries, radius)
    expected: dict[int, int] = {}
    for key, pdq in stored:
        distance = min(hamming(pdq, query) for query in queries)
        if distance <= radius and key > above:
            expected[key] = min(distance, expected.get(key, 257))
    assert found == sorted(expected.items())


@given(st.integers(0, 47), st.integers(0, 9))
def test_no_way_to_scatter_the_bits_hides_a_hash(radius: int, seed: int) -> None:
    """Bits that differ anywhere, all in one chunk or one in each: found at exactly the radius, not beyond it."""
    rng = np.random.default_rng(seed)
    query = hashes(1, 1)[0]
    spread = [16 * (bit % 16) + bit // 16 for bit in range(256)]
    orders = [list(range(256)), spread, *(rng.permutation(256).tolist() for _ in range(6))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_BLOCK", 8)
        index = HashIndex()
        for key, order in enumerate(orders):
            index.add(key, f"{int(query, 16) ^ sum(1 << bit for bit in order[:radius]):064x}")
            index.add(100 + key, f"{int(query, 16) ^ sum(1 << bit for bit in order[: radius + 1]):064x}")
    assert index.within([query], radius) == [(key, radius) for key in range(len(orders))]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("before", [0, 3, 8, 21])
@pytest.mark.parametrize("count", [0, 1, 5, 8, 30])
def test_filled_at_once_or_one_by_one(before: int, count: int) -> None:
    """The same is found, and more can be added."""
    stored = hashes(before + count + 9)
    one, other = HashIndex(), HashIndex()
    for key, pdq in enumerate(stored):
        one.add(key, pdq)
        if key < before:
            other.add(key, pdq)
    other.fill(range(before, before + count), bytes.fromhex("".join(stored[before : before + count])))
    for key, pdq in enumerate(stored[before + count :]):
        other.add(before + count + key, pdq)
    assert len(one) == len(other)
    for radius in (0, 47, 256):
        for above in (-1, before, before + count):
            assert one.within(stored[:1], radius, above=above) == other.within(stored[:1], radius, above=above)
            assert one.within(stored[-3:], radius, above=above) == other.within(stored[-3:], radius, above=above)


@pytest.mark.usefixtures("small_blocks")
def test_radius_is_inclusive_in_every_block() -> None:
    """A hash at exactly the radius is found, whether its block is sealed or still open; one bit more is not."""
    query = hashes(1)[0]
    index = HashIndex()
    for key in range(20):
        index.add(key, flipped(query, 31 if key % 2 else 32))
    assert index.within([query], 31) == [(key, 31) for key in range(1, 20, 2)]
    assert index.within([query], 256) == [(key, 31 if key % 2 else 32) for key in range(20)]


def test_nothing_asked_nothing_found() -> None:
    """No query, or an empty index, finds nothing."""
    index = HashIndex()
    assert index.within(hashes(1), 31) == []
    index.add(1, hashes(1)[0])
    assert index.within([], 31) == []
    assert index.within(hashes(1), -1) == []


@pytest.mark.parametrize("wrong", ["", "ab", "zz" * 32, "00" * 33])
def test_only_pdq_is_taken(wrong: str) -> None:
    """What is no 256-bit hash is refused, stored or asked."""
    index = HashIndex()
    with pytest.raises(ValueError, match="hex"):
        index.add(1, wrong)
    with pytest.raises(ValueError, match="hex"):
        index.within([wrong], 3)
    assert len(index) == 0


@pytest.mark.usefixtures("small_blocks")
def test_what_was_added_before_a_search_is_found_while_others_add() -> None:
    """Searching beside a writer misses nothing that was there, over hundreds of sealed blocks."""
    stored = hashes(2000)
    index = HashIndex()
    missed: list[int] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            count = len(index)
            if count:
                found = index.within([stored[count - 1]], 0)
                missed.extend([count] if (count - 1, 0) not in found else [])

    searchers = [threading.Thread(target=search) for _ in range(2)]
    for searcher in searchers:
        searcher.start()
    for key, pdq in enumerate(stored):
        index.add(key, pdq)
    done.set()
    for searcher in searchers:
        searcher.join()
    assert missed == []
    assert len(index) == 2000
