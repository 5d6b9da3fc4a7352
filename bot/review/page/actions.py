"""What the page's script asks for: the next posts, decisions in the order of the keys, claims, notes, bulk.

A decision names the claim of the item that was drawn when the key was pressed. Each has an answer of its own: one that
is refused stops none of the others.
"""

from __future__ import annotations

import contextlib
from typing import Final, Literal, TypeVar

import msgspec
from aiohttp import web

from bot.errors import UserError
from bot.review import ACCEPTED, reject_codes
from bot.review.bulk import Aim, Plan
from bot.review.claims import Claim
from bot.review.desk import Desk
from bot.review.filters import parse_filter
from bot.review.page import present
from bot.review.page.house import house_of, item_of, person_of, reader_of
from bot.review.page.reader import Reader
from bot.store import Store
from detectors.evidence import Value

_MOST_ITEMS: Final = 120
_MOST_ACTS: Final = 200
T = TypeVar("T")


class Act(Value):
    """One key: what to do with which claim. ``undo`` needs none."""

    action: Literal["approve", "reject", "skip", "flag", "undo"]
    post_id: str = ""
    token: int = 0
    code: str | None = None
    note: str | None = None


class Step(Value):
    """Keys in their order, and how many further posts are wanted: by this filter, beside those at hand."""

    acts: tuple[Act, ...] = ()
    filter: str = ""
    have: tuple[str, ...] = ()
    want: int = 0
    count: bool = False
    form: Literal["item", "card"] = "item"


class Claims(Value):
    """Claims to hold on to, or to let go."""

    renew: tuple[int, ...] = ()
    release: tuple[int, ...] = ()


class Note(Value):
    """Words beside a post; ``reopen``: and it comes back into the queue."""

    post_id: str
    text: str
    reopen: bool = False


class Settle(Value):
    """The copies of a cluster, as they were ``drawn``: (post, revision). ``token``: of the claim on the post itself,
    None where it is not held."""

    post_id: str
    code: str
    drawn: frozenset[tuple[str, int]]
    token: int | None = None


class Tie(Value):
    """Whether a picture of one post is one of another's, whatever the proofs say. ``media``, ``other_media``: which of
    theirs, where they belong together."""

    action: Literal["apart", "together"]
    post_id: str
    other: str
    media: int = 0
    other_media: int = 0


class Bulk(Value):
    """One decision for all posts of these claims."""

    tokens: tuple[int, ...]
    action: Literal["approve", "reject"]
    code: str = ""


class Result(Value):
    """What came of one act: ``wrong`` says why nothing was decided. ``restored``: posts that an undo brought back."""

    post_id: str
    action: str
    wrong: str | None = None
    restored: tuple[str, ...] = ()


async def step(request: web.Request) -> web.StreamResponse:
    """Decide, and hand out the next posts, drawn."""
    house, reader, asked = house_of(request), reader_of(request), await _body(request, Step)
    if len(asked.acts) > _MOST_ACTS or not 0 <= asked.want <= _MOST_ITEMS:
        raise web.HTTPBadRequest(reason="too much at once")
    wanted = parse_filter(asked.filter)

    def work(desk: Desk, store: Store) -> tuple[list[Result], list[tuple[Claim, present.Item, bool]], int | None]:
        results = [_done(desk, act, reader) for act in asked.acts]
        back = [post_id for result in results for post_id in result.restored][:1]
        found = []
        for post_id in back:
            if post_id not in asked.have:
                with contextlib.suppress(UserError):  # it does not wait after all, or somebody else was quicker
                    found.append((desk.claim(post_id), True))
        have = {*asked.have, *(claim.post_id for claim, _ in found)}
        if asked.want > 0:
            found += [(claim, False) for claim in desk.take(wanted, asked.want, have)]
        items = [(claim, item_of(house, store, claim.post_id, reader, claim.holder), first) for claim, first in found]
        return results, items, desk.count(wanted) if asked.count else None

    results, items, waiting = await house.at_desk(person_of(request), work)
    return web.json_response({
        "results": [msgspec.to_builtins(result) for result in results],
        "items": [
            {"post_id": item.post_id, "revision": item.revision, "token": claim.token, "first": first,
             "html": house.render(f"{asked.form}.html", request, item=item, claim=claim)}
            for claim, item, first in items
        ],
        "waiting": waiting,
    })  # fmt: skip


