"""Many posts at once: previewed, within a quota, undone as one, and never on what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import UserError
from bot.review.bulk import confirm, drop, parked
from bot.review.filters import parse_filter
from bot.review.second import Policy
from bot.store import Store
from tests.integration.commands import Command
from tests.integration.desks import Clock, desks, judge

QUOTA = Policy(quota=3)
ABSENT = parse_filter("reason:brand.absent")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Five posts without the brand, the first two of them also copies, and one other."""
    store = Store(tmp_path)
    for number in range(1, 6):
        codes = ["brand.absent", "duplicate.near"] if number < 3 else ["brand.absent"]
        judge(store, str(number), *codes)
    judge(store, "6", "content.link")
    return store


def rows(store: Store) -> list[tuple[object, ...]]:
    return store.connection.rows("SELECT * FROM posts ORDER BY id")


def test_the_preview_says_what_would_change_and_changes_nothing(store: Store, clock: Clock) -> None:
    """Targets in the order of the queue, the excess over the quota, counts by reason and status; no row moves."""
    [amy] = desks(store, clock, "amy", policy=QUOTA)
    before = rows(store)
    plan = amy.plan(ABSENT, "reject", "brand.absent")
    assert [a.post_id for a in plan.targets] == ["1", "2", "3"]
    assert [a.post_id for a in plan.excess] == ["4", "5"]
    assert plan.by_reason == {"brand.absent": 5, "duplicate.near": 2}
    assert plan.by_status == {"review": 5}
    assert rows(store) == before


def test_the_excess_waits_and_one_undo_takes_all_back(store: Store, clock: Clock) -> None:
    """The quota is decided, the rest is parked; confirmed by the same person, one undo restores every row."""
    [amy] = desks(store, clock, "amy", policy=QUOTA)
    before = rows(store)
    done = amy.carry_out(amy.plan(ABSENT, "reject", "brand.absent"))
    assert [d.post_id for d in done.decisions] == ["1", "2", "3"]
    [waiting] = parked(store)
    assert (waiting.id, waiting.who, [a.post_id for a in waiting.plan.targets]) == (done.parked, "amy", ["4", "5"])
    with store.transaction():
        rest = confirm(store, waiting.id, "amy", clock.now(), QUOTA)
    assert [d.post_id for d in rest.decisions] == ["4", "5"]
    assert parked(store) == []
    clock.forward(minutes=1)
    assert len(amy.undo_all()) == 5
    assert rows(store) == before


def test_who_confirms_anothers_excess_answers_for_their_part(store: Store, clock: Clock) -> None:
    """A lead's confirmation is the lead's decision, and undone by the lead alone. Dropping decides nothing."""
    amy, lea = desks(store, clock, "amy", "lea", policy=QUOTA)
    first = amy.carry_out(amy.plan(ABSENT, "approve"))
    assert first.parked is not None
    with store.transaction():
        confirm(store, first.parked, "lea", clock.now(), QUOTA)
    assert {undone.post_id for _, undone in lea.undo_all()} == {"4", "5"}
    again = amy.carry_out(amy.plan(parse_filter("reason:brand status:review status:eligible"), "approve"))
    assert again.parked is not None
    with store.transaction():
        drop(store, again.parked)
        with pytest.raises(UserError, match="nothing is parked"):
            confirm(store, again.parked, "lea", clock.now(), QUOTA)


def test_what_changed_since_the_preview_is_left(store: Store, clock: Clock) -> None:
    """A new revision, a new finding, another's claim: left and told, the others are decided."""
    amy, bo = desks(store, clock, "amy", "bo")
    plan = amy.plan(ABSENT, "approve")
    judge(store, "1", "brand.absent", revision=2)
    judge(store, "3", "brand.absent", "duplicate.text")
    bo.claim("4")
    bo.reject(bo.claim("5"), "content.offtopic")
    done = amy.carry_out(plan)
    assert {d.post_id for d in done.decisions} == {"2", "5"}
    assert done.left == ("1", "3", "4")


def test_the_command_line(command: Command, judged: Path) -> None:
    """``--filter`` previews, decides and is undone as one; a wrong one, or none beside no posts, is wrong usage."""
    wanted = ("--filter", "reason:brand", "--as", "amy", "--data", judged)
    preview = command("approve", *wanted, "--dry-run", "--json").objects[0]
    assert set(preview["targets"]) == {"101", "103"}
    assert "101" in command("approve", *wanted, "--dry-run").out
    done = command("approve", *wanted, "--json")
    assert (done.status, {o["post_id"] for o in done.objects}) == (0, {"101", "103"})
    assert command("approve", *wanted).err.startswith("no post")
    assert len(command("undo", "--as", "amy", "--data", judged, "--json").objects) == 2
    assert command("parked", "list", "--json", "--data", judged).objects == []
    for bad in (["--filter", "status:nosuch"], [], ["101", "--filter", "reason:brand"], ["101", "--dry-run"]):
        assert command("approve", *bad, "--data", judged).status == 2


def test_a_post_named_twice_is_decided_once(command: Command, judged: Path) -> None:
    """With and without its revision it is one post; two different revisions are refused."""
    done = command("approve", "101", "101@1", "101", "--as", "amy", "--data", judged, "--json")
    assert [o["post_id"] for o in done.objects] == ["101"]
    assert command("approve", "103@1", "103@2", "--as", "amy", "--data", judged).status == 1


def test_over_the_quota_at_the_command_line(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over the quota is listed as parked and confirmed by its id."""
    monkeypatch.setenv("GATEWARDEN_REVIEW__QUOTA", "1")
    assert command("reject", "--filter", "reason:brand", "--reason", "brand.absent", "--data", judged).status == 0
    [waiting] = command("parked", "list", "--json", "--data", judged).objects
    assert len(waiting["posts"]) == 1
    assert waiting["id"] in command("parked", "list", "--data", judged).out
    assert len(command("parked", "confirm", waiting["id"], "--data", judged, "--json").objects) == 1
    assert command("parked", "drop", waiting["id"], "--data", judged).status == 1


def test_the_queue_takes_the_same_filter(command: Command, judged: Path) -> None:
    """What is listed is what would be decided, whoever holds it; a second way of narrowing beside it is wrong usage."""
    listed = command("queue", "--filter", "reason:brand", "--json", "--data", judged).objects
    assert {o["post_id"] for o in listed} == {"101", "103"}
    found = command("queue", "--filter", "order:informative status:ineligible", "--json", "--data", judged).objects
    assert {o["post_id"] for o in found} == {"102", "104", "106"}
    assert command("queue", "--filter", "mine", "--json", "--data", judged).objects[0]["post_id"] == "103"
    assert command("queue", "--filter", "reason:brand", "--author", "ann", "--data", judged).status == 2
