"""What sources say of one post, merged: ranks, revisions, and when each thing entered the post."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.model import Author, Interval, MediaRef, Post, Snapshot, Stats
from bot.posts.merge import Sighting, digest, join, merge, url_key

DAY = dt.datetime(2025, 7, 20, tzinfo=dt.UTC)


def at(hours: float) -> dt.datetime:
    return DAY + dt.timedelta(hours=hours)


def image(name: str) -> MediaRef:
    return MediaRef(type="image", url=f"https://cdn.example/{name}")


def seen(
    source: str, first: float, last: float | None = None, *, bound: float | None = None, **fields: Any
) -> Sighting:
    snapshot = Snapshot(id="1", **fields)
    return Sighting(
        source=source,
        snapshot=snapshot,
        first_observed=at(first),
        last_observed=at(first if last is None else last),
        not_before=None if bound is None else at(bound),
        digest=digest(snapshot),
    )


def exactly(hours: float) -> Interval:
    return Interval(earliest=at(hours), latest=at(hours))


def between(earliest: float | None, latest: float) -> Interval:
    return Interval(earliest=None if earliest is None else at(earliest), latest=at(latest))


def item(post: Post, name: str) -> Interval:
    """When the picture of that name entered, whether it still stands or not."""
    every = [*zip(post.media, post.entered, strict=True), *zip(post.former, post.former_entered, strict=True)]
    return next(interval for ref, interval in every if ref == image(name))


class TestFields:
    def test_push_and_file_are_heard_before_search_and_newer_before_older(self) -> None:
        """The best rank that knows a field gives it, there the newest; a lower rank fills what it leaves open."""
        post = merge(
            [
                seen(
                    "gate_square", 9, text="from search", author=Author(nickname="nick"), media=(), media_complete=False
                ),
                seen("push", 1, text="old"),
                seen("jsonl", 2, text="new", author=Author(id="u1")),
            ]
        )
        assert (post.text, post.author.id, post.author.nickname) == ("new", "u1", "nick")
        assert post.sources == ("gate_square", "jsonl", "push")

    def test_what_is_missing_never_erases(self) -> None:
        """A later delivery that leaves a field out keeps what was known, also inside the author."""
        post = merge(
            [
                seen(
                    "push",
                    1,
                    text="words",
                    deleted=True,
                    author=Author(id="u1", verified=True),
                    url="https://x.example",
                ),
                seen("push", 2, title="title", author=Author(region="SG")),
            ]
        )
        assert (post.text, post.title, post.deleted, post.url) == ("words", "title", True, "https://x.example")
        assert post.author == Author(id="u1", verified=True, region="SG")

    def test_a_known_edit_time_outweighs_the_order_of_arrival(self) -> None:
        """An old snapshot that arrives late does not come back."""
        post = merge([seen("push", 1, text="new", edited_at=at(0.5)), seen("push", 2, text="old")])
        assert post.text == "new"

    def test_a_repeated_file_is_no_newer_than_at_first(self) -> None:
        """Feeding an old file again changes nothing, while a live source that shows an old state again means it."""
        old, new = seen("jsonl", 1, 9, text="old"), seen("push", 2, text="new")
        assert merge([old, new]).text == "new"
        assert merge([seen("push", 1, 9, text="old"), new]).text == "old"

    def test_media_and_media_complete_travel_together(self) -> None:
        """A complete list from a push beats the search's first picture, with its completeness."""
        post = merge(
            [
                seen("gate_square", 3, media=(image("thumb"),), media_complete=False),
                seen("push", 1, media=(image("a"), image("b"))),
            ]
        )
        assert (post.media, post.media_complete) == ((image("a"), image("b")), True)

    @pytest.mark.parametrize(
        ("sightings", "complete"),
        [
            ([seen("push", 1, text="no key")], True),
            ([seen("gate_square", 1, media=(), media_complete=False)], False),
            ([seen("gate_square", 1, media=(), media_complete=False), seen("push", 2, text="no key")], False),
            ([seen("gate_square", 1, media=(), media_complete=False), seen("push", 2, media=())], True),
        ],
    )
    def test_no_media_is_told_from_unknown_media(self, sightings: list[Sighting], complete: bool) -> None:
        """Only a source that shows whole posts says that there is none."""
        post = merge(sightings)
        assert (post.media, post.media_complete) == ((), complete)

    def test_counters_are_the_last_seen_by_anyone(self) -> None:
        """Stats have no rank, only time."""
        post = merge([seen("push", 1, stats=Stats(views=5)), seen("gate_square", 2, stats=Stats(views=9, likes=1))])
        assert post.stats == Stats(views=9, likes=1)

    def test_a_counter_left_out_erases_none(self) -> None:
        """Each counter has its own last word."""
        post = merge([seen("push", 1, stats=Stats(views=5, likes=2)), seen("push", 2, stats=Stats(views=9))])
        assert post.stats == Stats(views=9, likes=2)

    def test_sightings_of_no_post_or_of_two_are_a_mistake(self) -> None:
        """Merging is defined for one post."""
        other = Snapshot(id="2")
        two = [
            seen("push", 1),
            Sighting(source="push", snapshot=other, first_observed=DAY, last_observed=DAY, digest=digest(other)),
        ]
        for wrong in ([], two):
            with pytest.raises(ValueError, match="exactly one post"):
                merge(wrong)


