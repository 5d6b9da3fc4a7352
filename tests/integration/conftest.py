"""The real command in this process, and a data directory of judged posts to use it on."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from bot.awards.release import release
from bot.awards.winners import Awarding
from bot.campaign import load_campaign
from bot.cli.app import run
from bot.store import Store
from tests.integration.award_store import COUNT, NOW, ready
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


@pytest.fixture(scope="session")
def ranked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 eligible posts, scored, shared and drawn; every fifteenth is a person's second."""
    folder = tmp_path_factory.mktemp("ranked") / "data"
    ready(folder, COUNT)
    return folder


@pytest.fixture
def ranked(ranked_once: Path, tmp_path: Path) -> Path:
    """A data directory of its own; see ``ranked_once``."""
    shutil.copytree(ranked_once, tmp_path / "ranked")
    return tmp_path / "ranked"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Two days after the moment at which views count."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def released_once(ranked_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was published of 73 winners, two of them disqualified after the freeze."""
    folder = tmp_path_factory.mktemp("released")
    shutil.copytree(ranked_once, folder / "data")
    with contextlib.closing(Store(folder / "data")) as store, store.transaction():
        awarding = Awarding(store, load_campaign(), NOW)
        posts = [award.post_id for tier in awarding.proposal().tiers for award in tier.awards]
        awarding.tick(posts, "person", "amy")
        awarding.freeze("amy")
        awarding.disqualify(posts[0], "rule.other", None, "amy", person=False)
        awarding.disqualify(posts[20], "content.stolen", "a note", "amy", person=True)
        files, _ = release(store, load_campaign(), awarding.proposal(), "masked")
    for name, body in files.items():
        (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "out" / name).write_bytes(body)
    return folder / "out"


@pytest.fixture
def released(released_once: Path, tmp_path: Path) -> Path:
    """A copy of its own; see ``released_once``."""
    return shutil.copytree(released_once, tmp_path / "released")
