"""``approve``, ``reject``, ``reopen``, ``undo``, ``note``: what a named person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.options import Place, as_json, by, place
from bot.cli.output import emit, say
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.model import Decision
    from bot.store import Store

POSTS = click.argument("posts", nargs=-1, required=True, metavar="POST…")
POST = click.argument("post", metavar="POST")


def _reason(ctx: click.Context, option: click.Parameter, value: str) -> str:
    from bot.review import reject_codes

    if value not in reject_codes():
        raise click.BadParameter(f"{value!r} is no reason code; known: {', '.join(reject_codes())}")
    return value


@click.command()
@POSTS
@by
@as_json
@place()
def approve(place: Place, posts: tuple[str, ...], who: str, as_json: bool) -> None:
    """Accept posts. All of them or, where one cannot be decided, none.

    POST may be ID@REV: the revision that you saw. If a newer one exists than that, or than the one last shown to you,
    nothing is decided.
    """
    from bot.review import approve, find
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            decisions = approve(store, [find(store, post) for post in dict.fromkeys(posts)], who, _now())
        _tell(store, decisions, as_json=as_json)


@click.command()
@POSTS
@click.option("--reason", required=True, callback=_reason, metavar="CODE", help="Why, as a reason code.")
@click.option("--note", metavar="TEXT", help="More about why, for whoever looks later.")
@by
@as_json
@place()
def reject(place: Place, posts: tuple[str, ...], reason: str, note: str | None, who: str, as_json: bool) -> None:
    """Turn posts down, with the reason that their authors will read. All of them or none.

    POST may be ID@REV: the revision that you saw. If a newer one exists than that, or than the one last shown to you,
    nothing is decided.
    """
    from bot.review import find, reject
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            targets = [find(store, post) for post in dict.fromkeys(posts)]
            decisions = reject(store, targets, reason, note, who, _now())
        _tell(store, decisions, as_json=as_json)


@click.command()
@POST
@click.option("--note", required=True, metavar="TEXT", help="Why it must be looked at again.")
@by
@as_json
@place()
def reopen(place: Place, post: str, note: str, who: str, as_json: bool) -> None:
    """Put a post back into the queue, whatever was decided."""
    from bot.review import find, reopen
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            decision = reopen(store, find(store, post), note, who, _now())
        _tell(store, [decision], as_json=as_json)


@click.command()
@click.option("--note", is_flag=True, help="Your last note instead.")
@by
@as_json
@place()
def undo(place: Place, note: bool, who: str, as_json: bool) -> None:
    """Take back your last decision; again, the one before it, and so on.

    What was decided as one, over a filter or a cluster, is taken back as one. A note is no decision.
    """
    from bot.review import undo
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            done = undo(store, who, _now(), note=note)
        for decision, undone in done:
            _tell(store, [decision], as_json=as_json, undone=undone)


@click.command()
@POST
@click.argument("text")
@by
@as_json
@place()
def note(place: Place, post: str, text: str, who: str, as_json: bool) -> None:
    """Leave a note on a post, for whoever looks at it next. Decides nothing."""
    from bot.review import find, leave_note
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            decision = leave_note(store, find(store, post), text, who, _now())
        _tell(store, [decision], as_json=as_json)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _tell(store: Store, decisions: Sequence[Decision], *, as_json: bool, undone: Decision | None = None) -> None:
    """What was decided, and how each post stands now."""
    for decision in decisions:
        record = store.verdicts.get(decision.post_id)
        status = None if record is None else record.status
        if as_json:
            emit({
                "id": decision.id, "post_id": decision.post_id, "revision": decision.revision,
                "action": decision.action, "code": decision.code, "note": decision.note, "who": decision.who,
                "at": decision.at.isoformat(), "undoes": decision.undoes, "status": status,
            })  # fmt: skip
        else:
            of = "" if undone is None else f" of {undone.action}"
            say(one_line(f"{decision.post_id}@{decision.revision}  {decision.action}{of} by {decision.who}: {status}"))