class TestRevisions:
    @pytest.mark.parametrize(
        ("before", "after", "revision"),
        [
            ({"text": "a"}, {"text": "b"}, 2),
            ({"title": "a"}, {"title": "b"}, 2),
            ({"media": (image("a"),)}, {"media": (image("b"),)}, 2),
            ({"media": (image("a"),)}, {"media": (image("a"), image("b"))}, 2),
            ({"author": Author(id="a")}, {"author": Author(id="b")}, 2),
            ({"edited_at": DAY}, {"edited_at": at(1)}, 2),
            ({"text": "a"}, {"text": "a", "deleted": True}, 2),
            ({"text": "a", "title": "a"}, {"text": "b", "title": "b"}, 2),
            ({"text": "a"}, {"text": "a", "stats": Stats(views=1)}, 1),
            ({"author": Author(nickname="a")}, {"author": Author(nickname="b")}, 1),
            ({"author": Author(region="SG")}, {"author": Author(region="DE")}, 1),
            ({"text": "a"}, {"title": "b"}, 1),
            ({"text": "a"}, {"text": "a", "edited_at": DAY, "author": Author(id="a")}, 1),
            ({"media": (image("a?w=1"),)}, {"media": (image("a?w=2#x"),)}, 1),
            ({"media": (image("a"),), "media_complete": False}, {"media": (image("a"), image("b"))}, 1),
            ({"media": (image("a"), image("b"))}, {"media": (image("a"),), "media_complete": False}, 1),
            ({"media": (image("a"),), "media_complete": False}, {"media": (image("b"),)}, 2),
            ({"deleted": False}, {"text": "a"}, 1),
        ],
    )
    def test_one_source_saying_another_thing(
        self, before: dict[str, Any], after: dict[str, Any], revision: int
    ) -> None:
        """Identity fields make a revision, one however many change; counters, names, enrichment do not."""
        assert merge([seen("push", 1, **before), seen("push", 2, **after)]).revision == revision

    def test_a_lower_rank_disagreeing_makes_none(self) -> None:
        """Each source is compared with its own rank: the search's wording of a text is no edit."""
        post = merge(
            [seen("gate_square", 1, text="a b"), seen("push", 2, text="a  b"), seen("gate_square", 3, text="c")]
        )
        assert (post.revision, post.text) == (1, "a  b")

    def test_deleted_and_restored(self) -> None:
        """Saying nothing means false for a source that once says ``deleted``, yet never restores a deleted post."""
        live, gone, back = seen("push", 1), seen("push", 2, deleted=True), seen("push", 4, deleted=False)
        silent = seen("push", 3, text="later")
        assert [merge(s).revision for s in ([live], [live, gone], [live, gone, silent], [live, gone, back])] == [
            1,
            2,
            2,
            3,
        ]
        assert [merge(s).deleted for s in ([live, gone, silent], [live, gone, back])] == [True, False]

    def test_the_same_bytes_under_another_address_are_no_edit(self) -> None:
        """Once fetched, media are compared by content hash, so a moved picture is the same picture."""
        moved = [seen("push", 1, media=(image("a"),)), seen("push", 2, media=(image("b"),))]
        sha = {url_key(image("a")): "f" * 64, url_key(image("b")): "f" * 64}
        assert [merge(moved).revision, merge(moved, sha.get).revision] == [2, 1]
        assert merge(moved, sha.get).former == ()


