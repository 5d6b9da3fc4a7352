"""Replay: what another campaign file would change, from what is stored alone, in one process or in several."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bot.campaign import Campaign
from bot.reports import replay as replaying
from bot.reports.replay import Replayed, replay
from tests.integration.commands import Command
from tests.integration.judged import VERSION, Square

ROOT = Path(__file__).parents[2]


@pytest.fixture
def square(tmp_path: Path) -> Square:
    """Twelve authors, one picture each: every third nearly the one before, with a score that falls; the last has no
    hashtag, and shows what the first shows."""
    square = Square(tmp_path)
    for number in range(1, 12):
        family = number if number % 3 else number - 1
        square.feed(str(number), f"u{number}", [f"{family} {int(number % 3 == 0)} {1 - number / 20}"])
    square.feed("12", "u12", ["1 0 0.95"], minute=0, text="no tag")
    square.judge()
    return square


def changed(campaign: Campaign, **more: object) -> Campaign:
    return msgspec.structs.replace(campaign, **more)


def flips(found: Replayed) -> dict[str, tuple[str, str]]:
    return {flip.post_id: (flip.before, flip.after) for flip in found.flips}


def afresh(campaign: Campaign, folder: Path) -> dict[str, str]:
    """How the same posts stand where this campaign judged them from the start."""
    other = Square(folder, campaign)
    for number in range(1, 12):
        family = number if number % 3 else number - 1
        other.feed(str(number), f"u{number}", [f"{family} {int(number % 3 == 0)} {1 - number / 20}"])
    other.feed("12", "u12", ["1 0 0.95"], minute=0, text="no tag")
    other.judge()
    return {record.post_id: record.status for record in other.store.verdicts.all()}


def test_a_replay_tells_what_judging_afresh_would_give(square: Square, tmp_path: Path) -> None:
    """Brand, copies and hashtags changed, one at a time: every post ends as it would have from the start."""
    campaign = square.campaign
    now = {record.post_id: record.status for record in square.store.verdicts.all()}
    before = square.store.connection.rows("SELECT * FROM posts ORDER BY id")
    for number, other in enumerate((
        changed(campaign, brand=msgspec.structs.replace(campaign.brand, accept=0.6)),
        changed(campaign, copies=msgspec.structs.replace(campaign.copies, near=2)),
        changed(campaign, hashtags=("no such tag",)),
        campaign,
    )):  # fmt: skip
        found = replay(square.store, other, VERSION)
        expected = afresh(other, tmp_path / str(number))
        if number != 2:
            expected["12"] = now["12"]  # its picture was never looked at: told apart
        assert now | {post_id: after for post_id, (_, after) in flips(found).items()} == expected
        assert found.posts == 12
    assert flips(found) == {}
    assert square.store.connection.rows("SELECT * FROM posts ORDER BY id") == before


def test_what_becomes_an_entry_is_placed_and_what_it_touches_judged_again(square: Square) -> None:
    """A hashtag more lets a post in: it was first with its picture, though nobody looked at it yet."""
    campaign = changed(square.campaign, stance={**square.campaign.stance, "hashtag.missing": "note"})
    found = replay(square.store, campaign, VERSION)
    assert found.unseen == 1
    assert flips(found)["12"][0] == "ineligible"


def test_several_processes_tell_the_same_as_one(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which process judges a post changes nothing, and progress is told."""
    campaign = changed(square.campaign, brand=msgspec.structs.replace(square.campaign.brand, accept=0.6))
    alone = replay(square.store, campaign, VERSION)
    monkeypatch.setattr(replaying, "_FEW", 2)
    monkeypatch.setattr(replaying, "_SLICE", 5)
    told: list[int] = []
    assert replay(square.store, campaign, VERSION, told.append, processes=2) == alone
    assert told == [5, 10]
    assert alone.flips
    assert all(flip.media for flip in alone.flips)


def test_decisions_by_people_count_as_they_stand(square: Square, tmp_path: Path) -> None:
    """What a person settled does not flip with a threshold."""
    from tests.integration.desks import Clock, desks

    campaign = changed(square.campaign, brand=msgspec.structs.replace(square.campaign.brand, accept=0.6))
    flipped = next(iter(flips(replay(square.store, campaign, VERSION))))
    [amy] = desks(square.store, Clock(), "amy")
    amy.reject(amy.claim(flipped, decided=True), "rule.other")
    assert flipped not in flips(replay(square.store, campaign, VERSION))


def test_what_would_flip_is_shown_with_its_pictures(command: Command, judged: Path, tmp_path: Path) -> None:
    """A page names each post that would flip, escaped, with its picture beside it; the others are not on it."""
    campaign = tmp_path / "c.toml"
    text = (ROOT / "assets" / "campaigns" / "my-gate-moment.toml").read_text()
    for code in ("brand.absent", "brand.unsure"):
        text = text.replace(f'"{code}" = "ask"', f'"{code}" = "block"')
    campaign.write_text(text)
    out = tmp_path / "out"
    done = command("replay", "--campaign", campaign, "--pictures", out, "--json", "--data", judged)
    flipped = {o["post_id"] for o in done.objects}
    assert flipped == {"101", "103"}
    page = (out / "index.html").read_text()
    assert all(f"{post_id}: review → ineligible" in page for post_id in flipped)
    assert "104" not in page
    assert len(list(out.glob("*.png"))) == 2
    assert all(picture.name in page for picture in out.glob("*.png"))
