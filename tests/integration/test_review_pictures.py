"""The review in the terminal, on posts with words and pictures: what is seen of them, and when it is there."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from pathlib import Path

import pytest
from textual.geometry import Region

from bot.review.filters import Filter
from bot.review.tui.app import ReviewApp
from bot.review.tui.picture import Cells, GraphicPicture, Way
from bot.store import Store
from tests.integration.commands import Command
from tests.integration.desks import Clock
from tests.integration.reviews import drawn, press, reviewing, until

ANN = Filter(author="ann")


def rows(app: ReviewApp, pane: str) -> str:
    """What a part of the screen shows."""
    part = app.page.query_one(f"#{pane}")
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in part.render_lines(Region(0, 0, *part.size))
    )


async def test_pictures_are_decoded_before_a_key_asks_for_them(judged: Path) -> None:
    """The next post's picture is at hand while the first is on the screen; a key shows it at once."""
    async with reviewing(judged, Clock(), at_hand=2) as (app, pilot):
        await until(pilot, lambda: all(0 in item.sights for item in app.lane.at_hand))
        following = app.lane.at_hand[1]
        assert following.sights[0] is not None
        assert [isinstance(shown, Cells) for shown in following.shown.values()] == [True]
        await press(app, pilot, "a")
        await drawn(app, pilot)
        assert "▀" in rows(app, "picture")


