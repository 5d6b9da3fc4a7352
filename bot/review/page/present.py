"""What a page shows of one post: from a dossier to values that a template prints. Pure; nothing here is markup."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, Final

from markupsafe import Markup

from bot.admission.hashtags import HashtagMatch, classify
from bot.awards.history import told
from bot.model import Stance
from bot.reasons import Lang, label
from bot.reports.dossier import Dossier, message, of_finding, sentence
from bot.review import reject_codes
from bot.review.page import charts
from bot.review.page.overlays import Picture, picture
from bot.review.page.reader import Reader
from bot.review.page.words import Piece, pieces
from bot.store.times import from_us
from bot.text_safety import one_line
from detectors.evidence import MediaEvidence, Value

_LONGEST: Final = 8000  # characters of a text that are shown
_GLYPHS: Final[dict[Stance, str]] = {"block": "✗", "ask": "?", "note": "·", "supports": "✓"}


class Line(Value):
    """One finding: the reason's name, the sentence, and the post that it is about where there is one."""

    stance: Stance
    glyph: str
    code: str
    label: str
    words: str
    original: str | None = None
    media: int | None = None


class Event(Value):
    """One row of the history."""

    at: str
    words: str
    undone: bool = False


class Item(Value):
    """One post as it is drawn."""

    post_id: str
    revision: int
    status: str
    decided_by: str
    waiting: str
    erased: bool
    author: str
    account: tuple[tuple[str, str], ...]
    link: str | None
    sources: str
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    cut: int
    hashtag: HashtagMatch | None
    posted: str
    edited: str | None
    moments: Markup
    pictures: tuple[Picture, ...]
    first: int
    findings: tuple[Line, ...]
    found: str | None
    appeal: str | None
    history: tuple[Event, ...]
    messages: tuple[tuple[Lang, str], ...]
    cluster: str | None
    repeats: bool


def item(it: Dossier, reader: Reader, now: dt.datetime) -> Item:
    """All of one post."""
    record, post, campaign = it.record, it.post, reader.campaign
    text = "" if post is None else post.text
    since = None if record.queued_at is None else from_us(record.queued_at)
    return Item(
        post_id=record.post_id,
        revision=record.verdict.revision,
        status=record.status,
        decided_by=record.decided_by,
        waiting="" if since is None else reader.span(now - since),
        erased=post is None,
        author="?" if post is None else one_line(post.author.nickname or post.author.id or "?"),
        account=() if post is None else tuple(_account(it, reader)),
        link=None if post is None else _link(post.url),
        sources="" if post is None else one_line(", ".join((*post.sources, *post.notes))),
        title=() if post is None or not post.title else tuple(pieces(post.title[:_LONGEST])),
        text=tuple(pieces(text[:_LONGEST])),
        cut=max(0, len(text) - _LONGEST),
        hashtag=None if post is None else classify(post.text, post.title, campaign.hashtags),
        posted="" if post is None else _posted(it, reader),
        edited=None if post is None or post.edited is None else reader.time(post.edited.latest),
        moments=Markup("") if post is None else _moments(it, reader),
        pictures=tuple(picture(number, looked, reader) for number, looked in enumerate(it.looked)),
        first=first_to_show(it),
        findings=tuple(_findings(it, reader)),
        found=found_reason(it),
        appeal=None if it.appeal is None else one_line(f"{it.appeal.who}: {it.appeal.note}"),
        history=tuple(_history(it, reader)),
        messages=(("zh", message(it, "zh")), ("en", message(it, "en"))),
        cluster=it.verdict["cluster"],
        repeats=any(original.media is not None for original in it.originals),
    )


def found_reason(it: Dossier) -> str | None:
    """The reason to reject with that the rules found: of the first finding that blocks, else of the first that asks."""
    known = reject_codes()
    for stance in ("block", "ask"):
        for finding in it.record.verdict.findings:
            if finding.stance == stance and finding.code in known:
                return finding.code
    return None


def first_to_show(it: Dossier) -> int:
    """Which of the post's media a person wants to see first: the one that a deciding finding is about, else the first
    that can be shown."""
    visible = [number for number, looked in enumerate(it.looked) if isinstance(looked.result, MediaEvidence)]
    about = [f.media for f in it.record.verdict.findings if f.stance in ("block", "ask") and f.media in visible]
    return next((number for number in about if number is not None), visible[0] if visible else 0)


def _account(it: Dossier, reader: Reader) -> Iterator[tuple[str, str]]:
    assert it.post is not None
    author, say = it.post.author, reader.say
    if author.id is not None:
        yield "id", one_line(author.id)
    if author.account_type is not None:
        yield "plain", say(author.account_type)
    if author.region is not None:
        yield "plain", one_line(author.region)
    if author.verified is not None:
        yield ("good", say("verified")) if author.verified else ("warn", say("not verified"))


def _link(url: str | None) -> str | None:
    """The post's own page, where that is an address of the web at all: no other scheme becomes a link."""
    return url if url is not None and url.lower().startswith(("https://", "http://")) else None


def _posted(it: Dossier, reader: Reader) -> str:
    assert it.post is not None
    posted = it.post.posted
    if it.post.created_at is not None:
        return reader.time(it.post.created_at)
    early, late = reader.time(posted.earliest), reader.time(posted.latest)
    return reader.say("between {earliest} and {latest}, as far as was observed").format(earliest=early, latest=late)


def _moments(it: Dossier, reader: Reader) -> Markup:
    post, campaign = it.post, reader.campaign
    assert post is not None
    made = post.created_at
    bounds = (post.posted.earliest, post.posted.latest) if made is None else (made, made)
    edited = None if post.edited is None else (post.edited.earliest, post.edited.latest)
    title = reader.say("When it was posted, on the time of the campaign: {when}").format(when=_posted(it, reader))
    return charts.moments(title, (campaign.starts, campaign.ends), bounds, edited)


def _findings(it: Dossier, reader: Reader) -> Iterator[Line]:
    for finding in it.record.verdict.findings:
        original = of_finding(it, finding)
        yield Line(
            stance=finding.stance,
            glyph=_GLYPHS[finding.stance],
            code=finding.code,
            label=label(finding.code, reader.lang),
            words=one_line(sentence(it, finding, reader.lang)),
            original=None if original is None else original.post_id,
            media=finding.media,
        )


def _history(it: Dossier, reader: Reader) -> Iterator[Event]:
    for event in it.history:
        at = dt.datetime.fromisoformat(event["at"])
        yield Event(
            at=reader.time(at),
            words=one_line(_told(event, reader)),
            undone=bool(event.get("undone")),
        )


def _told(event: dict[str, Any], reader: Reader) -> str:
    say = reader.say
    match event["event"]:
        case "post.seen":
            return say("seen in {source}").format(source=event["source"])
        case "post.judged":
            codes = ", ".join(
                label(code, reader.lang) for code, stance, _ in event["codes"] if stance in ("block", "ask")
            )
            words = say("revision {revision} judged {status}").format(
                revision=event["revision"], status=say(event["status"])
            )
            return f"{words}: {codes}" if codes else words
        case "post.decided":
            code = "" if event["code"] is None else f" ({label(event['code'], reader.lang)})"
            note = f": {event['note']}" if event.get("note") else ""
            return f"{event['who']}: {say(event['action'])}{code}, {say('revision')} {event['revision']}{note}"
        case other:
            if (awarded := told(event, say)) is not None:
                return awarded
            known = {key: value for key, value in event.items() if key not in ("at", "event")}
            return f"{other} {json.dumps(known, ensure_ascii=False)}" if known else str(other)
