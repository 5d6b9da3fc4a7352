"""``show``: one post, with all that a person needs to decide on it."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import Place, as_json, by, language, place
from bot.cli.output import _, emit, remark, say, styled, width
from bot.errors import UserError
from bot.text_safety import one_line, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.awards.shares import Shared
    from bot.model import Looked, Post
    from bot.reasons import Lang
    from bot.reports.dossier import Dossier

_LINES = 24  # most rows that a picture takes in the terminal
_GLYPHS = {"block": "✗", "ask": "?", "note": "·", "supports": "✓"}


@click.command()
@click.argument("post", metavar="POST")
@click.option(
    "--annotate", type=click.Path(path_type=Path), metavar="OUT", help="Write its pictures here, with what was found."
)
@by
@language
@as_json
@place(campaign=True)
def show(place: Place, post: str, annotate: Path | None, who: str, lang: Lang, as_json: bool) -> None:
    """Show one post: text, pictures, findings with their evidence, history, and the message for its author.

    Remembers that you (--as) saw this revision: approve and reject refuse once there is a newer one.
    """
    from bot.awards.shares import share_of
    from bot.reports import dossier
    from bot.review import find
    from bot.store.opening import opened, reading

    with reading(place.settings) as store:
        target = find(store, post)
        record = store.verdicts.get(target.post_id)
        if record is None:
            raise UserError(f"no post {post}")
        newest = record.verdict.revision
        if target.revision is not None and target.revision > newest:
            raise UserError(
                f"post {target.post_id} has no revision {target.revision} that was judged; newest: {newest}"
            )
        if target.revision is not None and target.revision < newest:
            remark(
                _("revision {old} is no more; this is the newest, {newest}").format(old=target.revision, newest=newest)
            )
        it = dossier.dossier(store, place.campaign, record, who)
        share = share_of(store, place.campaign, record.post_id, dt.datetime.now(dt.UTC))
    if annotate is not None:
        _annotate(it, place, annotate)
    if as_json:
        emit({**dossier.as_json(it, place.campaign), "share": None if share is None else _share_json(share, place)})
    else:
        _print(it, share, place, lang)
    with opened(place.settings) as store, store.transaction():
        store.verdicts.show(who, record.post_id, record.verdict.revision)


def _print(it: Dossier, share: Shared | None, place: Place, lang: Lang) -> None:
    from bot.i18n import translator
    from bot.reports import dossier

    _ = translator(lang)
    record, post = it.record, it.post
    say(
        styled(
            one_line(f"{record.post_id}@{record.verdict.revision}  {record.status}  ({record.decided_by})"), bold=True
        )
    )
    if post is None:
        say("  " + _("what this post said was erased"))
    else:
        _print_post(post, place, _)
        for index, item in enumerate(it.looked):
            _print_media(index, item, place)
    _heading(_("findings"))
    for finding in it.record.verdict.findings:
        say(one_line(f"  {_GLYPHS[finding.stance]} {finding.code}: {dossier.sentence(it, finding, lang)}"))
    if it.appeal is not None:
        _heading(_("reopened"))
        say(one_line(f"  {it.appeal.who}: {it.appeal.note}"))
    if share is not None:
        _heading(_("share on X"))
        for row in _share_rows(share, place, lang):
            say(one_line(f"  {row}"))
    _heading(_("history"))
    for event in it.history:
        at = _at(dt.datetime.fromisoformat(event["at"]), place.campaign.tz)
        say(one_line(f"  {at}  {_event(event, _)}"))
    for language_name in ("zh", "en"):
        _heading(_("message for the author ({language})").format(language=language_name))
        for row in rows(dossier.message(it, language_name)):
            say(f"  {row}")


def _heading(words: str) -> None:
    say("")
    say(styled(words, bold=True))


def _print_post(post: Post, place: Place, _: Callable[[str], str]) -> None:
    author = post.author
    facts = [author.nickname, author.id and f"id {author.id}", author.account_type, author.region]
    verified = {True: _("verified"), False: _("not verified"), None: None}[author.verified]
    known = ", ".join(str(fact) for fact in (*facts, verified) if fact)
    say(one_line("  " + _("by {author}").format(author=known or _("unknown"))))
    zone = place.campaign.tz
    if post.created_at is not None:
        say("  " + _("posted {at}").format(at=_at(post.created_at, zone)))
    else:
        early, late = post.posted.earliest, post.posted.latest
        words = _("posted between {early} and {late}, as far as was observed")
        say("  " + words.format(early=_at(early, zone), late=_at(late, zone)))
    if post.edited is not None:
        say("  " + _("edited {at}").format(at=_at(post.edited.latest, zone)))
    if post.deleted:
        say("  " + _("deleted by its author"))
    if post.url:
        say(one_line(f"  {post.url}"))
    sources = "; ".join((", ".join(post.sources), *post.notes))
    say(one_line("  " + _("from {sources}").format(sources=sources)))
    say("")
    for row in [*(rows(post.title) if post.title else []), *rows(post.text)]:
        say(f"  {row}")


def _at(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return "?" if moment is None else moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _print_media(index: int, item: Looked, place: Place) -> None:
    from detectors.evidence import MediaEvidence

    say("")
    where = item.ref.url or item.ref.path or "?"
    if not isinstance(item.result, MediaEvidence):
        kind = type(item.result).__name__.lower()
        say(one_line(f"  media {index}: {item.ref.type}, {kind}: {item.result.reason}  {where}"))
        return
    seen = item.result
    size = f"{seen.width}×{seen.height}" + (f", {seen.duration:.0f} s" if seen.duration is not None else "")
    say(one_line(f"  media {index}: {seen.kind}, {seen.format}, {size}  {where}"))
    for mark in seen.marks:
        x, y, w, h = mark.box
        at = "" if mark.time is None else f" at {mark.time:.1f} s"
        say(one_line(f"    {mark.name} {mark.score:.2f} in {w:.0f}×{h:.0f} at ({x:.0f}, {y:.0f}){at}"))
    for code in seen.codes:
        say(one_line(f"    QR: {code.text}"))
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        _print_picture(seen.sha256, place)


def _print_picture(sha256: str, place: Place) -> None:
    from bot.engines.preview import pixels
    from bot.media.annotate import half_blocks
    from bot.store.opening import open_blobs

    found = pixels(open_blobs(place.settings).path(sha256), place.settings.engine)
    if found is not None:
        for row in half_blocks(found[0], min(width() or 80, 100) - 4, _LINES):
            click.echo(f"    {row}", color=True)


def _annotate(it: Dossier, place: Place, out: Path) -> None:
    from bot.engines.preview import pixels
    from bot.media.annotate import best_frame, drawn, outlines, png
    from bot.store.opening import open_blobs
    from bot.whole_file import make_folder, write_whole
    from detectors.evidence import MediaEvidence

    make_folder(out)
    blobs = open_blobs(place.settings)
    for index, item in enumerate(it.looked):
        if not isinstance(item.result, MediaEvidence):
            continue
        frame = best_frame(item.result)
        found = pixels(blobs.path(item.result.sha256), place.settings.engine, frame=frame)
        if found is None:
            remark(_("media {index} is no longer stored").format(index=index))
            continue
        image = drawn(*found, outlines(item.result, None if item.result.kind == "image" else frame))
        target = out / f"{index}-{item.result.sha256[:12]}.png"
        write_whole(target, [png(image)])
        remark(_("wrote {file}").format(file=target))


def _share_rows(share: Shared, place: Place, lang: Lang) -> Iterator[str]:
    from bot.awards.links import XLink
    from bot.awards.problems import words
    from bot.i18n import translator

    _ = translator(lang)
    yield str(XLink(id=share.x_id))
    if share.views is None:
        yield _("views: not counted yet")
    else:
        yield _("views: {views}, counted {at}").format(views=share.views, at=_at(share.counted_at, place.campaign.tz))
    if share.out is not None:
        yield _("no place: {why}").format(why=f"{share.out}: {words(share.out, lang)}")
    elif share.rank is not None:
        yield _("place: {rank}").format(rank=f"{share.rank}{'=' if share.tied else ''}")
    else:
        yield _("place: open until the leaderboard is final")


def _share_json(share: Shared, place: Place) -> dict[str, Any]:
    from bot.awards.links import XLink
    from bot.reports.export import rfc3339

    at = None if share.counted_at is None else rfc3339(share.counted_at, place.campaign.tz)
    return {
        "x": str(XLink(id=share.x_id)), "state": share.state, "views": share.views, "counted_at": at,
        "final": share.final, "rank": share.rank, "tied": share.tied, "out": share.out,
    }  # fmt: skip


def _event(event: dict[str, Any], _: Callable[[str], str]) -> str:
    from bot.awards.history import told

    match event["event"]:
        case "post.seen":
            return _("seen in {source}").format(source=event["source"])
        case "post.judged":
            codes = ", ".join(code for code, stance, _rule in event["codes"] if stance != "supports")
            words = _("revision {revision} judged {status}").format(**event)
            return f"{words}: {codes}" if codes else words
        case "post.decided":
            code = "" if event["code"] is None else f" ({event['code']})"
            note = "" if not event.get("note") else f": {event['note']}"
            undone = f"  [{_('undone')}]" if event.get("undone") else ""
            words = _("{who}: {action} on revision {revision}").format(**event | {"action": event["action"] + code})
            return f"{words}{note}{undone}"
        case other:
            return told(event, _) or str(other)
