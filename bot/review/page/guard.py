"""Who may use the page: one's own machine's browser, logged in with a token, writing from a page of ours.

Sessions live in memory: they end with the process. Cookies hold a random name, kept here as its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from aiohttp import web

from bot.review.bulk import Plan
from detectors.evidence import Value

Role = Literal["moderator", "lead", "judge"]

COOKIE: Final = "gatewarden"
"""The session's cookie."""
DOORSTEP: Final = "gatewarden-login"
"""The cookie that the login form's CSRF token is bound to, before there is a session."""

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What every answer carries."""

_IDLE: Final = 12 * 3600.0  # seconds after which a session that nobody used ends
_MOST: Final = 1000  # sessions at once
_ONCE: Final = 15 * 60.0  # seconds that a one-time token is good for


class Person(Value):
    """Who logged in. ``named``: as a moderator of the store's, who may be removed."""

    name: str
    role: Role = "moderator"
    named: bool = False


@dataclass(slots=True)
class Session:
    """One browser's login. ``csrf`` must come with every write; ``preview``: the newest of a bulk action, by its id."""

    person: Person
    csrf: str
    used: float
    preview: tuple[str, Plan] | None = None


class Sessions:
    """The open sessions. ``now`` gives seconds that only grow."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._open: dict[str, Session] = {}

    def open(self, person: Person) -> str:
        """Begin one; returns the cookie's value. Where there are too many, the one that idles longest ends."""
        while len(self._open) >= _MOST:
            del self._open[min(self._open, key=lambda key: self._open[key].used)]
        value = secrets.token_urlsafe(32)
        self._open[_hash(value)] = Session(person, secrets.token_urlsafe(32), self._now())
        return value

    def find(self, value: str | None) -> Session | None:
        """The session of a cookie, None where it ended or never was."""
        session = None if value is None else self._open.get(_hash(value))
        if session is None or value is None:
            return None
        if self._now() - session.used > _IDLE:
            self.close(value)
            return None
        session.used = self._now()
        return session

    def close(self, value: str) -> None:
        """End one; harmless when called twice."""
        self._open.pop(_hash(value), None)


class OneTimeToken:
    """The login of whoever started the server: printed once, good once, for a quarter of an hour."""

    def __init__(self, person: Person, now: Callable[[], float] = time.monotonic) -> None:
        self.value = secrets.token_urlsafe(24)
        self._person, self._now, self._made = person, now, now()
        self._used = False

    def take(self, token: str) -> Person | None:
        """Who it lets in; None where it is another token, used up or too old."""
        right = hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.value.encode())
        if not right or self._used or self._now() - self._made > _ONCE:
            return None
        self._used = True
        return self._person


class Doorstep:
    """CSRF tokens of the login form: bound to a random cookie, so that nobody is logged in as somebody else unseen."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, cookie: str) -> str:
        """The form's token for this cookie."""
        return hmac.new(self._key, cookie.encode("utf-8", "surrogateescape"), "sha256").hexdigest()

    def right(self, cookie: str | None, token: str) -> bool:
        """Whether this token belongs to this cookie."""
        return cookie is not None and same(token, self.token(cookie))


def same(given: str, expected: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def is_loopback(host: str | None) -> bool:
    """Whether a ``Host`` header names this machine itself: any other name is DNS rebinding or a mistake. The port may
    be another: of a tunnel.

    >>> is_loopback("127.0.0.1:8620"), is_loopback("localhost"), is_loopback("[::1]:80"), is_loopback("evil.test:8620")
    (True, True, True, False)
    """
    try:
        name = urlsplit(f"//{host}").hostname if host else None
    except ValueError:
        return False
    if name is None or name == "localhost":
        return name is not None
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def from_our_page(request: web.Request) -> bool:
    """Whether a write comes from a page of ours, as far as the browser says. One that tells the site is believed before
    its ``Origin``, which is ``null`` for forms of pages that send no referrer."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")


def set_cookie(response: web.StreamResponse, name: str, value: str) -> None:
    """A cookie that no script reads and no other site's page sends along."""
    response.set_cookie(name, value, httponly=True, samesite="Strict", path="/")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
