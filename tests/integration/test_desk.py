"""The desk: claims, decisions, flags, skips and undo, as both surfaces and the command line use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import UserError
from bot.review.claims import TakenError
from bot.review.filters import Filter, parse_filter
from bot.review.moderators import name_moderator
from bot.review.second import Policy
from bot.store import Store
from tests.integration.desks import START, Clock, desks, ids, judge


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Five posts wait: two of a worse kind first, then by age."""
    store = Store(tmp_path)
    for post_id, code in (("1", "brand.absent"), ("2", "duplicate.near"), ("3", "brand.unsure"), ("4", "content.link")):
        judge(store, post_id, code, author=f"u{post_id}")
    judge(store, "5", "brand.absent", "duplicate.text")
    return store


def status(store: Store, post_id: str) -> tuple[str, str]:
    record = store.verdicts.get(post_id)
    assert record is not None
    return record.status, record.decided_by


def test_two_people_are_given_different_posts(store: Store, clock: Clock) -> None:
    """What one holds is not offered to the other, until it is let go or has run out."""
    amy, bo = desks(store, clock, "amy", "bo")
    mine = amy.take(count=3)
    assert ids(mine) == ids(amy.waiting(limit=3))
    assert not set(ids(mine)) & set(ids(bo.take(count=9)))
    with pytest.raises(TakenError, match="amy"):
        bo.claim(mine[0].post_id)
    amy.release(mine[:1])
    assert ids(bo.take(count=1)) == [mine[0].post_id]
    clock.forward(minutes=3)
    assert ids(bo.waiting()) == ids(amy.waiting())


def test_take_fetches_ahead_without_taking_twice(store: Store, clock: Clock) -> None:
    """What is at hand is passed over, so that the next ones come in the order of the queue."""
    [amy] = desks(store, clock, "amy")
    order = ids(amy.waiting())
    first = amy.take(count=2)
    assert ids(first) == order[:2]
    assert ids(amy.take(count=2, beside=ids(first))) == order[2:4]


def test_a_stale_token_decides_nothing(store: Store, clock: Clock) -> None:
    """Who let the time run out and was overtaken is refused; who was not overtaken still decides."""
    amy, bo = desks(store, clock, "amy", "bo")
    [claim] = amy.take(count=1)
    clock.forward(minutes=5)
    newer = bo.claim(claim.post_id)
    assert newer.token > claim.token
    with pytest.raises(TakenError, match="bo has taken it over"):
        amy.approve(claim)
    assert status(store, claim.post_id)[0] == "review"
    clock.forward(minutes=5)
    bo.approve(newer)
    assert status(store, claim.post_id) == ("eligible", "moderator:bo")
    with pytest.raises(TakenError):
        bo.reject(newer, "rule.other")
    with pytest.raises(UserError, match="does not wait"):
        amy.claim(claim.post_id)
    assert amy.claim(claim.post_id, decided=True).post_id == claim.post_id


def test_a_claim_can_be_held_longer(store: Store, clock: Clock) -> None:
    """Renewing moves the end; what is gone is left out."""
    amy, bo = desks(store, clock, "amy", "bo")
    claims = amy.take(count=2)
    clock.forward(seconds=90)
    amy.release(claims[1:])
    [renewed] = amy.renew(claims)
    assert renewed.until > claims[0].until
    clock.forward(seconds=90)
    with pytest.raises(TakenError):
        bo.claim(renewed.post_id)
    assert amy.held(renewed.token) == renewed
    with pytest.raises(TakenError):
        bo.held(renewed.token)


def test_nothing_is_decided_on_what_was_not_drawn(store: Store, clock: Clock) -> None:
    """A newer revision or a new finding since the claim: refused. A finding that went is no hindrance."""
    [amy] = desks(store, clock, "amy")
    claims = {c.post_id: c for c in amy.take(count=9)}
    judge(store, "1", "brand.absent", revision=2)
    judge(store, "3", "brand.unsure", "duplicate.near")
    judge(store, "5", "brand.absent")
    for post_id in "13":
        with pytest.raises(UserError, match="post"):
            amy.approve(claims[post_id])
        assert status(store, post_id)[0] == "review"
        assert store.verdicts.decisions(post_id) == ()
    amy.approve(claims["5"])
    assert status(store, "5")[0] == "eligible"


def test_a_flag_asks_for_other_eyes(store: Store, clock: Clock) -> None:
    """Whoever flags a post does not see it again; anybody else settles it alone. An undo takes the flag back."""
    amy, bo = desks(store, clock, "amy", "bo")
    amy.flag(amy.claim("1"), "a logo, or not?")
    assert status(store, "1") == ("review", "rules")
    assert "1" not in ids(amy.waiting())
    assert ids(bo.waiting(Filter(second=True))) == ["1"]
    with pytest.raises(UserError, match="second pair of eyes"):
        amy.approve(amy.claim("1"))
    amy.undo()
    assert "1" in ids(amy.waiting())
    assert bo.count(Filter(second=True)) == 0
    amy.flag(amy.claim("1"))
    bo.approve(bo.claim("1"))
    assert status(store, "1") == ("eligible", "moderator:bo")


