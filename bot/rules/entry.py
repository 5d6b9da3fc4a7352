"""Rules on whether a post is an entry at all: deleted, the notice, the hashtag, the window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bot.admission import window
from bot.rules.facts import Facts
from bot.rules.rule import Hit


def post_deleted(facts: Facts) -> Iterator[Hit]:
    """The author deleted the post: it is withdrawn, whatever else is found."""
    if facts.post.deleted:
        yield Hit()


def entry_notice(facts: Facts) -> Iterator[Hit]:
    """The post is the campaign's own notice, or by an official account: its id or author is on the campaign's list, or
    its words are the published notice's with next to nothing beside them and no media but official ones. Who quotes
    the notice under words or a picture of their own has made an entry."""
    if facts.notice == "notice":
        yield Hit(detail={"by": facts.identified or "text"})


def entry_quote(facts: Facts) -> Iterator[Hit]:
    """The words are the published notice's alone, under media that are not known as official, and nothing tells
    whether the author is: the notice with a new poster, or an entry that quotes it."""
    if facts.notice == "perhaps":
        yield Hit()


def hashtag_missing(facts: Facts) -> Iterator[Hit]:
    """The author's own text and title carry none of the campaign's hashtags. The whole tag is compared; longer and
    shorter tags, typos and tags in a URL are others."""
    if facts.hashtag.kind == "none":
        yield Hit(detail={"expected": _main_hashtag(facts)})


def hashtag_lookalike(facts: Facts) -> Iterator[Hit]:
    """A hashtag looks like the campaign's but is not surely it: letters of another alphabet or style, the other Chinese
    script, spaces inside, an escaped or keycap hash, or it stands in a quoted part only."""
    if facts.hashtag.kind == "lookalike":
        yield Hit(detail={"expected": facts.hashtag.tag, "why": facts.hashtag.why})


def hashtag_ok(facts: Facts) -> Iterator[Hit]:
    """The campaign's hashtag is there, letter case, width and invisible characters aside."""
    if facts.hashtag.counts:
        how = "published" if facts.hashtag.kind == "exact" else "normalised"
        yield Hit(detail={"tag": facts.hashtag.tag, "how": how})


def window_early(facts: Facts) -> Iterator[Hit]:
    """The post was made before the campaign began: by its given time, or because it was seen before."""
    if facts.place == "early":
        posted = facts.post.created_at or facts.post.posted.latest
        yield Hit(detail={"posted": _time(facts, posted), "starts": _time(facts, facts.campaign.starts)})


def window_late(facts: Facts) -> Iterator[Hit]:
    """By its given time the post was made at the end of the campaign or after it. That it was only seen later is no
    proof (see window.unknown)."""
    if facts.place == "late":
        yield Hit(detail={"posted": _time(facts, facts.post.created_at), "ends": _time(facts, facts.campaign.ends)})


def window_unknown(facts: Facts) -> Iterator[Hit]:
    """No source gives the time of the post, and what was observed does not prove that it lies in the window."""
    if facts.place == "unknown":
        posted = facts.post.posted
        yield Hit(detail={"earliest": _time(facts, posted.earliest), "latest": _time(facts, posted.latest)})


def window_ok(facts: Facts) -> Iterator[Hit]:
    """The post was made in the window: by its given time, or because it was seen before the end."""
    if facts.place == "inside":
        yield Hit()


def post_edited_late(facts: Facts) -> Iterator[Hit]:
    """Text or media were changed after the end of the campaign, or may have been: the last edit lies between a look
    before the end and one after it."""
    place = window.edit(facts.post, facts.campaign)
    if place in ("late", "unknown"):
        edited, given = facts.post.edited, facts.post.edited_at
        earliest = edited.earliest if edited is not None else given
        latest = edited.latest if edited is not None else given
        certain = place == "late"
        yield Hit(
            detail={"certain": certain, "earliest": _time(facts, earliest), "latest": _time(facts, latest)},
        )


def _main_hashtag(facts: Facts) -> str | None:
    return facts.campaign.hashtags[0] if facts.campaign.hashtags else None


def _time(facts: Facts, moment: dt.datetime | None) -> str | None:
    """A moment as the campaign's zone writes it."""
    return None if moment is None else moment.astimezone(facts.campaign.tz).isoformat()
