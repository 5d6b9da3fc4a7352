"""The rules: small pure functions in one visible tuple, each named after its reason code.

To add one: write the function beside its like, its docstring being the public description of the code; give the code
its words in ``bot/reasons.toml``; add one line to ``RULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from bot.campaign import Campaign
from bot.model import Case, Finding, Post, Stance, Status, Verdict
from bot.rules.author import author_ineligible, author_repeat, author_unverified
from bot.rules.content import content_code, content_contact, content_link, detector_fault
from bot.rules.copies import (
    duplicate_exact,
    duplicate_near,
    duplicate_partial,
    duplicate_self,
    duplicate_text,
    duplicate_unordered,
)
from bot.rules.entry import (
    entry_notice,
    entry_quote,
    hashtag_lookalike,
    hashtag_missing,
    hashtag_ok,
    post_deleted,
    post_edited_late,
    window_early,
    window_late,
    window_ok,
    window_unknown,
)
from bot.rules.facts import STANCES, Facts
from bot.rules.media import (
    brand_absent,
    brand_only_official,
    brand_pasted,
    brand_present,
    brand_unsure,
    media_none,
    media_refused,
    media_unavailable,
    media_unknown,
    media_unreadable,
)
from bot.rules.rule import Hit, Rule, code_of
from bot.rules.summary import brand_summary, features

__all__ = ["RULES", "admits", "brand_summary", "code_of", "features", "in_earnest", "judge"]

RULES: Final[tuple[Rule, ...]] = (
    post_deleted,
    entry_notice,
    hashtag_missing,
    window_early,
    window_late,
    author_ineligible,
    media_none,
    duplicate_exact,
    duplicate_self,
    detector_fault,
    entry_quote,
    hashtag_lookalike,
    window_unknown,
    post_edited_late,
    duplicate_near,
    duplicate_partial,
    duplicate_unordered,
    duplicate_text,
    brand_only_official,
    brand_absent,
    brand_unsure,
    media_unknown,
    media_unreadable,
    media_refused,
    media_unavailable,
    author_unverified,
    author_repeat,
    content_contact,
    content_code,
    content_link,
    brand_pasted,
    brand_present,
    hashtag_ok,
    window_ok,
)
"""Every rule. Among findings of one stance, that of the earlier rule is the more decisive."""


SHADOW: Final = "shadow"
"""In the detail of a finding that is recorded without effect: the stance it would have."""


def admits(post: Post, campaign: Campaign) -> bool:
    """Whether the post's media are wanted: nothing that can be told without them blocks it. Deletion and author rules
    do not stop the download: others' copies are judged against what was posted first."""
    return Facts(Case(post=post), campaign).admitted


def judge(
    case: Case,
    campaign: Campaign,
    rules: Sequence[Rule] = RULES,
    on_fault: Callable[[str, Exception], None] = lambda code, error: None,
) -> Verdict:
    """What the rules make of a case: the same case and campaign give the same verdict, always.

    All findings are listed, most decisive first. Withdrawn if deleted; else ineligible if anything blocks; else review
    if anything asks; else eligible. A rule that raises is handed to ``on_fault`` with its code, for the log, and
    becomes a ``detector.fault``: the post goes to a person.
    """
    facts = Facts(case, campaign)
    findings: list[Finding] = []
    for rule in rules:
        code = code_of(rule)
        try:
            found = [_finding(hit, code, campaign) for hit in rule(facts)]
        except Exception as error:  # noqa: BLE001 - a bug in one rule must neither pass a post nor hide other findings
            on_fault(code, error)
            fault = Hit(detail={"fault": type(error).__name__, "rule": code})
            found = [_finding(fault, "detector.fault", campaign)]
        findings += found
    findings.sort(key=lambda finding: -STANCES.index(finding.stance))  # stable: the order of rules within a stance
    if any(finding.code == "post.deleted" for finding in findings):
        findings.sort(key=lambda finding: finding.code != "post.deleted")
    versions = {name: v for seen in facts.evidence.values() for name, v in seen.detectors.items()}
    return Verdict(
        post_id=case.post.id,
        revision=case.post.revision,
        status=_status(findings),
        findings=tuple(findings),
        campaign=campaign.name,
        campaign_version=campaign.version,
        detectors=dict(sorted(versions.items())),
    )


def _finding(hit: Hit, code: str, campaign: Campaign) -> Finding:
    stance: Stance = min(campaign.stance_of(code), hit.at_most, key=STANCES.index)
    detail, shadow = hit.detail, campaign.shadow.get(code)
    if shadow is not None:
        detail = {**detail, SHADOW: min(shadow, hit.at_most, key=STANCES.index)}
    return Finding(code=code, stance=stance, detail=detail, media=hit.media, rule=code)


def in_earnest(verdict: Verdict) -> Status:
    """How a post would stand if the findings of shadow rules had the stance that they stand for."""
    findings = [
        msgspec.structs.replace(finding, stance=finding.detail.get(SHADOW, finding.stance))
        for finding in verdict.findings
    ]
    return _status(findings)


def _status(findings: Sequence[Finding]) -> Status:
    if any(finding.code == "post.deleted" for finding in findings):
        return "withdrawn"
    stances = {finding.stance for finding in findings}
    return "ineligible" if "block" in stances else "review" if "ask" in stances else "eligible"