def test_a_second_opinion_is_blind_and_two_who_disagree_go_to_a_lead(store: Store, clock: Clock) -> None:
    """With the share at 1 each decision waits for a second; agreement settles, disagreement waits for a lead."""
    with store.transaction():
        for name in ("amy", "bo", "cy"):
            name_moderator(store, name, "moderator", START)
        name_moderator(store, "lea", "lead", START)
    amy, bo, cy, lea = desks(store, clock, "amy", "bo", "cy", "lea", policy=Policy(second_share=1.0))
    for post_id in "12":
        assert amy.approve(amy.claim(post_id)).held
        assert status(store, post_id) == ("review", "rules")
    bo.approve(bo.claim("1"))
    assert status(store, "1") == ("eligible", "moderator:bo")
    assert bo.reject(bo.claim("2"), "content.stolen").held
    assert "2" not in ids(cy.waiting())
    assert ids(lea.waiting(Filter(second=True))) == ["2"]
    with pytest.raises(UserError, match="lead"):
        cy.approve(cy.claim("2"))
    lea.reject(lea.claim("2"), "content.stolen")
    assert status(store, "2") == ("ineligible", "moderator:lea")
    lea.undo()
    bo.undo()
    assert ids(cy.waiting(Filter(second=True))) == ["2"]
    amy.undo()
    assert amy.undo()[1].post_id == "1"
    assert status(store, "1") == ("eligible", "moderator:bo")


def test_what_two_flagged_waits_for_a_third(store: Store, clock: Clock) -> None:
    """Neither of the two is given it again, for neither may decide it; anybody else is, and so is whoever takes the
    flag back."""
    amy, bo, cy = desks(store, clock, "amy", "bo", "cy")
    amy.flag(amy.claim("1"))
    bo.flag(bo.claim("1"))
    for desk in (amy, bo):
        assert "1" not in ids(desk.waiting())
        with pytest.raises(UserError, match="somebody else settles it"):
            desk.claim("1")
    assert "1" in ids(cy.waiting())
    bo.undo()
    assert "1" in ids(bo.waiting()) and "1" not in ids(amy.waiting())
    cy.approve(cy.claim("1"))
    assert status(store, "1") == ("eligible", "moderator:cy")


def test_a_new_revision_starts_anew(store: Store, clock: Clock) -> None:
    """An opinion on what a post said before binds nobody to what it says now."""
    amy, bo = desks(store, clock, "amy", "bo", policy=Policy(second_share=1.0))
    amy.approve(amy.claim("1"))
    judge(store, "1", "brand.absent", revision=2)
    assert "1" in ids(amy.waiting(Filter(second=False)))
    assert bo.approve(bo.claim("1")).held


def test_a_skipped_post_comes_last_for_whoever_skipped_it(store: Store, clock: Clock) -> None:
    """Skipping decides nothing, lets go, and counts until the post changes or is decided."""
    amy, bo = desks(store, clock, "amy", "bo")
    before = ids(amy.waiting())
    amy.skip(amy.claim(before[0]))
    assert ids(amy.waiting()) == [*before[1:], before[0]]
    assert ids(amy.waiting(limit=2)) == before[1:3]
    assert ids(bo.waiting()) == before
    judge(store, before[0], "duplicate.near", "duplicate.text", revision=2)
    assert ids(amy.waiting()) == before


def test_undo_goes_back_over_every_kind_of_decision_but_not_notes(store: Store, clock: Clock) -> None:
    """Approval, rejection, flag and reopening are taken back in turn, each exactly; a note stays."""
    [amy] = desks(store, clock, "amy")
    states = [store.connection.rows("SELECT * FROM posts ORDER BY id")]

    def then() -> None:
        clock.forward(minutes=1)
        states.append(store.connection.rows("SELECT * FROM posts ORDER BY id"))

    amy.approve(amy.claim("1"))
    then()
    amy.reject(amy.claim("2"), "content.stolen", "seen elsewhere")
    amy.note("2", "asked the author")
    then()
    amy.flag(amy.claim("3"))
    then()
    amy.reopen("1", "the author wrote")
    for expected in reversed(states):
        clock.forward(minutes=1)
        amy.undo()
        assert store.connection.rows("SELECT * FROM posts ORDER BY id") == expected
    with pytest.raises(UserError, match="nothing to undo"):
        amy.undo()
    assert store.log.verify() is None


def test_filters_narrow_by_every_key(store: Store, clock: Clock) -> None:
    """Reason, family, author and status choose just what they name, and count what they show."""
    [amy] = desks(store, clock, "amy")
    amy.approve(amy.claim("4"))
    expected = {
        "reason:brand.absent": {"1", "5"},
        "reason:brand": {"1", "3", "5"},
        "reason:brand.absent author:u1": {"1", "5"},
        "author:u2": {"2"},
        "status:eligible": {"4"},
        "status:eligible status:review reason:content.link": {"4"},
        "cluster:nosuch": set(),
    }
    for line, posts in expected.items():
        assert (set(ids(amy.waiting(parse_filter(line)))), amy.count(parse_filter(line))) == (posts, len(posts)), line


def test_a_forgotten_post_does_not_stop_undo(store: Store, clock: Clock) -> None:
    """An author's erasure takes their posts out of the way of taking back what was decided before."""
    from bot.store.erasure import Erasure

    [amy] = desks(store, clock, "amy")
    amy.approve(amy.claim("1"))
    amy.approve(amy.claim("2"))
    amy.take(count=1)
    with store.transaction():
        assert Erasure(store.connection, store.log).author("u2", 1).post_ids == ("2",)
    assert amy.undo()[1].post_id == "1"


def test_a_note_is_taken_back_only_when_asked(store: Store, clock: Clock) -> None:
    """A note is no decision."""
    from bot.review.decisions import undo

    [amy] = desks(store, clock, "amy")
    amy.approve(amy.claim("1"))
    amy.note("2", "hm")
    with store.transaction():
        assert undo(store, "amy", clock.now(), note=True)[0][1].post_id == "2"
    assert amy.undo()[1].post_id == "1"
