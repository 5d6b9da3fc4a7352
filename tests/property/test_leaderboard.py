"""Any shares, versions and counts: everybody has one place or a reason, in an order that nobody can bend."""

from __future__ import annotations

import datetime as dt
import itertools
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.awards.joining import Entered, State
from bot.awards.leaderboard import Board, Count, Out, Said, rank
from bot.awards.problems import PROBLEMS

MOMENT = dt.datetime(2025, 7, 28, 4, tzinfo=dt.UTC)
WINDOW = dt.timedelta(hours=6)
AFTER = MOMENT + 2 * WINDOW
MINUTE = dt.timedelta(minutes=1)

STATES: st.SearchStrategy[State] = st.sampled_from(["joined", "joined", "joined", "settled", "contested", "dropped"])
STATUSES = st.sampled_from(["eligible", "eligible", "eligible", "review", "ineligible", "withdrawn", None])


def share(post: int, x_id: str, owner: str = "", state: State = "joined", status: str | None = "eligible") -> Entered:
    return Entered(
        post_id=str(post),
        x_id=x_id,
        author_id=f"a{post}",
        owner=owner or f"a{post}",
        state=state,
        status=status,  # type: ignore[arg-type]
        line=post,
        import_id=1,
    )


def count(x_id: str, views: int | None, minutes: int = 1) -> Count:
    return Count(
        x_id=x_id, at=MOMENT + minutes * MINUTE, views=views, failure=None if views is not None else "x.deleted"
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Entered], dict[str, str], list[Count]]:
    """Up to twelve shares of a few people, of posts on X with up to three versions, counted now and then."""
    ids = [str(100 + n) for n in range(16)]
    width = draw(st.integers(1, 3))
    chains = {x: ids[n // width * width] for n, x in enumerate(ids)}
    shares = [
        share(n, draw(st.sampled_from(ids)), draw(st.sampled_from("pqrst")), draw(STATES), draw(STATUSES))
        for n in range(draw(st.integers(0, 12)))
    ]
    counts = [
        count(draw(st.sampled_from(ids)), draw(st.one_of(st.none(), st.integers(0, 3))), draw(st.integers(-10, 370)))
        for _ in range(draw(st.integers(0, 30)))
    ]
    return shares, chains, counts


def board(
    shares: list[Entered], chains: dict[str, str], counts: list[Count], said: dict[str, Said] | None = None
) -> Board:
    return rank(shares, chains, counts, MOMENT, WINDOW, AFTER, said or {})


@given(situations())
def test_every_share_has_one_place_or_one_reason(situation: tuple[list[Entered], dict[str, str], list[Count]]) -> None:
    """Never both, never neither; each reason has words; a person has one place, and a post on X too."""
    shares, chains, counts = situation
    result = board(shares, chains, counts)
    told = [place.post_id for place in result.places] + [out.post_id for out in result.out]
    assert sorted(told) == sorted(entered.post_id for entered in shares)
    assert {out.code for out in result.out} <= PROBLEMS.keys()
    assert len({place.owner for place in result.places}) == len(result.places)
    assert len({place.chain for place in result.places}) == len(result.places)
    by_post = {entered.post_id: entered for entered in shares}
    for place in result.places:
        assert by_post[place.post_id].status == "eligible"
        assert by_post[place.post_id].state in ("joined", "settled")
        assert all(MOMENT <= c.at <= MOMENT + WINDOW and c.views is not None for c in place.versions)
        assert place.views == sum(c.views or 0 for c in place.versions)


@given(situations())
def test_ranks_are_those_of_competitions(situation: tuple[list[Entered], dict[str, str], list[Count]]) -> None:
    """Rank is one more than how many have more views; equal views are tied, the earlier post on X first."""
    places = board(*situation).places
    for place in places:
        assert place.rank == 1 + sum(other.views > place.views for other in places)
        assert place.tied == (sum(other.views == place.views for other in places) > 1)
    assert all((-a.views, int(a.chain)) < (-b.views, int(b.chain)) for a, b in itertools.pairwise(places))


@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_counts_is_nothing(
    situation: tuple[list[Entered], dict[str, str], list[Count]], random: Random
) -> None:
    """The list is a function of what was counted when, in whatever order it was stored."""
    shares, chains, counts = situation
    distinct = list({(c.x_id, c.at): c for c in counts}.values())
    turned = random.sample(distinct, len(distinct))
    assert board(shares, chains, distinct) == board(shares, chains, turned)


@given(situations(), st.integers(-10_000, -1) | st.integers(361, 10_000), st.integers(0, 10**6))
def test_counts_outside_the_window_change_nothing(
    situation: tuple[list[Entered], dict[str, str], list[Count]], minutes: int, views: int
) -> None:
    """However large: neither before the moment nor after its window."""
    shares, chains, counts = situation
    assert board(shares, chains, counts) == board(shares, chains, [*counts, count("105", views, minutes)])


def test_two_people_with_versions_of_one_post_have_none_until_it_is_settled() -> None:
    """Neither link told that they are one post; X does, when it is counted."""
    shares = [share(1, "101"), share(2, "102")]
    chains = {"101": "101", "102": "101"}
    counts = [count("101", 5), count("102", 7)]
    contested = board(shares, chains, counts)
    assert [out.code for out in contested.out] == ["x.contested", "x.contested"]
    settled = board([share(1, "101"), share(2, "102", state="settled")], chains, counts)
    assert [(place.post_id, place.views) for place in settled.places] == [("2", 12)]
    assert settled.out == (Out(post_id="1", x_id="101", code="x.same_chain", views=12),)


def test_ties_share_a_rank_and_the_next_one_is_skipped() -> None:
    """1, 2, 2, 4; the earlier post on X stands first among equals, however long its number."""
    views = {"99": 5, "1000": 9, "101": 5, "102": 1}
    shares = [share(n, x) for n, x in enumerate(("102", "101", "1000", "99"))]
    result = board(shares, {}, [count(x, v) for x, v in views.items()])
    assert [(p.chain, p.rank, p.tied) for p in result.places] == [
        ("1000", 1, False), ("99", 2, True), ("101", 2, True), ("102", 4, False)
    ]  # fmt: skip


def test_it_is_final_when_nothing_more_can_come() -> None:
    """Not before the moment; in the window only once everything is counted; after it in any case."""
    shares = [share(1, "101"), share(2, "102")]
    some, all_ = [count("101", 5)], [count("101", 5), count("102", None)]

    def final(counts: list[Count], now: dt.datetime, moment: dt.datetime | None = MOMENT) -> bool:
        return rank(shares, {}, counts, moment, WINDOW, now, {}).final

    assert not final(all_, MOMENT - MINUTE)
    assert not final(some, MOMENT + 5 * MINUTE)
    assert final(all_, MOMENT + 5 * MINUTE)
    assert final(some, AFTER)
    assert not final(all_, AFTER, None)


def says(account: str | None, *posts: str, tagged: bool = False) -> Said:
    return Said(account=account, tagged=tagged, posts=posts)


def test_a_strangers_post_on_x_waits_for_a_person() -> None:
    """One with neither the hashtag nor a link to the post has no place, however often it was seen, until it is settled;
    where X told nothing, as with counts from a file, nothing is held against it."""
    counts = [count("101", 5), count("102", 10**9), count("103", 7)]
    said = {"101": says("7", "1"), "102": says("8", "999"), "103": says("9", tagged=True)}
    shares = [share(1, "101"), share(2, "102"), share(3, "103")]
    result = board(shares, {}, counts, said)
    assert [place.post_id for place in result.places] == ["3", "1"]
    assert result.out == (Out(post_id="2", x_id="102", code="x.unrelated", views=10**9),)
    assert result.waiting == 1
    settled = [*shares[:1], share(2, "102", state="settled"), *shares[2:]]
    assert [place.post_id for place in board(settled, {}, counts, said).places] == ["2", "3", "1"]
    assert [place.post_id for place in board(shares, {}, counts).places] == ["2", "3", "1"]


def test_one_version_that_names_the_post_is_enough() -> None:
    """An edit may take the hashtag away, or bring it."""
    chains = {"101": "101", "102": "101"}
    counts = [count("101", 5), count("102", 5)]
    for said in ({"101": says("7"), "102": says("7", "1")}, {"101": says("7", tagged=True), "102": says("7")}):
        assert [place.views for place in board([share(1, "102")], chains, counts, said).places] == [10]


def test_an_account_that_shares_for_several_people_waits_for_a_person() -> None:
    """For each of them, but for whom a person settles; several shares of one person are no matter."""
    counts = [count(x, 5) for x in ("101", "102", "103")]
    said = {x: says("7", tagged=True) for x in ("101", "102", "103")}
    shares = [share(1, "101", "p"), share(2, "102", "q"), share(3, "103", "p")]
    assert [out.code for out in board(shares, {}, counts, said).out] == ["x.same_account"] * 3
    shares[1] = share(2, "102", "q", state="settled")
    assert [place.post_id for place in board(shares, {}, counts, said).places] == ["2"]
    own = [share(1, "101", "p"), share(3, "103", "p")]
    assert [(p.post_id, o.code) for p, o in zip(board(own, {}, counts, said).places, board(own, {}, counts, said).out,
                                               strict=True)] == [("1", "x.own_better")]  # fmt: skip
