"""The page's routes, the door in front of them, and what every answer carries."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web

from bot.campaign import Campaign
from bot.clock import Clock
from bot.errors import ConfigError, UserError
from bot.log import get_logger
from bot.review.moderators import by_token
from bot.review.page import actions, bulk, judging, views
from bot.review.page.guard import (
    COOKIE,
    DOORSTEP,
    HEADERS,
    OneTimeToken,
    Person,
    from_our_page,
    is_loopback,
    same,
    set_cookie,
)
from bot.review.page.house import HOUSE, SESSION, House, house_of, reader_of, session_or_none
from bot.review.page.pictures import Pictures
from bot.settings import Serve, Settings
from bot.store.opening import open_blobs, open_store
from bot.store.thread import StoreThread

log = get_logger("serve")

_OPEN: Final = ("/login", "/static/", "/preferences")
_MAX_BODY: Final = 1 << 20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(house: House) -> web.Application:
    """All routes."""
    app = web.Application(middlewares=[_errors, _door], client_max_size=_MAX_BODY)
    app[HOUSE] = house
    app.on_response_prepare.append(_carry)
    app.router.add_routes([
        web.get("/", views.home),
        web.get("/login", login_form),
        web.post("/login", login),
        web.post("/logout", logout),
        web.post("/preferences", preferences),
        web.get("/review", views.review),
        web.get("/post", views.post),
        web.get("/compare", views.compare),
        web.get("/sheet", views.sheet),
        web.get("/clusters", views.clusters),
        web.get("/cluster", views.cluster),
        web.get("/dashboard", views.dashboard),
        web.get("/media/{sha256:[0-9a-f]{64}}", views.media),
        web.get("/static/{version}/{name}", views.static),
        web.post("/api/step", actions.step),
        web.post("/api/claims", actions.claims),
        web.post("/api/note", actions.note),
        web.post("/api/bulk", actions.bulk),
        web.post("/api/settle", actions.settle),
        web.post("/api/tie", actions.tie),
        *bulk.ROUTES,
        *judging.ROUTES,
    ])  # fmt: skip
    return app


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, campaign: Campaign, clock: Clock, person: Person
) -> AsyncIterator[tuple[str, OneTimeToken]]:
    """Serve while the block lasts; yields the page's address and the one-time login of ``person``. Raises UserError
    where the store, a sandbox or the port cannot be had."""
    address = _address(settings.serve)
    store = StoreThread(open_store(settings))
    try:
        with contextlib.closing(Pictures(open_blobs(settings), settings.engine)) as pictures:
            invitation = OneTimeToken(person)
            app = application(House(settings, store, campaign, pictures, clock, invitation))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
            await runner.setup()
            try:
                await web.TCPSite(runner, address, settings.serve.port).start()
            except OSError as error:
                await runner.cleanup()
                reason = error.strerror or error
                raise UserError(f"[serve] cannot listen on {address} port {settings.serve.port}: {reason}") from error
            try:
                host = f"[{address}]" if ":" in address else address
                yield f"http://{host}:{runner.addresses[0][1]}", invitation
            finally:
                await runner.cleanup()
    finally:
        store.close()


def _address(settings: Serve) -> str:
    """Where to listen: this machine alone, for what is said there is not encrypted."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigError(
            f"[serve] host: {settings.host} is not this machine's loopback; reach it through an SSH tunnel"
        )
    return host


