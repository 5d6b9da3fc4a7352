"""What a post looks like in rows: the post itself, why it waits, the queue. Pure: from a dossier to lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from bot.model import AccountType, Action, Finding, Looked, Post, Stance
from bot.reasons import REASONS, Lang, label
from bot.reports.dossier import Dossier, of_finding, sentence
from bot.review.cluster import Cluster, Standing
from bot.review.tui.lines import Line, StyleName, line, of
from bot.store.verdicts import Record
from bot.text_safety import rows
from detectors.evidence import MediaEvidence, Value

Say = Callable[[str], str]
"""The words of one language for English ones."""

_LONGEST: Final = 6000  # characters of a text that are shown; a story has fewer
_WORDS: Final = 80  # characters of a text in the queue
_STANCE: Final[dict[Stance, tuple[str, StyleName]]] = {
    "block": ("✗", "error"),
    "ask": ("?", "warning"),
    "note": ("·", "muted"),
    "supports": ("✓", "success"),
}


class Reader(Value):
    """For whom a sheet is written: their language, its words, the campaign's time zone."""

    lang: Lang
    say: Say
    zone: dt.tzinfo


def found_reason(it: Dossier) -> str | None:
    """The reason to reject with that the rules found: that of the first finding that blocks or asks."""
    deciding = [f for stance in ("block", "ask") for f in it.record.verdict.findings if f.stance == stance]
    return next((f.code for f in deciding if REASONS[f.code].stance != "supports"), None)


def shown_media(it: Dossier) -> int:
    """Which of the post's media a person wants to see first: the one that the deciding finding is about."""
    seen = [i for i, item in enumerate(it.looked) if isinstance(item.result, MediaEvidence)]
    about = [f.media for f in it.record.verdict.findings if f.stance in ("block", "ask") and f.media in seen]
    return about[0] if about and about[0] is not None else seen[0] if seen else 0


def post_lines(it: Dossier, reader: Reader) -> Iterator[Line]:
    """Who wrote what and when."""
    _, post = reader.say, it.post
    if post is None:
        yield line(_("what this post said was erased"), "muted")
        return
    yield _author(post, reader)
    yield of(*_times(post, reader))
    yield line()
    if post.title:
        yield line(post.title, "title")
    text = post.text[:_LONGEST]
    yield from (Line(pieces=part.pieces) for part in map(line, rows(text)))
    if len(text) < len(post.text):
        yield line(_("… {count} more characters").format(count=len(post.text) - len(text)), "muted")
    if post.url:
        yield line(post.url, "muted")


def source_line(post: Post | None, reader: Reader) -> str:
    """Who posted, and since when that is certain, in few words."""
    if post is None:
        return ""
    by = post.created_at if post.created_at is not None else post.posted.latest
    return f"{post.author.nickname or post.author.id or '?'} {_at(by, reader.zone)}"


def text_lines(posts: Iterable[tuple[str, Post | None]], reader: Reader) -> Iterator[Line]:
    """The words of two posts, this one and the one that it repeats, one below the other."""
    _ = reader.say
    for words, (post_id, post) in zip((_("this post"), _("the original")), posts, strict=True):
        yield of((f"{words} {post_id} ", "title"), (source_line(post, reader), "muted"))
        text = "" if post is None else f"{post.title}\n{post.text[:_LONGEST]}".strip()
        yield from map(line, rows(text or _("what this post said was erased")))
        yield line()


def _author(post: Post, reader: Reader) -> Line:
    _ = reader.say
    author = post.author
    verified: dict[bool | None, tuple[str, StyleName]] = {
        True: (_("verified"), "success"),
        False: (_("not verified"), "warning"),
        None: ("", ""),
    }
    pieces: list[tuple[str, StyleName]] = [(author.nickname or "?", "title")]
    facts = [author.id, author.account_type and _accounts(reader)[author.account_type], author.region]
    pieces += [(f"  {fact}", "muted") for fact in facts if fact]
    words, style = verified[author.verified]
    return of(*pieces, *([(f"  {words}", style)] if words else []), indent=2)


def _times(post: Post, reader: Reader) -> Iterator[tuple[str, StyleName]]:
    _, zone = reader.say, reader.zone
    if post.created_at is not None:
        yield _("posted {at}").format(at=_at(post.created_at, zone)), "muted"
    else:
        early, late = post.posted.earliest, post.posted.latest
        words = _("posted between {early} and {late}")
        yield words.format(early=_at(early, zone), late=_at(late, zone)), "warning"
    if post.edited is not None:
        yield "  " + _("edited {at}").format(at=_at(post.edited.latest, zone)), "warning"
    if post.deleted:
        yield "  " + _("deleted by its author"), "error"


def finding_lines(it: Dossier, reader: Reader) -> Iterator[Line]:
    """Why the post waits, with the evidence, and what happened to it."""
    findings = it.record.verdict.findings
    for number, finding in enumerate(findings):
        if number and finding.stance != "supports":
            yield line()
        yield from _finding(it, finding, reader)
    yield from _seen(it.looked, reader)
    yield from _history(it, reader)


