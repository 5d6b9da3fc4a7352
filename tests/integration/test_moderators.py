"""Moderators, what stays hidden from the second of two, what statistics say of them, and appeals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.reports.dossier import as_json, dossier
from bot.review.agreement import Agreement, agreement
from bot.review.moderators import by_token, name_moderator
from bot.review.second import Policy
from bot.store import Store
from bot.store.counts import Counts
from tests.integration.commands import Command, post
from tests.integration.desks import CAMPAIGN, START, Clock, desks, judge

ALL = Policy(second_share=1.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    judge(store, "1", "brand.absent")
    judge(store, "2", "brand.absent", "duplicate.near")
    judge(store, "3", "brand.absent")
    with store.transaction():
        for name, role in (("amy", "moderator"), ("bo", "moderator"), ("lea", "lead")):
            name_moderator(store, name, role, START)  # type: ignore[arg-type]  # roles, all of them
    return store


def told(store: Store, post_id: str, reader: str | None) -> str:
    """Everything that a reader is told of a post, as text."""
    record = store.verdicts.get(post_id)
    assert record is not None
    return repr(as_json(dossier(store, CAMPAIGN, record, reader), CAMPAIGN))


def test_the_second_person_is_told_nothing_of_the_first(store: Store, clock: Clock) -> None:
    """Neither name, nor action, nor note, until their own opinion is given; the lead who settles is told of both."""
    amy, bo = desks(store, clock, "amy", "bo", policy=ALL)
    amy.reject(amy.claim("2"), "content.stolen", "from a magazine")
    assert "amy" in told(store, "2", "amy")
    for reader in ("bo", "lea"):
        assert not any(word in told(store, "2", reader) for word in ("amy", "content.stolen", "magazine"))
    bo.approve(bo.claim("2"))
    assert all(word in told(store, "2", "lea") for word in ("amy", "bo", "magazine"))
    assert "amy" not in told(store, "2", "bo")
    [lea] = desks(store, clock, "lea", policy=ALL)
    lea.approve(lea.claim("2"))
    assert all(word in told(store, "2", "bo") for word in ("amy", "lea"))


def test_agreement_is_counted_per_reason(store: Store, clock: Clock) -> None:
    """First pairs count, by every reason that the first person saw; a lead's word after them does not."""
    amy, bo, lea = desks(store, clock, "amy", "bo", "lea", policy=ALL)
    for post_id in "123":
        amy.approve(amy.claim(post_id))
    bo.approve(bo.claim("1"))
    bo.reject(bo.claim("2"), "duplicate.near")
    lea.reject(lea.claim("2"), "duplicate.near")
    counts = Counts(store.connection)
    assert agreement(store.verdicts.decisions(post) for post in counts.second_opinions()) == {
        "brand.absent": Agreement(second=2, agreed=1),
        "duplicate.near": Agreement(second=1, agreed=0),
    }


def test_statistics_per_moderator_reason_and_day(store: Store, clock: Clock) -> None:
    """What stands is counted by day and person, rejections by reason; what was taken back is counted apart."""
    amy, bo = desks(store, clock, "amy", "bo")
    amy.reject(amy.claim("1"), "brand.absent")
    clock.forward(days=1)
    bo.reject(bo.claim("2"), "brand.absent")
    bo.approve(bo.claim("3"))
    bo.undo()
    counts = Counts(store.connection)
    assert counts.decided(CAMPAIGN.tz) == {"2025-07-21": {"amy": 1}, "2025-07-22": {"bo": 1}}
    assert counts.rejections() == {"brand.absent": {"amy": 1, "bo": 1}}
    assert counts.undone() == {"bo": 1}


