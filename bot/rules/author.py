"""Rules on who may take part. What is not known of an author is not held against them. Only entries are asked."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.facts import Facts
from bot.rules.rule import Hit


def author_ineligible(facts: Facts) -> Iterator[Hit]:
    """The author is known to be out: by account type (sub-accounts, staff, institutions, affiliates as the campaign
    lists them), by region, or by the campaign's list of staff."""
    if facts.hashtag.kind == "none":
        return
    policy, author = facts.campaign.authors, facts.post.author
    if author.account_type in policy.excluded_types:
        yield Hit(detail={"why": "account_type", "value": author.account_type})
    region = None if author.region is None else author.region.upper()
    if region is not None and (region in policy.excluded_regions or (policy.regions and region not in policy.regions)):
        yield Hit(detail={"why": "region", "value": region})
    listed = ({author.id, author.person} - {None}) & set(policy.staff)
    if listed:
        yield Hit(detail={"why": "staff", "value": min(filter(None, listed))})


def author_unverified(facts: Facts) -> Iterator[Hit]:
    """The campaign wants identity verification, and the author is known not to have it; with `unknown = "ask"` also
    where no source says."""
    policy, verified = facts.campaign.authors, facts.post.author.verified
    if facts.hashtag.kind == "none" or not policy.verified:
        return
    if verified is False or (verified is None and policy.unknown == "ask"):
        yield Hit(detail={"known": "unverified" if verified is False else None})


def author_repeat(facts: Facts) -> Iterator[Hit]:
    """The same verified person has an entry under another account: several accounts of one person count as one."""
    if facts.campaign.authors.one_account and facts.case.prior_entries > 0:
        yield Hit(detail={"earlier": facts.case.prior_entries})
