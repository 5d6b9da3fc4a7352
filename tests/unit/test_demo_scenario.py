"""The demo's story is consistent: with itself, with the rules' reasons, and with the pictures there are."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter

import msgspec
import pytest

from bot.campaign import load_campaign
from bot.demo import album
from bot.demo.report import Outcome, Row, wavered
from bot.demo.scenario import PlannedPost, Scenario, load_scenario
from bot.demo.story_clock import StoryClock
from bot.reasons import REASONS


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(load_campaign())


def test_ids_are_unique(scenario: Scenario) -> None:
    """Two posts of one id would be one post."""
    assert [i for i, count in Counter(post.id for post in scenario.posts).items() if count > 1] == []


def test_each_meaning_names_a_reason_that_leads_to_it(scenario: Scenario) -> None:
    """A reason code exists, and its stance in the campaign is the one that gives the status meant."""
    campaign = load_campaign()
    for post in scenario.posts:
        if post.meant == "eligible":
            assert post.code is None, post.id
            continue
        assert post.code is not None and post.code in REASONS, post.id
        assert set(post.also) <= set(REASONS), post.id
        stance = campaign.stance_of(post.code)
        assert post.meant != "ineligible" or stance == "block", post.id
        assert post.meant != "withdrawn" or post.code == "post.deleted", post.id


def test_every_reason_that_rules_give_has_its_post(scenario: Scenario) -> None:
    """The demo shows each blocking and asking reason; two cannot be: the campaign has no published start, and a fault
    would be a bug."""
    campaign = load_campaign()
    given = {code for code, reason in REASONS.items() if reason.stance is not None}
    deciding = {code for code in given if campaign.stance_of(code) in ("block", "ask")}
    shown = {post.code for post in scenario.posts}
    assert deciding - shown == {"window.early", "detector.fault"}


def test_every_picture_can_be_drawn(scenario: Scenario) -> None:
    """What a post shows is in the album, or is a trap of the media host."""
    assert {name for name in scenario.pictures if not name.startswith("trap-")} <= set(album.names())


def test_the_story_crosses_the_deadline(scenario: Scenario) -> None:
    """Acts come in order; there are posts, edits and deletions on both sides of the end."""
    ends = load_campaign().ends
    assert ends is not None
    starts = [act.at for act in scenario.acts]
    assert starts == sorted(starts)
    assert starts[0] < ends < starts[-1]
    for moments in (
        [post.at for post in scenario.posts],
        [edit.at for post in scenario.posts for edit in post.edits],
        [post.deleted for post in scenario.posts if post.deleted],
    ):
        assert min(moments) < ends <= max(moments)
    assert all(moment <= starts[-1] for post in scenario.posts for moment in (post.at, post.deleted or post.at))


def test_somebody_learns_of_every_post(scenario: Scenario) -> None:
    """Each post is found by the search or told of by the operator."""
    assert [post.id for post in scenario.posts if not (post.shown or post.told)] == []


def test_content_follows_the_edits() -> None:
    """A post shows its last edit that has come to pass, and keeps what an edit leaves alone."""
    post = _post("edits = [{at = 2025-07-20T10:00:00Z, text = 'new'}, {at = 2025-07-21T10:00:00Z, media = ['cat']}]")
    day = dt.datetime(2025, 7, 19, tzinfo=dt.UTC)
    seen = [post.content(day + dt.timedelta(days=n)) for n in (0, 2, 3)]
    assert [(c.text, c.media) for c in seen] == [("old", ("sea",)), ("new", ("sea",)), ("new", ("cat",))]
    assert [c.edited_at is None for c in seen] == [True, False, False]


def test_a_mismatch_is_one() -> None:
    """Another status, another reason, no verdict, or being ineligible for a while: none of them is as meant."""
    post = _post("code = 'brand.absent'", meant="review")
    good = Outcome(status="review", code="brand.absent")
    assert Row(post=post, came=good).as_meant
    assert not Row(post=post, came=Outcome(status="review", code="brand.unsure")).as_meant
    assert not Row(post=post, came=Outcome(status="eligible", code="brand.absent")).as_meant
    assert not Row(post=post, came=None).as_meant
    lenient = msgspec.structs.replace(post, also=("brand.unsure",))
    assert Row(post=lenient, came=Outcome(status="review", code="brand.unsure")).as_meant
    assert not Row(post=lenient, came=Outcome(status="review", code="media.unknown")).as_meant
    assert not Row(post=post, came=good, wavered=wavered(post, frozenset({"ineligible", "review"}))).as_meant


async def test_the_clock_waits_for_the_story() -> None:
    """It runs, and stands still at the end of its span while waits go on; setting it ahead ends the waits it passes."""
    start = dt.datetime(2025, 7, 25, 12, tzinfo=dt.UTC)
    clock = StoryClock(start, speed=5000, span=dt.timedelta(minutes=6))
    await clock.sleep(60)
    assert clock.now() >= start + dt.timedelta(seconds=60)
    await clock.sleep(400)
    assert clock.spent and clock.now() == start + dt.timedelta(minutes=6)
    await clock.sleep(60)
    assert clock.now() == start + dt.timedelta(minutes=6)
    sleeper = asyncio.create_task(clock.sleep(86400))
    await asyncio.sleep(0)
    clock.set_to(start + dt.timedelta(hours=25))
    await sleeper
    assert clock.now() < start + dt.timedelta(hours=26)
    with pytest.raises(ValueError, match="ahead"):
        clock.set_to(start)


def _post(extra: str, meant: str = "eligible") -> PlannedPost:
    fields = "id = 1\ngroup = 'g'\nat = 2025-07-19T00:00:00Z\nauthor = 'a'\ntext = 'old'\nmedia = ['sea']\nwhy = 'w'"
    return msgspec.toml.decode(f"{fields}\nmeant = '{meant}'\n{extra}", type=PlannedPost)
