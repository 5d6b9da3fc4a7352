"""What a text leads to: contact handles and foreign links. Pure; bounded patterns, so linear time on any text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from bot.admission.letters import visible
from detectors.evidence import Value

ContactKind = Literal["telegram", "wechat", "qq", "whatsapp", "line", "phone", "email"]

_MOST: Final = 8  # findings a text: a person needs no more to decide


def _handle(names: str, handle: str) -> str:
    """A pattern for ``names`` before a handle: after a colon or @ any; else with a digit, lest prose match."""
    return (
        rf"(?:{names})[ ]{{0,3}}(?:[:=@][ ]{{0,3}}@?(?P<a>{handle})|(?P<b>(?=[A-Za-z_-]{{0,19}}[0-9]){handle}))"
        r"(?![A-Za-z0-9_])"
    )


_SOURCES: Final[tuple[tuple[ContactKind, str], ...]] = (
    ("telegram", r"(?<![A-Za-z0-9.-])(?:t|telegram)\.me/(?P<a>\+?[A-Za-z0-9_]{4,64})"),
    (
        "telegram",
        _handle(
            r"(?<![A-Za-z])(?:telegram|tg)(?:群|号|號|[ ]?id)?|电报群?号?|電報群?號?|飞机号?",
            "[A-Za-z][A-Za-z0-9_]{4,31}",
        ),
    ),
    (
        "wechat",
        _handle(
            r"(?<![A-Za-z])(?:wechat|weixin|vx|wx)(?:[ ]?id)?|微信号?|微信號|[薇威徽]信号?|(?<![A-Za-z])v信号?|加v",
            "(?:[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9][0-9]{9})",
        ),
    ),
    ("qq", r"(?:(?<![A-Za-z])qq|扣扣)(?:群|号|號)?[ ]{0,3}[:=]?[ ]{0,3}(?P<a>[1-9][0-9]{4,11})(?![0-9])"),
    ("whatsapp", r"(?<![A-Za-z0-9.-])wa\.me/(?P<a>\+?[0-9]{6,15})"),
    ("whatsapp", r"whats[ ]?app[^0-9A-Za-z\n+]{0,6}(?P<a>\+?[0-9][0-9 ()-]{5,18}[0-9])"),
    ("line", r"(?<![A-Za-z])line[ ]?id[ ]{0,3}[:=]?[ ]{0,3}(?P<a>@?[A-Za-z0-9._-]{4,20})"),
    ("phone", r"(?<![A-Za-z0-9+.$])(?P<a>(?:\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4})(?![A-Za-z0-9.%])"),
    ("phone", r"(?<![A-Za-z0-9+])(?P<a>\+[1-9][0-9]{0,2}[ -]?\(?[0-9][0-9() -]{7,16}[0-9])(?![A-Za-z0-9.%])"),
    ("email", r"(?<![A-Za-z0-9._%+-])(?P<a>[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})"),
)
_PATTERNS: Final = tuple((kind, re.compile(source, re.IGNORECASE)) for kind, source in _SOURCES)
_LINK: Final = re.compile(
    r"""[a-z][a-z0-9+.-]{1,15}://(?P<authority>[^\s/?\#\\<>"'(),;!。、]{1,300})"""
    r"|(?<![A-Za-z0-9@._/-])(?P<bare>(?:[a-z0-9-]{1,63}\.){1,5}(?:com|net|org|info|biz|io|me|cn|hk|tw|cc|tv|co|vip|xyz|top|app"
    r"|link|site|online|club|live|pro|shop|store|fun|icu|gg|ly|to|ws|ai|dev|finance|exchange|money|network))"
    r"(?![A-Za-z0-9-]|\.[a-z0-9])",
    re.IGNORECASE,
)
_ASCII_HOST: Final = re.compile(r"[a-z0-9.-]+")
_TAG: Final = re.compile(r"#[^#\s]{1,64}#|#[^#\n]{1,40}(?<!\s)#(?!\w)|#\w{1,64}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://[!-~]*")


class Contact(Value):
    """A way to reach somebody past the square. ``handle`` is as written, an attacker's text."""

    kind: ContactKind
    handle: str


def contacts(text: str) -> tuple[Contact, ...]:
    """Handles and numbers in a text, at most eight, in order of kind."""
    found: dict[Contact, None] = {}
    seen = visible(text)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(seen):
            handle = match["a"] or match.groupdict().get("b") or ""
            if kind != "phone" or 10 <= sum(map(str.isdigit, handle)) <= 15:
                found[Contact(kind=kind, handle=handle.strip())] = None
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)


def foreign_hosts(text: str, own: Sequence[str]) -> tuple[str, ...]:
    """Hosts that links in a text lead to, less those in ``own`` and below them; at most eight, as they appear."""
    found: dict[str, None] = {}
    for host in _hosts(visible(text)):
        if not _is_own(host, own):
            found[host] = None
        if len(found) >= _MOST:
            break
    return tuple(found)


def story(text: str) -> str:
    """What the author told: the text less hashtags and URLs."""
    return _TAG.sub(" ", _URL.sub(" ", visible(text)))


def _hosts(text: str) -> Iterator[str]:
    for match in _LINK.finditer(text):
        authority: str = match["authority"] or match["bare"]
        host = re.sub(r":[0-9]*$", "", authority.rpartition("@")[2]).casefold().strip(".:")
        if host:
            yield host


def _is_own(host: str, own: Sequence[str]) -> bool:
    ascii_part = _ASCII_HOST.match(host)
    if ascii_part is not None and "." not in host[ascii_part.end() :]:
        host = ascii_part[0].strip(".")  # words written on after a host; with a further dot it is another host
    return any(host == name or host.endswith(f".{name}") for name in own)
