"""``show``: what awards did to a post, in words of both languages, and how its share stands."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path

import pytest

from bot.awards.shares import leaderboard
from bot.campaign import load_campaign
from bot.store import Store
from tests.integration.award_store import NOW
from tests.integration.commands import Command


@pytest.mark.usefixtures("clock")
def test_events_of_awards_are_told_in_words(command: Command, ranked: Path) -> None:
    """Scores, a settled share, a confirmed person, a disqualification and a recheck; no bare kind is left."""
    at = ("--as", "amy", "--data", ranked)
    post = _shared(ranked)
    for arguments in (
        ("shares", "settle", post),
        ("winners", "confirm", post, "--person", "p-x", "--region", "CN"),
        ("winners", "recheck", "--tick", post),
        ("winners", "disqualify", post, "--reason", "content.stolen"),
    ):
        done = command(*arguments, *at)
        assert done.status == 0, done.err
    told = command("show", post, "--lang", "en", *at).out
    for words in ("judge jo scored revision 1: ", "amy: its share on X counts", "amy confirmed who is behind it",
                  "amy disqualified it (content.stolen)", "amy saw it still public (person)"):  # fmt: skip
        assert words in told, words
    chinese = command("show", post, "--lang", "zh", *at).out
    assert "评委 jo 为第 1 版打分：" in chinese and "amy 取消其获奖资格" in chinese and "历史" in chinese
    for bare in ("judge.marked", "share.settled", "person.confirmed", "winner.disqualified", "winner.rechecked"):
        assert bare not in told + chinese


@pytest.mark.usefixtures("clock")
def test_a_share_is_shown_with_its_place(command: Command, ranked: Path) -> None:
    """Link, views and rank as the leaderboard has them, once it is final; None where nobody shared."""
    at = ("--as", "amy", "--data", ranked)
    rows = command("shares", "leaderboard", "-n", "3", "--json", "--data", ranked).objects
    assert rows[0]["final"]
    for row in rows:
        share = command("show", row["post_id"], "--json", *at).objects[0]["share"]
        assert (share["rank"], share["views"], share["x"]) == (row["rank"], row["views"], row["x"])
    told = command("show", rows[0]["post_id"], "--lang", "zh", *at).out
    assert f"浏览量：{rows[0]['views']}，统计于" in told and "名次：1" in told
    assert command("shares", "drop", rows[0]["post_id"], *at).status == 0
    dropped = command("show", rows[0]["post_id"], "--lang", "en", *at).out
    assert f"views: {rows[0]['views']}" in dropped and "no place: share.dropped: a person decided" in dropped
    with closing(Store(ranked)) as store:
        entered = {share.post_id for share in store.shares.entered()}
        nobody = next(r.post_id for r in store.verdicts.all(("eligible",)) if r.post_id not in entered)
    assert command("show", nobody, "--json", *at).objects[0]["share"] is None


def test_before_the_moment_there_is_no_place(command: Command, ranked: Path) -> None:
    """Views are told as counted, the place is open: nothing provisional looks like a result."""
    with closing(Store(ranked)) as store:
        post = leaderboard(store, load_campaign(), NOW).places[0].post_id
        store.connection.run("UPDATE share_moments SET moment = moment + ?", (10**6 * 86400 * 365 * 50,))
    share = command("show", post, "--json", "--as", "amy", "--data", ranked).objects[0]["share"]
    assert share["rank"] is None and not share["final"] and share["views"] > 0
    told = command("show", post, "--lang", "en", "--as", "amy", "--data", ranked).out
    assert "place: open until the leaderboard is final" in told
    assert dt.datetime.fromisoformat(share["counted_at"]).tzinfo is not None


def _shared(data: Path) -> str:
    with closing(Store(data)) as store:
        return leaderboard(store, load_campaign(), NOW).places[0].post_id
