"""What the award commands say to a Chinese operator is Chinese, but for names, numbers and what is typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.award_store import frozen
from tests.integration.commands import Command

LETTERS = re.compile(r"[A-Za-z]{2,}")
TYPED = {
    "my", "gate", "moment", "amy", "jo", "kim", "com", "https", "www", "post", "status", "web",  # names and links
    "winners", "confirm", "recheck", "tick", "person", "region", "ID", "CC", "disqualify", "publish",  # to be typed
    "judge", "next", "score", "drand", "draw", "show", "freeze", "gatewarden", "unchecked", "propose", "shares", "out",
}  # fmt: skip


@pytest.fixture(autouse=True)
def chinese(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")


def english(text: str) -> list[str]:
    """Words that nobody translated; digests and ids are none."""
    plain = re.sub(r"\b[0-9a-f]{10,}\b|\b[0-9]{4}-[0-9T:+-]+\b", " ", text)
    return [word for word in LETTERS.findall(plain) if word not in TYPED]


def test_every_label_is_chinese(command: Command, ranked: Path, clock: object) -> None:
    """Lists, acts and refusals of judging, draw, shares and winners, before the freeze and after it."""
    where = ("--data", ranked)
    said = [
        command("winners", "propose", *where),
        command("winners", "freeze", "--as", "amy", *where),
        command("winners", "recheck", "--as", "amy", *where),
        command("draw", "show", *where),
        command("draw", "hold", "--as", "amy", *where),
        command("draw", "commit", "--as", "amy", *where),
        command("judge", "status", *where),
        command("judge", "ranking", *where),
        command("shares", "list", *where),
        command("shares", "leaderboard", *where),
        command("shares", "settle", "1001", "--as", "amy", *where),
    ]
    winner = frozen(command, ranked)["creative"][0]
    said += [
        command("winners", "recheck", "--as", "amy", *where),
        command("winners", "disqualify", winner, "--reason", "content.stolen", "--as", "amy", *where),
        command("winners", "propose", *where),
        command("winners", "reinstate", winner, "--as", "amy", *where),
        command("winners", "freeze", "--as", "amy", *where),
    ]
    left = [words for ended in said if (words := english(ended.out + ended.err))]
    assert left == []
    assert all(re.search("[\u4e00-\u9fff]", ended.out + ended.err) for ended in said)
