"""``approve``, ``reject``, ``reopen``, ``undo``, ``note``: what a named person decides."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from bot.cli.bulk import decide_all, over_filter, tell
from bot.cli.decided import print_decisions
from bot.cli.options import Place, as_json, by, place

if TYPE_CHECKING:
    from bot.review.bulk import BulkAction
    from bot.review.filters import Filter

POSTS = click.argument("posts", nargs=-1, metavar="POST…")
POST = click.argument("post", metavar="POST")


def reason_code(ctx: click.Context, option: click.Parameter, value: str) -> str:
    """The reason code that an option names. Raises click.BadParameter."""
    from bot.review import reject_codes

    if value not in reject_codes():
        raise click.BadParameter(f"{value!r} is no reason code; known: {', '.join(reject_codes())}")
    return value


@click.command()
@POSTS
@over_filter
@by
@as_json
@place()
def approve(
    place: Place, posts: tuple[str, ...], wanted: Filter | None, dry_run: bool, yes: bool, who: str, as_json: bool
) -> None:
    """Accept posts. All of them or, where one cannot be decided, none.

    POST may be ID@REV: the revision that you saw. If a newer one exists than that, or than the one last shown to you,
    nothing is decided. With --filter: all that it finds, up to the quota, taken back by one undo.
    """
    _decide(place, posts, wanted, "approve", None, None, who, dry_run=dry_run, yes=yes, as_json=as_json)


@click.command()
@POSTS
@click.option("--reason", required=True, callback=reason_code, metavar="CODE", help="Why, as a reason code.")
@click.option("--note", metavar="TEXT", help="More about why, for whoever looks later.")
@over_filter
@by
@as_json
@place()
def reject(
    place: Place,
    posts: tuple[str, ...],
    reason: str,
    note: str | None,
    wanted: Filter | None,
    dry_run: bool,
    yes: bool,
    who: str,
    as_json: bool,
) -> None:
    """Turn posts down, with the reason that their authors will read. All of them or none.

    POST may be ID@REV: the revision that you saw. If a newer one exists than that, or than the one last shown to you,
    nothing is decided. With --filter: all that it finds, up to the quota, taken back by one undo.
    """
    _decide(place, posts, wanted, "reject", reason, note, who, dry_run=dry_run, yes=yes, as_json=as_json)


def _decide(
    place: Place,
    posts: tuple[str, ...],
    wanted: Filter | None,
    action: BulkAction,
    code: str | None,
    note: str | None,
    who: str,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    from bot.review import approve, find, reject
    from bot.review.second import policy_of
    from bot.store.opening import opened

    if bool(posts) == (wanted is not None):
        raise click.UsageError("name posts, or a --filter that finds them")
    if wanted is None and dry_run:
        raise click.UsageError("--dry-run goes with --filter")
    if wanted is not None:
        done = decide_all(place, wanted, action, code, note, who, dry_run=dry_run, yes=yes, as_json=as_json)
        if done is not None:
            with opened(place.settings) as store:
                print_decisions(store, done.decisions, as_json=as_json)
            tell(done)
        return
    policy = policy_of(place.settings)
    with opened(place.settings) as store:
        with store.transaction():
            targets = [find(store, post) for post in dict.fromkeys(posts)]
            if code is None:
                decisions = approve(store, targets, who, _now(), policy)
            else:
                decisions = reject(store, targets, code, note, who, _now(), policy)
        print_decisions(store, decisions, as_json=as_json)


@click.command()
@POST
@click.option("--note", metavar="TEXT", help="What you are unsure about.")
@by
@as_json
@place()
def flag(place: Place, post: str, note: str | None, who: str, as_json: bool) -> None:
    """Send a post to a second pair of eyes: it waits for anybody but you."""
    from bot.review import find
    from bot.review.decisions import flag
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            decision = flag(store, find(store, post), note, who, _now())
        print_decisions(store, [decision], as_json=as_json)


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
        print_decisions(store, [decision], as_json=as_json)


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
            print_decisions(store, [decision], as_json=as_json, undone=undone)


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
        print_decisions(store, [decision], as_json=as_json)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
