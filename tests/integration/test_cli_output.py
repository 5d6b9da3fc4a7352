"""What the command line prints: shapes, escapes, pipes, exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.app import load
from bot.cli.reference import reference
from bot.cli.table import COMMANDS
from tests.integration.commands import Command

ROOT = Path(__file__).parents[2]
VERDICT = {
    "post_id", "revision", "author_id", "status", "reasons", "decided_by", "decided_at", "campaign", "campaign_version",
    "brand", "duplicate_of", "cluster", "detectors", "features", "stats",
}  # fmt: skip


def shell(script: str, data: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the installed form of the command in a shell, as ``$gw``."""
    environ = {
        **os.environ,
        "gw": f"{sys.executable} -m bot",
        "GATEWARDEN_DATA": str(data),
        "LANG": "C.UTF-8",
        **variables,
    }
    return subprocess.run(["bash", "-c", script], capture_output=True, cwd=ROOT, env=environ, timeout=120, check=False)


def test_export_prints_the_verdict_object(command: Command, judged: Path) -> None:
    """One object a post, in order of id, with every field of the interface; the copy names its original."""
    ended = command("export", "--data", judged)
    found = {o["post_id"]: o for o in ended.objects}
    assert list(found) == ["101", "102", "103", "104", "105", "106"]
    assert all(o.keys() >= VERDICT for o in found.values())
    assert all(r.keys() == {"code", "stance", "detail", "media"} for o in found.values() for r in o["reasons"])
    assert found["102"]["duplicate_of"] == "101"
    assert found["101"]["duplicate_of"] is None
    assert found["101"]["cluster"] == found["102"]["cluster"] != found["103"]["cluster"]
    assert found["102"]["reasons"][0]["code"] == "duplicate.exact"
    assert found["103"]["brand"] == {"present": False, "score": 0.0, "marks": []}
    assert found["104"]["brand"]["present"] is None
    assert found["101"]["stats"]["views"] == 5
    assert found["101"]["decided_at"].endswith("+08:00")
    assert {o["status"] for o in command("export", "-s", "review", "-s", "withdrawn", "--data", judged).objects} == {
        "review",
        "withdrawn",
    }


def test_csv_has_a_header_and_neutral_cells(command: Command, judged: Path, tmp_path: Path) -> None:
    """CSV begins with its columns, one row a post; what would be a formula is text."""
    target = tmp_path / "out.csv"
    target.write_text("older")
    ended = command("export", "--format", "csv", "-o", target, "--data", judged)
    assert (ended.status, ended.out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [r["post_id"] for r in rows] == ["101", "102", "103", "104", "105", "106"]
    assert rows[1]["author_id"] == "bob"
    assert rows[1]["reasons"].split()[0] == "duplicate.exact"
    assert list(tmp_path.glob(".out*")) == []


def test_export_leaves_an_older_file_where_it_fails(command: Command, judged: Path, tmp_path: Path) -> None:
    """A folder that cannot be written ends in one line and exit 1."""
    ended = command("export", "-o", tmp_path / "no" / "out.jsonl", "--data", judged)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)


def test_queue_is_two_rows_a_post_with_the_whole_id(command: Command, judged: Path) -> None:
    """Two rows each, the id whole; nothing that a stranger wrote reaches the terminal raw."""
    ended = command("queue", "--data", judged)
    lines = ended.out.splitlines()
    assert sorted(line.partition("@")[0] for line in lines[::2]) == ["101", "103"]
    assert len(lines) == 4
    assert "\x1b" not in ended.out
    assert "\\x1b[31mred\\u202e" in ended.out


def test_queue_filters(command: Command, judged: Path) -> None:
    """By author, family of reason, status and number; a reason that there is not is wrong usage."""

    def ids(*options: str) -> list[str]:
        return sorted(o["post_id"] for o in command("queue", "--json", *options, "--data", judged).objects)

    assert ids("--author", "cat") == ["103"]
    assert ids("--reason", "brand") == ["101", "103"]
    assert ids("--reason", "window.late", "-s", "ineligible") == ["106"]
    assert len(ids("-n", "1")) == 1
    assert command("queue", "--reason", "nosuch", "--data", judged).status == 2


