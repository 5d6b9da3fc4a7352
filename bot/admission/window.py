"""Whether a post lies in the campaign's window, as far as its time is proven. Pure.

The window is half-open: ``starts`` is in, ``ends`` is out. A given time decides. Without one, observation bounds it: a
post seen before the end was posted in time, one seen before the start too early; that it was seen late proves nothing.
"""

from __future__ import annotations

from typing import Literal

from bot.campaign import Campaign
from bot.model import Post

Place = Literal["early", "inside", "late", "unknown"]


def place(post: Post, campaign: Campaign) -> Place:
    """Where the post's creation lies. ``late`` only ever comes of a given time."""
    starts, ends, given, posted = campaign.starts, campaign.ends, post.created_at, post.posted
    if given is not None:
        if starts is not None and given < starts:
            return "early"
        return "late" if campaign.closed(given) else "inside"
    if starts is not None and posted.latest is not None and posted.latest < starts:
        return "early"
    begun = starts is None or (posted.earliest is not None and posted.earliest >= starts)
    in_time = ends is None or (posted.latest is not None and posted.latest < ends)
    return "inside" if begun and in_time else "unknown"


def edit(post: Post, campaign: Campaign) -> Place:
    """Where the last edit lies: ``inside`` also where the post was never edited, ``late`` where it certainly came at
    or after the end, ``unknown`` where it may have."""
    ends = campaign.ends
    if ends is None:
        return "inside"
    if post.edited_at is not None and post.edited_at >= ends:
        return "late"
    if post.edited is None or (post.edited.latest is not None and post.edited.latest < ends):
        return "inside"
    return "late" if post.edited.earliest is not None and post.edited.earliest >= ends else "unknown"
