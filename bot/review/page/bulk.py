"""All posts of a filter at once: chosen, previewed, confirmed, taken back as one. Forms alone, no script needed.

A preview stands in the session until it is carried out or replaced: what is confirmed is what was previewed. What was
over the quota waits beneath, until somebody confirms or drops it.
"""

from __future__ import annotations

import secrets
from typing import Final

from aiohttp import web

from bot.errors import UserError
from bot.review import ACCEPTED, reject_codes
from bot.review.bulk import Done, Parked, Plan
from bot.review.desk import Desk
from bot.review.filters import Filter, parse_filter
from bot.review.page import present
from bot.review.page.house import SESSION, house_of, item_of, person_of, reader_of
from bot.store import Store
from detectors.evidence import Value

_SAMPLE: Final = 24  # posts that a preview shows


class Outcome(Value):
    """What a form came to: ``done`` where posts were decided, else how many were taken back, or dropped undecided."""

    done: Done | None = None
    undone: int | None = None
    dropped: int | None = None


async def form(request: web.Request) -> web.StreamResponse:
    """The form; with a decision chosen, what it would change. Changes nothing."""
    return await _page(request, None)


async def carry_out(request: web.Request) -> web.StreamResponse:
    """Decide what was previewed, and park the excess."""
    session, given = request[SESSION], await request.post()
    if session.preview is None or given.get("preview") != session.preview[0]:
        raise UserError("this preview is no longer there: look again")
    planned, session.preview = session.preview[1], None
    done = await house_of(request).at_desk(person_of(request), lambda desk, store: desk.carry_out(planned))
    return await _page(request, Outcome(done=done))


async def settle_parked(request: web.Request) -> web.StreamResponse:
    """Decide a parked excess, or forget it."""
    given = await request.post()
    name, confirmed = str(given.get("id", "")), given.get("do") == "confirm"

    def work(desk: Desk, store: Store) -> Outcome:
        if confirmed:
            return Outcome(done=desk.confirm(name))
        return Outcome(dropped=len(desk.drop(name).plan.targets))

    return await _page(request, await house_of(request).at_desk(person_of(request), work))


async def undo(request: web.Request) -> web.StreamResponse:
    """Take this person's newest decision back, a bulk action as a whole."""
    undone = await house_of(request).at_desk(person_of(request), lambda desk, store: len(desk.undo_all()))
    return await _page(request, Outcome(undone=undone))


async def _page(request: web.Request, outcome: Outcome | None) -> web.StreamResponse:
    house, reader, asked = house_of(request), reader_of(request), request.query
    query, code, note = asked.get("q", ""), asked.get("code", ""), asked.get("note", "").strip() or None
    session = request[SESSION]
    wrong = None
    try:
        wanted = parse_filter(query)
    except UserError as error:
        wanted, wrong = Filter(), error.said(reader.say)

    def look(desk: Desk, store: Store) -> tuple[Plan | None, list[present.Item], list[Parked], str | None]:
        parked = desk.parked()
        if not code or wrong is not None or outcome is not None:
            return None, [], parked, None
        try:
            planned = desk.plan(wanted, "approve" if code == ACCEPTED else "reject", code, note)
        except UserError as error:
            return None, [], parked, error.said(reader.say)
        first = [item_of(house, store, aim.post_id, reader, desk.who) for aim in planned.targets[:_SAMPLE]]
        return planned, first, parked, None

    planned, first, parked, refused = await house.at_desk(person_of(request), look)
    if planned is not None:
        session.preview = secrets.token_urlsafe(12), planned
    return house.page(
        "bulk.html", request, query=query, wrong=wrong or refused, code=code, note=note, planned=planned, first=first,
        preview=None if session.preview is None else session.preview[0], parked=parked, outcome=outcome,
        codes=reject_codes(), accepted=ACCEPTED, quota=house.settings.review.quota,
    )  # fmt: skip


ROUTES: Final = (
    web.get("/bulk", form),
    web.post("/bulk", carry_out),
    web.post("/bulk/parked", settle_parked),
    web.post("/bulk/undo", undo),
)