def _finding(it: Dossier, finding: Finding, reader: Reader) -> Iterator[Line]:
    _ = reader.say
    glyph, style = _STANCE[finding.stance]
    yield of((f"{glyph} ", style), (label(finding.code, reader.lang), style), indent=2)
    if finding.stance == "supports":
        return
    yield of(("  ", ""), (sentence(it, finding, reader.lang), ""), indent=2)
    original = of_finding(it, finding)
    if original is not None:
        yield of(("  ", ""), ("d ", "key"), (_("beside its original"), "muted"), indent=2)


def _seen(looked: Sequence[Looked], reader: Reader) -> Iterator[Line]:
    _ = reader.say
    for number, item in enumerate(looked):
        yield line()
        if not isinstance(item.result, MediaEvidence):
            yield of((f"▣ {number}  ", "title"), (item.result.reason, "warning"), indent=2)
            continue
        seen = item.result
        size = f"{seen.format} {seen.width}×{seen.height}"
        long = "" if seen.duration is None else f" {seen.duration:.0f} s"
        yield of((f"▣ {number}  ", "title"), (size + long, "muted"), indent=2)
        for mark in seen.marks:
            at = "" if mark.time is None else f"  {mark.time:.1f} s"
            yield of((f"  {mark.score:.2f}  ", "accent"), (f"{mark.name}{at}", ""), indent=8)
        if not seen.marks:
            yield line("  " + _("no brand mark seen"), "muted", indent=2)
        for code in seen.codes:
            yield of(("  QR  ", "warning"), (code.text, ""), indent=6)


def _history(it: Dossier, reader: Reader) -> Iterator[Line]:
    _ = reader.say
    if not it.decisions:
        return
    yield line()
    yield line(_("decided so far"), "title")
    undone = {decision.undoes for decision in it.decisions}
    for decision in it.decisions:
        if decision.action == "undo":
            continue
        code = "" if decision.code in (None, "accepted") else f" ({label(decision.code or '', reader.lang)})"
        note = f": {decision.note}" if decision.note else ""
        gone = f"  [{_('undone')}]" if decision.id in undone else ""
        style: StyleName = "muted" if gone else ""
        words = f"{decision.who} {action_name(decision.action, reader)}{code}{note}{gone}"
        yield of((decision.at.astimezone(reader.zone).strftime("%m-%d %H:%M "), "muted"), (words, style), indent=2)


def action_name(action: Action, reader: Reader) -> str:
    """What somebody did, in words."""
    _ = reader.say
    names: dict[Action, str] = {
        "approve": _("approved"),
        "reject": _("rejected"),
        "flag": _("sent to a second pair of eyes"),
        "reopen": _("reopened"),
        "note": _("noted"),
        "undo": _("undone"),
    }
    return names.get(action, action)


def _accounts(reader: Reader) -> dict[AccountType, str]:
    _ = reader.say
    return {
        "main": _("main account"),
        "sub": _("sub-account"),
        "staff": _("staff"),
        "institution": _("institution"),
        "affiliate": _("affiliate"),
    }


def cluster_lines(found: Cluster, rows: Mapping[str, Row], reader: Reader) -> Iterator[Line]:
    """Who stands how in a cluster, and what settling it would do."""
    _ = reader.say
    names: dict[Standing, str] = {
        "head": _("first: stays as it is"),
        "copy": _("copy"),
        "mixed": _("copies beside its own: stays"),
        "own": _("its author's earlier one: stays"),
        "unordered": _("who was first is unknown: stays"),
        "former": _("no longer shows it: stays"),
        "partial": _("shows a part: stays"),
    }
    count = sum(member.settles for member in found.members)
    yield line(_("{count} copies would be rejected").format(count=count), "title")
    yield of(("D ", "key"), (_("settles them"), ""), ("   Esc ", "key"), (_("back"), ""))
    yield line()
    for member in found.members:
        words = names[member.standing]
        if member.standing == "copy":
            words += ": " + (_("to be rejected") if member.settles else _("decided already"))
        style: StyleName = "error" if member.settles else "success" if member.standing == "head" else "muted"
        row = rows.get(member.post_id)
        yield of(
            (f"{member.post_id:>12}  ", "title"), (words, style), (f"  {'' if row is None else row.words}", "muted")
        )


class Row(Value):
    """One post in the queue: its id, what it waits for, and its first words."""

    post_id: str
    codes: tuple[str, ...]
    words: str


def row_of(record: Record, post: Post | None) -> Row:
    """One post of the queue."""
    findings = record.verdict.findings
    codes = dict.fromkeys(f.code for stance in ("block", "ask", "note") for f in findings if f.stance == stance)
    words = "" if post is None else " ".join(f"{post.author.nickname or ''} {post.title} {post.text[:_WORDS]}".split())
    return Row(post_id=record.post_id, codes=tuple(codes), words=words[:_WORDS])


def _at(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return "?" if moment is None else moment.astimezone(zone).strftime("%m-%d %H:%M:%S")
