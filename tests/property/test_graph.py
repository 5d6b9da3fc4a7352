"""The graph of copies is a function of the set of posts: any order of arrival ends in the same standings."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store
from bot.store.graph import FIRST, LATER, LATER_SAME, OWN, UNORDERED, Occurrence

Placed = tuple[int, str, int, int]  # node name, author, earliest, width


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def build(store: Store, posts: list[tuple[int, Placed]], links: list[tuple[int, int]]) -> dict[int, int]:
    """Place posts in the given order, linking each node to those linked with it when it first appears."""
    standings: dict[int, int] = {}
    with store.transaction():
        for table in ("occurrences", "links", "nodes"):
            store.connection.run(f"DELETE FROM {table}")
        nodes: dict[int, int] = {}
        for number, (name, author, earliest, width) in posts:
            if name not in nodes:
                nodes[name], _ = store.graph.node(f"m:{name}", "media")
                for a, b in links:
                    if name in (a, b) and a in nodes and b in nodes:
                        store.graph.link(nodes[a], nodes[b], "near", 7)
            occurrence = Occurrence(
                post_id=str(number), slot=0, node=nodes[name], author=author, earliest=earliest, latest=earliest + width
            )
            store.graph.place(str(number), [occurrence])
        for number, _ in posts:
            standings[number] = store.graph.standings(str(number))[0][0]
    return standings


def by_definition(posts: list[tuple[int, Placed]], links: list[tuple[int, int]]) -> dict[int, int]:
    """The standings straight from their definition, without any index."""
    names = {p[0] for _, p in posts}
    cluster = {name: name for name in names}
    for a, b in links:
        if a in names and b in names:
            old, new = cluster[a], cluster[b]
            cluster = {name: new if c == old else c for name, c in cluster.items()}
    result = {}
    for number, (name, author, earliest, width) in posts:
        mine = [
            earliest2 + width2
            for other, (name2, author2, earliest2, width2) in posts
            if other != number and cluster[name2] == cluster[name] and author2 == author
        ]
        had = min((latest for latest in mine if latest < earliest), default=None)
        standing = FIRST if had is None else OWN
        for other, (name2, author2, earliest2, width2) in posts:
            if other == number or cluster[name2] != cluster[name] or author2 == author:
                continue
            if had is not None and had < earliest2:
                continue  # they came after what this author had already shown
            if earliest2 + width2 < earliest:
                standing = max(standing, LATER_SAME if name2 == name else LATER)
            elif earliest2 <= earliest + width:
                standing = max(standing, UNORDERED)
        result[number] = standing
    return result


placed = st.tuples(st.integers(0, 5), st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 4))
edges = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda e: e[0] != e[1]), max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(placed, min_size=1, max_size=12), edges, st.randoms(use_true_random=False))
def test_any_order_gives_the_defined_standings(
    store: Store, items: list[Placed], links: list[tuple[int, int]], shuffle: random.Random
) -> None:
    """Two orders of arrival agree with each other and with the definition computed by brute force."""
    posts = list(enumerate(items))
    shuffled = posts[:]
    shuffle.shuffle(shuffled)
    expected = by_definition(posts, links)
    assert build(store, posts, links) == expected
    assert build(store, shuffled, links) == expected


def test_moving_and_withdrawing_recomputes_the_others(store: Store) -> None:
    """When the first poster's content leaves, the next one becomes first; when it comes back, it does not stay so."""
    with store.transaction():
        node, _ = store.graph.node("m:x", "media")
        first = Occurrence(post_id="1", slot=0, node=node, author="a", earliest=1, latest=1)
        later = Occurrence(post_id="2", slot=0, node=node, author="b", earliest=5, latest=5)
        assert store.graph.place("1", [first]) == set()
        assert store.graph.place("2", [later]) == set()
        assert store.graph.standings("2")[0][0] == LATER_SAME
        assert store.graph.place("1", []) == {"2"}
        assert store.graph.standings("2")[0][0] == FIRST
        assert store.graph.place("1", [first]) == {"2"}
        assert store.graph.standings("2")[0][0] == LATER_SAME


def test_common_content_ties_nobody_together(store: Store) -> None:
    """Two pictures linked only through a third are no copies once that third is declared common, and again when not."""
    with store.transaction():
        a, b, poster = (store.graph.node(f"m:{name}", "media")[0] for name in ("a", "b", "poster"))
        store.graph.link(a, poster, "near", 9)
        store.graph.link(b, poster, "near", 9)
        store.graph.place("1", [Occurrence(post_id="1", slot=0, node=a, author="x", earliest=1, latest=1)])
        store.graph.place("2", [Occurrence(post_id="2", slot=0, node=b, author="y", earliest=2, latest=2)])
        assert store.graph.standings("2")[0][0] == LATER
        assert store.graph.declare_common(poster, "common:poster") == {"1", "2"}
        assert store.graph.standings("2")[0][0] == FIRST
        store.graph.declare_common(poster, None)
        assert store.graph.standings("2")[0][0] == LATER


def test_content_that_turns_out_to_be_the_same_persons_is_no_copy(store: Store) -> None:
    """What looked like another's copy is a repost once it is placed again under the same person's name."""
    with store.transaction():
        node, _ = store.graph.node("m:x", "media")
        store.graph.place("1", [Occurrence(post_id="1", slot=0, node=node, author="p:1", earliest=1, latest=1)])
        store.graph.place("2", [Occurrence(post_id="2", slot=0, node=node, author="a:7", earliest=2, latest=2)])
        assert store.graph.standings("2")[0][0] == LATER_SAME
        store.graph.place("2", [Occurrence(post_id="2", slot=0, node=node, author="p:1", earliest=2, latest=2)])
        assert store.graph.standings("2")[0][0] == OWN


def test_whoever_is_copied_may_repost(store: Store) -> None:
    """An author whose picture was stolen does not become the thief's copier by posting it again; arriving last, the
    first post still proves it.
    """
    with store.transaction():
        node, _ = store.graph.node("m:x", "media")
        posts = {"o": ("a", 1), "c": ("b", 2), "s": ("a", 3)}
        for post in ("s", "c", "o"):
            author, at = posts[post]
            store.graph.place(
                post, [Occurrence(post_id=post, slot=0, node=node, author=author, earliest=at, latest=at)]
            )
        assert [store.graph.standings(post)[0][0] for post in "ocs"] == [FIRST, LATER_SAME, OWN]
