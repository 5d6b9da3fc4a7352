"""Rules on any case whatever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.campaign import load_campaign
from bot.model import Author, Case, Interval, Looked, MediaRef, Post, Refused, Relation, Unavailable, Verdict
from bot.reasons import describe, message_for_author
from bot.rules import admits, brand_summary, features, judge
from bot.rules.facts import STANCES
from detectors.evidence import MediaEvidence, Resemblance, Unreadable

CAMPAIGN = load_campaign()
REF = MediaRef(type="image", url="https://a.test/0.png")
moments = st.one_of(st.none(), st.sampled_from([dt.datetime(2025, 7, 20, tzinfo=dt.UTC), CAMPAIGN.ends]))
texts = st.sampled_from(
    ["", "#我的Gate时刻#", "#我的Gate時刻# t.me/abcde", *CAMPAIGN.notice.texts, "微信：abcdef bit.ly/x"]
)
relations = st.lists(
    st.builds(
        Relation,
        kind=st.sampled_from(["exact", "near", "partial", "text", "common", "official"]),
        order=st.sampled_from(["first", "later", "unordered"]),
        own=st.booleans(),
        media=st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_size=4,
).map(tuple)
authors = st.builds(
    Author,
    id=st.sampled_from([None, "u"]),
    verified=st.sampled_from([None, True, False]),
    account_type=st.sampled_from([None, "main", "sub"]),
)
seeds = st.lists(
    st.sampled_from(["good", "bad", "half", "poster", "fault", "unreadable", "refused", "gone"]), max_size=4
)


def result(kind: str, evidence_of: Callable[..., MediaEvidence]) -> MediaEvidence | Unreadable | Refused | Unavailable:
    match kind:
        case "good":
            return evidence_of(0.9)
        case "bad":
            return evidence_of(None)
        case "half":
            return evidence_of(0.5)
        case "poster":
            return evidence_of(resemblances=(Resemblance(asset="p", distance=3),))
        case "fault":
            return evidence_of(faults=("codes",))
        case "unreadable":
            return Unreadable(reason="x")
        case "refused":
            return Refused(reason="x")
    return Unavailable(reason="x")


@given(data=st.data())
def test_any_case_gives_a_consistent_verdict(
    post_of: Callable[..., Post], evidence_of: Callable[..., MediaEvidence], data: st.DataObject
) -> None:
    """The status follows from the findings, these are in order and complete words, and the same case gives the same."""
    kinds = data.draw(seeds)
    created = data.draw(moments)
    post = post_of(
        data.draw(texts),
        media=len(kinds),
        created_at=created,
        posted=Interval(earliest=created, latest=created),
        deleted=data.draw(st.booleans()),
        media_complete=data.draw(st.booleans()),
        author=data.draw(authors),
    )
    looked = tuple(Looked(ref=REF, result=result(kind, evidence_of)) for kind in kinds)
    looked = looked if admits(post, CAMPAIGN) else ()
    case = Case(post=post, looked=looked, relations=data.draw(relations), prior_entries=data.draw(st.integers(0, 2)))
    verdict = judge(case, CAMPAIGN)

    assert verdict == judge(case, CAMPAIGN)
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict
    stances = [f.stance for f in verdict.findings]
    if post.deleted:
        assert (verdict.status, verdict.findings[0].code) == ("withdrawn", "post.deleted")
    else:
        worst = max(stances, key=STANCES.index)
        assert verdict.status == {"block": "ineligible", "ask": "review"}.get(worst, "eligible")
    assert stances == sorted(stances, key=STANCES.index, reverse=True)
    codes = {f.code for f in verdict.findings}
    if not post.media_complete:
        assert not codes & {"media.none", "brand.absent"}
    if not admits(post, CAMPAIGN):
        assert not any(code.startswith(("brand.", "media.")) and code != "media.none" for code in codes)
    if verdict.status == "eligible":
        assert {"brand.present", "hashtag.ok", "window.ok"} <= codes
    assert "detector.fault" not in codes or "fault" in kinds
    for lang in ("zh", "en"):
        assert message_for_author(verdict, lang).count("\n") >= 1
        assert all(describe(finding, lang) for finding in verdict.findings)
    summary, figures = brand_summary(case, CAMPAIGN), features(case, CAMPAIGN)
    assert summary.present is not True or "good" in kinds or "fault" in kinds or "poster" in kinds
    assert figures["media_count"] == len(kinds)
