"""Whether the winners' posts are still public: seen by a live source, in a fresh export, or by a person."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from bot.awards.winners import Awarding, Proposal
from bot.errors import UserError
from bot.store import Store
from detectors.evidence import Value


class Line(Value):
    """One winner's post on the list to tick off. ``how`` and ``who`` say by what and whom it was last seen public;
    ``gone``: a fresh export says that it is deleted, or lacks it."""

    post_id: str
    url: str | None
    checked_at: dt.datetime | None
    how: str | None
    who: str | None
    gone: bool


def exported(lines: Iterable[str]) -> dict[str, bool]:
    """Whether each post of a JSON Lines export is public. Raises UserError for a line that is no post."""
    found: dict[str, bool] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            post = json.loads(line, parse_int=str)
            found[str(post["id"])] = post.get("deleted") is not True
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(
                "line {number} of the export is no post: {problem}", number=number, problem=type(error).__name__
            ) from None
    return found


def recheck(
    store: Store, awarding: Awarding, it: Proposal, ticked: Iterable[str], fresh: dict[str, bool] | None, who: str
) -> list[Line]:
    """Record what was seen, and list every winner's post. In the caller's transaction. Raises UserError."""
    posts = [award.post_id for tier in it.tiers for award in tier.awards]
    awarding.tick(tuple(ticked), "person", who)
    if fresh is not None:
        awarding.tick([post_id for post_id in posts if fresh.get(post_id)], "export", who)
    return [_line(store, awarding, post_id, gone=fresh is not None and not fresh.get(post_id)) for post_id in posts]


def _line(store: Store, awarding: Awarding, post_id: str, *, gone: bool) -> Line:
    checked, post = awarding.checked(post_id), store.intake.post(post_id)
    at, how, who = checked if checked is not None else (None, None, None)
    return Line(post_id=post_id, url=None if post is None else post.url, checked_at=at, how=how, who=who, gone=gone)
