"""Any order, any interleaving, any repetition of deliveries ends in one post, and edits never gain ownership."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.model import Author, Interval, MediaRef, Snapshot, Stats
from bot.posts.merge import Sighting, author_of, digest, join, merge

DAY = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)
hours = st.integers(0, 12).map(lambda h: DAY + dt.timedelta(hours=h))
images = st.sampled_from("abcd").map(lambda name: MediaRef(type="image", url=f"https://cdn.example/{name}"))


def perhaps(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


snapshots = st.builds(
    Snapshot,
    id=st.just("1"),
    created_at=perhaps(hours),
    edited_at=perhaps(hours),
    deleted=perhaps(st.booleans()),
    author=st.builds(Author, id=perhaps(st.sampled_from("xy")), nickname=perhaps(st.sampled_from("xy"))),
    title=perhaps(st.sampled_from("xy")),
    text=perhaps(st.sampled_from("xyz")),
    media=perhaps(st.lists(images, max_size=3).map(tuple)),
    media_complete=st.booleans(),
    stats=perhaps(st.builds(Stats, views=st.integers(0, 3))),
    notes=st.lists(st.sampled_from("xy"), max_size=1).map(tuple),
)


@st.composite
def sightings(draw: st.DrawFn) -> Sighting:
    snapshot, first = draw(snapshots), draw(hours)
    return Sighting(
        source=draw(st.sampled_from(("push", "jsonl", "gate_square"))),
        snapshot=snapshot,
        first_observed=first,
        last_observed=first,
        not_before=draw(st.none() | st.just(first - dt.timedelta(minutes=30))),
        digest=digest(snapshot),
    )


def stored(deliveries: Iterable[Sighting]) -> list[Sighting]:
    """What a store holds after these deliveries: one row a source and snapshot, widened by each repetition."""
    rows: dict[tuple[str, str], Sighting] = {}
    for delivery in deliveries:
        key = (delivery.source, delivery.digest)
        rows[key] = join(rows[key], delivery) if key in rows else delivery
    return list(rows.values())


@given(st.data(), st.lists(sightings(), min_size=1, max_size=7))
def test_order_interleaving_and_repetition_do_not_matter(data: st.DataObject, deliveries: list[Sighting]) -> None:
    """The same deliveries, shuffled and some of them again, through the store's rows or straight: an equal post, whose
    author is the one that is read alone."""
    again = data.draw(st.lists(st.sampled_from(deliveries), max_size=5))
    shuffled = data.draw(st.permutations(deliveries + again))
    assert merge(stored(shuffled)) == merge(stored(deliveries)) == merge(shuffled)
    assert author_of(shuffled) == merge(deliveries).author


@given(sightings(), hours, hours, hours)
def test_join_is_a_semilattice(one: Sighting, a: dt.datetime, b: dt.datetime, c: dt.datetime) -> None:
    """Commutative, associative and idempotent, so a row does not depend on the order of its repetitions."""
    x, y, z = (
        Sighting(
            source=one.source, snapshot=one.snapshot, digest=one.digest, first_observed=t, last_observed=t, not_before=n
        )
        for t, n in ((a, None), (b, a), (c, one.not_before))
    )
    assert join(x, y) == join(y, x)
    assert join(join(x, y), z) == join(x, join(y, z))
    assert join(join(x, y), y) == join(x, y)


@given(st.lists(sightings(), min_size=1, max_size=7))
def test_every_interval_is_one_and_stays_in_the_post(deliveries: list[Sighting]) -> None:
    """Nothing enters a post before it was created, and no interval ends before it begins."""
    post = merge(deliveries)
    assert len(post.entered) == len(post.media)
    assert len(post.former_entered) == len(post.former)
    for interval in (post.posted, post.text_entered, *post.entered, *post.former_entered):
        assert interval.latest is not None
        assert interval.earliest is None or interval.earliest <= interval.latest
        if post.created_at is not None:
            assert interval.earliest is not None
            assert interval.earliest >= post.created_at


@given(st.lists(sightings(), min_size=1, max_size=6), sightings())
def test_a_stream_only_gains_revisions_as_one_source_goes_on(deliveries: list[Sighting], further: Sighting) -> None:
    """Without edit times, the count of one source's revisions never falls at a snapshot that is new."""
    rows = stored(one_source(s, s.first_observed) for s in deliveries)
    new = one_source(further, DAY + dt.timedelta(days=1))
    assume(new.digest not in {row.digest for row in rows})
    assert merge([*rows, new]).revision >= merge(rows).revision


def one_source(sighting: Sighting, when: dt.datetime) -> Sighting:
    snapshot = Snapshot(
        id="1", text=sighting.snapshot.text, media=sighting.snapshot.media, title=sighting.snapshot.title
    )
    return Sighting(source="push", snapshot=snapshot, first_observed=when, last_observed=when, digest=digest(snapshot))


class History:
    """The truth of a simulated post: its media lists over time, without duplicates."""

    def __init__(self, lists: list[frozenset[str]]) -> None:
        self.lists = lists

    def entered(self, name: str) -> dt.datetime:
        return DAY + dt.timedelta(hours=2 * next(i for i, names in enumerate(self.lists) if name in names))

    def at(self, hour: int) -> tuple[frozenset[str], dt.datetime | None]:
        """The list as it stood, and when it last changed; version i is made at hour 2 * i and seen at odd hours."""
        version = min(hour // 2, len(self.lists) - 1)
        return self.lists[version], DAY + dt.timedelta(hours=2 * version) if version else None


@given(
    st.lists(st.frozensets(st.sampled_from("abc")), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.integers(0, 5).map(lambda n: 2 * n + 1), st.booleans(), st.booleans()), min_size=1, max_size=6
    ),
)
def test_what_is_proven_contains_the_truth(lists: list[frozenset[str]], looks: list[tuple[int, bool, bool]]) -> None:
    """Simulated posts, seen whole at random times by sources that do or do not tell edit times: where an edit was
    seen or told, the entry of each picture is not claimed to be earlier than it was."""
    history = History(lists)
    found = []
    for hour, tells, pushed in looks:
        names, edited = history.at(hour)
        snapshot = Snapshot(
            id="1",
            created_at=DAY,
            edited_at=edited if tells else None,
            media=tuple(MediaRef(type="image", url=f"https://cdn.example/{name}") for name in sorted(names)),
        )
        when = DAY + dt.timedelta(hours=hour)
        source = "push" if pushed else "jsonl"
        found.append(
            Sighting(source=source, snapshot=snapshot, first_observed=when, last_observed=when, digest=digest(snapshot))
        )
    post = merge(stored(found))
    first_seen = min(hour for hour, *_ in looks)
    for ref, interval in [
        *zip(post.media, post.entered, strict=True),
        *zip(post.former, post.former_entered, strict=True),
    ]:
        truth = history.entered((ref.url or "")[-1])
        # An edit that no source told and that lies before the first look cannot be known: such content counts as old.
        if truth > DAY and (truth > DAY + dt.timedelta(hours=first_seen) or all(tells for _, tells, _ in looks)):
            assert not interval.before(Interval(earliest=truth, latest=truth)), (ref, interval, truth)
