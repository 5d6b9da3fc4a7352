"""The log: one line an event, and nothing that a stranger wrote acts on a terminal."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.log import configure, escaped, get_logger
from bot.settings import Log, Secret


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    configure(Log())


def logged(kind: str, event: str, **values: object) -> str:
    """What one event looks like."""
    stream = io.StringIO()
    configure(Log(format=kind), stream)  # type: ignore[arg-type]
    get_logger("test").info(event, **values)
    return stream.getvalue()


def test_json_lines() -> None:
    """One object with the event, its level, part and time, in ASCII; no terminal means JSON."""
    line = logged("auto", "judged", post="1\u202e", reasons=["图"], nothing=None, secret=Secret("hush"))
    assert line.isascii()
    event = json.loads(line)
    assert (event["event"], event["level"], event["part"], event["post"]) == ("judged", "info", "test", "1\u202e")
    assert event["timestamp"].endswith("Z")
    assert "hush" not in line


def test_levels() -> None:
    """What is below the level is not written."""
    stream = io.StringIO()
    configure(Log(level="warning"), stream)
    get_logger("test").info("quiet")
    get_logger("test").warning("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_long_texts_are_cut() -> None:
    """An event stays small whatever a post holds."""
    assert len(logged("json", "judged", text="a" * 1_000_000)) < 10_000


@given(st.text(), st.text())
def test_one_event_is_one_safe_line(event: str, value: str) -> None:
    """On a terminal no character of an event or value controls, hides, reorders or breaks the line."""
    stream = io.StringIO()
    configure(Log(format="console"), stream)
    get_logger("test").info(event, value=value, nested=[value])
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert not [char for char in line[:-1] if unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"}]
    assert not set(line) & set("\u200b\u200e\u202a\u202e\u2066\u2069\ufeff\u00ad\U000e0041")


def test_ordinary_text_is_left_alone() -> None:
    """Chinese, emoji and accents are not escaped."""
    assert escaped("我的Gate时刻 é 🎉") == "我的Gate时刻 é 🎉"


def test_a_traceback_keeps_its_lines() -> None:
    """Our own traceback stays readable on a terminal, each of its lines escaped."""
    line = logged("console", "failed", traceback="Traceback\n  oh\x1b[2J no")
    assert "Traceback\n  oh\\x1b[2J no" in line
