"""What every handler of the page works with: the store's thread, templates, pictures, and who is logged in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import jinja2
from aiohttp import web

import bot
from bot.campaign import Campaign
from bot.clock import Clock
from bot.i18n import translator
from bot.reasons import Lang, label, language
from bot.reports.dossier import dossier
from bot.review.desk import Desk, open_desk
from bot.review.keys import DIGITS, KEYS
from bot.review.page import present
from bot.review.page.guard import Doorstep, OneTimeToken, Person, Session, Sessions
from bot.review.page.pictures import Pictures
from bot.review.page.reader import Reader
from bot.settings import Settings
from bot.store import Store
from bot.store.thread import StoreThread

T = TypeVar("T")

_HERE: Final = Path(__file__).parent
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class House:
    """One served data directory. ``invitation`` is the login of whoever started the server."""

    def __init__(
        self,
        settings: Settings,
        store: StoreThread,
        campaign: Campaign,
        pictures: Pictures,
        clock: Clock,
        invitation: OneTimeToken,
    ) -> None:
        self.settings, self.store, self.campaign, self.pictures, self.clock = settings, store, campaign, pictures, clock
        self.invitation, self.sessions, self.doorstep = invitation, Sessions(), Doorstep()
        self.static = {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir())}
        self.version = hashlib.sha256(b"\0".join(self.static.values())).hexdigest()[:12]
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {"label": label, "KEYS": KEYS, "DIGITS": DIGITS, "release": bot.__version__}

    async def at_desk(self, person: Person, work: Callable[[Desk, Store], T]) -> T:
        """Run ``work`` on the store's thread, with this person's desk. A moderator who was removed is logged out."""

        def at_it() -> T:
            store = self.store.store
            if person.named and store.moderators.role(person.name) is None:
                raise web.HTTPUnauthorized(reason="please log in again")
            return work(open_desk(store, self.settings, self.campaign, person.name, self.clock), store)

        return await self.store.read(at_it)

    def render(self, name: str, request: web.Request, **values: Any) -> str:
        """A template as text, for whoever asks."""
        reader, session = reader_of(request), session_or_none(request)
        return self._templates.get_template(name).render(
            _=reader.say,
            lang=reader.lang,
            theme=request.cookies.get("theme", "auto") if request.cookies.get("theme") in ("light", "dark") else "auto",
            path=request.path_qs,
            here=request.path,
            static=f"/static/{self.version}",
            session=session,
            campaign=self.campaign,
            **values,
        )

    def page(self, name: str, request: web.Request, *, status: int = 200, **values: Any) -> web.Response:
        """A template as an answer."""
        text = self.render(name, request, **values)
        return web.Response(text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})

    def file(self, name: str) -> web.Response | None:
        """A static file; its address names its version, so it may be kept for ever."""
        data, kind = self.static.get(name), _TYPES.get(Path(name).suffix)
        if data is None or kind is None:
            return None
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.Response(body=data, content_type=kind, charset="utf-8", headers=kept)


HOUSE: Final = web.AppKey("house", House)
SESSION: Final = web.RequestKey("session", Session)


def house_of(request: web.Request) -> House:
    """The house that a request came to."""
    return request.app[HOUSE]


def session_or_none(request: web.Request) -> Session | None:
    """The session, None for whoever is not logged in."""
    return request.get(SESSION)


def person_of(request: web.Request) -> Person:
    """Who is logged in; handlers behind the door alone may ask."""
    return request[SESSION].person


def reader_of(request: web.Request) -> Reader:
    """For whom a page is written: the language they chose, else the first that their browser asks for."""
    lang: Lang = language(request.cookies.get("lang") or request.headers.get("Accept-Language"))
    return Reader(lang=lang, say=translator(lang), campaign=house_of(request).campaign)


def item_of(house: House, store: Store, post_id: str, reader: Reader, who: str) -> present.Item:
    """One post as a page draws it for ``who``."""
    record = store.verdicts.get(post_id)
    if record is None:
        raise web.HTTPNotFound(reason="there is no such post")
    return present.item(dossier(store, house.campaign, record, who), reader, house.clock.now())
