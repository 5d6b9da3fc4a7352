"""``doctor``, ``backup``, ``forget``, ``replay``, ``init``: keeping the bot."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from bot.store import Store
from tests.integration.commands import TAG, Command, post


def test_doctor_finds_this_installation_sound(command: Command, judged: Path) -> None:
    """Every check answers; only warnings may stand where nothing is broken."""
    ended = command("doctor", "--json", "--data", judged)
    found = {o["name"]: o for o in ended.objects}
    assert ended.status == 0
    assert {"packaging", "sandbox", "sqlite", "disk", "clock", "event log", "brand kit", "settings"} <= found.keys()
    assert all(o["state"] in ("ok", "warning") for o in found.values())
    assert found["fetching"]["state"] == "ok"


def test_doctor_warns_and_fails(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permitted addresses are a warning; a changed event log is broken, and exit 1."""
    monkeypatch.setenv("GATEWARDEN_FETCH__ALLOW_ADDRESSES", "10.0.0.0/8")
    found = {o["name"]: o for o in command("doctor", "--json", "--data", judged).objects}
    assert found["fetching"]["state"] == "warning"
    assert "10.0.0.0/8" in found["fetching"]["detail"]
    store = Store(judged)
    store.connection.run("UPDATE events SET payload = '{}' WHERE seq = 3")
    store.close()
    ended = command("doctor", "--data", judged)
    assert ended.status == 1
    assert "event log" in ended.err


def test_a_backup_restores(command: Command, judged: Path, tmp_path: Path) -> None:
    """The copy, put into an empty data directory, says the same of every post; an older backup is replaced."""
    target = tmp_path / "copy.db"
    target.write_text("older")
    ended = command("backup", target, "--json", "--data", judged)
    assert ended.objects[0]["posts"] == 6
    (tmp_path / "restored").mkdir()
    target.rename(tmp_path / "restored" / "gatewarden.db")
    assert command("export", "--data", tmp_path / "restored").out == command("export", "--data", judged).out
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_backup_of_what_is_damaged_is_refused(command: Command, judged: Path, tmp_path: Path) -> None:
    """A copy that does not verify never takes the place of an older one; nor does the database's own place."""
    target = tmp_path / "copy.db"
    target.write_text("older")
    store = Store(judged)
    store.connection.run("UPDATE events SET payload = '{}' WHERE seq = 3")
    store.close()
    assert command("backup", target, "--data", judged).status == 1
    assert target.read_text() == "older"
    assert command("backup", judged / "gatewarden.db", "--data", judged).status == 1
    assert command("backup", tmp_path / "no" / "x.db", "--data", judged).status == 1


def _words(folder: Path) -> bytes:
    """Every byte of every file of a data directory but the media."""
    return b"".join(p.read_bytes() for p in folder.iterdir() if p.is_file())


def test_forgetting_leaves_no_word_and_a_log_that_verifies(command: Command, judged: Path, tmp_path: Path) -> None:
    """No word, name or id of the author's is left in any file; the copier stays a copier; the log verifies."""
    feed = tmp_path / "feed.jsonl"
    secret = "a-very-particular-account"
    line = json.dumps(post("900", f"{TAG} an unmistakable-story told once " * 3, secret))
    feed.write_text(line + "\n")
    command("ingest", feed, "--data", judged)
    command("note", "900", "unmistakable-note", "--as", "amy", "--data", judged)
    assert secret.encode() in _words(judged)
    ended = command("forget", secret, "--json", "--data", judged)
    assert ended.objects == [{"author_id": secret, "posts": ["900"], "media": 0}]
    left = _words(judged)
    assert secret.encode() not in left
    assert b"unmistakable" not in left
    assert command("show", "900", "--data", judged).status == 1
    assert {o["name"]: o["state"] for o in command("doctor", "--json", "--data", judged).objects}["event log"] == "ok"
    command("ingest", feed, "--data", judged)
    assert secret.encode() not in _words(judged)
    assert command("forget", secret, "--data", judged).status == 1


