"""When a text or a picture entered its post, as far as sightings prove it. Pure.

Being first decides who owns a picture, so nothing here may be earlier than the truth: an edit must not make a
post's new content as old as the post. Every bound is proven by a sighting, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.model import Interval
from bot.posts.sightings import Sighting

_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def between(earliest: dt.datetime | None, latest: dt.datetime) -> Interval:
    """The interval with these ends; where they contradict (clocks differ), the later instant, so as to claim less."""
    return Interval(earliest=earliest, latest=latest if earliest is None else max(earliest, latest))


def latest_of(*moments: dt.datetime | None) -> dt.datetime | None:
    """The latest of those that are known."""
    return max((moment for moment in moments if moment is not None), default=None)


def posted(seen: Sequence[Sighting], created_at: dt.datetime | None) -> Interval:
    """When the post appeared: exact where a source says so, else between the last complete look without it and the
    first sight of it."""
    if created_at is not None:
        return Interval(earliest=created_at, latest=created_at)
    first = min(s.first_observed for s in seen)
    bounds = [s.not_before for s in seen if s.first_observed == first and s.not_before is not None]
    return Interval(earliest=min(max(bounds), first) if bounds else None, latest=first)


def change(before: Sighting, after: Sighting, appeared: Interval) -> Interval:
    """When a post turned from one snapshot into another."""
    latest = after.since
    return between(latest_of(appeared.earliest, *(look for look in before.looks() if look <= latest)), latest)


def earlier(content: Sequence[Sighting], holders: Sequence[Sighting]) -> list[Sighting]:
    """What of ``content`` came before all ``holders`` (the first in order first): seen before any of them, or, where a
    file brings an old state late, true before the edit that the first of them shows."""
    edited, seen_with = edit_time(holders[0]), min(s.first_observed for s in holders)
    return [s for s in content if s not in holders and (s.first_observed < seen_with or edit_time(s) < edited)]


def edit_time(sighting: Sighting) -> dt.datetime:
    """When its snapshot was last edited; before all time where it does not say."""
    return sighting.snapshot.edited_at or _NEVER


def entered(
    appeared: Interval, holders: Sequence[Sighting], absent: Sequence[Sighting], others: Sequence[Sighting] = ()
) -> Interval:
    """When something entered a post that ``appeared`` then.

    ``holders``: at least one sighting with it, the first in order first; ``absent``: earlier ones that prove it was
    not there; ``others``: further ones, which may show an edit. Content without a sign of an edit before it was first
    seen is as old as its post.
    """
    latest = min(s.since for s in holders)
    if absent:
        looks = (look for s in absent for look in s.looks() if look <= latest)
        return between(latest_of(appeared.earliest, *looks), latest)
    if edited_before(holders, others):
        return between(appeared.earliest, latest)
    return appeared


def edited_before(holders: Sequence[Sighting], others: Sequence[Sighting]) -> bool:
    """Whether the post is known to have been edited before any of ``holders`` was seen."""
    first, own = holders[0], holders[0].snapshot.edited_at
    if own is not None and all(s is first or s.first_observed >= own for s in holders):
        return True
    seen_with = min(s.first_observed for s in holders)
    return any(s.snapshot.edited_at is not None and s.snapshot.edited_at <= seen_with for s in others)


def last_edit(edits: Sequence[Interval], edited_at: dt.datetime | None) -> Interval | None:
    """The last of the edits that were seen and of the one that is known by its time; None where there was none."""
    known = [] if edited_at is None else [Interval(earliest=edited_at, latest=edited_at)]
    return max((*edits, *known), key=_lateness, default=None)


def _lateness(interval: Interval) -> tuple[dt.datetime, dt.datetime]:
    return interval.latest or _NEVER, interval.earliest or _NEVER
