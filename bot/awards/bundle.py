"""The evidence of winners: for each one everything from the award down to the hashes of the media, as files.

No nickname, no account and no person is in it: people stand behind pseudonyms, judges and moderators behind numbers.
Posts stand in it by their ids, also those that were ranked and did not win.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bot.awards import publication, verify_draw, verify_winners
from bot.awards.canonical import canonical
from bot.awards.drawing import draws
from bot.awards.judging import counting
from bot.awards.shares import leaderboard
from bot.awards.winners import Proposal
from bot.campaign import Campaign
from bot.decide import standing
from bot.media.looked import looked
from bot.model import Verdict
from bot.store import Store
from bot.store.judging import Judging
from detectors.evidence import MediaEvidence


def evidence(store: Store, campaign: Campaign, it: Proposal) -> dict[str, bytes]:
    """Every file of the bundle, the manifest last, in a folder each its own."""
    found = {
        "awards.json": it.basis.document(),
        "changes.json": canonical(msgspec.to_builtins(it.changes)),
        "outcome.json": canonical(msgspec.to_builtins(it.tiers)),
        "log.json": canonical(store.log.head()),
        "verify_winners.py": Path(verify_winners.__file__).read_bytes(),
        "verify_draw.py": Path(verify_draw.__file__).read_bytes(),
        **_draw(store, campaign, it),
        **_judging(store, campaign, it),
        **_posts(store, campaign, it),
    }
    manifest = canonical({"files": {name: hashlib.sha256(body).hexdigest() for name, body in found.items()}})
    found["manifest.json"] = manifest
    found["manifest.sha256"] = f"{hashlib.sha256(manifest).hexdigest()}  manifest.json\n".encode()
    return found


def _draw(store: Store, campaign: Campaign, it: Proposal) -> dict[str, bytes]:
    """The published draw, and which post stands behind which entry."""
    held = draws(store).get(campaign.name)
    if held is None or held.result is None or not it.basis.entries:
        return {}
    files = publication.files(held.commitment, held.entries, held.told, held.result)
    salts = {e.post_id: e.salt for e in held.entries if e.post_id in it.basis.entries}
    forgotten = len(held.result.ranking) - len(it.basis.entries)
    files["salts.json"] = canonical({"salts": salts, "forgotten": forgotten})
    return {f"draw/{name}": body for name, body in files.items()}


def _judging(store: Store, campaign: Campaign, it: Proposal) -> dict[str, bytes]:
    """Who gave what, judges by number."""
    if not it.basis.scores:
        return {}
    kept = Judging(store.connection, store.log, campaign.name)
    given = counting(kept.marks(), it.basis.scores, dict(it.basis.rubric))
    marks = [marked for marked in given if marked.marks is not None]
    numbers = {judge: f"J{n}" for n, judge in enumerate(sorted({marked.judge for marked in marks}), 1)}
    listed = [{"post_id": m.post_id, "judge": numbers[m.judge], "marks": m.marks} for m in marks]
    return {"judging.json": canonical({"seed": kept.seed(), "marks": listed})}


def _posts(store: Store, campaign: Campaign, it: Proposal) -> dict[str, bytes]:
    """One file a winner, and one an item of their media."""
    found: dict[str, bytes] = {}
    awards = [award for tier in it.tiers for award in tier.awards]
    counted = _counted(store, campaign, it) if it.basis.views else {}
    for number, award in enumerate(awards, 1):
        record = store.verdicts.get(award.post_id)
        post = store.intake.post(award.post_id)
        if record is None or post is None:
            continue  # forgotten since: the verifier says that the file is missing
        media = []
        for item in looked(store, "", post)[0]:
            if isinstance(item.result, MediaEvidence):
                raw = canonical(msgspec.to_builtins(item.result))
                found[f"evidence/{item.result.sha256}.json"] = raw
                media.append({"sha256": item.result.sha256, "evidence": hashlib.sha256(raw).hexdigest()})
        decision = standing(store.verdicts.decisions(award.post_id))
        facts = {
            "post_id": award.post_id,
            "tier": award.tier,
            "place": award.place,
            "status": record.status,
            "verdict": _verdict(record.verdict),
            "decision": None
            if decision is None
            else {
                "action": decision.action,
                "code": decision.code,
                "revision": decision.revision,
                "at": decision.at.isoformat(),
                "saw": list(decision.saw),
            },
            "media": media,
            "views": counted.get(award.post_id) if award.post_id in it.basis.views else None,
        }
        found[f"posts/{number:03}.json"] = canonical(facts)
    return found


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """What the rules found, without the details: these may hold an address or a number that somebody wrote."""
    return {
        "post_id": verdict.post_id,
        "revision": verdict.revision,
        "status": verdict.status,
        "campaign_version": verdict.campaign_version,
        "detectors": verdict.detectors,
        "findings": [{"code": f.code, "stance": f.stance, "media": f.media} for f in verdict.findings],
    }


def _counted(store: Store, campaign: Campaign, it: Proposal) -> dict[str, Sequence[dict[str, Any]]]:
    """What was counted on X of each ranked post, version by version."""
    at = it.frozen_at if it.frozen_at is not None else it.basis.at
    return {
        place.post_id: [
            {"x_id": count.x_id, "at": count.at.isoformat(), "views": count.views or 0} for count in place.versions
        ]
        for place in leaderboard(store, campaign, at).places
    }