def test_a_copier_does_not_gain_by_forgetting(command: Command, judged: Path) -> None:
    """Whoever copied from a forgotten author still came later; bytes that both showed stay while one needs them."""
    media = sorted(p.name for p in (judged / "media").rglob("*") if p.is_file())
    assert command("forget", "ann", "--data", judged).status == 0
    found = {o["post_id"]: o for o in command("export", "--data", judged).objects}
    assert "101" not in found
    assert found["102"]["reasons"][0]["code"] == "duplicate.exact"
    assert sorted(p.name for p in (judged / "media").rglob("*") if p.is_file()) == media
    assert command("forget", "bob", "--data", judged).status == 0
    assert len([p for p in (judged / "media").rglob("*") if p.is_file()]) == len(media) - 1


def test_replay_lists_flips_and_changes_nothing(command: Command, judged: Path, tmp_path: Path) -> None:
    """Under a campaign that ends later and lets copies pass, exactly those posts flip; the data stay as they were."""
    before = command("export", "--data", judged).out
    assert command("replay", "--json", "--data", judged).out == ""
    shipped = (Path(__file__).parents[2] / "assets/campaigns/my-gate-moment.toml").read_text()
    other = tmp_path / "other.toml"
    other.write_text(
        shipped.replace("ends = 2025-07-26T00:00:00+08:00", "ends = 2025-07-27T00:00:00+08:00")
        .replace('"duplicate.exact" = "block"', '"duplicate.exact" = "ask"')
        .replace('"media.none" = "block"', '"media.none" = "note"')
    )
    flips = {o["post_id"]: o for o in command("replay", "--campaign", other, "--json", "--data", judged).objects}
    assert {i: (o["before"], o["after"]) for i, o in flips.items()} == {
        "102": ("ineligible", "review"),
        "106": ("ineligible", "eligible"),
    }
    assert flips["106"]["reasons_before"][0]["code"] == "window.late"
    assert command("export", "--data", judged).out == before


def test_init_writes_files_that_load(command: Command, tmp_path: Path) -> None:
    """Without a terminal nothing is asked; what is written loads; nothing is replaced unasked."""
    ended = command(
        "init", "--hashtag", '我的"Gate时刻', "--ends", "1753459200", "--source", "push", "--data", tmp_path / "d"
    )
    assert ended.status == 0
    campaign = tmp_path / "d" / "campaign.toml"
    assert ended.out.splitlines() == [str(tmp_path / "d" / "gatewarden.toml"), str(campaign)]
    assert "2025-07-26T00:00:00+08:00" in campaign.read_text()
    assert command("campaign", "check", campaign).status == 0
    assert command("queue", "--data", tmp_path / "d", "--campaign", campaign).status == 0
    assert command("init", "--hashtag", "x", "--data", tmp_path / "d").status == 1
    assert command("init", "--hashtag", "x", "--ends", "gestern", "--force", "--data", tmp_path / "d").status == 2
    assert command("init", "--data", tmp_path / "e").status == 2


def test_an_unexpected_failure_is_one_line(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug: one line and exit 1; with --debug the traceback too."""

    def broken(*_: object) -> None:
        raise RuntimeError("oh\nno")

    monkeypatch.setattr("bot.review.find", broken)
    ended = command("approve", "101", "--data", judged)
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "RuntimeError: oh no" in ended.err
    assert "Traceback" in command("approve", "101", "--debug", "--data", judged).err


def test_an_interruption_is_130(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C anywhere."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.review.find", interrupted)
    assert command("approve", "101", "--data", judged).status == 130


def test_the_database_is_plain_sqlite(judged: Path) -> None:
    """Any SQLite can read a data directory that no daemon holds: the data belong to who runs the bot."""
    with sqlite3.connect(f"file:{judged / 'gatewarden.db'}?mode=ro", uri=True) as db:
        assert db.execute("SELECT count(*) FROM posts").fetchone() == (6,)
    db.close()
    assert all(re.fullmatch(r"[0-9a-f]{2}|parts", p.name) for p in (judged / "media").iterdir())
