"""Committing to a draw and holding it: what must be true before each, and what is remembered.

Each function runs in the caller's transaction, so that nothing is half done.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, Literal

from bot.awards import draw
from bot.awards.merkle import levels, path
from bot.awards.randomness import Source, Told
from bot.campaign import Campaign
from bot.decide import standing
from bot.errors import UserError
from bot.store import Store
from bot.store.awards import Draw, Draws
from bot.store.people import Persons
from bot.store.times import to_us
from bot.store.verdicts import Record

LeaveOut = Literal["waiting", "nameless"]

_SALT_BYTES: Final = 16
_STANCES: Final = ("block", "ask")


def draws(store: Store) -> Draws:
    """The draws of a store."""
    return Draws(store.connection, store.log)


def candidates(store: Store) -> list[draw.Candidate]:
    """Every judged post, as the draw sees it."""
    persons = Persons(store.connection, store.log)
    return [
        draw.Candidate(
            post_id=record.post_id,
            author_id=record.author_id,
            person=persons.of(record.post_id, record.author_id),
            status=record.status,
            codes=codes(store, record),
        )
        for record in store.verdicts.all()
    ]


def codes(store: Store, record: Record) -> tuple[str, ...]:
    """Why a post is not eligible: a person's reason where a person decided, else what the rules found."""
    if record.status == "eligible":
        return ()
    if record.decided_by != "rules":
        decision = standing(store.verdicts.decisions(record.post_id))
        if decision is not None and decision.code is not None:
            return (decision.code,)
    found = [f.code for f in record.verdict.findings if f.stance in _STANCES]
    return tuple(dict.fromkeys(found)) or (("post.deleted",) if record.status == "withdrawn" else ())


def commit(
    store: Store, campaign: Campaign, source: Source, leave_out: Collection[LeaveOut], who: str, now: dt.datetime
) -> Draw:
    """Freeze the entries and what will decide. Raises UserError where it is too early, undecided, or done already."""
    if draws(store).get(campaign.name) is not None:
        raise UserError(
            "the draw of {campaign} is committed already: 'draw show' prints what was published", campaign=campaign.name
        )
    if not campaign.closed(now) and campaign.ends is not None:
        raise UserError(
            "{campaign} runs until {ends}: nobody can be drawn before",
            campaign=campaign.name,
            ends=campaign.ends.isoformat(),
        )
    if waiting := store.work.open():
        raise UserError("{waiting} posts are not judged yet: wait for 'run' or 'ingest' to finish", waiting=waiting)
    found = candidates(store)
    undecided = [c.post_id for c in found if c.status == "review"]
    if undecided and "waiting" not in leave_out:
        raise UserError(
            "{count} posts wait for a person ({posts}): decide them, or leave them out with --leave-out waiting",
            count=len(undecided),
            posts=_some(undecided),
        )
    nameless = [c.post_id for c in found if c.status == "eligible" and c.unit is None]
    if nameless and "nameless" not in leave_out:
        raise UserError(
            "{count} posts name no author ({posts}), and a person draws only once: feed an export that names them,"
            " or leave them out with --leave-out nameless",
            count=len(nameless),
            posts=_some(nameless),
        )
    entries = draw.freeze(found, lambda: secrets.token_hex(_SALT_BYTES))
    made = draw.commit(campaign.name, campaign.version, entries, source, now)
    if made.drawn_from == 0:
        raise UserError("nobody is eligible: there is nothing to draw")
    draws(store).commit(made, entries, who, to_us(now))
    return Draw(commitment=made, entries=entries)


def waiting(store: Store, campaign: str, now: dt.datetime) -> Draw:
    """A draw that may be held now. Raises UserError where it may not."""
    it = committed(store, campaign)
    if it.result is not None:
        raise UserError("the draw of {campaign} was held already, and there is no second one", campaign=campaign)
    due = it.commitment.randomness.due
    if now < due:
        raise UserError("too early: the randomness that was announced comes at {time}", time=due.isoformat())
    if draw.root(it.entries) != it.commitment.root:
        raise UserError("the entries are not those that were published: the database was changed. Nothing was drawn")
    return it


def committed(store: Store, campaign: str) -> Draw:
    """A campaign's draw. Raises UserError where nothing was committed."""
    it = draws(store).get(campaign)
    if it is None:
        raise UserError("nothing was committed for {campaign}: 'draw commit' comes first", campaign=campaign)
    return it


def hold(store: Store, campaign: str, told: Told, who: str, now: dt.datetime) -> Draw:
    """Draw, once. Raises UserError where that may not be, or the randomness is not the announced one."""
    it = waiting(store, campaign, now)
    result = draw.draw(it.commitment, it.entries, told)
    draws(store).hold(it, told, result, who, to_us(now))
    return Draw(commitment=it.commitment, entries=it.entries, told=told, result=result)


def receipts(it: Draw) -> Iterator[dict[str, Any]]:
    """What each author needs to find their own entry in the published list; whoever was forgotten is left out."""
    tree = levels([entry.line for entry in it.entries])
    places = {} if it.result is None else {name: place for place, name in enumerate(it.result.ranking, 1)}
    for index, entry in enumerate(it.entries):
        if entry.post_id is not None:
            yield {
                "post_id": entry.post_id,
                "salt": entry.salt,
                "entry": entry.entry,
                "out": None if entry.out is None else list(entry.out),
                "root": it.commitment.root,
                "path": [[side, sibling.hex()] for side, sibling in path(tree, index)],
                "place": places.get(entry.entry),
            }


def _some(post_ids: Sequence[str]) -> str:
    return ", ".join(post_ids[:5]) + (", …" if len(post_ids) > 5 else "")
