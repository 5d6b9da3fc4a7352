"""What the rules make of entries: admission, the notice, authors, content, faults; and how a verdict is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from bot.campaign import Campaign, load_campaign
from bot.model import (
    Author,
    Case,
    Finding,
    Interval,
    Looked,
    MediaRef,
    Post,
    Refused,
    Relation,
    Stance,
    Unavailable,
    Verdict,
)
from bot.rules import RULES, admits, features, judge
from bot.rules.facts import Facts
from detectors.evidence import Code, MediaEvidence, Resemblance, Unreadable

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


def stanced(**stances: Stance) -> Campaign:
    """The shipped campaign with other stances, the code's full stop written as two underscores."""
    return replace(CAMPAIGN, stance={**CAMPAIGN.stance, **{k.replace("__", "."): v for k, v in stances.items()}})


# A sound entry


def test_a_sound_entry_is_eligible_and_says_why(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Hashtag, window and brand speak for it, nothing against."""
    verdict = judge(case(post_of(), evidence_of()), CAMPAIGN)
    assert verdict.status == "eligible"
    assert codes(verdict) == []
    assert codes(verdict, "supports") == ["brand.present", "hashtag.ok", "window.ok"]
    assert only(verdict, "brand.present").detail == {"mark": "mark", "score": 0.95}
    assert (verdict.campaign, verdict.campaign_version) == (CAMPAIGN.name, CAMPAIGN.version)
    assert verdict.detectors == {"marks": "1"}


# Admission


def test_all_findings_are_listed_most_decisive_first(post_of: PostOf) -> None:
    """No reason hides another: late, without hashtag and without media are all told, and nothing was downloaded."""
    post = post_of("没有话题", media=0, created_at=ENDS)
    assert not admits(post, CAMPAIGN)
    verdict = judge(case(post), CAMPAIGN)
    assert verdict.status == "ineligible"
    assert codes(verdict) == ["hashtag.missing", "window.late", "media.none"]
    assert only(verdict, "window.late").detail == {"posted": ENDS.isoformat(), "ends": ENDS.isoformat()}
    assert only(verdict, "hashtag.missing").detail == {"expected": "我的Gate时刻"}


def test_the_article_below_the_notice_is_quietly_no_entry(post_of: PostOf) -> None:
    """A post without the hashtag is told just that: its links, handles and author are nobody's business."""
    text = "GPT现状终于有人讲清楚了! 微信：gatefan https://example.net/a 13800138000"
    post = post_of(text, media=2, author=Author(id="x", account_type="staff", verified=False))
    assert codes(judge(case(post), CAMPAIGN)) == ["hashtag.missing"]


def test_lookalike_hashtag_asks_and_is_admitted(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A person decides, with the media looked at."""
    post = post_of("#我的Gate時刻#")
    assert admits(post, CAMPAIGN)
    verdict = judge(case(post, evidence_of()), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("review", ["hashtag.lookalike"])
    assert only(verdict, "hashtag.lookalike").detail == {"expected": "我的Gate时刻", "why": "script"}


def test_unknown_time_asks_and_is_admitted(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Seen after the end, without a given time: never late by observation alone."""
    seen = ENDS + dt.timedelta(days=3)
    post = post_of(created_at=None, posted=Interval(earliest=ENDS, latest=seen))
    assert admits(post, CAMPAIGN)
    verdict = judge(case(post, evidence_of()), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("review", ["window.unknown"])
    assert only(verdict, "window.unknown").detail == {
        "earliest": ENDS.isoformat(),
        "latest": seen.astimezone(CAMPAIGN.tz).isoformat(),
    }


def test_early_blocks(post_of: PostOf) -> None:
    """A campaign with a start does not take what came before it."""
    campaign = replace(CAMPAIGN, starts=dt.datetime(2025, 7, 21, tzinfo=dt.UTC))
    assert not admits(post_of(), campaign)
    assert codes(judge(case(post_of()), campaign)) == ["window.early"]


def test_late_edit_asks(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """An edit after the end, or one that may be, is a person's to judge."""
    for edited, certain in ((Interval(earliest=ENDS, latest=ENDS), True), (Interval(latest=ENDS), False)):
        verdict = judge(case(post_of(edited=edited), evidence_of()), CAMPAIGN)
        assert (verdict.status, codes(verdict)) == ("review", ["post.edited_late"])
        assert only(verdict, "post.edited_late").detail["certain"] is certain


def test_deleted_is_withdrawn_whatever_else_and_still_downloaded(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Deletion comes first and does not stop the download: others may have copied it."""
    post = post_of(deleted=True, author=Author(id="x", account_type="staff"))
    assert admits(post, CAMPAIGN)
    verdict = judge(case(post, evidence_of()), CAMPAIGN)
    assert verdict.status == "withdrawn"
    assert codes(verdict) == ["post.deleted", "author.ineligible"]


def test_admission_follows_the_stances(post_of: PostOf) -> None:
    """Where a campaign only notes a missing hashtag, the media are wanted."""
    post = post_of("没有话题")
    assert admits(post, stanced(hashtag__missing="note"))
    assert admits(post_of(created_at=ENDS), stanced(window__late="ask"))


# The notice


def test_the_notice_with_or_without_its_poster(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Without media it is the notice at once; with media these are looked at, and an official poster leaves it one."""
    author = Author()
    bare = post_of(NOTICE, media=0, author=author)
    assert not admits(bare, CAMPAIGN)
    assert codes(judge(case(bare), CAMPAIGN)) == ["entry.notice", "media.none"]
    post = post_of(NOTICE, author=author)
    assert admits(post, CAMPAIGN)
    poster = evidence_of(resemblances=(Resemblance(asset="poster", distance=4),))
    verdict = judge(case(post, poster), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("ineligible", ["entry.notice"])
    assert only(verdict, "entry.notice").detail == {"by": "text"}


@pytest.mark.parametrize("kind", ["official", "common"])
def test_the_notice_with_a_poster_of_the_bank(post_of: PostOf, evidence_of: EvidenceOf, kind: Any) -> None:
    """A poster that people put into the bank counts as one of the kit does."""
    relations = (Relation(kind=kind, media=0, asset="a"),)
    verdict = judge(case(post_of(NOTICE), evidence_of(), relations=relations), CAMPAIGN)
    assert codes(verdict) == ["entry.notice"]


def test_the_notice_from_a_source_that_shows_one_picture(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """The public search shows the poster only: still the notice, whoever posted it."""
    poster = evidence_of(resemblances=(Resemblance(asset="poster", distance=0),))
    post = post_of(NOTICE, media_complete=False, author=Author())
    assert codes(judge(case(post, poster), CAMPAIGN)) == ["entry.notice"]


def test_nothing_is_said_of_media_that_were_not_wanted(post_of: PostOf) -> None:
    """The notice's words over media, too late: whether it is the notice stays open, and asks nobody."""
    assert codes(judge(case(post_of(NOTICE, created_at=ENDS)), CAMPAIGN)) == ["window.late"]


def test_who_quotes_the_notice_with_own_words_has_made_an_entry(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """What remains after the quotation decides."""
    post = post_of(f"三年前我在大学宿舍注册了账号,第一次抢购成功的那晚\n{NOTICE}", author=Author())
    verdict = judge(case(post, evidence_of()), CAMPAIGN)
    assert (verdict.status, codes(verdict)) == ("eligible", [])


def test_the_bare_notice_over_a_picture_of_ones_own_is_no_notice_but_asks(
    post_of: PostOf, evidence_of: EvidenceOf
) -> None:
    """Own media make it no notice; but a new poster by an unlisted account would look the same, so a person looks."""
    for results in ((evidence_of(),), (Unavailable(reason="timeout"),)):
        verdict = judge(case(post_of(NOTICE), *results), CAMPAIGN)
        assert verdict.status == "review"
        assert "entry.quote" in codes(verdict)
        assert "entry.notice" not in codes(verdict)


def test_a_known_author_of_a_known_list_settles_the_quotation(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Where the operators' accounts are listed and the author is known, nobody need be asked."""
    campaign = replace(CAMPAIGN, official_authors=("gate",))
    assert judge(case(post_of(NOTICE), evidence_of()), campaign).status == "eligible"
    assert "entry.quote" in codes(judge(case(post_of(NOTICE, author=Author()), evidence_of()), campaign))


def test_official_author_or_listed_id_is_no_entry(post_of: PostOf) -> None:
    """Whatever an official account posts, and each listed post, is no entry; nothing is downloaded."""
    campaign = replace(CAMPAIGN, official_authors=("gate",), notices=("n1",))
    for post, by in ((post_of(author=Author(id="gate")), "author"), (post_of(id="n1"), "id")):
        assert not admits(post, campaign)
        assert only(judge(case(post), campaign), "entry.notice").detail == {"by": by}


# Authors


@pytest.mark.parametrize(
    ("author", "why"),
    [
        (Author(account_type="sub"), "account_type"),
        (Author(account_type="staff"), "account_type"),
        (Author(account_type="institution"), "account_type"),
        (Author(account_type="affiliate"), "account_type"),
        (Author(region="XX"), "region"),
        (Author(region="xx"), "region"),
        (Author(id="s1"), "staff"),
        (Author(id="u", person="s1"), "staff"),
    ],
)
def test_who_is_out_is_out(post_of: PostOf, evidence_of: EvidenceOf, author: Author, why: str) -> None:
    """Account types, regions and the staff list block; the media are looked at all the same."""
    authors = replace(CAMPAIGN.authors, excluded_regions=("XX",), staff=("s1",))
    campaign = replace(CAMPAIGN, authors=authors)
    post = post_of(author=author)
    assert admits(post, campaign)
    verdict = judge(case(post, evidence_of()), campaign)
    assert (verdict.status, codes(verdict)) == ("ineligible", ["author.ineligible"])
    assert only(verdict, "author.ineligible").detail["why"] == why


def test_only_listed_regions_where_there_is_a_list(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """With a list of regions the others are out; an unknown region is not."""
    campaign = replace(CAMPAIGN, authors=replace(CAMPAIGN.authors, regions=("SG",)))
    statuses = {
        region: judge(case(post_of(author=Author(region=region)), evidence_of()), campaign).status
        for region in ("SG", "JP", None)
    }
    assert statuses == {"SG": "eligible", "JP": "ineligible", None: "eligible"}


def test_each_author_switch_can_be_off(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A campaign that asks nothing of its authors gets no author finding."""
    campaign = Campaign(name="c", hashtags=CAMPAIGN.hashtags, brand=CAMPAIGN.brand)
    author = Author(id="x", verified=False, account_type="staff", region="XX")
    assert codes(judge(case(post_of(author=author), evidence_of(), prior_entries=3), campaign)) == []


@pytest.mark.parametrize(
    ("verified", "unknown", "expected"),
    [
        (True, "ask", []),
        (False, "pass", ["author.unverified"]),
        (None, "pass", []),
        (None, "ask", ["author.unverified"]),
    ],
)
def test_unknown_verification_is_not_false(
    post_of: PostOf, evidence_of: EvidenceOf, verified: bool | None, unknown: Any, expected: list[str]
) -> None:
    """Known to be unverified asks; unknown does what the campaign says, and passes as shipped."""
    campaign = replace(CAMPAIGN, authors=replace(CAMPAIGN.authors, unknown=unknown))
    post = post_of(author=Author(verified=verified))
    assert codes(judge(case(post, evidence_of()), campaign)) == expected


def test_a_further_entry_asks(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """One person, one entry: the later one is shown to a person."""
    verdict = judge(case(post_of(), evidence_of(), prior_entries=2), CAMPAIGN)
    assert codes(verdict) == ["author.repeat"]
    assert only(verdict, "author.repeat").detail == {"earlier": 2}


# Content and faults


def test_content_asks(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Contacts and foreign links in text or title, and codes in pictures, are shown to a person with what was found."""
    post = post_of("#我的Gate时刻# 微信：gatefan https://gate.com/x", title="见 bit.ly/abc")
    picture = evidence_of(codes=(Code(text="https://e.test/" + "x" * 500, quad=QUAD),) * 2)
    verdict = judge(case(post, picture), CAMPAIGN)
    assert verdict.status == "review"
    assert codes(verdict) == ["content.contact", "content.code", "content.link"]
    assert only(verdict, "content.contact").detail == {"kind": "wechat", "handle": "gatefan"}
    assert only(verdict, "content.link").detail == {"host": "bit.ly"}
    assert only(verdict, "content.code").media == 0
    assert len(str(only(verdict, "content.code").detail["text"])) == 200
    poster = replace(picture, resemblances=(Resemblance(asset="poster", distance=0),))
    assert "content.code" not in codes(judge(case(post, poster), CAMPAIGN))


def test_a_detector_that_failed_sends_the_post_to_a_person(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Faults of detectors and of the flow ask, and a mark that could not be looked for is not called absent."""
    verdict = judge(case(post_of(), evidence_of(None, faults=("marks",)), faults=("KeyError",)), CAMPAIGN)
    assert verdict.status == "review"
    assert codes(verdict) == ["detector.fault", "detector.fault"]
    assert [f.detail["fault"] for f in verdict.findings if f.stance == "ask"] == ["KeyError", "marks"]


def test_a_rule_that_raises_is_a_fault_and_hides_nothing(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """A bug in one rule is handed over for the log; the other findings stand, and the post is not eligible."""

    def brand_broken(facts: Facts) -> list[Any]:
        """Raises."""
        raise ZeroDivisionError("x")

    told: list[tuple[str, str]] = []
    verdict = judge(
        case(post_of("没有话题")),
        CAMPAIGN,
        (brand_broken, *RULES),
        lambda code, error: told.append((code, repr(error))),
    )
    assert told == [("brand.broken", "ZeroDivisionError('x')")]
    assert verdict.status == "ineligible"
    assert codes(verdict) == ["hashtag.missing", "detector.fault"]
    assert only(verdict, "detector.fault").detail == {"fault": "ZeroDivisionError", "rule": "brand.broken"}
    assert judge(case(post_of(), evidence_of()), CAMPAIGN, (brand_broken, *RULES)).status == "review"


def test_stances_are_the_campaigns(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """The same finding asks, blocks or is noted as the campaign says; what is noted decides nothing but is listed."""
    post = post_of("#我的Gate时刻# 微信：gatefan")
    for stance, status in (("note", "eligible"), ("ask", "review"), ("block", "ineligible")):
        verdict = judge(case(post, evidence_of()), stanced(content__contact=stance))  # type: ignore[arg-type]
        assert verdict.status == status
        assert only(verdict, "content.contact").stance == stance


def test_features(post_of: PostOf, evidence_of: EvidenceOf) -> None:
    """Figures for judges: the story without hashtag, URL and quotation; media; the best score."""
    post = post_of(f"#我的Gate时刻# 三周年快乐 https://gate.com/x\n{NOTICE}", title="你好")
    assert features(case(post, evidence_of(0.9)), CAMPAIGN) == {
        "story_chars": 5,
        "title_chars": 2,
        "hashtag": "exact",
        "media_count": 1,
        "image_count": 1,
        "video_count": 0,
        "brand_score": 0.9,
        "megapixels": 0.96,
    }
    assert features(case(post_of("x", media=0)), CAMPAIGN)["brand_score"] is None
