"""What the commands of moderators refuse, and what they say of revisions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.integration.commands import TAG, Command, picture, post


def test_no_post_is_rejected_for_what_speaks_for_it(command: Command, judged: Path) -> None:
    """A reason to reject is one that an author can be told as such."""
    for code in ("accepted", "hashtag.ok", "window.ok", "brand.present"):
        assert command("reject", "101", "--reason", code, "--as", "bo", "--data", judged).status == 2


@pytest.mark.parametrize("words", ["", "  \n"])
def test_a_note_says_something(command: Command, judged: Path, words: str) -> None:
    """An empty note is no reason to look again."""
    for arguments in (("reopen", "101", "--note", words), ("note", "101", words)):
        ended = command(*arguments, "--as", "bo", "--data", judged)
        assert (ended.status, ended.out) == (1, "")


def test_show_names_the_revision_it_shows(command: Command, tmp_path: Path) -> None:
    """A revision that never was is an error; one that is no more is told to be so, and the newest shown."""
    picture(tmp_path, "a.png", 1)
    feed, data = tmp_path / "feed.jsonl", tmp_path / "data"
    media = [{"type": "image", "path": "a.png"}]
    for text in ("one", "two"):
        feed.write_text(json.dumps(post("7", f"{TAG} {text}", "ann", media=media)))
        assert command("ingest", feed, "--data", data).status == 0
    assert command("show", "7@3", "--as", "bo", "--data", data).status == 1
    old = command("show", "7@1", "--as", "bo", "--data", data)
    assert old.status == 0
    assert old.out.startswith("7@2 ")
    assert "revision 1 is no more" in old.err


def test_the_verdict_on_a_new_revision_is_no_older_than_it(command: Command, tmp_path: Path) -> None:
    """``decided_at`` moves with the revision, also where the status stays."""
    feed, data = tmp_path / "feed.jsonl", tmp_path / "data"
    seen = []
    for text in ("one", "two"):
        feed.write_text(json.dumps(post("7", text, "ann")))
        assert command("ingest", feed, "--data", data).status == 0
        seen += command("export", "--data", data).objects
    assert [v["revision"] for v in seen] == [1, 2]
    assert [v["status"] for v in seen] == ["ineligible", "ineligible"]
    assert seen[0]["decided_at"] < seen[1]["decided_at"]


def test_findings_count_media_as_the_list_of_media_does(command: Command, judged: Path) -> None:
    """The first picture is media 0 in both."""
    for language, where in (("en", "(media 0)"), ("zh", "（媒体 0）")):
        told = command("show", "102", "--lang", language, "--as", "bo", "--data", judged).out
        assert "media 0: image" in told
        assert where in next(row for row in told.splitlines() if "duplicate.exact" in row and "✗" in row)


def test_all_candidates_of_a_text_can_be_asked_for(command: Command, tmp_path: Path) -> None:
    """``--min-score 0`` shows what was looked at, best first; 1 what is the same story."""
    index, query = tmp_path / "index.jsonl", tmp_path / "query.jsonl"
    story = "第一次登录的时候我还在大学宿舍里,如今已经带着抱枕走过了三座城市"
    index.write_text(json.dumps({"id": "a", "text": story}) + "\n" + json.dumps({"id": "b", "text": story[:-3]}))
    query.write_text(json.dumps({"id": "q", "text": story}))
    for least, ids in (("0", ["a", "b"]), ("1", ["a"])):
        ended = command("match-text", "--index", index, "--query", query, "--min-score", least, "--json")
        assert ended.status == 0
        assert [m["id"] for m in ended.objects[0]["matches"]] == ids


def test_a_wrong_campaign_file_is_told_before_any_row(command: Command, judged: Path, tmp_path: Path) -> None:
    """Half a listing is none."""
    (tmp_path / "bad.toml").write_text('[campaign]\nname = "x"\nhashtag = ["y"]\n')
    for arguments in (["queue"], ["queue", "--json"], ["export"], ["stats"], ["show", "101", "--as", "bo"]):
        ended = command(*arguments, "--campaign", tmp_path / "bad.toml", "--data", judged)
        assert (ended.status, ended.out) == (2, "")


def test_a_campaign_of_a_name_and_a_hashtag_is_enough(command: Command, tmp_path: Path) -> None:
    """What a file leaves out has a default, the counting marks of the shipped kit too."""
    (tmp_path / "own.toml").write_text('[campaign]\nname = "own"\nhashtags = ["mine"]\n')
    assert command("campaign", "check", tmp_path / "own.toml").status == 0
    picture(tmp_path, "a.png", 1)
    feed, data = tmp_path / "feed.jsonl", tmp_path / "data"
    feed.write_text(json.dumps(post("7", "#mine#", "ann", media=[{"type": "image", "path": "a.png"}])))
    assert command("ingest", feed, "--campaign", tmp_path / "own.toml", "--data", data).status == 0
    (verdict,) = command("export", "--campaign", tmp_path / "own.toml", "--data", data).objects
    assert verdict["campaign"] == "own"
    assert [r["code"] for r in verdict["reasons"]] == ["brand.absent"]


def test_every_time_that_show_prints_has_an_offset(command: Command, judged: Path) -> None:
    """Nobody need guess whose noon it was."""
    told = command("show", "101", "--as", "bo", "--data", judged).out
    times = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\S*)", told)
    assert len(times) >= 3
    assert set(times) == {"+08:00"}
