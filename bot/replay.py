"""Judging what is stored again, under another campaign file, on a copy: what would flip. Changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bot.campaign import Campaign
from bot.decide import outcome
from bot.export import reason
from bot.look import Looker, Seen
from bot.model import MediaRef, Status, Verdict
from bot.pipeline import Pipeline
from bot.relate import Relater
from bot.store import Store
from bot.store.copy import copy_database
from detectors.evidence import Value


class Flip(Value):
    """One post that would stand elsewhere. ``before`` and ``after`` with what people decided taken into account."""

    post_id: str
    revision: int
    before: Status
    after: Status
    decided_by: str
    reasons_before: tuple[dict[str, Any], ...]
    reasons_after: tuple[dict[str, Any], ...]


class Replayed(Value):
    """How many posts were judged, which would flip, and how many need a look that never happened: under the old
    campaign nothing of theirs was downloaded."""

    posts: int
    flips: tuple[Flip, ...]
    unseen: int


class _Evidence(Looker):
    """Looks at nothing: a replay judges by what is stored."""

    def __init__(self, version: str) -> None:
        self.version = version

    async def look(self, ref: MediaRef, has_evidence: object) -> Seen:
        """Never called: a replay plans no looks."""
        raise RuntimeError("a replay looks at nothing")


def replay(store: Store, campaign: Campaign, version: str) -> Replayed:
    """Judge every stored post under ``campaign``, in a copy of the database with its graph of copies built anew, so
    that changed thresholds of copies count too. ``version`` names the evidence to prefer. Raises UserError."""
    with tempfile.TemporaryDirectory(prefix="gatewarden-replay-") as name:
        copy_database(store.connection, Path(name) / "gatewarden.db")
        copy = Store(Path(name))
        try:
            return _replay(copy, campaign, version)
        finally:
            copy.close()


def _replay(copy: Store, campaign: Campaign, version: str) -> Replayed:
    before = {record.post_id: record for record in copy.verdicts.all()}
    with copy.transaction():
        copy.graph.clear()
        pipeline = Pipeline(copy, Relater(copy, campaign, version), _Evidence(version), campaign)
        pipeline.judge_all(tuple(before), now=0)
    flips, unseen = [], 0
    for post_id, old in before.items():
        new = copy.verdicts.get(post_id)
        if new is None:
            continue
        unseen += any(f.detail.get("reason") == "not_looked_at" for f in new.verdict.findings)
        decisions = copy.verdicts.decisions(post_id)
        stands = outcome(new.verdict, decisions)
        if stands.status != old.status:
            flips.append(
                Flip(
                    post_id=post_id,
                    revision=new.verdict.revision,
                    before=old.status,
                    after=stands.status,
                    decided_by=stands.decided_by,
                    reasons_before=_reasons(old.verdict),
                    reasons_after=_reasons(new.verdict),
                )
            )
    return Replayed(posts=len(before), flips=tuple(flips), unseen=unseen)


def _reasons(verdict: Verdict) -> tuple[dict[str, Any], ...]:
    return tuple(reason(finding) for finding in verdict.findings if finding.stance != "supports")