class TestTimes:
    def test_posted_is_exact_where_a_source_says_so(self) -> None:
        """``created_at`` settles it; else it lies between the last complete poll and the first sight."""
        search = seen("gate_square", 5, 9, bound=3, text="a")
        assert merge([search, seen("push", 8, created_at=at(4))]).posted == exactly(4)
        assert merge([search]).posted == between(3, 5)
        assert merge([seen("gate_square", 5)]).posted == between(None, 5)

    def test_the_bound_is_that_of_the_first_sight(self) -> None:
        """Sightings after the first one prove nothing about the time before it."""
        assert merge(
            [seen("gate_square", 5, text="a", bound=4), seen("gate_square", 9, text="b", bound=8)]
        ).posted == between(4, 5)

    def test_what_stood_in_the_first_revision_is_as_old_as_the_post(self) -> None:
        """No sign of an edit: exact with ``created_at``, else bounded by observation."""
        assert item(merge([seen("push", 9, created_at=at(1), media=(image("a"),))]), "a") == exactly(1)
        square = seen("gate_square", 5, bound=3, media=(image("a"),), media_complete=False)
        assert item(merge([square]), "a") == between(3, 5)

    def test_the_search_first_and_the_whole_list_later_is_no_edit(self) -> None:
        """Learning of further pictures leaves them as old as the post."""
        post = merge(
            [
                seen("gate_square", 2, bound=0, media=(image("a"),), media_complete=False),
                seen("push", 9, created_at=at(1), media=(image("a"), image("b"))),
            ]
        )
        assert post.entered == (exactly(1), exactly(1))

    def test_a_picture_brought_in_by_an_edit_is_as_old_as_the_edit(self) -> None:
        """Between the last sight without it and the edit, whose time is known here."""
        post = merge(
            [
                seen("push", 2, 3, created_at=at(1), media=(image("a"),)),
                seen("push", 9, created_at=at(1), edited_at=at(5), media=(image("a"), image("b"))),
            ]
        )
        assert (item(post, "a"), item(post, "b")) == (exactly(1), between(3, 5))
        assert (post.edited, post.text_entered) == (exactly(5), exactly(1))

    def test_an_edit_without_a_time_is_bounded_by_sights(self) -> None:
        """Between the last sight without the picture and the first with it."""
        post = merge([seen("push", 2, 3, media=(image("a"),)), seen("push", 9, 12, media=(image("b"),))])
        assert (item(post, "b"), post.edited) == (between(3, 9), between(3, 9))

    def test_first_seen_after_an_edit_it_may_have_come_with_it(self) -> None:
        """A post whose first sight shows ``edited_at``: its pictures are somewhere between creation and that edit."""
        post = merge([seen("push", 9, created_at=at(1), edited_at=at(5), media=(image("a"),), text="t")])
        assert (post.entered, post.text_entered) == ((between(1, 5),), between(1, 5))

    def test_seen_by_the_search_before_the_edit_it_did_not_come_with_it(self) -> None:
        """A lower rank may still be the witness that a picture was there before."""
        post = merge(
            [
                seen("gate_square", 3, bound=0, media=(image("a"),), media_complete=False),
                seen("push", 9, created_at=at(1), edited_at=at(5), media=(image("a"),)),
            ]
        )
        assert item(post, "a") == exactly(1)

    def test_an_edit_known_from_elsewhere_takes_exactness_away(self) -> None:
        """A push without media tells that the post was edited before its picture was first seen."""
        post = merge([seen("push", 2, created_at=at(1), edited_at=at(2)), seen("push", 4, media=(image("a"),))])
        assert item(post, "a") == between(1, 4)

    def test_a_text_that_changed_is_as_old_as_its_change(self) -> None:
        """The same rule for texts."""
        post = merge([seen("push", 2, 3, created_at=at(1), text="a"), seen("push", 6, text="b")])
        assert post.text_entered == between(3, 6)

    def test_swapped_in_and_out_again_does_not_make_it_original(self) -> None:
        """X, then M, then X again: M was never in the first revision, in whatever order the sights now sort."""
        post = merge([seen("push", 1, 5, created_at=at(0), media=(image("x"),)), seen("push", 3, media=(image("m"),))])
        assert (post.media, post.former) == ((image("x"),), (image("m"),))
        assert (item(post, "x"), item(post, "m")) == (exactly(0), between(1, 3))

    def test_the_search_that_showed_no_picture_proves_there_was_none(self) -> None:
        """A picture that appears later came by an edit, also where only a push without edit times shows it."""
        bare = seen("gate_square", 2, bound=0, media=(), media_complete=False, text="t")
        later = seen("push", 9, created_at=at(1), media=(image("m"),))
        assert item(merge([bare, later]), "m") == between(2, 9)
        video = MediaRef(type="video", url="https://cdn.example/v")
        assert merge([bare, seen("push", 9, created_at=at(1), media=(video,))]).entered == (exactly(1),)

    def test_another_first_picture_leaves_open_what_else_there_was(self) -> None:
        """Search shows one picture: replaced by another, that one may have stood behind it all along."""
        first = seen("gate_square", 2, bound=1, media=(image("x"),), media_complete=False)
        second = seen("gate_square", 5, bound=None, media=(image("m"),), media_complete=False)
        assert item(merge([first, second]), "m") == between(1, 5)

    def test_who_showed_a_picture_first_keeps_having_done_so(self) -> None:
        """Media of earlier revisions stay, with their times, in order of appearance."""
        post = merge(
            [
                seen("push", 2, created_at=at(1), media=(image("a"), image("b"))),
                seen("push", 4, edited_at=at(3), media=(image("c"),)),
                seen("push", 6, edited_at=at(5), media=(image("b"),)),
            ]
        )
        assert (post.media, post.former) == ((image("b"),), (image("a"), image("c")))
        assert (post.revision, item(post, "b"), item(post, "a"), item(post, "c")) == (
            3,
            exactly(1),
            exactly(1),
            between(2, 3),
        )

    def test_never_edited(self) -> None:
        """Deleting, counting and enriching are no edits."""
        post = merge([seen("push", 1, text="a"), seen("push", 2, text="a", deleted=True, stats=Stats(views=1))])
        assert (post.edited, post.revision) == (None, 2)

    def test_clocks_that_disagree_claim_the_later_time(self) -> None:
        """A first sight before ``created_at`` cannot make a picture older than its post."""
        post = merge([seen("push", 2, created_at=at(8), edited_at=at(1), media=(image("a"),))])
        assert item(post, "a") == exactly(8)


