"""What ``winners publish`` writes: for the public, for auditors, for delivery."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bot.awards import bundle, publication, publish, verify_draw
from bot.awards.drawing import codes, draws
from bot.awards.judging import counting
from bot.awards.publish import Names, Page
from bot.awards.winners import Proposal
from bot.campaign import Campaign
from bot.store import Store
from bot.store.judging import Judging
from bot.store.people import Persons
from bot.whole_file import make_folder, write_whole


def release(store: Store, campaign: Campaign, it: Proposal, names: Names) -> tuple[dict[str, bytes], str]:
    """Every file by its path, and the digest of the evidence's manifest.

    ``public/``: the list and the draw, for everybody. ``evidence/``: names posts by their ids, also of those who did
    not win. ``delivery/``: accounts of winners, for whoever sends the prizes and nobody else.
    """
    evidence = bundle.evidence(store, campaign, it)
    digest = hashlib.sha256(evidence["manifest.json"]).hexdigest()
    prizes = {prize.tier: prize for prize in it.basis.prizes}
    found = {f"evidence/{name}": body for name, body in evidence.items()}
    found |= {f"public/{name}": body for name, body in publish.files(_page(store, campaign, it, names, digest)).items()}
    found |= {f"public/draw/{name}": body for name, body in _draw(store, campaign).items()}
    awards = [award for tier in it.tiers for award in tier.awards]
    owners = {award.post_id: owner(store, award.post_id) for award in awards}
    found["delivery/delivery.csv"] = publish.delivery(it.tiers, prizes, owners)
    return found, digest


def owner(store: Store, post_id: str) -> tuple[str | None, str | None]:
    """The account behind a post, or where no source names one, the person."""
    record = store.verdicts.get(post_id)
    account = None if record is None else record.author_id
    return account, Persons(store.connection, store.log).of(post_id, None) if account is None else None


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a release; the sheet for delivery where only its owner can read it. Raises UserError."""
    make_folder(folder / "delivery")
    (folder / "delivery").chmod(0o700)
    for name, body in files.items():
        target = folder / name
        make_folder(target.parent)
        write_whole(target, [body])


def _draw(store: Store, campaign: Campaign) -> dict[str, bytes]:
    held = draws(store).get(campaign.name)
    if held is None:
        return {}
    files = publication.files(held.commitment, held.entries, held.told, held.result)
    return {**files, "verify_draw.py": Path(verify_draw.__file__).read_bytes()}


def _page(store: Store, campaign: Campaign, it: Proposal, names: Names, digest: str) -> Page:
    held = draws(store).get(campaign.name)
    prizes = {prize.tier: prize for prize in it.basis.prizes}
    winners = []
    for tier in it.tiers:
        for award in tier.awards:
            post = store.intake.post(award.post_id)
            nickname = None if post is None else post.author.nickname
            winners.append(publish.listed(award, prizes[award.tier], it.basis, nickname, names))
    reasons = Counter(code for record in store.verdicts.all(("ineligible",)) for code in codes(store, record)[:1])
    title = campaign.title or campaign.name
    return Page(
        campaign=campaign.name,
        titles={"en": title, "zh": campaign.title_zh or title},
        frozen_at=(it.frozen_at or it.basis.at).astimezone(campaign.tz),
        tiers=tuple((tier.tier, tier.count) for tier in it.tiers),
        winners=tuple(winners),
        changes=it.changes,
        statistics=_statistics(store, campaign, it),
        reasons=dict(reasons.most_common()),
        evidence=digest,
        commitment=None if held is None else hashlib.sha256(held.commitment.document()).hexdigest(),
    )


def _statistics(store: Store, campaign: Campaign, it: Proposal) -> dict[str, int]:
    """Counts in the order in which they are shown; what does not apply is left out."""
    counts, basis = store.verdicts.counts(), it.basis
    found = {"posts": sum(counts.values())}
    found |= {status: counts.get(status, 0) for status in ("eligible", "ineligible", "review", "withdrawn")}
    held = draws(store).get(campaign.name)
    if held is not None:
        found |= {"listed": held.commitment.entries, "drawn": held.commitment.drawn_from}
    if basis.scores:
        given = Judging(store.connection, store.log, campaign.name).marks()
        marks = [m for m in counting(given, basis.scores, dict(basis.rubric)) if m.marks is not None]
        found |= {"scored": len(basis.scores), "scores": len(marks), "judges": len({m.judge for m in marks})}
    if basis.views:
        found["shared"] = len(basis.views)
    return {**found, "awards": sum(len(tier.awards) for tier in it.tiers)}
