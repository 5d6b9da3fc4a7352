"""All there is to say about one post, for the person who decides: what ``show`` prints."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec

from bot.campaign import Campaign
from bot.copies.originals import Original, Originals
from bot.decide import standing
from bot.i18n import translator
from bot.model import Decision, Finding, Interval, Looked, Post, Verdict
from bot.reasons import Lang, describe, message_for_author
from bot.reports.export import Exporter, rfc3339
from bot.review.second import hidden_from
from bot.store import Store
from bot.store.times import from_us
from bot.store.verdicts import Record
from detectors.evidence import MediaEvidence, Value

_KEPT: Final = ("sha256", "kind", "format", "width", "height", "duration", "marks", "codes", "resemblances", "faults")


class Dossier(Value):
    """One post as it stands. ``post`` is None where what it said was erased. ``appeal``: why it was reopened, where it
    waits for that; what was decided before stands in ``history``."""

    record: Record
    verdict: dict[str, Any]
    post: Post | None
    looked: tuple[Looked, ...]
    originals: tuple[Original, ...]
    decisions: tuple[Decision, ...]
    history: tuple[dict[str, Any], ...]
    appeal: Decision | None = None


def dossier(store: Store, campaign: Campaign, record: Record, reader: str | None = None) -> Dossier:
    """Gather it, from one reading of the store. ``reader`` will decide on it: where a second opinion is asked for, what
    others think of it is left out. None leaves nothing out."""
    exporter = Exporter(store, campaign)
    case = exporter.case(record.post_id)
    hidden = hidden_from(store, record.post_id, reader)
    decisions = tuple(d for d in store.verdicts.decisions(record.post_id) if d.id not in hidden)
    last = standing(decisions)
    return Dossier(
        record=record,
        verdict=exporter.one(record),
        post=None if case is None else case.post,
        looked=() if case is None else case.looked,
        originals=tuple(Originals(store.graph).of(record.post_id)),
        decisions=decisions,
        history=_history(store, record.post_id, decisions, campaign, hidden),
        appeal=last if last is not None and last.action == "reopen" and record.status == "review" else None,
    )


def message(it: Dossier, lang: Lang) -> str:
    """What can be pasted to the author. A person's reason stands before the rules'."""
    return message_for_author(_as_decided(it.record, it.decisions), lang)


def sentence(it: Dossier, finding: Finding, lang: Lang) -> str:
    """One finding in words, with the post that it is about where there is one."""
    original = of_finding(it, finding)
    words = describe(finding, lang)
    if original is None:
        return words
    measure = "" if original.distance is None else f", {original.distance}/256"
    if original.inliers is not None and original.area is not None:
        _ = translator(lang)
        measure = ", " + _("{count} points over {share}").format(count=original.inliers, share=f"{original.area:.0%}")
    return f"{words} [{original.post_id}{measure}]"


def of_finding(it: Dossier, finding: Finding) -> Original | None:
    """The earlier post that a finding about copies rests on."""
    if not finding.code.startswith("duplicate."):
        return None
    return next((o for o in it.originals if o.media == finding.media), None)


def as_json(it: Dossier, campaign: Campaign) -> dict[str, Any]:
    """The verdict object with everything that explains it."""
    post = it.post
    return {
        **it.verdict,
        "title": None if post is None else post.title,
        "text": None if post is None else post.text,
        "author": None if post is None else msgspec.to_builtins(post.author),
        "created_at": _time(None if post is None else post.created_at, campaign),
        "edited_at": _time(None if post is None else post.edited_at, campaign),
        "posted": None if post is None else _interval(post.posted, campaign),
        "sources": [] if post is None else list(post.sources),
        "notes": [] if post is None else list(post.notes),
        "media": [_media(item) for item in it.looked],
        "originals": [msgspec.to_builtins(o) for o in it.originals],
        "appeal": None if it.appeal is None else _appeal(it.appeal, campaign),
        "history": list(it.history),
        "messages": {"en": message(it, "en"), "zh": message(it, "zh")},
    }


def _media(item: Looked) -> dict[str, Any]:
    base: dict[str, Any] = {"type": item.ref.type, "url": item.ref.url, "path": item.ref.path}
    if isinstance(item.result, MediaEvidence):
        seen = msgspec.to_builtins(item.result)
        return {**base, "result": "evidence", "reason": None, **{key: seen[key] for key in _KEPT}}
    return {**base, "result": type(item.result).__name__.lower(), "reason": item.result.reason}


def _as_decided(record: Record, decisions: tuple[Decision, ...]) -> Verdict:
    """The verdict with what a person decided in the place of what the rules found."""
    last = standing(decisions)
    verdict = msgspec.structs.replace(record.verdict, status=record.status)
    if record.decided_by == "rules" or last is None or last.action != "reject" or last.code is None:
        return verdict
    return msgspec.structs.replace(verdict, findings=(Finding(code=last.code, stance="block"),))


def _history(
    store: Store, post_id: str, decisions: tuple[Decision, ...], campaign: Campaign, hidden: frozenset[str]
) -> tuple[dict[str, Any], ...]:
    """What happened, oldest first: the sealed events, with the notes of people's decisions beside them."""
    by_id = {decision.id: decision for decision in decisions}
    undone = {decision.undoes for decision in decisions}
    events = []
    for _, at, kind, payload in store.log.of(post_id):
        facts = msgspec.json.decode(payload, type=dict[str, Any])
        if facts.get("id") in hidden:
            continue
        decision = by_id.get(facts.get("id", ""))
        if decision is not None:
            facts |= {"note": decision.note, "undone": decision.id in undone}
        events.append({"at": _time(from_us(at), campaign), "event": kind, **facts})
    return tuple(events)


def _appeal(decision: Decision, campaign: Campaign) -> dict[str, Any]:
    return {"note": decision.note, "who": decision.who, "at": _time(decision.at, campaign)}


def _time(moment: dt.datetime | None, campaign: Campaign) -> str | None:
    return None if moment is None else rfc3339(moment, campaign.tz)


def _interval(interval: Interval, campaign: Campaign) -> dict[str, str | None]:
    return {"earliest": _time(interval.earliest, campaign), "latest": _time(interval.latest, campaign)}
