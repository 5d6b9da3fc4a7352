"""Judging on the page: one post at a time, blind. For people with the role judge, who see no other view.

A judge's marks name the post by its code. Where to begin: ``judging`` draws the page, ``mark`` takes a key's outcome
and answers with the next post.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from bot.awards.judging import MOST
from bot.awards.panel import Blind, Panel
from bot.errors import UserError
from bot.media.annotate import best_frame
from bot.review.keys import JUDGING
from bot.review.page.house import House, house_of, person_of
from bot.review.page.overlays import address
from bot.review.page.words import Piece, pieces
from detectors.evidence import Value

_THEIRS: Final = ("/judge", "/api/judge", "/media/", "/static/", "/login", "/logout", "/preferences")
_LONGEST: Final = 8000  # characters of a text that are shown


class Marks(Value):
    """What a judge gave the post of this code; ``marks`` is None where they stand back."""

    code: str
    marks: dict[str, int] | None


class Photo(Value):
    """One picture, or a frame of a video, in its full pixels."""

    number: int
    src: str
    small: str
    width: int
    height: int


class Entry(Value):
    """One post as a judge sees it."""

    code: str
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    photos: tuple[Photo, ...]
    counters: tuple[tuple[str, int], ...]


class Turn(Value):
    """The post that is a judge's turn, and how far they are; None where nothing is left, or others have the rest."""

    entry: Entry | None
    scored: int
    left: int


def may_enter(path: str) -> bool:
    """Whether a view is for judges: no other shows posts without their authors."""
    return path == "/" or path.startswith(_THEIRS)


async def judging(request: web.Request) -> web.StreamResponse:
    """The page, with the first post."""
    house, name = house_of(request), person_of(request).name
    turn = await house.store.write(lambda: _turn(house, name))
    return house.page(
        "judge.html", request, turn=turn, entry=turn.entry, rubric=house.campaign.rubric, most=MOST, JUDGING=JUDGING
    )


async def mark(request: web.Request) -> web.StreamResponse:
    """Keep what a judge gave, and hand out the next post, drawn."""
    house, name = house_of(request), person_of(request).name
    try:
        given = msgspec.json.decode(await request.read(), type=Marks)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise web.HTTPBadRequest(reason="not a request of this page") from error

    def work() -> Turn:
        panel = _panel(house, name)
        if given.marks is None:
            panel.recuse(given.code, name, house.clock.now())
        else:
            panel.score(given.code, given.marks, name, house.clock.now())
        return _turn(house, name)

    turn = await house.store.write(work)
    html = None
    if turn.entry is not None:
        html = house.render("judged.html", request, entry=turn.entry, rubric=house.campaign.rubric, most=MOST)
    return web.json_response({"html": html, "scored": turn.scored, "left": turn.left})


def _panel(house: House, name: str) -> Panel:
    """The panel, for somebody who has the role of a judge at this moment."""
    if house.store.store.moderators.role(name) != "judge":
        raise UserError("judging is for people with the role judge")
    return Panel(house.store.store, house.campaign)


def _turn(house: House, name: str) -> Turn:
    panel = _panel(house, name)
    record = panel.next(name, house.clock.now())
    if record is None:
        scored, left = panel.standing(name)
        return Turn(entry=None, scored=scored, left=left)
    blind = panel.blind(record, name)
    return Turn(entry=_entry(blind), scored=blind.scored, left=blind.left)


def _entry(it: Blind) -> Entry:
    frames = [(seen, None if seen.kind == "image" else best_frame(seen)) for seen in it.media]
    counters = (("likes", it.likes), ("comments", it.comments), ("views", it.views))
    return Entry(
        code=it.code,
        title=tuple(pieces((it.title or "")[:_LONGEST])),
        text=tuple(pieces((it.text or "")[:_LONGEST])),
        photos=tuple(
            Photo(
                number=number,
                src=address(seen.sha256, frame),
                small=address(seen.sha256, frame, small=True),
                width=seen.width,
                height=seen.height,
            )
            for number, (seen, frame) in enumerate(frames)
        ),
        counters=tuple((name, count) for name, count in counters if count is not None),
    )


ROUTES: Final = (web.get("/judge", judging), web.post("/api/judge", mark))
