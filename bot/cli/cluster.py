"""``cluster``: posts that show one picture, settled at once, or told apart."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click
import msgspec

from bot.cli.decide import POST, reason_code
from bot.cli.decided import print_decisions
from bot.cli.options import Place, as_json, by, place
from bot.cli.output import _, emit, remark, table

if TYPE_CHECKING:
    from bot.review.cluster import Cluster


@click.group()
def cluster() -> None:
    """See who shows one picture, reject the copies at once, and correct who belongs to it."""


@cluster.command()
@POST
@as_json
@place()
def show(place: Place, post: str, as_json: bool) -> None:
    """List the posts that share a picture with this one, the earliest first, and how each stands.

    "head" was first; "copy" shows others' pictures only; "mixed" others' beside its own; "own" its author had before;
    "unordered": time cannot tell; "former": shows it no more; "partial": shows a part of it, or is a part.
    """
    from bot.review import find
    from bot.review.cluster import cluster
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = cluster(store, find(store, post).post_id)
    _tell(found, as_json=as_json)


@cluster.command()
@POST
@click.option("--reason", required=True, callback=reason_code, metavar="CODE", help="Why, as a reason code.")
@click.option("--dry-run", is_flag=True, help="Say which posts this would reject, and change nothing.")
@by
@as_json
@place()
def settle(place: Place, post: str, reason: str, dry_run: bool, who: str, as_json: bool) -> None:
    """Reject the copies that wait in this post's cluster; one undo takes all back.

    Never the head, never partial members, nobody's own picture, nothing that somebody else looks at.
    """
    from bot.review import find
    from bot.review.cluster import cluster, settle_copies
    from bot.review.second import policy_of
    from bot.store.opening import opened

    with opened(place.settings) as store:
        post_id = find(store, post).post_id
        if dry_run:
            found = cluster(store, post_id)
            members = tuple(member for member in found.members if member.settles)
            _tell(msgspec.structs.replace(found, members=members), as_json=as_json)
            return
        with store.transaction():
            done = settle_copies(store, post_id, None, reason, who, _now(), policy_of(place.settings))
        print_decisions(store, done, as_json=as_json)


@cluster.command()
@POST
@click.argument("other", metavar="OTHER")
@by
@as_json
@place()
def apart(place: Place, post: str, other: str, who: str, as_json: bool) -> None:
    """Say that POST does not show OTHER's picture, whatever the proofs say. Remembered, and undone like a decision.

    What this touches is judged again by the running daemon, or by the next 'run' or 'ingest'.
    """
    from bot.review import find
    from bot.review.cluster import keep_apart
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            done = keep_apart(store, find(store, post).post_id, find(store, other).post_id, who, _now())
        print_decisions(store, done, as_json=as_json)


@cluster.command()
@POST
@click.argument("other", metavar="OTHER")
@click.option("--media", type=click.IntRange(min=0), default=0, show_default=True, help="Which of POST's pictures.")
@click.option("--other-media", type=click.IntRange(min=0), default=0, show_default=True, help="Which of OTHER's.")
@by
@as_json
@place()
def together(place: Place, post: str, other: str, media: int, other_media: int, who: str, as_json: bool) -> None:
    """Say that POST shows OTHER's picture, though no proof does. Remembered, and undone like a decision."""
    from bot.review import find
    from bot.review.cluster import belong_together
    from bot.store.opening import opened

    with opened(place.settings) as store:
        with store.transaction():
            first, second = find(store, post).post_id, find(store, other).post_id
            done = belong_together(store, first, second, media, other_media, who, _now())
        print_decisions(store, done, as_json=as_json)


def _tell(found: Cluster, *, as_json: bool) -> None:
    if as_json:
        for member in found.members:
            emit({"cluster": found.name, **msgspec.to_builtins(member)})
        return
    rows = [(f"{m.post_id}@{m.revision}", _standings()[m.standing], m.status) for m in found.members]
    if rows:
        table((_("posts"), _("standing"), _("status")), rows)
    settles = sum(member.settles for member in found.members)
    remark(_("{count} copies wait").format(count=settles))


def _standings() -> dict[str, str]:
    return {
        "head": _("first"),
        "copy": _("copy"),
        "mixed": _("copies beside its own"),
        "own": _("its author's before"),
        "unordered": _("who was first is unknown"),
        "former": _("no longer shows it"),
        "partial": _("a part"),
    }


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
