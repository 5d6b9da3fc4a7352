"""What events say of verdicts and decisions, and how it is read back, in every form that it was ever written in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bot.decide import seen
from bot.model import Decision, Finding, Verdict
from bot.store.connection import Row
from bot.store.times import from_us

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def judged(verdict: Verdict) -> dict[str, Any]:
    """What ``post.judged`` says: ids and codes, no detail."""
    return {
        "revision": verdict.revision,
        "status": verdict.status,
        "codes": [[f.code, f.stance, f.media] for f in verdict.findings],
        "campaign": verdict.campaign_version,
    }


def facts(decision: Decision) -> dict[str, Any]:
    """What ``post.decided`` says: all but the note, which may be about a person. Form 1 had neither what its maker saw,
    nor ``held``, ``batch`` and ``pair``."""
    return {
        "id": decision.id,
        "revision": decision.revision,
        "action": decision.action,
        "code": decision.code,
        "who": decision.who,
        "undoes": decision.undoes,
        "saw": decision.saw,
        "held": decision.held,
        "batch": decision.batch,
        "pair": decision.pair,
    }


def history(rows: Iterable[Row]) -> Iterator[tuple[int, Verdict | Decision]]:
    """The verdicts and decisions among one post's events, (seq, at, kind, payload) each, oldest first. Verdicts come
    back with their codes alone."""
    last: Verdict | None = None
    for _, at, kind, payload in rows:
        if kind == "post.judged":
            last = _verdict(_decode(payload))
            yield at, last
        elif kind == "post.decided":
            yield at, _decision(_decode(payload), from_us(at), last)


def _verdict(said: dict[str, Any]) -> Verdict:
    return Verdict(
        post_id="",
        revision=said["revision"],
        status=said["status"],
        findings=tuple(Finding(code=c, stance=stance, media=media) for c, stance, media in said["codes"]),
        campaign="",
        campaign_version=said["campaign"],
    )


def _decision(said: dict[str, Any], at: dt.datetime, last: Verdict | None) -> Decision:
    saw = said.get("saw")
    if saw is None:  # form 1: a decision was made on what stood at that moment
        saw = () if last is None else seen(last.findings)
    pair = said.get("pair")
    return Decision(
        id=said["id"],
        post_id="",
        revision=said["revision"],
        action=said["action"],
        code=said["code"],
        note=None,
        who=said["who"],
        at=at,
        saw=tuple(saw),
        undoes=said["undoes"],
        held=said.get("held", False),
        batch=said.get("batch"),
        pair=None if pair is None else (pair[0], pair[1]),
    )
