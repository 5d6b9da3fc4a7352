"""Moderators and how they log in: a token is shown once, and only its hash is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from bot.errors import UserError
from bot.store import Store
from bot.store.moderators import Moderator, Role
from bot.store.times import to_us

MOST_NAME = 100


def name_moderator(store: Store, name: str, role: Role, now: dt.datetime) -> str:
    """Name a moderator, or give them another role; returns their new login token (32 random bytes), which is nowhere
    else. Any older token of theirs ends. Raises UserError."""
    if not 0 < len(name) <= MOST_NAME or not name.isprintable() or name != name.strip():
        raise UserError("a name has 1 to {most} printable characters", most=MOST_NAME)
    token = secrets.token_urlsafe(32)
    store.moderators.put(name, role, _hash(token), to_us(now))
    return token


def remove_moderator(store: Store, name: str, now: dt.datetime) -> None:
    """End a moderator's login. Raises UserError where there is none of that name."""
    if not store.moderators.remove(name, to_us(now)):
        raise UserError("no moderator {name}", name=name)


def by_token(store: Store, token: str) -> Moderator | None:
    """Whose login token this is, None where it is nobody's."""
    return store.moderators.by_token(_hash(token))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
