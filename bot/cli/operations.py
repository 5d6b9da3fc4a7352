"""``stats``, ``doctor``, ``backup``, ``forget``: keeping the bot healthy."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from bot.cli.options import Place, as_json, brand_kit, place
from bot.cli.output import _, emit, say, styled, table
from bot.errors import UserError
from bot.model import Status, Verdict
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.operations.doctor import Check
    from bot.store import Store

_COLOURS = {"ok": "green", "warning": "yellow", "broken": "red"}


@click.command()
@as_json
@place(campaign=True)
def stats(place: Place, as_json: bool) -> None:
    """Count posts by status, reason and day, decisions by person, day and reason, and lines put aside.

    ``agreement``: of the posts that a second moderator looked at blind, how many they decided alike, by reason.
    """
    from bot.store.opening import reading

    with reading(place.settings) as store:
        found = _counted(store, place)
    if as_json:
        emit(found)
        return
    say(
        styled(
            _("{posts} posts, {waiting} of them not judged yet").format(posts=found["posts"], waiting=found["waiting"]),
            bold=True,
        )
    )
    for title in ("statuses", "reasons", "days", "quarantine"):
        if found[title]:
            say("")
            table((_name(title), _("count")), list(found[title].items()))
    for title in ("moderators", "decided", "rejections"):
        if found[title]:
            say("")
            rows = [(key, ", ".join(f"{n} {of}" for of, n in c.items())) for key, c in found[title].items()]
            table((_name(title), _("decisions")), rows)
    if found["shadow"]:
        say("")
        rows = [(code, f"{s['would_flip']} / {s['found']}") for code, s in found["shadow"].items()]
        table((_("shadow rule"), _("would stand elsewhere / found")), rows)
    if found["agreement"]:
        say("")
        rows = [(code, f"{a['agreed']} / {a['second']}") for code, a in found["agreement"].items()]
        table((_("reason"), _("second opinions that agreed")), rows)


def _name(title: str) -> str:
    return {
        "statuses": _("status"),
        "reasons": _("reason"),
        "days": _("day"),
        "quarantine": _("put aside"),
        "moderators": _("moderator"),
        "decided": _("day"),
        "rejections": _("rejected for"),
    }[title]


def _shadowed(verdicts: Iterable[Verdict]) -> dict[str, int]:
    from bot.rules import in_earnest

    would = [in_earnest(verdict) != verdict.status for verdict in verdicts]
    return {"found": len(would), "would_flip": sum(would)}


def _counted(store: Store, place: Place) -> dict[str, Any]:
    from bot.reports.export import rfc3339
    from bot.review.agreement import agreement
    from bot.store.counts import Counts

    counts, statuses = Counts(store.connection), store.verdicts.counts()
    oldest, quarantine = counts.oldest_in_queue(), counts.quarantine()
    return {
        "posts": sum(statuses.values()),
        "statuses": {status: statuses.get(status, 0) for status in get_args(Status)},
        "reasons": counts.reasons(),
        "moderators": counts.moderators(),
        "undone": counts.undone(),
        "decided": counts.decided(place.campaign.tz),
        "rejections": counts.rejections(),
        "agreement": msgspec.to_builtins(agreement(store.verdicts.decisions(p) for p in counts.second_opinions())),
        "shadow": {code: _shadowed(counts.verdicts_with(code)) for code in place.campaign.shadow},
        "days": counts.days(place.campaign.tz),
        "quarantined": sum(quarantine.values()),
        "quarantine": quarantine,
        "waiting": counts.waiting().open,
        "oldest_in_queue": None if oldest is None else rfc3339(oldest, place.campaign.tz),
    }


@click.command()
@click.option("--online", is_flag=True, help="Ask the services that the settings name, too.")
@brand_kit
@as_json
@place(campaign=True)
def doctor(place: Place, online: bool, kit: str | None, as_json: bool) -> None:
    """Say what is wrong with this installation; exit 1 if something is broken.

    Without --online nothing is dialled.
    """
    from bot.operations.doctor import examine

    now = dt.datetime.now(dt.UTC)
    checks = []
    for check in examine(place.settings, place.campaign, kit or place.campaign.brand.kit, now):
        checks.append(check)
        _tell(check, as_json=as_json)
    if online:
        checks += asyncio.run(_online(place, as_json=as_json))
    broken = [check.name for check in checks if check.state == "broken"]
    if broken:
        raise UserError(f"broken: {', '.join(broken)}")


async def _online(place: Place, *, as_json: bool) -> list[Check]:
    from bot.operations.reachable import reach

    found = []
    async for check in reach(place.settings, place.campaign.hashtags[0]):
        found.append(check)
        _tell(check, as_json=as_json)
    return found


def _tell(check: Check, *, as_json: bool) -> None:
    if as_json:
        emit(msgspec.to_builtins(check))
    else:
        say(f"{styled(f'{check.state:<8}', fg=_COLOURS[check.state])} {one_line(f'{check.name}: {check.detail}')}")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@as_json
@place()
def backup(place: Place, file: Path, as_json: bool) -> None:
    """Copy the database to FILE while others write, and prove that the copy can be restored.

    An older FILE is replaced only once the new copy is proved. Media are not in it: they lie in the data directory's
    folder media, by hash, and any file copy will do for them.
    """
    from bot.operations.backup import back_up
    from bot.store.opening import opened

    with opened(place.settings) as store:
        contents = back_up(store, file)
    posts, events = contents.rows.get("posts", 0), contents.rows.get("events", 0)
    if as_json:
        emit({"file": str(file.absolute()), "posts": posts, "events": events, "seal": contents.seal})
    else:
        told = _("{file}: {posts} posts, {events} events, restored and verified")
        say(one_line(told.format(file=file, posts=posts, events=events)))


@click.command()
@click.argument("author", metavar="AUTHOR-ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@place()
def forget(place: Place, author: str, yes: bool, as_json: bool) -> None:
    """Erase what is stored of one author: their words, names, counters, verdicts and pictures.

    The event log keeps ids and salted hashes only and still verifies; the author's posts stay forgotten when a source
    delivers them again. A running daemon keeps signatures of its newest stories in memory, a thousand at most, until
    it is restarted; backups are not touched.
    """
    from bot.operations.forget import forget
    from bot.store.opening import open_blobs, opened

    if not yes and sys.stdin.isatty():
        question = _("Erase everything stored of author {author}?")
        click.confirm(one_line(question.format(author=author)), abort=True, err=True)
    with opened(place.settings) as store:
        erased = forget(store, open_blobs(place.settings), author, dt.datetime.now(dt.UTC))
    if as_json:
        emit({"author_id": author, "posts": list(erased.post_ids), "media": len(erased.media)})
    else:
        told = _("forgot {author}: {posts} posts, {media} media files")
        say(one_line(told.format(author=author, posts=len(erased.post_ids), media=len(erased.media))))