def test_a_token_is_shown_once_and_kept_as_a_hash(command: Command, tmp_path: Path) -> None:
    """Each naming gives a new token and ends the older; nothing in the database gives one back."""
    first = command("moderators", "add", "amy", "--role", "lead", "--data", tmp_path).out.strip()
    again = command("moderators", "add", "amy", "--json", "--data", tmp_path).objects[0]["token"]
    store = Store(tmp_path)
    assert by_token(store, first) is None
    known = by_token(store, again)
    assert known is not None
    assert (known.name, known.role) == ("amy", "moderator")
    assert by_token(store, "x\ud800") is None
    assert again.encode() not in (tmp_path / "gatewarden.db").read_bytes()
    assert command("moderators", "list", "--json", "--data", tmp_path).objects[0]["name"] == "amy"
    assert "amy" in command("moderators", "list", "--data", tmp_path).out
    assert command("moderators", "remove", "amy", "--data", tmp_path).status == 0
    assert by_token(store, again) is None
    assert command("moderators", "remove", "amy", "--data", tmp_path).status == 1
    assert command("moderators", "add", "a\nb", "--data", tmp_path).status == 1


def test_an_appeal_stands_beside_what_was_decided(command: Command, judged: Path) -> None:
    """A reopened post shows the author's words and who decided what before; once decided, it is no appeal any more."""
    command("reject", "101", "--reason", "content.stolen", "--as", "bo", "--data", judged)
    command("reopen", "101", "--note", "author: it is my own photo", "--as", "amy", "--data", judged)
    shown = command("show", "101", "--data", judged).out
    assert "author: it is my own photo" in shown.partition("history")[0]
    assert "content.stolen" in shown.partition("history")[2]
    found = command("show", "101", "--json", "--data", judged).objects[0]
    assert (found["appeal"]["who"], found["appeal"]["note"]) == ("amy", "author: it is my own photo")
    assert "reopened (amy)" in command("queue", "--data", judged).out
    command("approve", "101", "--as", "cy", "--data", judged)
    assert command("show", "101", "--json", "--data", judged).objects[0]["appeal"] is None


def test_stats_tell_of_people(command: Command, judged: Path) -> None:
    """The command prints decisions by day and reason, in both forms, and in Chinese where the locale asks."""
    command("reject", "101", "--reason", "brand.absent", "--as", "bo", "--data", judged)
    found = command("stats", "--json", "--data", judged).objects[0]
    assert found["rejections"] == {"brand.absent": {"bo": 1}}
    assert list(found["decided"].values()) == [{"bo": 1}]
    assert found["agreement"] == {}
    assert "rejected for" in command("stats", "--data", judged).out


def test_messages_in_chinese(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The locale chooses the language of messages."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "条尚未判定" in command("stats", "--data", judged).out
    assert "条帖子" in command("queue", "--data", judged).err
    assert "findings" in command("show", "101", "--lang", "en", "--data", judged).out
    monkeypatch.setenv("LC_ALL", "C")
    assert "发现" in command("show", "101", "--lang", "zh", "--data", judged).out


def test_a_queue_row_tells_the_whole_date(command: Command, judged: Path) -> None:
    """Year and offset are told: the campaign's zone need not be the reader's."""
    assert "2025-07-20 12:00+08:00" in command("queue", "--data", judged).out


def test_stats_count_what_a_shadow_rule_would_change(command: Command, tmp_path: Path) -> None:
    """Posts that a shadow rule found something on, and how many of them would stand elsewhere if it counted."""
    campaign, feed = tmp_path / "c.toml", tmp_path / "feed.jsonl"
    rules = '[stance]\n"media.none" = "note"\n[shadow]\n"content.link" = "block"\n'
    campaign.write_text(f'[campaign]\nname = "c"\nhashtags = ["t"]\n{rules}')
    posts = [post("1", "#t# look: http://shop.test/a", "ann"), post("2", "#t# no link", "bob")]
    feed.write_text("\n".join(json.dumps(p) for p in posts))
    at = ("--data", tmp_path / "data", "--campaign", campaign)
    command("ingest", feed, *at)
    assert command("stats", "--json", *at).objects[0]["shadow"] == {"content.link": {"found": 1, "would_flip": 1}}
    assert "shadow rule" in command("stats", *at).out


def test_refusals_in_chinese(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be done is said in the reader's language, its fields filled in, braces in them left alone."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "没有帖子 {who}" in command("approve", "{who}", "--data", judged).err
    assert "没有可撤回的：amy" in command("undo", "--as", "amy", "--data", judged).err
