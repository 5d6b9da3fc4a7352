"""A full disk: everything waits, resumes by itself, and no post is judged by what only our disk was short of."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from bot import worker
from bot.cli.app import run
from bot.store import Store
from bot.store.blobs import Part
from tests.faults.full_disk import DRILL, drill, fill, impossible, small_disk
from tests.faults.remembered import opened
from tests.faults.samples import picture

tmpfs = pytest.mark.skipif(impossible() is not None, reason=str(impossible()))


@tmpfs
def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path) -> None:
    """Posts wait while there is no room, and in the end each has the verdict it would have had. More:
    ``python -m tests.faults full_disk``."""
    figures = drill(range(1), tmp_path, count=9, seconds=2.0)
    assert figures["fillings"] == 1
    assert DRILL.broken(figures, timed=False) == {}


def test_a_full_disk_costs_a_post_none_of_its_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a picture finds no room, it is tried again until it does: the post is not made to wait for a
    person because our disk was full."""
    keep, times = Part.keep, [0]

    def no_room(part: Part) -> object:
        times[0] += 1
        if times[0] <= 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return keep(part)

    monkeypatch.setattr(Part, "keep", no_room)
    monkeypatch.setattr(worker, "_FULL_SECONDS", 0.01)
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    post = {
        "id": "1",
        "created_at": 1752900000,
        "text": "#我的Gate时刻#",
        "media": [{"type": "image", "path": "a.png"}],
    }
    (tmp_path / "feed.jsonl").write_text(json.dumps(post))
    assert run(["ingest", str(tmp_path / "feed.jsonl"), "--data", str(tmp_path / "data")]) == 0
    assert times[0] == 5
    with opened(tmp_path / "data") as store:
        record = store.verdicts.get("1")
        assert record is not None
        assert "media.unavailable" not in [finding.code for finding in record.verdict.findings]


def test_the_feed_pauses_while_there_is_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the reserve nothing is taken in, before the disk is full and nothing can be written any more; with room to
    spare it goes on by itself."""
    free = [1, 1, 1]

    def room(store: Store) -> int:
        return free.pop() if free else 1 << 40

    monkeypatch.setattr(Store, "free", room)
    monkeypatch.setattr(worker, "_FULL_SECONDS", 0.01)
    (tmp_path / "feed.jsonl").write_text('{"id": "1"}')
    assert run(["ingest", str(tmp_path / "feed.jsonl"), "--data", str(tmp_path / "data")]) == 0
    assert not free
    with opened(tmp_path / "data") as store:
        assert store.verdicts.get("1") is not None


@tmpfs
def test_a_start_on_a_full_disk_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be stored there: the reason in one line, and exit 1."""
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        fill(disk / "filling", 0)
        status = run(["ingest", "/dev/null", "--data", str(disk / "data")])
    assert status == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "No space left" in told or "full" in told
    assert "bug" not in told
