"""The demo end to end on a short story: the real bot over real HTTP, and a report that can say no."""

from __future__ import annotations

import io
import re
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from bot.campaign import load_campaign
from bot.demo.run import MARKER, prepare, run_demo
from bot.demo.scenario import Scenario, load_scenario
from bot.errors import UserError
from bot.settings import Engine

SHORT = (12871088, 12871911, 12872205, 12873240, 12872229, 12871420, 12873511, 12873512, 12873505, 12871480)
"""An original, a copy of it, a smaller one, a video, no media, the poster, and both sides of the deadline."""


def story(wrong: int | None = None) -> Scenario:
    """A part of the shipped story; ``wrong``: a post of which the opposite is meant."""
    whole = load_scenario(load_campaign())
    posts = tuple(post for post in whole.posts if post.id in SHORT)
    return msgspec.structs.replace(
        whole,
        posts=tuple(
            msgspec.structs.replace(post, meant="review", code="brand.absent") if post.id == wrong else post
            for post in posts
        ),
    )


async def told(data: Path, scenario: Scenario) -> tuple[bool, str]:
    out = io.StringIO()
    engine = Engine(workers=1, sandbox="off")
    good = await run_demo(
        data, Console(file=out, width=140), Console(file=io.StringIO()), scenario=scenario, engine=engine
    )
    return good, out.getvalue()


async def test_a_story_comes_out_as_meant(tmp_path: Path) -> None:
    """Search and push, media over HTTP, a clock across the deadline: every verdict is the one that was meant."""
    good, report = await told(tmp_path / "demo", story())
    assert good, report
    assert "10 of 10 posts as meant" in report
    assert f"queue --data {tmp_path / 'demo'}" in report
    assert re.search(r"Shares on X: (\d+) answers .* (\d+) joined, 14 told why not, for 14 reasons", report)
    assert "The shipped verifier says: valid" in report
    assert "NOT" not in report


async def test_what_comes_out_otherwise_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something else was meant than what comes out, the run fails, and the post's row or the answer's line says
    so."""
    monkeypatch.setattr("bot.demo.shares._DAMAGED_UID", "10000001")
    good, report = await told(tmp_path / "demo", story(wrong=12871088))
    assert "meant author.damaged, came author.other" in report
    assert not good
    assert "9 of 10 posts as meant" in report
    row = next(line for line in report.splitlines() if line.startswith("12871088"))
    assert "NOT" in row


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """The demo empties only what a demo made."""
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(UserError, match="not the demo's"):
        prepare(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_earlier_demo_is_emptied(tmp_path: Path) -> None:
    """A second run starts afresh, and leaves what a person put beside."""
    prepare(tmp_path)
    media = tmp_path / "media" / "ab" / "abc"
    media.parent.mkdir(parents=True)
    media.write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("mine")
    prepare(tmp_path)
    assert not media.exists()
    assert (tmp_path / "notes.txt").exists() and (tmp_path / MARKER).exists()
