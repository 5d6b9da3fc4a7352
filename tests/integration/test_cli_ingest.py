"""``ingest`` and ``run``: the real worker behind the command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.integration.commands import TAG, Command, picture, post

ROOT = Path(__file__).parents[2]
LINES = b'{"id": 1, "text": "a"}\nnot json\n{"id": "2", "text": "b"}\n[]\n'


def export(command: Command, data: Path) -> str:
    """Everything that is said of all posts."""
    return command("export", "--data", data).out


def test_every_line_is_judged_or_put_aside(command: Command, tmp_path: Path) -> None:
    """The summary counts both; --strict makes what was put aside a failure."""
    ended = command("ingest", "-", "--json", "--data", tmp_path, stdin=b"")
    assert ended.objects == [
        {"posts": 0, "quarantined": 0, "eligible": 0, "ineligible": 0, "review": 0, "withdrawn": 0}
    ]
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(LINES)
    ended = command("ingest", feed, "--json", "--data", tmp_path)
    assert ended.status == 0
    assert ended.objects[0] == {
        "posts": 2, "quarantined": 2, "eligible": 0, "ineligible": 2, "review": 0, "withdrawn": 0,
    }  # fmt: skip
    strict = command("ingest", feed, "--strict", "--json", "--data", tmp_path)
    assert strict.status == 1
    assert strict.objects == ended.objects


def test_standard_input_is_a_file_too(tmp_path: Path) -> None:
    """Posts through a real pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "ingest", "-", "--json", "--data", str(tmp_path)],
        input=LINES, capture_output=True, cwd=ROOT, timeout=120, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["posts"] == 2


def test_feeding_again_changes_nothing(command: Command, tmp_path: Path) -> None:
    """The same file again: the same verdicts, times of decision included."""
    picture(tmp_path, "a.png", 3)
    feed = tmp_path / "feed.jsonl"
    feed.write_text(json.dumps(post("7", TAG, "ann", media=[{"type": "image", "path": "a.png"}])))
    command("ingest", feed, "--data", tmp_path / "data")
    before = export(command, tmp_path / "data")
    assert command("ingest", feed, "--data", tmp_path / "data").status == 0
    assert export(command, tmp_path / "data") == before


def test_received_at_backfills(command: Command, tmp_path: Path) -> None:
    """A post of unknown time that was received before the deadline is in time; a time that is none is wrong usage."""
    feed = tmp_path / "feed.jsonl"
    feed.write_text(json.dumps({"id": "1", "text": TAG, "media_complete": False}))
    codes = []
    for number, options in enumerate(([], ["--received-at", "2025-07-20T00:00:00"], ["--received-at", "1752940800"])):
        data = tmp_path / str(number)
        assert command("ingest", feed, *options, "--data", data).status == 0
        codes.append({r["code"] for o in command("export", "--data", data).objects for r in o["reasons"]})
    assert "window.unknown" in codes[0]
    assert "window.unknown" not in codes[1] | codes[2]
    assert command("ingest", feed, "--received-at", "soon", "--data", tmp_path / "x").status == 2


def test_a_missing_file_is_one_line(command: Command, tmp_path: Path) -> None:
    """Exit 1 and nothing on standard output."""
    ended = command("ingest", tmp_path / "no.jsonl", "--data", tmp_path)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running daemon with a push endpoint on a free port, ready to work."""
    environ = {
        **os.environ,
        "GATEWARDEN_PUSH__SECRET": "s" * 32,
        "GATEWARDEN_PUSH__PORT": "0",
        "GATEWARDEN_METRICS__ENABLED": "false",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--source", "push", "--data", str(tmp_path / "data")],
        cwd=ROOT, env=environ, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if b"data in" in line:
            break
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


def test_beside_a_daemon_posts_are_handed_over(
    command: Command, tmp_path: Path, daemon: subprocess.Popen[bytes]
) -> None:
    """The daemon judges what ingest hands over, and ingest waits for it; SIGTERM ends the daemon with 0."""
    store = Store(tmp_path / "data")
    assert store.lead(0) is None
    feed = tmp_path / "feed.jsonl"
    feed.write_text("\n".join(json.dumps(post(str(i), "no tag", "ann")) for i in range(20)))
    ended = command("ingest", feed, "--json", "--data", tmp_path / "data")
    assert ended.objects[0]["ineligible"] == 20
    assert store.lead(0) is None
    store.close()
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(60) == 0


def test_a_daemon_that_dies_leaves_nothing_undone(
    command: Command, tmp_path: Path, daemon: subprocess.Popen[bytes]
) -> None:
    """Killed while it leads: whoever feeds next becomes the leader and finishes the work."""
    daemon.kill()
    daemon.wait()
    feed = tmp_path / "feed.jsonl"
    feed.write_text(json.dumps(post("1", "no tag", "ann")))
    assert command("ingest", feed, "--json", "--data", tmp_path / "data").objects[0]["ineligible"] == 1


def test_interrupting_a_daemon_is_130(daemon: subprocess.Popen[bytes]) -> None:
    """Ctrl-C stops gracefully and says that it was an interruption."""
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(60) == 130


def test_run_says_that_a_campaign_is_closed(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its first line, and goes on: one pass over an endpoint that nobody calls drains and ends with 0."""
    monkeypatch.setenv("GATEWARDEN_PUSH__SECRET", "s" * 32)
    monkeypatch.setenv("GATEWARDEN_PUSH__PORT", "0")
    ended = command("run", "--once", "--source", "push", "--data", tmp_path)
    assert ended.status == 0
    assert "closed" in ended.err.splitlines()[0]
    assert ended.out == ""


@pytest.mark.parametrize("section", ["PUSH", "METRICS"])
def test_a_port_in_use_is_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    """A port that the daemon listens on is taken: exit 1 and a line that names it."""
    monkeypatch.setenv("GATEWARDEN_PUSH__SECRET", "s" * 32)
    for other in ("PUSH", "METRICS"):
        monkeypatch.setenv(f"GATEWARDEN_{other}__PORT", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv(f"GATEWARDEN_{section}__PORT", port)
        ended = command("run", "--source", "push", "--data", tmp_path)
    assert ended.status == 1
    assert port in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


def test_a_source_that_is_none_is_a_wrong_setting(command: Command, tmp_path: Path) -> None:
    """Exit 2, and the names that there are."""
    ended = command("run", "--once", "--source", "nosuch", "--data", tmp_path)
    assert ended.status == 2
    assert "gate_square" in ended.err


def test_interrupting_ingest_is_130(tmp_path: Path) -> None:
    """Ctrl-C while standard input is still open: 130, no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "ingest", "-", "--data", str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (tmp_path / "lock").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
