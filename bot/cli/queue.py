"""``queue``: what waits for a person, two rows a post."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from bot.cli.bulk import filter_option
from bot.cli.export import STATUSES
from bot.cli.options import Place, as_json, language, place
from bot.cli.output import _, emit, fitted, remark, say, styled
from bot.model import Status
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.model import Post
    from bot.reasons import Lang
    from bot.review.filters import Filter
    from bot.store import Store
    from bot.store.verdicts import Record

_EXCERPT = 400  # characters of a text that may be shown in one row


@click.command()
@click.option("--reason", "reasons", multiple=True, metavar="CODE", help="Only with this reason, or family of reasons.")
@click.option("-s", "--status", "statuses", multiple=True, type=STATUSES, help="Instead of those that wait.")
@click.option("--author", metavar="AUTHOR-ID", help="Only this author's.")
@filter_option
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@language
@as_json
@place(campaign=True)
def queue(
    place: Place,
    reasons: tuple[str, ...],
    statuses: tuple[Status, ...],
    author: str | None,
    wanted: Filter | None,
    limit: int | None,
    lang: Lang,
    as_json: bool,
) -> None:
    """List what waits for a person, worst first, then the longest waiting.

    Two rows a post: its id and why it waits, then who wrote what. Through a pipe nothing is cut. --filter is as in the
    review itself, and goes without the other options that narrow.
    """
    from bot.store.opening import reading

    _check_reasons(reasons)
    if wanted is not None and (reasons or statuses or author is not None):
        raise click.UsageError("--filter goes without --reason, --status and --author: it has them all")
    zone = place.campaign.tz  # first of all: a wrong campaign file is told before any row is printed
    with reading(place.settings) as store:
        found = store.verdicts.all(statuses) if statuses else store.verdicts.queue()
        if wanted is not None:
            found = _found(store, wanted)
        found = [r for r in found if (author is None or r.author_id == author) and _has(r, reasons)]
        for record in found[:limit]:
            post = store.intake.post(record.post_id)
            if as_json:
                emit(_object(record, post, zone))
            else:
                _print(record, post, zone, lang)
        if not as_json:
            shown = len(found[:limit])
            told = _("{shown} of {count} posts") if shown < len(found) else _("{shown} posts")
            remark(told.format(shown=shown, count=len(found)))


def _found(store: Store, wanted: Filter) -> list[Record]:
    """What a filter finds, whoever holds it."""
    from bot.review.learning import uncertainty
    from bot.store.waiting import Reader

    nobody = Reader(who="", now=2**62, settles=True)
    ids = store.waiting.ids(wanted, nobody, -1)
    records = [record for post_id in ids if (record := store.verdicts.get(post_id)) is not None]
    if wanted.order == "informative":
        order = {post_id: i for i, post_id in enumerate(uncertainty(store).order(r.verdict for r in records))}
        records.sort(key=lambda record: order[record.post_id])
    return records


def _check_reasons(wanted: tuple[str, ...]) -> None:
    from bot.reasons import REASONS

    for code in wanted:
        if code not in REASONS and not any(known.startswith(f"{code}.") for known in REASONS):
            raise click.BadParameter(f"{code!r} is no reason code", param_hint="--reason")


def _has(record: Record, wanted: tuple[str, ...]) -> bool:
    codes = {f.code for f in record.verdict.findings if f.stance != "supports"}
    return not wanted or any(c == w or c.startswith(f"{w}.") for c in codes for w in wanted)


def _waiting(record: Record, now: dt.datetime) -> str:
    from bot.store.times import from_us

    if record.queued_at is None:
        return record.status
    minutes = max(0, int((now - from_us(record.queued_at)).total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"


def _print(record: Record, post: Post | None, zone: dt.tzinfo, lang: Lang) -> None:
    from bot.reasons import label

    stances = ("block", "ask") if any(f.stance in ("block", "ask") for f in record.verdict.findings) else ("note",)
    codes = dict.fromkeys(f.code for f in record.verdict.findings if f.stance in stances)
    why = ", ".join(label(code, lang) for code in codes)
    if record.status == "review" and record.decided_by != "rules":
        why = f"{_('reopened')} ({record.decided_by.partition(':')[2]}); {why}"
    head = one_line(f"{record.post_id}@{record.verdict.revision}")
    say(styled(fitted(head, f"  {_waiting(record, dt.datetime.now(dt.UTC))}  {why}"), bold=True))
    if post is None:
        say(fitted("  ", _("(erased)")))
        return
    name = post.author.nickname or post.author.id or "?"
    when = "" if post.created_at is None else f"{post.created_at.astimezone(zone).isoformat(' ', 'minutes')} "
    media = f" [{len(post.media)}]" if post.media else ""
    words = " ".join(f"{post.title} {post.text}".split())[:_EXCERPT]
    say(fitted("  ", one_line(f"{when}{name}{media}: {words}")))


def _object(record: Record, post: Post | None, zone: dt.tzinfo) -> dict[str, Any]:
    from bot.reports.export import reason, rfc3339
    from bot.store.times import from_us

    queued = None if record.queued_at is None else rfc3339(from_us(record.queued_at), zone)
    return {
        "post_id": record.post_id,
        "revision": record.verdict.revision,
        "author_id": record.author_id,
        "status": record.status,
        "reasons": [reason(f) for f in record.verdict.findings if f.stance != "supports"],
        "decided_by": record.decided_by,
        "queued_at": queued,
        "nickname": None if post is None else post.author.nickname,
        "title": None if post is None else post.title,
        "text": None if post is None else post.text,
        "media": None if post is None else len(post.media),
        "url": None if post is None else post.url,
    }
