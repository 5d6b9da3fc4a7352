"""Decisions at the command line: what they change, what they refuse, how they are taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.commands import AT, TAG, Command, post


def status(command: Command, data: Path, ident: str) -> tuple[str, str, list[str]]:
    """Where a post stands: status, by whom, and the codes of its reasons."""
    found = {o["post_id"]: o for o in command("export", "--data", data).objects}[ident]
    return found["status"], found["decided_by"], [r["code"] for r in found["reasons"]]


def test_approve_and_reject_are_recorded_with_name_and_reason(command: Command, judged: Path) -> None:
    """A decision by a person stands over the rules, and their reason before the rules' own."""
    done = command("approve", "101", "--as", "amy", "--data", judged)
    assert (done.status, done.err) == (0, "")
    assert status(command, judged, "101")[:2] == ("eligible", "moderator:amy")
    assert status(command, judged, "101")[2][0] == "accepted"
    assert command("reject", "103", "--reason", "content.stolen", "--as", "bo", "--data", judged).status == 0
    assert status(command, judged, "103")[:2] == ("ineligible", "moderator:bo")
    assert status(command, judged, "103")[2][0] == "content.stolen"


def test_undo_goes_back_one_decision_at_a_time(command: Command, judged: Path) -> None:
    """Undo takes back one's own newest decision, then the one before, and never another person's."""
    before = status(command, judged, "101"), status(command, judged, "103")
    command("approve", "101", "--as", "amy", "--data", judged)
    command("approve", "102", "--as", "bo", "--data", judged)
    command("reject", "103", "--reason", "rule.other", "--as", "amy", "--data", judged)
    undone = command("undo", "--as", "amy", "--data", judged, "--json").objects[0]
    assert (undone["post_id"], undone["action"], undone["status"]) == ("103", "undo", "review")
    assert command("undo", "--as", "amy", "--data", judged).status == 0
    assert (status(command, judged, "101"), status(command, judged, "103")) == before
    assert status(command, judged, "102")[1] == "moderator:bo"
    nothing = command("undo", "--as", "amy", "--data", judged)
    assert nothing.status == 1
    assert "nothing to undo" in nothing.err


def test_several_posts_are_decided_all_or_none(command: Command, judged: Path) -> None:
    """One post that cannot be decided leaves the others undecided."""
    before = status(command, judged, "101")
    refused = command("approve", "101", "nosuch", "--as", "amy", "--data", judged)
    assert refused.status == 1
    assert refused.err.count("\n") == 1
    assert status(command, judged, "101") == before


@pytest.fixture
def changed(command: Command, judged: Path, tmp_path: Path) -> Path:
    """Post 101 was shown to amy, then its author changed the text: a second revision."""
    assert command("show", "101", "--as", "amy", "--data", judged).status == 0
    feed = tmp_path / "again.jsonl"
    feed.write_text(json.dumps(post("101", f"{TAG} now another story", "ann", edited_at="2025-07-21T12:00:00+08:00")))
    assert command("ingest", feed, "--data", judged).status == 0
    return judged


def test_nobody_decides_on_what_they_have_not_seen(command: Command, changed: Path) -> None:
    """A newer revision than the one shown to this person: exit 1, one line, nothing decided."""
    before = status(command, changed, "101")
    for arguments in (["approve", "101"], ["approve", "101@1"], ["reject", "101", "--reason", "rule.other"]):
        refused = command(*arguments, "--as", "amy", "--data", changed)
        assert refused.status == 1
        assert "revision" in refused.err
    assert status(command, changed, "101") == before


def test_who_names_or_saw_the_newest_revision_decides(command: Command, changed: Path) -> None:
    """ID@REV, another look, or never having been shown the older one: each lets a decision through."""
    assert command("approve", "101@2", "--as", "amy", "--data", changed).status == 0
    assert command("undo", "--as", "amy", "--data", changed).status == 0
    assert command("show", "101", "--as", "amy", "--data", changed).status == 0
    assert command("approve", "101", "--as", "amy", "--data", changed).status == 0
    assert command("reject", "101", "--reason", "rule.other", "--as", "new", "--data", changed).status == 0
    assert command("approve", "101@9", "--as", "new", "--data", changed).status == 1


def test_a_reason_must_be_one_that_there_is(command: Command, judged: Path) -> None:
    """An unknown or missing reason is wrong usage, and so is the code of acceptance."""
    for more in (["--reason", "no.such"], ["--reason", "accepted"], []):
        assert command("reject", "101", *more, "--as", "amy", "--data", judged).status == 2


def test_reopen_and_note(command: Command, judged: Path) -> None:
    """A reopened post waits again; a note decides nothing and shows in the history."""
    command("approve", "101", "--as", "amy", "--data", judged)
    assert command("reopen", "101", "--data", judged).status == 2
    assert command("reopen", "101", "--note", "second look", "--as", "bo", "--data", judged).status == 0
    assert status(command, judged, "101")[0] == "review"
    before = status(command, judged, "103")
    assert command("note", "103", "call her", "--as", "bo", "--data", judged).status == 0
    assert status(command, judged, "103") == before
    shown = command("show", "103", "--json", "--data", judged).objects[0]
    assert shown["history"][-1]["note"] == "call her"


def test_a_withdrawn_post_is_not_decided(command: Command, judged: Path) -> None:
    """What its author deleted stays withdrawn."""
    refused = command("approve", "105", "--as", "amy", "--data", judged)
    assert refused.status == 1
    assert status(command, judged, "105")[0] == "withdrawn"


def test_a_name_is_one_line(command: Command, judged: Path) -> None:
    """A name that could forge a row of the history is refused."""
    for name in ("", "  ", "a\nb", "x" * 101):
        assert command("approve", "101", "--as", name, "--data", judged).status == 2


def test_an_id_may_hold_an_at_sign(command: Command, judged: Path, tmp_path: Path) -> None:
    """A known id is taken whole before it is taken apart."""
    feed = tmp_path / "at.jsonl"
    feed.write_text(json.dumps({"id": "mail@2", "created_at": AT, "text": "no tag"}))
    command("ingest", feed, "--data", judged)
    assert command("approve", "mail@2", "--as", "amy", "--data", judged).status == 0
    assert command("approve", "mail@2@1", "--as", "amy", "--data", judged).status == 0
