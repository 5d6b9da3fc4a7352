"""What people decide about pairs of pictures: clusters stay a function of sets, whenever it was decided."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store
from bot.store.graph import Occurrence
from bot.store.pairs import Kind
from tests.property.test_graph import Placed, by_definition, edges, placed


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def build(
    store: Store,
    posts: list[tuple[int, Placed]],
    links: list[tuple[int, int]],
    pairs: dict[tuple[int, int], Kind],
    shuffle: random.Random,
) -> dict[int, int]:
    """Place posts in the given order, with what is decided about pairs coming in anywhere between, some of it first
    decided otherwise."""
    with store.transaction():
        store.graph.clear()
        store.connection.run("DELETE FROM pairs")
        steps: list[tuple[int, Placed] | tuple[str, str, Kind | None]] = list(posts)
        for (a, b), kind in pairs.items():
            at = shuffle.randrange(len(steps) + 1)
            wrong: list[Kind | None] = ["apart", "together", None]
            before: list[tuple[str, str, Kind | None]] = [
                (str(a), str(b), shuffle.choice(wrong)) for _ in range(shuffle.randrange(2))
            ]
            steps[at:at] = [*before, (str(b), str(a), kind)]
        nodes: dict[int, int] = {}
        for step in steps:
            if len(step) == 3:
                store.pairs.put(*step)
                continue
            number, (name, author, earliest, width) = step
            if name not in nodes:
                nodes[name], _ = store.graph.node(f"m:{name}", "media")
                for a, b in links:
                    if name in (a, b) and a in nodes and b in nodes:
                        store.graph.link(nodes[a], nodes[b], "near", 7)
                store.pairs.met(str(name))
            here = Occurrence(
                post_id=str(number), slot=0, node=nodes[name], author=author, earliest=earliest, latest=earliest + width
            )
            store.graph.place(str(number), [here])
        return {number: store.graph.standings(str(number))[0][0] for number, _ in posts}


decided = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] < p[1]),
    st.sampled_from(["apart", "together"]),
    max_size=3,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(placed, min_size=1, max_size=10), edges, decided, st.randoms(use_true_random=False))
def test_standings_follow_the_links_less_those_apart_plus_those_together(
    store: Store,
    items: list[Placed],
    links: list[tuple[int, int]],
    pairs: dict[tuple[int, int], Kind],
    shuffle: random.Random,
) -> None:
    """Whenever people decide, also before a picture has come, and whatever they decided first: one result."""
    posts = list(enumerate(items))
    shuffle.shuffle(posts)
    joined = [(a, b) for a, b in links if pairs.get((min(a, b), max(a, b))) != "apart"]
    joined += [pair for pair, kind in pairs.items() if kind == "together"]
    assert build(store, posts, links, pairs, shuffle) == by_definition(posts, joined)


def test_a_decision_taken_back_restores_the_proof(store: Store) -> None:
    """Links put aside come back as they were proven, whatever stood in between."""
    with store.transaction():
        a, b = (store.graph.node(f"m:{name}", "media")[0] for name in "ab")
        store.graph.link(a, b, "partial", 42)
        proven = store.connection.rows("SELECT * FROM links")
        kinds: tuple[Kind, ...] = ("apart", "together", "apart")
        for kind in kinds:
            store.pairs.put("a", "b", kind)
            assert store.connection.rows("SELECT * FROM links") != proven
        store.pairs.put("b", "a", None)
        assert store.connection.rows("SELECT * FROM links") == proven
        assert store.connection.rows("SELECT * FROM held_links") == []


def test_apart_names_every_tie(store: Store) -> None:
    """A picture hangs on another also through third ones: keeping it apart cuts just those, and that is enough."""
    with store.transaction():
        nodes = {name: store.graph.node(f"m:{name}", "media")[0] for name in "habx"}
        for pair in ("ha", "ab", "hb", "ax"):
            store.graph.link(nodes[pair[0]], nodes[pair[1]], "near", 3)
        ties = store.pairs.ties("a", "h")
        assert sorted(ties) == [("a", "b"), ("a", "h")]
        for pair_a, pair_b in ties:
            store.pairs.put(pair_a, pair_b, "apart")
        clusters = {name: store.graph.cluster(node) for name, node in nodes.items()}
        assert clusters["h"] == clusters["b"] != clusters["a"] == clusters["x"]
        assert store.pairs.ties("a", "h") == []
