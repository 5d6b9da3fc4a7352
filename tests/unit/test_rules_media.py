"""What the rules make of media: could they be looked at, do they show the brand, are they copies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from bot.campaign import load_campaign
from bot.model import (
    Case,
    Finding,
    Looked,
    MediaRef,
    Post,
    Refused,
    Relation,
    Stance,
    Unavailable,
    Verdict,
)
from bot.rules import brand_summary, judge
from detectors.evidence import Mark, MediaEvidence, Resemblance, Unreadable

CAMPAIGN = load_campaign()
(NOTICE,) = CAMPAIGN.notice.texts
REF = MediaRef(type="image", url="https://a.test/0.png")
QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
ENDS = CAMPAIGN.ends or dt.datetime.max.replace(tzinfo=dt.UTC)

PostOf = Callable[..., Post]
EvidenceOf = Callable[..., MediaEvidence]
Result = MediaEvidence | Unreadable | Refused | Unavailable


def case(post: Post, *results: Result, relations: tuple[Relation, ...] = (), **fields: Any) -> Case:
    looked = tuple(Looked(ref=REF, result=result) for result in results)
    return Case(post=post, looked=looked, relations=relations, **fields)


def codes(verdict: Verdict, *stances: Stance) -> list[str]:
    return [f.code for f in verdict.findings if f.stance in (stances or ("block", "ask", "note"))]


def only(verdict: Verdict, code: str) -> Finding:
    (found,) = (f for f in verdict.findings if f.code == code)
    return found


# Media


def test_no_media(post_of: PostOf) -> None:
    """A complete source without media blocks; a partial one only asks."""
    assert codes(judge(case(post_of(media=0)), CAMPAIGN)) == ["media.none"]
    partial = post_of(media=0, media_complete=False)
    assert codes(judge(case(partial), CAMPAIGN)) == ["media.unknown"]


def test_a_partial_source_never_proves_absence(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A first picture without the brand leaves open what else there is; one with it suffices."""
    post = post_of(media_complete=False)
    assert codes(judge(case(post, evidence_of(None)), CAMPAIGN)) == ["media.unknown"]
    assert judge(case(post, evidence_of()), CAMPAIGN).status == "eligible"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Unreadable(reason="too_many_pixels"), "media.unreadable"),
        (Refused(reason="private_address"), "media.refused"),
        (Unavailable(reason="http_404"), "media.unavailable"),
    ],
)
def test_media_that_could_not_be_looked_at(post_of: PostOf, evidence_of: EvidenceOf, result: Any, code: str) -> None:
    """Each kind of failure has its own code, names its file and reason, and stands beside a good picture as an ask."""
    alone = judge(case(post_of(), result), CAMPAIGN)
    assert (alone.status, codes(alone)) == ("review", [code])
    assert (only(alone, code).media, only(alone, code).detail) == (0, {"reason": result.reason})
    strict = replace(CAMPAIGN, stance={**CAMPAIGN.stance, code: "block"})
    assert judge(case(post_of(), result), strict).status == "ineligible"
    beside = judge(case(post_of(media=2), result, evidence_of()), strict)
    assert (beside.status, codes(beside, "ask")) == ("review", [code])


