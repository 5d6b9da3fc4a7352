"""Clusters: settled at once without wronging anybody, and corrected by people for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.copies.relate import Relater
from bot.errors import UserError
from bot.media.looked import looked
from bot.review.claims import TakenError
from bot.review.filters import Filter
from tests.integration.commands import Command
from tests.integration.desks import Clock, desks, ids
from tests.integration.judged import VERSION, Square


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """One picture of 1, in many hands: nearly the same in 2, 3 and 4, the same bytes in 5, beside an own one in 6,
    posted again by its author in 7, and a part of it in 8. Post 9 has nothing to do with it."""
    square = Square(tmp_path)
    square.feed("1", "ann", ["1 0"])
    for number, author in enumerate(("bo", "cy", "di"), 2):
        square.feed(str(number), author, [f"1 1 0.9{number}"])
    square.feed("5", "ed", ["1 0"])
    square.feed("6", "fi", ["1 1 0.96", "2 0"])
    square.feed("7", "ann", ["1 1 0.97"])
    square.feed("8", "gu", ["3 0"])
    square.feed("9", "ha", ["4 0"])
    square.judge()
    graph = square.store.graph
    with square.store.transaction():
        nodes = {post: graph.standings(post)[0][1] for post in "18"}
        square.store.work.add(sorted(graph.link(nodes["1"], nodes["8"], "partial", 0)), 0)
    square.judge()
    return square


def standing(square: Square, post_id: str) -> tuple[str, set[str]]:
    record = square.store.verdicts.get(post_id)
    assert record is not None
    return record.status, {f.code for f in record.verdict.findings if f.code.startswith("duplicate")}


def test_who_stands_how(square: Square, clock: Clock) -> None:
    """Head, copies, own pictures and parts are told apart, whichever member asks."""
    [amy] = desks(square.store, clock, "amy")
    expected = {
        "1": "head", "2": "copy", "3": "copy", "4": "copy", "5": "copy", "6": "mixed", "7": "own", "8": "partial",
    }  # fmt: skip
    for asked in "1245":
        assert {m.post_id: m.standing for m in amy.cluster(asked).members} == expected
    with pytest.raises(UserError, match="shares no picture"):
        amy.cluster("9")


def test_settling_rejects_copies_alone_and_is_undone_as_one(square: Square, clock: Clock) -> None:
    """Never the head, never partial members, nobody's own picture; one undo restores every row."""
    [amy] = desks(square.store, clock, "amy")
    before = square.store.connection.rows("SELECT * FROM posts ORDER BY id")
    done = amy.settle_cluster(amy.claim("2"), "duplicate.near")
    assert {d.post_id for d in done} == {"2", "3", "4"}
    assert {d.post_id for d in done if standing(square, d.post_id)[0] == "ineligible"} == {"2", "3", "4"}
    clock.forward(minutes=1)
    assert len(amy.undo_all()) == 3
    assert square.store.connection.rows("SELECT * FROM posts ORDER BY id") == before


def test_settling_leaves_what_others_hold_and_what_was_not_drawn(square: Square, clock: Clock) -> None:
    """A member in another's hands, and one that came after the picture was drawn, keep waiting."""
    amy, bo = desks(square.store, clock, "amy", "bo")
    claim, drawn = amy.claim("2"), amy.cluster("2")
    bo.claim("3")
    square.feed("12", "jo", ["1 1 0.91"])
    square.judge()
    assert {d.post_id for d in amy.settle_cluster(claim, "duplicate.near", drawn)} == {"2", "4"}
    with pytest.raises(TakenError):
        amy.settle_cluster(claim, "duplicate.near")
    assert {d.post_id for d in amy.settle_cluster(amy.claim("12"), "duplicate.near")} == {"12"}
    with pytest.raises(UserError, match="no copy"):
        amy.settle_cluster(amy.claim("1", decided=True), "duplicate.near", drawn)


def test_pictures_kept_apart_are_no_copies_any_more(square: Square, clock: Clock) -> None:
    """What is kept apart is judged anew, stays apart when the graph is built anew, and comes back with an undo."""
    [amy] = desks(square.store, clock, "amy")
    assert standing(square, "2") == ("review", {"duplicate.near"})
    amy.keep_apart("2", "1")
    square.judge()
    assert standing(square, "2") == ("eligible", set())
    assert "2" not in ids(amy.cluster("3").members)
    square.store.graph.clear()
    relater = Relater(square.store, square.campaign, VERSION)
    for post_id in "87654321":
        post = square.store.intake.post(post_id)
        assert post is not None
        relater.relate(post, *looked(square.store, VERSION, post))
    assert "2" not in ids(amy.cluster("3").members)
    amy.undo()
    square.judge()
    assert standing(square, "2") == ("review", {"duplicate.near"})


