"""Links as entrants paste them, to what they name: a post on Gate Square, or a post on X. Pure.

A link is accepted only in a form that is known, on a host that is compared as a whole; what is anything else is told
by a reason, never mended. The result is a number that names the post whatever host or language the link went through.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection
from typing import Final, Literal, TypeVar

from detectors.evidence import Value

Fault = Literal[
    "no_link", "too_long", "not_a_link", "short_link", "other_site", "not_a_post", "bad_id", "two_links", "wrong_column"
]

MOST: Final = 2000
"""Characters of a cell that may hold a link."""

SQUARE_HOSTS: Final = frozenset({"gate.com", "www.gate.com", "gate.io", "www.gate.io"})
X_HOSTS: Final = frozenset(
    {prefix + host for prefix in ("", "www.", "mobile.") for host in ("x.com", "twitter.com")}
    | {"vxtwitter.com", "fxtwitter.com", "fixvx.com"}
)
_SHORTENERS: Final = frozenset(
    {"t.co", "bit.ly", "tinyurl.com", "is.gd", "ow.ly", "goo.gl", "t.cn", "url.cn", "dwz.cn", "suo.im", "b23.tv"}
)

_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_MOST_ID: Final = 2**63 - 1
_SQUARE_PATH: Final = re.compile(r"(?:/[A-Za-z]{2}(?:-[A-Za-z]{2,4})?)?/post/status/([^/]*)/?")
_X_PATH: Final = re.compile(
    r"/(i/web|[A-Za-z0-9_]{1,20})/status(?:es)?/([^/]*)"
    r"(?:/(?:photo|video)/[0-9]{1,2}|/(?:analytics|likes|retweets|quotes|history))?/?"
)
_LINK: Final = re.compile(r"(?:(?<![!-~])|(?<=[\"'(<\[{,;:|]))https?://[!#-;=?-\[\]_a-z~]*", re.IGNORECASE | re.ASCII)
_BARE: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::[0-9]+)?/[!-~]*")
_AUTHORITY: Final = re.compile(r"https?://([A-Za-z0-9.-]+)(?::(?:80|443))?(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)
_AROUND: Final = " \t\r\n\u00a0\u3000\ufeff\u200b\u200e\u200f\u2060"
_CLOSING: Final = ".,;:!?)]'"
_AFTER: Final = re.compile(r"[\s\"<>|\ufeff\u200b\u2060，。；！？、）】》」』”’…]")
"""What may follow a link in running text. With anything else glued to it, such as a digit of another script, it is
unclear where the link ends."""
_EPOCH: Final = dt.datetime(2010, 11, 4, 1, 42, 54, 657000, dt.UTC)


class SquareLink(Value):
    """A post on Gate Square."""

    id: str

    def __str__(self) -> str:
        return f"https://www.gate.com/post/status/{self.id}"


class XLink(Value):
    """A post on X. ``user``: the account that the link names, in lower case; X shows the post under any name, so it
    proves nothing. None where the link names none."""

    id: str
    user: str | None = None

    def __str__(self) -> str:
        return f"https://x.com/{self.user or 'i/web'}/status/{self.id}"


class NoLink(Value):
    """Why a cell names no post."""

    fault: Fault


L = TypeVar("L", SquareLink, XLink)


def square_link(cell: str, mirrors: Collection[str] = ()) -> SquareLink | NoLink:
    """The post on the square that a cell names. ``mirrors``: further hosts of the square, in lower case."""
    return _only(cell, lambda link: _square(link, SQUARE_HOSTS.union(mirrors)), _x)


def x_link(cell: str, mirrors: Collection[str] = ()) -> XLink | NoLink:
    """The post on X that a cell names. ``mirrors`` as in ``square_link``: such a link may stand beside."""
    return _only(cell, _x, lambda link: _square(link, SQUARE_HOSTS.union(mirrors)))


def time_of(x_id: str) -> dt.datetime:
    """When a post on X was made: its id holds the time, in milliseconds since X began to number so."""
    return _EPOCH + dt.timedelta(milliseconds=int(x_id) >> 22)


def _only(cell: str, read: Callable[[str], L | NoLink], beside: Callable[[str], object]) -> L | NoLink:
    """The one post that the links of a cell name; links of the other kind may stand beside it."""
    text = cell.strip(_AROUND)
    if not text:
        return NoLink(fault="no_link")
    if len(text) > MOST:
        return NoLink(fault="too_long")
    links = _links(text)
    if links is None:
        return NoLink(fault="not_a_link")
    found = [read(link) for link in links]
    good = [link for link in found if not isinstance(link, NoLink)]
    others = sum(not isinstance(beside(link), NoLink) for link in links)
    if good:
        clear = len({link.id for link in good}) == 1 and len(good) + others == len(links)
        return good[0] if clear else NoLink(fault="two_links")
    if others == len(links):
        return NoLink(fault="wrong_column")
    return next(link for link in found if isinstance(link, NoLink))


def _links(text: str) -> list[str] | None:
    """Every link in a text; None where there is none, or it is unclear where one ends."""
    if "://" not in text:
        return [f"https://{text}"] if _BARE.fullmatch(text) else None
    links = []
    for match in _LINK.finditer(text):
        if match.end() < len(text) and not _AFTER.match(text, match.end()):
            return None
        links.append(match[0].rstrip(_CLOSING))
    return links or None


def _square(link: str, hosts: Collection[str]) -> SquareLink | NoLink:
    path = _path(link, hosts)
    if isinstance(path, NoLink):
        return path
    match = _SQUARE_PATH.fullmatch(path)
    if match is None:
        return NoLink(fault="not_a_post")
    return SquareLink(id=match[1]) if _is_id(match[1]) else NoLink(fault="bad_id")


def _x(link: str) -> XLink | NoLink:
    path = _path(link, X_HOSTS)
    if isinstance(path, NoLink):
        return path
    match = _X_PATH.fullmatch(path)
    if match is None:
        return NoLink(fault="not_a_post")
    if not _is_id(match[2]):
        return NoLink(fault="bad_id")
    return XLink(id=match[2], user=None if match[1] in ("i/web", "i") else match[1].lower())


def _path(link: str, hosts: Collection[str]) -> str | NoLink:
    """The path of a link on one of these hosts."""
    authority = _AUTHORITY.match(link)
    if authority is None:
        return NoLink(fault="not_a_link")
    host = authority[1].lower()
    if host not in hosts:
        return NoLink(fault="short_link" if host in _SHORTENERS else "other_site")
    return re.split("[?#]", link[authority.end() :], maxsplit=1)[0]


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and int(text) <= _MOST_ID