async def _carry(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure as an answer that a person, or the page's script, can read."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _failure(request, error.status, error.reason)
    except UserError as error:
        return _failure(request, 409, error.said(reader_of(request).say))
    except Exception:
        log.exception("a page failed", path=request.path)
        return _failure(request, 500, "this is a bug of ours; the log has more")


def _failure(request: web.Request, status: int, words: str) -> web.StreamResponse:
    said = reader_of(request).say(words)
    if request.path.startswith("/api/"):
        return web.json_response({"error": said}, status=status)
    return house_of(request).page("error.html", request, status=status, code=status, words=said)


@web.middleware
async def _door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody comes in under another host's name, without a login, or with a write that is not from our page."""
    if not is_loopback(request.headers.get("Host")):
        raise web.HTTPMisdirectedRequest(reason="this page is served to this machine alone")
    house = house_of(request)
    session = house.sessions.find(request.cookies.get(COOKIE))
    if session is not None:
        request[SESSION] = session
    writes = request.method not in ("GET", "HEAD")
    if writes and not from_our_page(request):
        raise web.HTTPForbidden(reason="this request does not come from the page")
    if request.path.startswith(_OPEN):
        return await handler(request)
    if session is None:
        if writes or request.path.startswith(("/media/", "/compare")):
            raise web.HTTPUnauthorized(reason="please log in again")
        raise web.HTTPSeeOther("/login")
    if writes and not same(await _csrf(request), session.csrf):
        raise web.HTTPForbidden(reason="this request does not come from the page")
    if session.person.role == "judge" and not judging.may_enter(request.path):
        raise web.HTTPForbidden(reason="judges see posts under a code alone")
    return await handler(request)


async def _csrf(request: web.Request) -> str:
    header = request.headers.get("X-CSRF-Token")
    if header is not None:
        return header
    given = (await request.post()).get("csrf", "")
    return given if isinstance(given, str) else ""


async def login_form(request: web.Request) -> web.StreamResponse:
    """The form; or, with the token of the printed address, straight in."""
    token = request.query.get("token")
    if token is not None:
        return await _enter(request, token)
    if session_or_none(request) is not None:
        raise web.HTTPSeeOther("/")
    return _form(request)


async def login(request: web.Request) -> web.StreamResponse:
    """Log in with a token."""
    form = await request.post()
    token, csrf = form.get("token", ""), form.get("csrf", "")
    if not isinstance(token, str) or not isinstance(csrf, str):
        raise web.HTTPBadRequest(reason="not a form of this page")
    if not house_of(request).doorstep.right(request.cookies.get(DOORSTEP), csrf):
        return _form(request, "the form was too old: try again")
    return await _enter(request, token.strip())


async def logout(request: web.Request) -> web.StreamResponse:
    """End this session."""
    house_of(request).sessions.close(request.cookies.get(COOKIE, ""))
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(COOKIE, path="/")
    raise answer


async def preferences(request: web.Request) -> web.StreamResponse:
    """Remember a language or a theme in this browser, and go back to where one was."""
    house, session, form = house_of(request), session_or_none(request), await request.post()
    csrf, back = str(form.get("csrf", "")), form.get("back", "/")
    if not (
        same(csrf, session.csrf) if session is not None else house.doorstep.right(request.cookies.get(DOORSTEP), csrf)
    ):
        raise web.HTTPForbidden(reason="this request does not come from the page")
    inside = isinstance(back, str) and back.startswith("/") and not back.startswith(("//", "/\\"))
    answer = web.HTTPSeeOther(back if isinstance(back, str) and inside else "/")
    for name, known in (("lang", ("zh", "en")), ("theme", ("auto", "light", "dark"))):
        value = form.get(name)
        if isinstance(value, str) and value in known:
            answer.set_cookie(name, value, max_age=365 * 86400, httponly=True, samesite="Strict", path="/")
    raise answer


async def _enter(request: web.Request, token: str) -> web.StreamResponse:
    house = house_of(request)
    person = house.invitation.take(token)
    if person is None:
        found = await house.store.read(lambda: by_token(house.store.store, token))
        person = None if found is None else Person(name=found.name, role=found.role, named=True)
    if person is None:
        return _form(request, "this token is not known, used up or too old", status=403)
    answer = web.HTTPSeeOther("/")
    set_cookie(answer, COOKIE, house.sessions.open(person))
    raise answer


def _form(request: web.Request, wrong: str | None = None, status: int = 200) -> web.StreamResponse:
    house, cookie = house_of(request), secrets.token_urlsafe(16)
    said = None if wrong is None else reader_of(request).say(wrong)
    answer = house.page("login.html", request, status=status, csrf=house.doorstep.token(cookie), wrong=said)
    set_cookie(answer, DOORSTEP, cookie)
    return answer