async def claims(request: web.Request) -> web.StreamResponse:
    """Hold on to claims, or let them go; answers with those that still stand."""
    asked = await _body(request, Claims)

    def work(desk: Desk, store: Store) -> list[int]:
        desk.release(_held(desk, asked.release))
        return [claim.token for claim in desk.renew(_held(desk, asked.renew))]

    return web.json_response({"held": await house_of(request).at_desk(person_of(request), work)})


async def note(request: web.Request) -> web.StreamResponse:
    """Leave a note; or put a decided post back into the queue, with why."""
    asked = await _body(request, Note)

    def work(desk: Desk, store: Store) -> None:
        (desk.reopen if asked.reopen else desk.note)(asked.post_id, asked.text)

    await house_of(request).at_desk(person_of(request), work)
    return web.json_response({})


async def settle(request: web.Request) -> web.StreamResponse:
    """Reject the copies in a post's cluster, as far as they were drawn; answers with their ids. Undone as one."""
    asked = await _body(request, Settle)

    def work(desk: Desk, store: Store) -> list[str]:
        claim = desk.claim(asked.post_id, decided=True) if asked.token is None else desk.held(asked.token)
        there = desk.cluster(asked.post_id)
        drawn = tuple(member for member in there.members if (member.post_id, member.revision) in asked.drawn)
        try:
            done = desk.settle_cluster(claim, asked.code, msgspec.structs.replace(there, members=drawn))
        finally:
            if asked.token is None:
                desk.release([claim])
        return [decision.post_id for decision in done]

    return web.json_response({"settled": await house_of(request).at_desk(person_of(request), work)})


async def tie(request: web.Request) -> web.StreamResponse:
    """Keep two posts' pictures apart, or together; what that touches is judged again, soon. Undone like a decision."""
    asked = await _body(request, Tie)

    def work(desk: Desk, store: Store) -> None:
        if asked.action == "apart":
            desk.keep_apart(asked.post_id, asked.other)
        else:
            desk.belong_together(asked.post_id, asked.other, asked.media, asked.other_media)

    await house_of(request).at_desk(person_of(request), work)
    return web.json_response({})


async def bulk(request: web.Request) -> web.StreamResponse:
    """Decide many drawn posts at once, undone as one; answers with those ``done`` and those ``left``, because they
    changed or were taken over."""
    asked = await _body(request, Bulk)

    def work(desk: Desk, store: Store) -> tuple[list[str], list[str]]:
        held = _held(desk, asked.tokens)
        aims = tuple(Aim(post_id=claim.post_id, revision=claim.revision, saw=claim.saw) for claim in held)
        code = ACCEPTED if asked.action == "approve" else asked.code
        plan = Plan(action=asked.action, code=code, note=None, filter="", targets=aims, excess=(), by_reason={},
                    by_status={})  # fmt: skip
        done = desk.carry_out(plan)
        return [decision.post_id for decision in done.decisions], list(done.left)

    if asked.action == "reject" and asked.code not in reject_codes():
        raise web.HTTPBadRequest(reason="no reason to reject with")
    done, left = await house_of(request).at_desk(person_of(request), work)
    return web.json_response({"done": done, "left": left})


def _done(desk: Desk, act: Act, reader: Reader) -> Result:
    try:
        if act.action == "undo":
            undone = desk.undo_all()
            ids = tuple(dict.fromkeys(before.post_id for _, before in undone))
            return Result(post_id=ids[0], action="undo", restored=ids)
        claim = desk.held(act.token)
        match act.action:
            case "approve":
                desk.approve(claim)
            case "reject":
                desk.reject(claim, act.code or "", act.note)
            case "flag":
                desk.flag(claim, act.note)
            case "skip":
                desk.skip(claim)
    except UserError as error:
        words = error.said(reader.say)
        named = words if act.post_id in words else f"{act.post_id}: {words}"
        return Result(post_id=act.post_id, action=act.action, wrong=named)
    return Result(post_id=act.post_id, action=act.action)


def _held(desk: Desk, tokens: tuple[int, ...]) -> list[Claim]:
    """The claims of these tokens that still are this person's."""
    found = []
    for token in tokens[:_MOST_ITEMS]:
        try:
            found.append(desk.held(token))
        except UserError:
            continue
    return found


async def _body(request: web.Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise web.HTTPBadRequest(reason="not a request of this page") from error