def test_show_tells_everything(command: Command, judged: Path) -> None:
    """Text, findings with the original, history, and the message in both languages."""
    out = command("show", "102", "--as", "amy", "--data", judged).out
    assert "copied" in out
    assert "duplicate.exact" in out
    assert "[101, 0/256]" in out
    assert "judged ineligible" in out
    assert re.search(r"message for the author \(zh\)\n  您好", out)
    assert re.search(r"message for the author \(en\)\n  Hello", out)
    assert "\x1b" not in command("show", "101", "--data", judged).out
    shown = command("show", "102", "--json", "--data", judged).objects[0]
    assert shown["originals"][0]["post_id"] == "101"
    assert shown["messages"]["zh"].startswith("您好")
    assert command("show", "nosuch", "--data", judged).status == 1


def test_show_annotates(command: Command, judged: Path, tmp_path: Path) -> None:
    """--annotate writes one picture for each that was looked at."""
    assert command("show", "103", "--annotate", tmp_path / "out", "--data", judged).status == 0
    assert [p.read_bytes()[:4] for p in (tmp_path / "out").iterdir()] == [b"\x89PNG"]


def test_language_of_reasons(command: Command, judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--lang wins over the locale."""
    english = command("queue", "--data", judged).out
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    chinese = command("queue", "--data", judged).out
    assert english != chinese
    assert command("queue", "--lang", "en", "--data", judged).out == english
    assert command("queue", "--lang", "fr", "--data", judged).status == 2


def test_stats_count(command: Command, judged: Path) -> None:
    """Statuses, reasons, people, days, and lines put aside."""
    command("approve", "101", "--as", "amy", "--data", judged)
    found = command("stats", "--json", "--data", judged).objects[0]
    assert found["statuses"] == {"eligible": 1, "ineligible": 3, "review": 1, "withdrawn": 1}
    assert found["posts"] == 6
    assert found["reasons"]["hashtag.missing"] == 1
    assert found["moderators"] == {"amy": {"approve": 1}}
    assert (found["quarantined"], sum(found["days"].values()), found["waiting"]) == (1, 6, 0)
    assert "hashtag.missing" in command("stats", "--data", judged).out


def test_usage_errors_are_one_line_and_2(command: Command, judged: Path) -> None:
    """Wrong commands, options and values."""
    for arguments in (["nosuch"], ["queue", "--nosuch"], ["queue", "-n", "0"], ["export", "-s", "maybe"], ["approve"]):
        ended = command(*arguments, *(["--data", judged] if arguments[0] != "nosuch" else []))
        assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_wrong_settings_name_file_line_and_key(command: Command, tmp_path: Path) -> None:
    """A bad key, bad TOML and a missing file: exit 2, one line, no traceback."""
    cases = {
        "[fetch]\n\nnosuch = 1\n": ":3:.*nosuch",
        "[fetch\n": ":1:.*TOML",
        "[fetch]\ndeadline = 'soon'\n": ":2:.*deadline",
        None: "No such file",
    }
    for text, expected in cases.items():
        file = tmp_path / "settings.toml"
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        ended = command("queue", "--config", file, "--data", tmp_path / "data")
        assert (ended.status, ended.err.count("\n")) == (2, 1)
        assert re.search(f"settings.toml.*{expected}", ended.err)


def test_a_wrong_campaign_names_file_line_and_key(command: Command, judged: Path, tmp_path: Path) -> None:
    """``campaign check`` lists every problem; any other command stops at the first, with exit 2."""
    file = tmp_path / "mine.toml"
    file.write_text('[campaign]\nname = "x"\nhashtags = ["y"]\nnosuch = 1\n')
    checked = command("campaign", "check", file, "--json")
    assert checked.status == 2
    assert "mine.toml:4: campaign.nosuch" in checked.objects[0]["problems"][0]
    ended = command("export", "--campaign", file, "--data", judged)
    assert (ended.status, ended.out) == (2, "")
    assert "mine.toml:4" in ended.err
    file.write_text('[campaign]\nname = "x"\nhashtags = ["y"]\n[brand]\ncounts = ["mark"]\n')
    assert command("campaign", "check", file).status == 0


def test_an_unwritable_data_path_is_one_line(command: Command, tmp_path: Path) -> None:
    """A data directory that is a file, or lies below one: exit 1."""
    (tmp_path / "file").write_text("")
    for data in (tmp_path / "file", tmp_path / "file" / "below"):
        ended = command("queue", "--data", data)
        assert (ended.status, ended.err.count("\n")) == (1, 1)


def test_a_damaged_database_is_one_line(command: Command, tmp_path: Path) -> None:
    """What is no database is told as such."""
    (tmp_path / "gatewarden.db").write_bytes(b"no database at all" * 100)
    ended = command("queue", "--data", tmp_path)
    assert (ended.status, ended.err.count("\n")) == (1, 1)


def test_a_pipe_gets_everything_and_no_escape_codes(judged: Path) -> None:
    """Through a pipe nothing is coloured or cut; COLUMNS cuts all but the id."""
    piped = shell("$gw queue", judged)
    assert piped.returncode == 0
    assert b"\x1b" not in piped.stdout
    narrow = shell("$gw queue", judged, COLUMNS="24")
    assert max(len(line) for line in narrow.stdout.decode().splitlines()) <= 24
    assert narrow.stdout.count(b"\n") == piped.stdout.count(b"\n")


def test_a_closed_pipe_is_quiet(judged: Path) -> None:
    """A reader that had enough: no traceback, no failure."""
    ended = shell("set -o pipefail; $gw export | head -c 10", judged)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_help_and_review_load_no_heavy_library(judged: Path) -> None:
    """``--help`` loads next to nothing, and deciding needs neither pictures nor the index."""
    probe = (
        "import sys; from bot.cli.app import run; run(sys.argv[2:]);"
        " heavy = [m for m in sys.argv[1].split() if m in sys.modules]; sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    all_heavy = "cv2 av PIL aiohttp opencc"
    for heavy, arguments in (
        (f"{all_heavy} numpy sqlite_utils msgspec rich.console", ["--help"]),
        (all_heavy, ["approve", "101"]),
        (all_heavy, ["undo"]),
        ("cv2 av PIL aiohttp", ["queue", "-n", "1"]),
        ("cv2 av PIL aiohttp", ["export", "-o", os.devnull]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", probe, heavy, *arguments],
            capture_output=True, cwd=ROOT, env={**os.environ, "GATEWARDEN_DATA": str(judged)}, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_the_table_says_what_the_commands_say() -> None:
    """Every listed command exists under its name and explains itself."""
    for group in COMMANDS.values():
        for name, entry in group.items():
            command = load(entry)
            assert command.name == name
            assert command.help


def test_docs_of_the_command_line_are_current() -> None:
    """docs/cli.md is what the commands say of themselves."""
    assert (ROOT / "docs" / "cli.md").read_text() == reference()


def test_json_keeps_every_id_exactly(command: Command, tmp_path: Path) -> None:
    """Ids that no spreadsheet or JavaScript could hold come out as they went in."""
    ident = "12345678901234567890123"
    feed = tmp_path / "feed.jsonl"
    feed.write_text(f'{{"id": {ident}, "text": "x"}}')
    command("ingest", feed, "--data", tmp_path / "data")
    assert json.loads(command("export", "--data", tmp_path / "data").out)["post_id"] == ident


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(command: Command, shell_name: str) -> None:
    """The script of each shell, and the completion that it asks for."""
    assert "gatewarden" in command("completion", shell_name).out
    assert command("completion", "tcsh").status == 2
