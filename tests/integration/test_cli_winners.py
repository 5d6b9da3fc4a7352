"""From rankings to winners: what must be settled, and what the freeze holds."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from pathlib import Path

import time_machine

from bot.awards.winners import FRESH
from bot.store import Store
from tests.integration.award_store import NOW, fill, frozen, published, verify, winning
from tests.integration.commands import Command


def test_counts_are_exact_and_nobody_wins_twice(command: Command, ranked: Path, clock: object) -> None:
    """3, 10, 50 and 10 winners; no post and no person twice, though people have several posts."""
    found = winning(command, ranked)
    assert {tier: len(posts) for tier, posts in found.items()} == {
        "creative": 3, "commemorative": 10, "participation": 50, "share": 10,
    }  # fmt: skip
    numbers = [int(post_id) - 1001 for posts in found.values() for post_id in posts]
    people = [n - 1 if n % 15 == 1 and n > 1 else n for n in numbers]
    assert len(set(people)) == 73


def test_nothing_is_frozen_before_all_is_settled(command: Command, ranked: Path, clock: object, tmp_path: Path) -> None:
    """Posts nobody saw lately keep from freezing; a fresh export, a person's tick and a push settle it; publishing
    waits for the freeze, and the freeze happens once."""
    refused = command("winners", "freeze", "--as", "amy", "--data", ranked)
    assert refused.status == 1
    assert "post.unchecked" in refused.err
    assert command("winners", "publish", tmp_path / "out", "--as", "amy", "--data", ranked).status == 1
    posts = [post_id for posts in winning(command, ranked).values() for post_id in posts]
    gone, deleted, *there = posts
    export = tmp_path / "fresh.jsonl"
    lines = [json.dumps({"id": p}) for p in there] + [json.dumps({"id": deleted, "deleted": True})]
    export.write_text("\n".join(lines))
    rows = command("winners", "recheck", "--export", export, "--json", "--as", "amy", "--data", ranked).objects
    assert [row["post_id"] for row in rows if row["gone"]] == [gone, deleted]
    assert {row["how"] for row in rows} == {"export", None}
    assert rows[0]["url"] == f"https://www.gate.com/post/status/{gone}"
    assert command("winners", "disqualify", deleted, "--reason", "post.deleted", "--as", "amy", "--data", ranked).out
    frozen(command, ranked)
    assert command("winners", "freeze", "--as", "amy", "--data", ranked).status == 1
    assert deleted not in [post_id for posts in winning(command, ranked).values() for post_id in posts]


def test_a_share_that_might_win_is_decided_first(command: Command, ranked: Path, clock: object) -> None:
    """A claimed share with more views than the last winner's keeps from freezing, and so does one that nobody counted;
    one with few views does not. Settled or dropped, nothing stands in the way."""
    before = winning(command, ranked)["share"]
    lost, uncounted, small = before[0], before[1], "1001"
    with contextlib.closing(Store(ranked)) as store, store.transaction():
        store.shares.set_state(lost, "contested")
        store.shares.set_state(small, "contested")
        x_id = next(share.x_id for share in store.shares.entered() if share.post_id == uncounted)
        store.connection.run("DELETE FROM x_counts WHERE x_id = ?", (x_id,))
    rows = command("winners", "propose", "--json", "--data", ranked).objects
    told = {(code, row["post_id"]) for row in rows for code in row["problems"] or () if code.startswith("share.")}
    told |= {(row["problem"], row["about"]) for row in rows if row["problem"] is not None}
    assert told == {("share.waiting", lost), ("share.unmeasured", uncounted)}
    shown = command("winners", "propose", "--data", ranked)
    assert f"shares settle {lost}" in shown.out + shown.err
    assert "share.waiting" in command("winners", "freeze", "--as", "amy", "--data", ranked).err
    assert command("shares", "settle", lost, "--as", "amy", "--data", ranked).status == 0
    assert command("shares", "drop", uncounted, small, "--as", "amy", "--data", ranked).status == 0
    assert frozen(command, ranked)["share"][:2] == [before[0], before[2]]


def test_a_late_disqualification_promotes_and_is_logged(command: Command, ranked: Path, clock: object) -> None:
    """After the freeze the next in line moves up, through the tiers; others keep what they have; the log says so."""
    before = frozen(command, ranked)
    gone = before["creative"][0]
    moved = command(
        "winners", "disqualify", gone, "--reason", "content.stolen", "--as", "amy", "--json", "--data", ranked
    ).objects
    after = winning(command, ranked)
    assert after["creative"][:2] == before["creative"][1:]
    assert after["creative"][2] == before["commemorative"][0]
    assert {row["post_id"] for row in moved} >= {gone, before["creative"][1], before["commemorative"][0]}
    assert next(row for row in moved if row["post_id"] == gone)["after"] is None
    assert sum(map(len, after.values())) == 73
    assert command("winners", "reinstate", gone, "--as", "amy", "--data", ranked).status == 1
    assert "to settle" in command("winners", "propose", "--data", ranked).out
    store = Store(ranked)
    assert [kind for _, _, kind, _ in store.log.of(gone)][-1] == "winner.disqualified"
    assert store.log.verify() is None
    store.close()


def test_after_the_freeze_nothing_changes_by_itself(
    command: Command, ranked: Path, clock: object, tmp_path: Path
) -> None:
    """A winner's post that is rejected afterwards stays a winner, and is listed; nothing is published until a person
    has decided."""
    before = frozen(command, ranked)
    loser = before["participation"][7]
    assert command("reject", loser, "--reason", "content.stolen", "--as", "amy", "--data", ranked).status == 0
    assert winning(command, ranked) == before
    rows = command("winners", "propose", "--json", "--data", ranked).objects
    assert [row["post_id"] for row in rows if row.get("problems")] == [loser]
    assert next(row for row in rows if row.get("post_id") == loser)["problems"] == ["post.not_eligible"]
    refused = command("winners", "publish", tmp_path / "out", "--as", "amy", "--data", ranked)
    assert refused.status == 1
    assert f"post.not_eligible ({loser})" in refused.err
    told = command("winners", "propose", "--lang", "zh", "--data", ranked).out
    assert f"winners disqualify {loser}" in told
    assert "参与奖: 50/50" in told
    assert command("judge", "next", "--as", "jo", "--data", ranked).status == 0


def test_winners_are_looked_at_again_before_they_are_published(
    command: Command, ranked: Path, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    """Seen public before the freeze is not enough weeks later; what was published once is not asked for again."""
    before = frozen(command, ranked)
    clock.move_to(NOW + FRESH + dt.timedelta(days=1))
    refused = command("winners", "publish", tmp_path / "out", "--as", "amy", "--data", ranked)
    assert (refused.status, "post.unchecked" in refused.err) == (1, True)
    ticks = [f"--tick={post_id}" for posts in before.values() for post_id in posts]
    command("winners", "recheck", *ticks, "--as", "amy", "--data", ranked)
    published(command, ranked, tmp_path / "out")
    clock.move_to(NOW + 6 * FRESH)
    published(command, ranked, tmp_path / "again")
    gone = before["share"][0]
    act = ("winners", "disqualify", gone, "--reason", "content.stolen", "--as", "amy", "--data", ranked)
    assert command(*act).status == 0
    assert (command(*act).status, command(*act).err) == (1, f"gatewarden: post {gone} was disqualified already\n")
    assert f"{gone}  disqualified: Someone else's work" in command("winners", "propose", "--data", ranked).err


def test_two_winners_who_turn_out_to_be_one_person(
    command: Command, ranked: Path, clock: object, tmp_path: Path
) -> None:
    """Confirmed after the freeze: the higher prize stands, the lower place goes to the next, and the evidence of that
    verifies, change and all."""
    before = frozen(command, ranked)
    high, low = before["creative"][1], before["participation"][0]
    store = Store(ranked)
    person = store.intake.person(f"a{int(high) - 1001}")
    store.close()
    moved = command("winners", "confirm", low, "--person", person, "--as", "amy", "--json", "--data", ranked).objects
    assert next(row for row in moved if row["post_id"] == low)["after"] is None
    after = winning(command, ranked)
    assert after["creative"] == before["creative"]
    assert low not in after["participation"]
    assert len(after["participation"]) == 50
    new = (set(after["participation"]) - set(before["participation"])).pop()
    command("winners", "recheck", f"--tick={new}", "--as", "amy", "--data", ranked)
    assert verify(published(command, ranked, tmp_path / "out")).stdout.startswith("valid: 73 winners")


def test_a_forgotten_winner_is_listed_and_replaced(command: Command, ranked: Path, clock: object) -> None:
    """Who asks to be forgotten after the freeze is listed as no longer eligible; a person disqualifies, the next moves
    up; what was frozen still holds, and the log verifies."""
    before = frozen(command, ranked)
    gone = before["share"][0]
    assert command("forget", f"a{int(gone) - 1001}", "--yes", "--data", ranked).status == 0
    rows = command("winners", "propose", "--json", "--data", ranked).objects
    assert "post.not_eligible" in next(row for row in rows if row.get("post_id") == gone)["problems"]
    command("winners", "disqualify", gone, "--reason", "post.deleted", "--as", "amy", "--data", ranked)
    after = winning(command, ranked)
    assert after["share"][:9] == before["share"][1:]
    store = Store(ranked)
    assert store.log.verify() is None
    assert store.connection.rows("SELECT 1 FROM draw_entries WHERE post_id = ?", (gone,)) == []
    store.close()


def test_disqualifying_a_person_takes_all_their_posts(command: Command, ranked: Path, clock: object) -> None:
    """With --person both accounts' posts are out, and reinstating before the freeze brings one back."""
    where = ("--as", "amy", "--data", ranked)
    assert command("winners", "disqualify", "1016", "--reason", "rule.other", "--person", *where).status == 0
    store = Store(ranked)
    gone = {str(row[0]) for row in store.connection.rows("SELECT post_id FROM disqualified")}
    store.close()
    assert gone == {"1016", "1017"}
    assert command("winners", "reinstate", "1016", *where).status == 0
    assert command("winners", "reinstate", "1016", *where).status == 1
    assert command("winners", "disqualify", "99", "--reason", "rule.other", *where).status == 1
    assert command("winners", "disqualify", "1016", "--reason", "no.such", *where).status == 1


