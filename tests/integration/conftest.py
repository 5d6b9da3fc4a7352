"""The real command in this process, and a data directory of judged posts to use it on."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli.app import run
from tests.integration.commands import PEOPLE, TAG, Command, Ended, picture, post


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``gatewarden ARGUMENT…`` in this process."""
    for name in ("GATEWARDEN_DATA", "GATEWARDEN_CONFIG", "GATEWARDEN_CAMPAIGN", "LC_ALL", "LC_MESSAGES", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def call(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Ended(status, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a handful of judged posts; see ``judged``."""
    folder = tmp_path_factory.mktemp("judged")
    feed = folder / "feed"
    feed.mkdir()
    picture(feed, "one.png", 1)
    picture(feed, "two.png", 2)
    same = {"media": [{"type": "image", "path": "one.png"}]}
    posts = [
        post("101", f"{TAG} first \x1b[31mred\u202e", "ann", **same, stats={"views": 5}),
        post("102", f"{TAG} copied", "bob", **same, created_at="2025-07-21T12:00:00+08:00"),
        post("103", f"{TAG} mine", "cat", media=[{"type": "image", "path": "two.png"}], title='=HYPERLINK("x")'),
        post("104", "no hashtag here", "dan"),
        post("105", f"{TAG} gone", "eve", deleted=True),
        post("106", f"{TAG} late", "fay", created_at="2025-07-26T00:00:00+08:00"),
    ]
    lines = [json.dumps(p, ensure_ascii=False) for p in posts]
    (feed / "posts.jsonl").write_text("\n".join([*lines, "{broken"]) + "\n")
    assert run(["ingest", str(feed / "posts.jsonl"), "--data", str(folder / "data")]) == 0
    return folder / "data"


@pytest.fixture
def judged(judged_once: Path, tmp_path: Path) -> Path:
    """A data directory of its own: 101 and 103 wait for a person, 102 copies 101, 104 and 106 are no entries, 105 was
    deleted, and one line was put aside."""
    shutil.copytree(judged_once, tmp_path / "judged")
    return tmp_path / "judged"


@pytest.fixture(scope="session")
def eligible_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of four approved posts (two of one person), one rejected and one without the hashtag."""
    folder = tmp_path_factory.mktemp("eligible")
    lines = []
    for ident, author, person in (*PEOPLE, ("5", "eve", "p5")):
        picture(folder, f"{ident}.png", int(ident))
        made: dict[str, Any] = post(ident, f"{TAG} {ident}", author, media=[{"type": "image", "path": f"{ident}.png"}])
        made["author"] |= {"person": person, "region": "CN" if ident in "13" else None}
        lines.append(json.dumps(made))
    lines.append(json.dumps(post("6", "no tag", "fay")))
    (folder / "feed.jsonl").write_text("\n".join(lines))
    data = folder / "data"
    assert run(["ingest", str(folder / "feed.jsonl"), "--data", str(data)]) == 0
    assert run(["approve", "1", "2", "3", "4", "--as", "amy", "--data", str(data)]) == 0
    assert run(["reject", "5", "--reason", "content.stolen", "--as", "amy", "--data", str(data)]) == 0
    return data


@pytest.fixture
def eligible(eligible_once: Path, tmp_path: Path) -> Path:
    """A data directory of its own; see ``eligible_once``."""
    shutil.copytree(eligible_once, tmp_path / "eligible")
    return tmp_path / "eligible"
