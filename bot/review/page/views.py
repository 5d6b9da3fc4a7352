"""What can be looked at: the queue, one post, a contact sheet, clusters, the dashboard, and pictures. All read only."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bot.copies.comparison import comparisons
from bot.errors import UserError
from bot.reports.dossier import dossier
from bot.review.cluster import Member
from bot.review.desk import Desk
from bot.review.filters import Filter, parse_filter
from bot.review.page import numbers, present
from bot.review.page.house import house_of, item_of, person_of, reader_of
from bot.review.page.overlays import Pair, pair
from bot.review.page.pictures import View
from bot.store import Store
from bot.store.figures import Figures, Shared

_SHEET: Final = 60  # cards on one sheet
_FRAMES: Final = 100_000


async def home(request: web.Request) -> web.StreamResponse:
    """Where everybody begins."""
    raise web.HTTPSeeOther("/judge" if person_of(request).role == "judge" else "/review")


async def review(request: web.Request) -> web.StreamResponse:
    """The queue, one post at a time. The posts themselves are asked for by the page's script."""
    return await _queue(request, "review.html")


async def sheet(request: web.Request) -> web.StreamResponse:
    """A contact sheet: many posts at once. They are claimed by the page's script."""
    return await _queue(request, "sheet.html")


async def _queue(request: web.Request, template: str) -> web.StreamResponse:
    wanted, query, wrong = _filter(request)

    def look(desk: Desk, store: Store) -> tuple[int, dict[str, int], int]:
        return desk.count(wanted), _waiting_reasons(store), len(desk.parked())

    waiting, reasons, parked = await house_of(request).at_desk(person_of(request), look)
    return house_of(request).page(
        template, request, query=query, wrong=wrong, reasons=reasons, waiting=waiting, parked=parked
    )


async def post(request: web.Request) -> web.StreamResponse:
    """One post, decided or not."""
    house, reader, post_id = house_of(request), reader_of(request), request.query.get("id", "")

    item = await house.at_desk(person_of(request), lambda desk, store: item_of(house, store, post_id, reader, desk.who))
    return house.page("post.html", request, item=item)


async def compare(request: web.Request) -> web.StreamResponse:
    """A post's pictures beside those that they repeat, as a part of a page."""
    house, reader, post_id = house_of(request), reader_of(request), request.query.get("id", "")

    def look(desk: Desk, store: Store) -> list[Pair]:
        record = store.verdicts.get(post_id)
        if record is None:
            raise web.HTTPNotFound(reason="there is no such post")
        found = comparisons(store, house.campaign, dossier(store, house.campaign, record))
        return [pair(comparison, reader) for comparison in found]

    pairs = await house.at_desk(person_of(request), look)
    return house.page("compare.html", request, pairs=pairs)


async def media(request: web.Request) -> web.StreamResponse:
    """One picture, encoded anew."""
    frame = request.query.get("frame", "0")
    if not (frame.isascii() and frame.isdigit() and int(frame) < _FRAMES):
        raise web.HTTPBadRequest(reason="no such frame")
    view = View(sha256=request.match_info["sha256"], frame=int(frame), small="small" in request.query)
    data = await house_of(request).pictures.jpeg(view)
    if data is None:
        raise web.HTTPNotFound(reason="there is no picture to show")
    kept = {"Cache-Control": "private, max-age=600", "Content-Disposition": "inline"}
    return web.Response(body=data, content_type="image/jpeg", headers=kept)


async def static(request: web.Request) -> web.StreamResponse:
    """Style sheets, scripts, symbols."""
    found = house_of(request).file(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound(reason="there is no such file")
    return found


async def clusters(request: web.Request) -> web.StreamResponse:
    """The clusters of pictures with posts that wait, the largest first."""
    house, reader = house_of(request), reader_of(request)

    def look(desk: Desk, store: Store) -> list[tuple[Shared, present.Item]]:
        shared = Figures(store.connection).clusters(_SHEET)
        return [(each, item_of(house, store, each.post_id, reader, desk.who)) for each in shared]

    found = await house.at_desk(person_of(request), look)
    return house.page("clusters.html", request, found=found)


async def cluster(request: web.Request) -> web.StreamResponse:
    """Everybody in a post's cluster, how each stands, and whom settling rejects; ``part``: as a part of a page."""
    house, reader, post_id = house_of(request), reader_of(request), request.query.get("id", "")

    def look(desk: Desk, store: Store) -> tuple[str | None, list[tuple[Member, present.Item]]]:
        there = desk.cluster(post_id)
        return there.name, [(each, item_of(house, store, each.post_id, reader, desk.who)) for each in there.members]

    name, members = await house.at_desk(person_of(request), look)
    page = "members.html" if "part" in request.query else "cluster.html"
    return house.page(page, request, cluster=name, members=members, post_id=post_id)


async def dashboard(request: web.Request) -> web.StreamResponse:
    """How things stand, as plots."""
    house, reader = house_of(request), reader_of(request)

    def look(desk: Desk, store: Store) -> numbers.Dashboard:
        figures = Figures(store.connection)
        return numbers.dashboard(figures, store.verdicts.counts(), reader, house.clock.now())

    board = await house.at_desk(person_of(request), look)
    return house.page("dashboard.html", request, board=board)


def _waiting_reasons(store: Store) -> dict[str, int]:
    """Posts that wait, by reason; most frequent first."""
    found = {code: count["review"] for code, count in Figures(store.connection).reasons().items() if count["review"]}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _filter(request: web.Request) -> tuple[Filter, str, str | None]:
    """The filter that was typed, as a value and as text, and what is wrong with it."""
    query = request.query.get("q", "")
    try:
        wanted = parse_filter(query)
    except UserError as error:
        return Filter(), query, error.said(reader_of(request).say)
    return wanted, str(wanted), None