class TestSightings:
    def test_digest_does_not_depend_on_the_offset_of_a_time(self) -> None:
        """The same instant written in another zone is the same snapshot."""
        east = dt.timezone(dt.timedelta(hours=8))
        assert digest(Snapshot(id="1", created_at=DAY)) == digest(Snapshot(id="1", created_at=DAY.astimezone(east)))
        assert digest(Snapshot(id="1", created_at=DAY)) != digest(Snapshot(id="1", edited_at=DAY))

    def test_only_one_snapshot_of_one_source_joins(self) -> None:
        """Joining others would mix what they say."""
        with pytest.raises(ValueError, match="one snapshot"):
            join(seen("push", 1), seen("jsonl", 1))

    @pytest.mark.parametrize(
        ("ref", "key"),
        [
            (MediaRef(type="image", url="https://a.example/p.jpg?sig=1#f"), "url:https://a.example/p.jpg"),
            (MediaRef(type="image", url="https://a.example/#?x"), "url:https://a.example/"),
            (MediaRef(type="image", path="/srv/p.jpg"), "path:/srv/p.jpg"),
            (MediaRef(type="image", url="https://a.example/p", path="/srv/p.jpg"), "url:https://a.example/p"),
        ],
    )
    def test_url_key(self, ref: MediaRef, key: str) -> None:
        """Signatures and sizes in a URL's query do not make another picture."""
        assert url_key(ref) == key
