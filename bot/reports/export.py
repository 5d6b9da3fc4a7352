"""A judged post as the outside world reads it: the verdict object, as JSON and as a row of a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from bot.campaign import Campaign
from bot.copies.originals import Originals
from bot.decide import standing
from bot.media.looked import looked
from bot.model import Case, Decision, Finding, Stats, Status
from bot.rules.summary import brand_summary, features
from bot.store import Store
from bot.store.times import from_us
from bot.store.verdicts import Record
from bot.text_safety import csv_cell

COLUMNS: Final = (
    "post_id", "revision", "author_id", "status", "reasons", "decided_by", "decided_at", "campaign",
    "campaign_version", "brand_present", "brand_score", "brand_marks", "duplicate_of", "cluster", "story_chars",
    "views", "likes", "comments", "shares", "url",
)  # fmt: skip
"""The columns of the CSV form; ``reasons`` and ``brand_marks`` hold names separated by blanks."""

_UNSEEN: Final[dict[str, Any]] = {"present": None, "score": None, "marks": []}


class Exporter:
    """Makes verdict objects from one reading of the store; not for use across transactions."""

    def __init__(self, store: Store, campaign: Campaign) -> None:
        self._store, self._campaign = store, campaign
        self._originals = Originals(store.graph)

    def all(self, statuses: Sequence[Status] = ()) -> Iterator[dict[str, Any]]:
        """Every post (of these statuses), in order of id."""
        for record in self._store.verdicts.all(statuses):
            yield self.one(record)

    def one(self, record: Record) -> dict[str, Any]:
        """The verdict object of one post. Times in the campaign's zone."""
        case = self.case(record.post_id)
        post = None if case is None else case.post
        originals = self._originals.of(record.post_id)
        return {
            "post_id": record.post_id,
            "revision": record.verdict.revision,
            "author_id": record.author_id,
            "status": record.status,
            "reasons": self._reasons(record),
            "decided_by": record.decided_by,
            "decided_at": self._time(record.decided_at),
            "campaign": record.verdict.campaign,
            "campaign_version": record.verdict.campaign_version,
            "brand": _UNSEEN if case is None else msgspec.to_builtins(brand_summary(case, self._campaign)),
            "duplicate_of": originals[0].post_id if originals else None,
            "cluster": self._originals.cluster(record.post_id),
            "detectors": record.verdict.detectors,
            "features": {} if case is None else features(case, self._campaign),
            "stats": msgspec.to_builtins((post.stats if post is not None else None) or Stats()),
            "url": None if post is None else post.url,
        }

    def case(self, post_id: str) -> Case | None:
        """A post with what was seen in its media; None where nothing is stored of it any more."""
        post = self._store.intake.post(post_id)
        return None if post is None else Case(post=post, looked=looked(self._store, "", post)[0])

    def _reasons(self, record: Record) -> list[dict[str, Any]]:
        decision = standing(self._store.verdicts.decisions(record.post_id))
        by_person = [] if record.decided_by == "rules" or decision is None else _decided(decision)
        return by_person + [reason(f) for f in record.verdict.findings if f.stance != "supports"]

    def _time(self, us: int) -> str:
        return rfc3339(from_us(us), self._campaign.tz)


def _decided(decision: Decision) -> list[dict[str, Any]]:
    """The reason that a person gave; a reopened post has none of theirs."""
    if decision.action == "reopen" or decision.code is None:
        return []
    stance = "supports" if decision.action == "approve" else "block"
    return [{"code": decision.code, "stance": stance, "detail": {"note": decision.note}, "media": None}]


def reason(finding: Finding) -> dict[str, Any]:
    """A finding as users script against it."""
    return {"code": finding.code, "stance": finding.stance, "detail": finding.detail, "media": finding.media}


def rfc3339(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """A time with its offset, in the campaign's zone."""
    return moment.astimezone(zone).isoformat()


def row(verdict: dict[str, Any]) -> list[str]:
    """The cells of one verdict object, in the order of ``COLUMNS``, safe for a spreadsheet."""
    flat = {
        **verdict,
        "story_chars": verdict["features"].get("story_chars"),
        **verdict["stats"],
        "reasons": " ".join(dict.fromkeys(r["code"] for r in verdict["reasons"])),
        "brand_present": verdict["brand"]["present"],
        "brand_score": verdict["brand"]["score"],
        "brand_marks": " ".join(dict.fromkeys(m["name"] for m in verdict["brand"]["marks"])),
    }
    return [csv_cell(flat[column]) for column in COLUMNS]