async def test_no_key_decides_on_a_picture_that_is_still_coming(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post without its picture is not drawn yet: a key that decides is refused until it is there."""
    async with reviewing(judged, Clock(), at_hand=2) as (app, pilot):
        await until(pilot, lambda: all(0 in item.sights for item in app.lane.at_hand))
        following, look, held = app.lane.at_hand[1], app._eyes.look, list[tuple[object, ...]]()
        following.sights.clear()
        following.shown.clear()
        monkeypatch.setattr(app._eyes, "look", lambda *asked: held.append(asked))
        await press(app, pilot, "a")
        await until(pilot, lambda: "coming" in rows(app, "picture"))
        await pilot.press("x")
        await until(pilot, lambda: "too quick" in rows(app, "said"))
        assert app.lane.item is following
        monkeypatch.undo()
        for asked in held:
            look(*asked)  # type: ignore[arg-type]
        await press(app, pilot, "x")
    with closing(Store(judged)) as store:
        assert [d.action for d in store.verdicts.decisions(following.post_id)] == ["reject"]


async def test_strangers_text_moves_nothing(judged: Path) -> None:
    """An escape sequence and a turn of direction are written out, in the post and in the queue."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, _):
        for pane in ("post", "queue", "findings", "head"):
            assert "\x1b" not in rows(app, pane) and "\u202e" not in rows(app, pane)
        assert "\\x1b[31mred\\u202e" in rows(app, "post")


async def test_the_findings_stand_beside_the_post(judged: Path) -> None:
    """Why it waits in words, what was seen in its picture, and what was decided so far."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, pilot):
        assert "? No brand element" in rows(app, "findings")
        assert "png 320×240" in rows(app, "findings")
        await press(app, pilot, "a", "u")
        await until(pilot, lambda: app.lane.item is not None and "decided so far" in rows(app, "findings"))
        assert "approved" in rows(app, "findings") and "[undone]" in rows(app, "findings")


async def test_what_has_no_original_is_not_compared(judged: Path) -> None:
    """The key says so, and nothing else happens."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, pilot):
        await press(app, pilot, "d")
        assert "nothing to compare" in rows(app, "said") and app.page.part == "body"


async def test_a_copy_is_shown_beside_its_original(judged: Path) -> None:
    """Both pictures, whose they are, and how near they are."""
    bob = Filter(author="bob", statuses=("ineligible",))
    async with reviewing(judged, Clock(), wanted=bob, at_hand=1) as (app, pilot):
        await press(app, pilot, "d")
        await until(pilot, lambda: "▀" in rows(app, "large"))
        caption = rows(app, "caption")
        assert "this post 102 nick bob" in caption and "the original 101 nick ann" in caption
        assert "Copied picture" in caption


@pytest.mark.parametrize("way", ["kitty", "sixel"])
async def test_a_terminal_with_graphics_of_its_own_is_given_them(
    judged: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kitty's terminal is sent the picture and places for it, one with sixels the picture itself."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "__stdout__", written)
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1, way=way) as (app, pilot):
        place = app.page.query_one("#picture", GraphicPicture)
        image = place.children[0]
        await until(pilot, lambda: getattr(image, "image", None) is not None and image.size.height > 3)
        await until(pilot, lambda: way == "kitty" or len(image.children) > 0)  # a busy machine mounts it later
        leaf = image if way == "kitty" else image.children[0]
        await until(pilot, lambda: leaf.size.height > 3)
        strips = leaf.render_lines(Region(0, 0, *leaf.size))
        drawn_text = "".join(segment.text for strip in strips for segment in strip)
    assert ("\U0010eeee" in drawn_text and "\x1b_G" in written.getvalue()) if way == "kitty" else "\x1bP" in drawn_text


async def test_a_cluster_is_settled_as_one_and_taken_back_as_one(judged: Path, command: Command) -> None:
    """First it is shown what would become of each, then the copies are rejected: never the head. One undo for all."""
    command("reopen", "102", "--note", "the author objects", "--as", "lee", "--data", judged)
    bob = Filter(author="bob")
    async with reviewing(judged, Clock(), wanted=bob, at_hand=1) as (app, pilot):
        await press(app, pilot, "D")
        await until(pilot, lambda: app.page.part == "sheet")
        sheet = rows(app, "sheet")
        assert "1 copies would be rejected" in sheet
        assert "101  first: stays as it is" in sheet and "102  copy: to be rejected" in sheet
        await press(app, pilot, "D")
        await until(pilot, lambda: app.lane.item is None)
        assert "1 copies settled" in rows(app, "said")
        await pilot.press("u")
        await until(pilot, lambda: app.lane.item is not None)
    with closing(Store(judged)) as store:
        mine = [(d.post_id, d.action) for p in ("101", "102") for d in store.verdicts.decisions(p) if d.who == "ann"]
    assert mine == [("102", "reject"), ("102", "undo")]


async def test_a_key_after_the_cluster_was_shown_settles_nothing(judged: Path) -> None:
    """Any other key closes it; a cluster in which nothing waits says so."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, pilot):
        await press(app, pilot, "D")
        await until(pilot, lambda: app.page.part == "sheet")
        assert "102  copy: decided already" in rows(app, "sheet")
        await press(app, pilot, "a")
        assert app.page.part == "body"
        await press(app, pilot, "D")
        await until(pilot, lambda: app.page.part == "sheet")
        await press(app, pilot, "D")
        await until(pilot, lambda: "no copy in this cluster waits" in rows(app, "said"))
    with closing(Store(judged)) as store:
        assert store.verdicts.decisions("101") == ()


async def test_what_somebody_else_decides_leaves_the_screen(judged: Path, command: Command) -> None:
    """A decision at the command line ends the claim: the post is not decided twice."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, pilot):
        assert command("approve", "101", "--as", "lee", "--data", judged).status == 0
        await until(pilot, lambda: app.lane.item is None)
        assert "with somebody else now, or decided" in rows(app, "said")
    with closing(Store(judged)) as store:
        assert [d.who for d in store.verdicts.decisions("101")] == ["lee"]


async def test_another_size_of_the_terminal_is_another_picture(judged: Path) -> None:
    """Made larger or smaller, the picture fits its place again."""
    async with reviewing(judged, Clock(), wanted=ANN, at_hand=1) as (app, pilot):

        def fits() -> bool:
            place, shown = app.page.query_one("#picture").size, rows(app, "picture")
            return "▀" in shown and place.height // 2 <= shown.count("\x1b[0m") <= place.height

        for columns, lines in ((80, 24), (150, 50), (100, 30)):
            await pilot.resize_terminal(columns, lines)
            await until(pilot, fits)