def test_media_nobody_looked_at_are_unavailable(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """An admitted post whose media were never examined is not passed over."""
    verdict = judge(case(post_of(media=2), evidence_of()), CAMPAIGN)
    assert (verdict.status, only(verdict, "media.unavailable").media) == ("review", 1)


# The brand


@pytest.mark.parametrize(
    ("score", "mark", "colour", "code"),
    [
        (0.8, "mark", 0.0, "brand.present"),
        (0.8, "gt", 0.0, "brand.present"),
        (0.7999, "mark", 0.0, "brand.unsure"),
        (0.2, "mark", 0.0, "brand.unsure"),
        (0.1999, "mark", 0.0, "brand.absent"),
        (None, "", 0.0, "brand.absent"),
        (0.99, "coinbase", 0.0, "brand.absent"),
        (None, "", 0.5, "brand.unsure"),
        (None, "", 1.0, "brand.unsure"),
    ],
)
def test_bands(
    post_of: PostOf, evidence_of: EvidenceOf, score: float | None, mark: str, colour: float, code: str
) -> None:
    """The bands are the campaign's, half-open; only marks that count do; colour alone never shows the brand."""
    verdict = judge(case(post_of(), evidence_of(score, mark, colour)), CAMPAIGN)
    brands = [f.code for f in verdict.findings if f.code.startswith("brand.")]
    assert brands == [code]
    assert verdict.status == ("eligible" if code == "brand.present" else "review")


def test_a_video_frame_counts(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A mark on one frame of a video shows the brand, with its frame and second."""
    mark = Mark(name="mark", score=0.9, box=(0.0, 0.0, 9.0, 9.0), frame=12, time=6.0)
    video = evidence_of(kind="video", duration=9.0, marks=(mark,))
    assert judge(case(post_of(), video), CAMPAIGN).status == "eligible"
    (seen,) = brand_summary(case(post_of(), video), CAMPAIGN).marks
    assert (seen.media, seen.frame, seen.time) == (0, 12, 6.0)


def test_only_an_official_picture(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A poster or bare logo alone asks, by likeness or by the bank; a picture of one's own beside it is enough."""
    near, far = (evidence_of(resemblances=(Resemblance(asset="poster", distance=d),)) for d in (31, 32))
    verdict = judge(case(post_of(), near), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("review", ["brand.only_official"])
    assert only(verdict, "brand.only_official").detail == {"asset": "poster"}
    assert judge(case(post_of(), far), CAMPAIGN).status == "eligible"
    banked = (Relation(kind="official", media=0, asset="p"),)
    assert codes(judge(case(post_of(), evidence_of(), relations=banked), CAMPAIGN)) == ["brand.only_official"]
    assert judge(case(post_of(media=2), near, evidence_of()), CAMPAIGN).status == "eligible"
    assert codes(judge(case(post_of(media=2), near, evidence_of(None)), CAMPAIGN)) == ["brand.only_official"]
    assert codes(judge(case(post_of(media=2), near, evidence_of(0.5)), CAMPAIGN)) == ["brand.unsure"]


def test_an_unseen_picture_leaves_the_brand_unsure(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Absence needs all pictures seen."""
    verdict = judge(case(post_of(media=2), evidence_of(None), Unavailable(reason="timeout")), CAMPAIGN)
    assert codes(verdict) == ["brand.unsure", "media.unavailable"]
    assert only(verdict, "brand.unsure").detail["why"] == "unseen"


def test_brand_summary(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """True by a counting mark, False only where all was seen without a hint, else unknown; best mark first."""

    def present(post: Post, *results: Result) -> tuple[bool | None, float | None]:
        summary = brand_summary(case(post, *results), CAMPAIGN)
        return summary.present, summary.score

    assert present(post_of(), evidence_of(0.9)) == (True, 0.9)
    assert present(post_of(), evidence_of(0.5)) == (None, 0.5)
    assert present(post_of(), evidence_of(None)) == (False, 0.0)
    assert present(post_of(), evidence_of(None, colour=0.9)) == (None, 0.0)
    assert present(post_of(), evidence_of(0.99, "coinbase")) == (False, 0.0)
    assert present(post_of(media_complete=False), evidence_of(None)) == (None, 0.0)
    assert present(post_of(media=2), evidence_of(None), Unavailable(reason="x")) == (None, 0.0)
    assert present(post_of(), evidence_of(None, faults=("marks",))) == (None, 0.0)
    assert present(post_of(), Unavailable(reason="x")) == (None, None)
    assert present(post_of("没有话题")) == (None, None)
    both = brand_summary(case(post_of(media=2), evidence_of(0.3), evidence_of(0.9)), CAMPAIGN)
    assert [(m.media, m.score) for m in both.marks] == [(1, 0.9), (0, 0.3)]


# Copies

LATER: dict[str, Any] = {"order": "later", "media": 0}


def test_a_proven_copy_blocks_and_asks_beside_a_picture_of_ones_own(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """The same file, certainly later, by another author: out, unless a counting picture of one's own is beside."""
    relations = (Relation(kind="exact", distance=0, cluster="c9", **LATER),)
    alone = judge(case(post_of(), evidence_of(), relations=relations), CAMPAIGN)
    assert (alone.status, codes(alone)) == ("ineligible", ["duplicate.exact"])
    assert only(alone, "duplicate.exact").detail == {"by": "exact", "distance": 0, "cluster": "c9"}
    for score in (0.95, CAMPAIGN.brand.accept):
        beside = judge(case(post_of(media=2), evidence_of(), evidence_of(score), relations=relations), CAMPAIGN)
        assert (beside.status, codes(beside)) == ("review", ["duplicate.exact"])
    copied_from = (*relations, Relation(kind="exact", order="first", media=1))
    beside = judge(case(post_of(media=2), evidence_of(), evidence_of(), relations=copied_from), CAMPAIGN)
    assert beside.status == "review"


@pytest.mark.parametrize(
    ("score", "extra"),
    [
        (None, ()),
        (0.5, ()),
        (0.9, (Relation(kind="near", order="later", media=1),)),
        (0.9, (Relation(kind="partial", order="unordered", media=1),)),
        (0.9, (Relation(kind="exact", order="later", own=True, media=1),)),
        (0.9, (Relation(kind="official", media=1, asset="p"),)),
        (0.9, (Relation(kind="common", media=1, asset="c"),)),
    ],
)
def test_what_outweighs_a_copy_must_count_and_be_ones_own(
    post_of: PostOf, evidence_of: EvidenceOf, score: float | None, extra: tuple[Relation, ...]
) -> None:
    """A second picture without the brand, copied, of uncertain origin, reposted or shared by all does not."""
    relations = (Relation(kind="exact", **LATER), *extra)
    verdict = judge(case(post_of(media=2), evidence_of(), evidence_of(score), relations=relations), CAMPAIGN)
    assert verdict.status == "ineligible"
    assert "duplicate.exact" in codes(verdict, "block")


def test_the_first_one_keeps_its_picture(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Being copied is no finding."""
    relations = (Relation(kind="exact", order="first", media=0), Relation(kind="text", order="first"))
    assert judge(case(post_of(), evidence_of(), relations=relations), CAMPAIGN).status == "eligible"


@pytest.mark.parametrize(
    ("relation", "code"),
    [
        (Relation(kind="near", distance=12, **LATER), "duplicate.near"),
        (Relation(kind="partial", **LATER), "duplicate.partial"),
        (Relation(kind="text", order="later"), "duplicate.text"),
        (Relation(kind="exact", order="unordered", media=0), "duplicate.unordered"),
        (Relation(kind="near", order="unordered", media=0), "duplicate.unordered"),
        (Relation(kind="text", order="unordered"), "duplicate.unordered"),
        (Relation(kind="text", order="later", own=True), "duplicate.self"),
        (Relation(kind="partial", own=True, **LATER), "duplicate.self"),
    ],
)
def test_copies_that_ask(post_of: PostOf, evidence_of: EvidenceOf, relation: Relation, code: str) -> None:
    """Likeness, a part, a story, an unknown order, and one's own story or crop again: for a person."""
    verdict = judge(case(post_of(), evidence_of(), relations=(relation,)), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("review", [code])
    assert only(verdict, code).media == relation.media


def test_a_repost_blocks_and_asks_beside_something_new(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """The author's own earlier picture again is out; a new counting one beside it makes it a person's question."""
    for kind in ("exact", "near"):
        relations = (Relation(kind=kind, own=True, **LATER),)
        alone = judge(case(post_of(), evidence_of(), relations=relations), CAMPAIGN)
        assert (alone.status, codes(alone)) == ("ineligible", ["duplicate.self"])
        beside = judge(case(post_of(media=2), evidence_of(), evidence_of(), relations=relations), CAMPAIGN)
        assert (beside.status, codes(beside)) == ("review", ["duplicate.self"])


def test_no_copy_rests_on_what_everybody_shares(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A common picture carries no copy finding, nor does an official one."""
    common = (Relation(kind="common", media=0, asset="c"), Relation(kind="exact", **LATER))
    assert codes(judge(case(post_of(), evidence_of(), relations=common), CAMPAIGN)) == []
    poster = evidence_of(resemblances=(Resemblance(asset="poster", distance=0),))
    exact = (Relation(kind="exact", **LATER),)
    assert codes(judge(case(post_of(), poster, relations=exact), CAMPAIGN)) == ["brand.only_official"]