def test_who_is_not_known_must_be_confirmed(command: Command, tmp_path: Path, clock: object) -> None:
    """Where no source names persons a moderator says who it is; the same person twice keeps the higher prize only."""
    store = fill(tmp_path / "data", 6, person=False)
    store.close()
    data = tmp_path / "data"
    campaign = tmp_path / "small.toml"
    campaign.write_text(
        '[campaign]\nname = "my-gate-moment"\nends = 2025-07-26T00:00:00+08:00\nhashtags = ["x"]\n[rubric]\nq = 100\n'
        '[awards]\npanel = 1\n[[prizes]]\ntier = "a"\ncount = 1\nmethod = "judged"\ngoods = "g"\nvoucher = 5\n'
        '[[prizes]]\ntier = "b"\ncount = 2\nmethod = "judged"\ngoods = "h"\n'
    )
    where = ("--campaign", campaign, "--data", data)
    assert command("judge", "add", "jo", *where).status == 0
    mark = 10
    while shown := command("judge", "next", "--as", "jo", "--json", *where).objects:
        assert command("judge", "score", shown[0]["code"], f"q={mark}", "--as", "jo", *where).status == 0
        mark -= 1
    rows = [r for r in command("winners", "propose", "--json", *where).objects if r["tier"]]
    assert all("person.unconfirmed" in row["problems"] for row in rows)
    first, second, third = (row["post_id"] for row in rows)
    assert command("winners", "confirm", first, "--as", "amy", *where).status == 1
    for post_id in (first, second):
        assert command("winners", "confirm", post_id, "--person", "same", "--as", "amy", *where).status == 0
    rows = [r for r in command("winners", "propose", "--json", *where).objects if r["tier"]]
    assert [row["post_id"] for row in rows[:2]] == [first, third]
    assert "person.unconfirmed" not in rows[0]["problems"]
    forms = {"US": "voucher", "CN": "goods"}
    for region, form in forms.items():
        assert command("winners", "confirm", first, "--region", region, "--as", "amy", *where).status == 0
        assert command("winners", "propose", "--json", *where).objects[0]["form"] == form
    for wrong in (("--region", "usa"), ("--person", ""), ("--person", "p\x1b[31m"), ("--person", "p" * 201)):
        assert command("winners", "confirm", first, *wrong, "--as", "amy", *where).status == 2
