"""What people try who want a prize: edits after approval or the close, borrowed ownership, reposts, look-alikes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.review import Target, approve, find
from bot.store.verdicts import Record
from tests.integration.judged import TAG, Square

NOW = dt.datetime(2025, 7, 30, tzinfo=dt.UTC)
CLOSE = dt.datetime(2025, 7, 25, 16, tzinfo=dt.UTC)
PICTURE = "mine 0 0.99"


@pytest.fixture
def square(tmp_path: Path) -> Square:
    return Square(tmp_path)


def record(square: Square, post_id: str) -> Record:
    found = square.store.verdicts.get(post_id)
    assert found is not None
    return found


def codes(square: Square, post_id: str) -> set[str]:
    """What the rules find against a post, or ask about."""
    return {f.code for f in record(square, post_id).verdict.findings if f.stance in ("block", "ask")}


def approved(square: Square, post_id: str) -> None:
    with square.store.transaction():
        approve(square.store, [find(square.store, post_id)], "amy", NOW)
    assert record(square, post_id).status == "eligible"


def test_an_edit_after_approval_goes_back_to_a_person(square: Square) -> None:
    """What was approved is what was seen: another text or another picture is not, whatever the rules say of it."""
    for post_id, change in (("1", {"text": f"{TAG} another text"}), ("2", {"pictures": ["other 0 0.99"]})):
        square.feed(post_id, f"u{post_id}", [f"own{post_id} 0 0.99"])
        square.judge()
        approved(square, post_id)
        changed = {"pictures": [f"own{post_id} 0 0.99"], **change}
        square.feed(post_id, f"u{post_id}", **changed, edited_at=NOW - dt.timedelta(days=6))  # type: ignore[arg-type]
        square.judge()
        assert (record(square, post_id).status, record(square, post_id).verdict.revision) == ("review", 2)


def test_a_decision_is_refused_on_a_revision_that_was_not_seen(square: Square) -> None:
    """Somebody approves revision 1 just when its author has put another text there."""
    square.feed("1", "ann", [PICTURE])
    square.judge()
    square.feed("1", "ann", [PICTURE], text=f"{TAG} t.me/scam", edited_at=NOW)
    square.judge()
    with pytest.raises(UserError, match="changed"), square.store.transaction():
        approve(square.store, [Target(post_id="1", revision=1)], "amy", NOW)
    assert not square.store.verdicts.decisions("1")


def test_an_approval_does_not_cover_what_is_found_later(square: Square) -> None:
    """The original of an approved picture turns up: a finding that nobody saw when approving."""
    square.feed("9", "bob", [PICTURE])
    square.judge()
    approved(square, "9")
    square.feed("1", "ann", [PICTURE])
    square.judge()
    assert "duplicate.exact" in codes(square, "9")
    assert record(square, "9").status != "eligible"


def test_an_edit_after_the_close_is_flagged(square: Square) -> None:
    """The picture that shows the brand came in only after the end."""
    square.feed("1", "ann", [PICTURE], text=f"{TAG} now with a logo", edited_at=CLOSE + dt.timedelta(hours=1))
    square.feed("2", "bob", ["other 0 0.99"], edited_at=CLOSE - dt.timedelta(hours=1))
    square.judge()
    assert "post.edited_late" in codes(square, "1")
    assert record(square, "1").status == "review"
    assert "post.edited_late" not in codes(square, "2")


def test_an_edit_does_not_steal_a_picture(square: Square) -> None:
    """An early post without the picture gets it by an edit, after another showed it: the other keeps it."""
    square.feed("1", "thief", ["plain 0 0.99"])
    square.judge()
    square.feed("20", "ann", [PICTURE])
    square.judge()
    square.feed("1", "thief", [PICTURE], edited_at=NOW - dt.timedelta(days=8))
    square.judge()
    assert "duplicate.exact" in codes(square, "1")
    assert not {c for c in codes(square, "20") if c.startswith("duplicate.exact")}


@pytest.mark.parametrize("account", ["ann", "second account"])
def test_delete_and_repost_is_recognised(square: Square, account: str) -> None:
    """Deleted and posted anew, for a fresh start in the queue or from another account of the same picture."""
    square.feed("1", "ann", [PICTURE])
    square.judge()
    square.feed("1", "ann", [PICTURE], deleted=True)
    square.judge()
    assert record(square, "1").status == "withdrawn"
    square.feed("30", account, [PICTURE])
    square.judge()
    assert {c for c in codes(square, "30") if c.startswith("duplicate")}


@pytest.mark.parametrize(
    "text", ["#我的Gаte时刻#", "#我的Gate 时刻#", "#我的Gate時刻#", "#我的𝐆ate时刻#", "\\#我的Gate时刻#"]
)
def test_a_lookalike_hashtag_is_never_decided_by_machine(square: Square, text: str) -> None:
    """Another alphabet, a space, the other script, another style, an escaped hash: a person looks."""
    square.feed("1", "ann", [PICTURE], text=f"{text} hello")
    square.judge()
    assert codes(square, "1") == {"hashtag.lookalike"}
    assert record(square, "1").status == "review"