def test_a_part_kept_apart_is_no_part(square: Square, clock: Clock) -> None:
    """Partial links are cut by the same decision."""
    [amy] = desks(square.store, clock, "amy")
    assert standing(square, "8") == ("review", {"duplicate.partial"})
    amy.keep_apart("8", "1")
    square.judge()
    assert standing(square, "8") == ("eligible", set())
    with pytest.raises(UserError, match="nothing that can be parted"):
        amy.keep_apart("8", "1")


def test_pictures_that_belong_together_are_copies(square: Square, clock: Clock) -> None:
    """What no proof found, a person ties: the later becomes a copy, also for pictures alike to come."""
    [amy] = desks(square.store, clock, "amy")
    assert standing(square, "9") == ("eligible", set())
    amy.belong_together("9", "1")
    square.judge()
    assert standing(square, "9") == ("review", {"duplicate.near"})
    assert {m.post_id: m.standing for m in amy.cluster("1").members}["9"] == "copy"
    amy.undo()
    square.judge()
    assert standing(square, "9") == ("eligible", set())
    with pytest.raises(UserError, match="same bytes"):
        amy.belong_together("5", "1")
    with pytest.raises(UserError, match="no readable media"):
        amy.belong_together("5", "1", media=4)


def test_clusters_at_the_command_line(square: Square, command: Command) -> None:
    """Shown, settled after a look at what would be, told apart, tied, and undone."""
    at = ("--data", square.store.directory)
    shown = {o["post_id"]: o["standing"] for o in command("cluster", "show", "2", "--json", *at).objects}
    assert (shown["1"], shown["2"], shown["8"]) == ("head", "copy", "partial")
    assert "first" in command("cluster", "show", "2", *at).out
    wanted = ("cluster", "settle", "2", "--reason", "duplicate.near", "--as", "amy", *at)
    assert {o["post_id"] for o in command(*wanted, "--dry-run", "--json").objects} == {"2", "3", "4"}
    assert {o["post_id"] for o in command(*wanted, "--json").objects} == {"2", "3", "4"}
    assert command(*wanted).status == 1
    assert command("cluster", "apart", "8", "1", "--as", "amy", *at).status == 0
    assert command("cluster", "together", "9", "1", "--as", "amy", *at).status == 0
    assert [o["action"] for _ in range(3) for o in command("undo", "--as", "amy", "--json", *at).objects] == [
        "undo"
    ] * 5
    assert command("cluster", "show", "9", *at).status == 1


def test_clusters_halve_the_decisions_where_copies_abound(tmp_path: Path, clock: Clock) -> None:
    """Six pictures, each nearly copied five times, beside twelve posts of other kinds: settling clusters, one person
    needs less than half of the decisions that posts one by one would take."""
    square = Square(tmp_path)
    for family in range(6):
        square.feed(str(100 + family), f"first{family}", [f"{family} 0"])
        for copy in range(5):
            square.feed(str(200 + family * 5 + copy), f"u{family}.{copy}", [f"{family} 1 0.9{copy}"])
    for number in range(12):
        square.feed(str(300 + number), f"v{number}", [f"{50 + number} 0 0.5"])
    square.judge()
    [amy] = desks(square.store, clock, "amy")
    one_by_one = amy.count()
    decisions = 0
    while claims := amy.take(count=1):
        record = square.store.verdicts.get(claims[0].post_id)
        assert record is not None
        decisions += 1
        if any(f.code == "duplicate.near" for f in record.verdict.findings):
            amy.settle_cluster(claims[0], "duplicate.near")
        else:
            amy.approve(claims[0])
    assert (one_by_one, decisions) == (42, 18)
    heads = [square.store.verdicts.get(str(100 + family)) for family in range(6)]
    assert all(head is not None and head.decided_by == "rules" for head in heads)


def test_a_cluster_is_a_filter(square: Square, clock: Clock) -> None:
    """By its name, what waits of it, and nothing else; a name that is none finds nothing."""
    [amy] = desks(square.store, clock, "amy")
    name = amy.cluster("2").name
    assert set(ids(amy.waiting(Filter(cluster=name)))) == {"2", "3", "4", "6"} & {r.post_id for r in amy.waiting()}
    assert amy.count(Filter(cluster="0")) == 0
