"""The whole review as people start it: the real command in tmux, on posts with pictures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Store
from tests.integration.commands import Command

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A terminal of our own, with no settings."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __call__(self, *words: str) -> str:
        called = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *words]
        return subprocess.run(called, capture_output=True, text=True, check=False).stdout

    def start(self, data: Path, *options: str, columns: int = 120, rows: int = 40, **environment: str) -> None:
        """Review a data directory."""
        words = [sys.executable, "-m", "bot", "review", "--data", str(data), "--as", "ann", *options]
        given = [word for pair in environment.items() for word in ("-e", "=".join(pair))]
        self("new-session", "-d", "-x", str(columns), "-y", str(rows), *given, *words)

    def screen(self, *, colours: bool = False) -> str:
        return self("capture-pane", "-p", *(["-e"] if colours else []))

    def press(self, *keys: str) -> None:
        self("send-keys", *keys)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    made = Tmux(tmp_path / "tmux")
    yield made
    made("kill-server")


def until(true: Callable[[], bool], seen: Callable[[], str]) -> None:
    """Wait for something to become true; what is on the screen tells why it does not."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, seen()
        time.sleep(0.05)


def statuses(data: Path) -> dict[str, str]:
    with closing(Store(data)) as store:
        return {record.post_id: record.status for record in store.verdicts.all()}


def decide(tmux: Tmux, key: str, done: Callable[[], bool]) -> None:
    """Press a key as a person does: again where the screen says that it came before the post was drawn."""
    tmux.press(key)

    def decided() -> bool:
        if not done() and "太快了" in tmux.screen():
            tmux.press(key)
        return done()

    until(decided, tmux.screen)


@needs_tmux
def test_a_review_from_first_to_last(tmux: Tmux, judged: Path) -> None:
    """The post and its picture in half blocks, hostile text escaped, a decision, an undo, the end."""
    tmux.start(judged, "author:ann", "--lang", "zh")
    until(lambda: "▀▀▀" in tmux.screen(), tmux.screen)
    shown = tmux.screen()
    assert "\\x1b[31mred\\u202e" in shown and "nick ann" in shown and "未发现品牌元素" in shown
    assert all(len(row) <= 120 for row in shown.split("\n"))
    decide(tmux, "a", lambda: statuses(judged)["101"] == "eligible")
    until(lambda: "没有待处理的帖子" in tmux.screen(), tmux.screen)
    tmux.press("u")
    until(lambda: statuses(judged)["101"] == "review", tmux.screen)
    until(lambda: "101@1" in tmux.screen(), tmux.screen)
    decide(tmux, "4", lambda: statuses(judged)["101"] == "ineligible")
    tmux.press("q")
    until(lambda: tmux("list-sessions") == "", tmux.screen)
    with closing(Store(judged)) as store:
        assert [(d.action, d.code, d.who) for d in store.verdicts.decisions("101")][::2] == [
            ("approve", "accepted", "ann"),
            ("reject", "content.offtopic", "ann"),
        ]
        assert store.connection.rows("SELECT post_id FROM claims") == []


@needs_tmux
def test_no_colour_where_none_is_wanted(tmux: Tmux, judged: Path) -> None:
    """With NO_COLOR the picture is made of dots, and no sequence sets a colour."""
    tmux.start(judged, "--lang", "en", NO_COLOR="1")
    until(lambda: re.search("[\u2801-\u28ff]", tmux.screen()) is not None, tmux.screen)
    codes = {code for group in re.findall("\x1b\\[([0-9;]*)m", tmux.screen(colours=True)) for code in group.split(";")}
    assert codes <= {"", "0", "1", "7", "39", "49"}


@needs_tmux
def test_a_small_terminal_is_enough(tmux: Tmux, judged: Path) -> None:
    """In 80 columns and 24 rows there are the post, its picture, the findings and the keys."""
    tmux.start(judged, "author:ann", "--lang", "en", columns=80, rows=24)
    until(lambda: "▀▀▀" in tmux.screen(), tmux.screen)
    shown = tmux.screen()
    assert "nick ann" in shown and "No brand element" in shown and "a approve" in shown and "q quit" in shown


def test_without_a_terminal_it_says_so(command: Command, judged: Path) -> None:
    """One line, exit status 1, nothing drawn."""
    ended = command("review", "--data", judged)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("gatewarden: review needs a terminal") and ended.err.count("\n") == 1


def test_damage_is_told_before_the_screen_is_taken(judged: Path, tmp_path: Path) -> None:
    """A wrong filter ends the command with one line, at a terminal too."""
    script = tmp_path / "typescript"
    words = f"{sys.executable} -m bot review reason:nonsense --data {judged} --as ann"
    if shutil.which("script") is None:
        pytest.fail("script, of util-linux, is not installed")
    environment = os.environ | {"TERM": "xterm-256color"}
    called = ["script", "-qec", words, str(script)]
    ended = subprocess.run(called, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    assert ended.returncode == 1
    assert b"no reason code" in script.read_bytes() and b"\x1b[?1049h" not in script.read_bytes()
