"""What ``ingest`` says of lines that are no posts."""

from __future__ import annotations

from pathlib import Path

from bot.handover import MOST_TOLD
from tests.integration.commands import Command


def test_each_line_put_aside_is_told_with_number_and_reason(command: Command, tmp_path: Path) -> None:
    """Whoever feeds a file can mend it without opening the database."""
    feed = tmp_path / "feed.jsonl"
    feed.write_text('{"id": "1"}\n\nnot json\n{"id": "2", "media": {}}\n')
    ended = command("ingest", feed, "--json", "--data", tmp_path / "data")
    assert ended.objects[0]["quarantined"] == 2
    first, second = ended.err.splitlines()
    assert first.startswith("line 3: not JSON")
    assert second == "line 4: media: not an array"


def test_a_file_that_is_all_wrong_does_not_flood_the_terminal(command: Command, tmp_path: Path) -> None:
    """The first lines are named, the rest counted."""
    feed = tmp_path / "feed.jsonl"
    feed.write_text("[]\n" * (MOST_TOLD + 7))
    told = command("ingest", feed, "--data", tmp_path / "data").err.splitlines()
    assert len(told) == MOST_TOLD + 1
    assert told[MOST_TOLD - 1].startswith(f"line {MOST_TOLD}: ")
    assert told[-1].startswith("and 7 more")
