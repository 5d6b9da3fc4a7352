"""Which posts a person wants to see: a filter, as a value and as one line that is typed.

``reason:brand.absent author:u1 status:eligible words…``: words with a key narrow by it, all others must occur in the
post. ``"…"`` takes blanks and colons as they are.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeVar, get_args

from bot.errors import UserError
from bot.model import Status
from bot.reasons import REASONS
from detectors.evidence import Value

Order = Literal["worst", "informative"]
Name = TypeVar("Name", bound=str)

_KEYS: Final = ("reason", "status", "author", "cluster", "second", "order")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?!\S)', re.DOTALL)
_WORD: Final = re.compile(r"\S+")
MOST: Final = 1000  # characters of a filter


class Filter(Value):
    """Which posts, and in which order. Reasons: codes or families, any of them; ``text``: words that must all occur in
    title, text or nickname; ``cluster``: a cluster's name; ``second``: only (or never) what waits for a second opinion.
    """

    reasons: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ("review",)
    author: str | None = None
    cluster: str | None = None
    text: tuple[str, ...] = ()
    second: bool | None = None
    order: Order = "worst"

    def __str__(self) -> str:
        """The line that ``parse_filter`` reads as this filter."""
        keyed: list[tuple[str, str | None]] = [
            *(("reason", code) for code in self.reasons),
            *(("status", status) for status in self.statuses if self.statuses != ("review",)),
            ("author", self.author),
            ("cluster", self.cluster),
            ("second", None if self.second is None else "yes" if self.second else "no"),
            ("order", None if self.order == "worst" else self.order),
        ]
        parts = [f"{key}:{_quoted(value)}" for key, value in keyed if value is not None]
        return " ".join([*parts, *(_quoted(word) for word in self.text)])


WAITING: Final = Filter()
"""All that waits."""


def parse_filter(text: str) -> Filter:
    """The filter of a typed line. Raises UserError, in one line."""
    if len(text) > MOST:
        raise UserError("a filter has at most {most} characters", most=MOST)
    found: dict[str, list[str]] = {key: [] for key in _KEYS}
    words: list[str] = []
    for key, value in _tokens(text):
        (words if key is None else found[key]).append(value)
    for code in found["reason"]:
        if code not in REASONS and not any(known.startswith(f"{code}.") for known in REASONS):
            raise UserError("filter: {code!r} is no reason code, nor a family of them", code=code)
    statuses = tuple(_one_of("status", word, get_args(Status)) for word in found["status"])
    second = _single("second", found["second"])
    return Filter(
        reasons=tuple(found["reason"]),
        statuses=statuses or ("review",),
        author=_single("author", found["author"]),
        cluster=_single("cluster", found["cluster"]),
        text=tuple(words),
        second=None if second is None else _one_of("second", second, ("yes", "no")) == "yes",
        order=_one_of("order", _single("order", found["order"]) or "worst", get_args(Order)),
    )


def _tokens(text: str) -> list[tuple[str | None, str]]:
    """(key, value) of each token; the key is None for a word. A colon after no key of ours belongs to a word."""
    found: list[tuple[str | None, str]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        key = next((key for key in _KEYS if text.startswith(f"{key}:", at)), None)
        start = at if key is None else at + len(key) + 1
        match = _QUOTED.match(text, start) or _WORD.match(text, start)
        if match is None:
            raise UserError("filter: {key}: needs a value", key=key)
        value = re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL) if match.re is _QUOTED else match[0]
        if not value.strip():
            raise UserError("filter: an empty value matches nothing")
        found.append((key, value))
        at = match.end()
    return found


def _quoted(value: str) -> str:
    """A value as ``_tokens`` reads it back."""
    if _WORD.fullmatch(value) and not value.startswith('"') and not any(value.startswith(f"{k}:") for k in _KEYS):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _single(key: str, values: list[str]) -> str | None:
    if len(values) > 1:
        raise UserError("filter: {key}: stands twice", key=key)
    return values[0] if values else None


def _one_of(key: str, value: str, known: tuple[Name, ...]) -> Name:
    for name in known:
        if name == value:
            return name
    raise UserError("filter: {key}:{value}: one of {known}", key=key, value=value, known=", ".join(known))
