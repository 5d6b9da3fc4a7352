"""Claims: whoever looks at a post holds it for a while, so that nobody else decides the same."""

from __future__ import annotations

import datetime as dt

from bot.errors import UserError
from bot.store import Store
from bot.store.claims import Lease
from bot.store.times import from_us, to_us
from detectors.evidence import Value


class Claim(Value):
    """A post held by one person: the revision, and ``saw``, the findings that were there to be seen. ``token`` is never
    given twice; whoever claims the post later has a greater one, and this one ends."""

    post_id: str
    revision: int
    token: int
    holder: str
    until: dt.datetime
    saw: tuple[str, ...]


class TakenError(UserError):
    """Somebody else holds the post, or took it over. ``holder`` is their name, None where nobody holds it now."""

    def __init__(self, message: str, post: str, holder: str | None, **fields: object) -> None:
        super().__init__(message, post=post, holder=holder, **fields)
        self.holder = holder


def claim_of(lease: Lease) -> Claim:
    """The claim as people's surfaces hold it."""
    return Claim(
        post_id=lease.post_id,
        revision=lease.revision,
        token=lease.token,
        holder=lease.holder,
        until=from_us(lease.until),
        saw=lease.saw,
    )


def free_for(store: Store, post_id: str, who: str, now: dt.datetime) -> None:
    """Raises TakenError where somebody else holds the post."""
    lease = store.claims.of(post_id)
    if lease is not None and lease.holder != who and lease.until > to_us(now):
        until = f"{from_us(lease.until):%H:%M:%S} UTC"
        raise TakenError("{holder} is looking at post {post} until {until}", post_id, lease.holder, until=until)


def still_held(store: Store, claim: Claim, who: str) -> None:
    """Raises TakenError unless this very claim stands. One that ran out still counts while nobody took the post over:
    its token is the newest."""
    lease = store.claims.by_token(claim.token)
    if lease is not None and (lease.post_id, lease.holder) == (claim.post_id, who):
        return
    now = store.claims.of(claim.post_id)
    holder = None if now is None else now.holder
    if holder is not None and holder != who:
        raise TakenError(
            "post {post} was not decided: {holder} has taken it over. Look at it again", claim.post_id, holder
        )
    raise TakenError("post {post} was not decided: it is no longer held. Look at it again", claim.post_id, holder)
