"""What all sources said of one post, merged. Pure: imports no asyncio, aiohttp or sqlite.

``merge`` is a function of the set of sightings alone, so any order, any interleaving and any repetition of deliveries
ends in one post. Each field comes from the best rank that knows it (files and pushes before search), there from the
newest snapshot: the one with the later ``edited_at`` (unknown is earliest), then the one observed later, then the one
with the greater digest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from bot.model import Author, Interval, MediaRef, Post, Stats
from bot.posts.entry import between, change, earlier, entered, last_edit, posted
from bot.posts.sightings import Sighting, changes, digest, in_order, join, newest, rank, stream

__all__ = ["Sighting", "digest", "join", "merge", "url_key"]

Change = tuple[Sighting, Sighting]


def url_key(ref: MediaRef) -> str:
    """What a media item is known by until its bytes are: its URL without query and fragment, else its path."""
    if ref.url is None:
        return f"path:{ref.path}"
    return "url:" + ref.url.partition("#")[0].partition("?")[0]


def _no_sha(_: str) -> str | None:
    return None


def merge(sightings: Iterable[Sighting], sha_of: Callable[[str], str | None] = _no_sha) -> Post:
    """The post as all sightings of it have it (at least one, all of one id; else ``ValueError``).

    ``sha_of`` maps a ``url_key`` to the SHA-256 of the fetched bytes where that is known; media are then compared by
    it. ``revision`` is 1 + the number of snapshots that change title, text, media, deleted, edited_at or author.id
    against their predecessor in the stream that this field comes from. Learning what was unknown is no change.
    """
    seen = in_order(sightings)
    created_at, edited_at = newest(seen, lambda s: s.created_at), newest(seen, lambda s: s.edited_at)
    appeared = posted(seen, created_at)
    media = _Media(seen, sha_of)
    content = [*changes(seen, lambda s: s.title), *changes(seen, lambda s: s.text), *media.changes]
    other = [*changes(seen, lambda s: s.edited_at), *changes(seen, lambda s: s.author.id), *_deletions(seen)]
    former = media.former()
    return Post(
        id=seen[0].snapshot.id,
        revision=1 + len({(after.source, after.digest) for _, after in content + other}),
        created_at=created_at,
        edited_at=edited_at,
        posted=appeared,
        edited=last_edit([change(*pair, appeared) for pair in content], edited_at),
        deleted=bool(newest(seen, lambda s: s.deleted)),
        author=_author(seen),
        title=newest(seen, lambda s: s.title) or "",
        text=newest(seen, lambda s: s.text) or "",
        text_entered=_text_entered(seen, appeared),
        media=media.refs,
        media_complete=media.complete,
        entered=tuple(media.entered(ref, appeared) for ref in media.refs),
        former=former,
        former_entered=tuple(media.entered(ref, appeared) for ref in former),
        url=newest(seen, lambda s: s.url),
        stats=_stats(seen),
        sources=tuple(sorted({s.source for s in seen})),
        notes=tuple(sorted({note for s in seen for note in s.snapshot.notes})),
    )


def author_of(sightings: Iterable[Sighting]) -> Author:
    """The author alone, as ``merge`` has it of the same sightings."""
    return _author(in_order(sightings))


def _author(seen: list[Sighting]) -> Author:
    """Field by field, but never a mixture of two people: what was said of another account id is left out."""
    account = newest(seen, lambda s: s.author.id)
    seen = [s for s in seen if s.snapshot.author.id in (None, account)]
    return Author(
        id=account,
        person=newest(seen, lambda s: s.author.person),
        nickname=newest(seen, lambda s: s.author.nickname),
        verified=newest(seen, lambda s: s.author.verified),
        account_type=newest(seen, lambda s: s.author.account_type),
        region=newest(seen, lambda s: s.author.region),
    )


def _stats(seen: list[Sighting]) -> Stats | None:
    """Each counter as observed last, by whichever source. One that a source leaves out erases none."""
    counted = [
        s.snapshot.stats
        for s in sorted(seen, key=lambda s: (s.observed, -rank(s), s.digest))
        if s.snapshot.stats is not None
    ]
    if not counted:
        return None
    counts = {
        key: [n for stats in counted if (n := getattr(stats, key)) is not None] for key in Stats.__struct_fields__
    }
    return Stats(**{key: known[-1] if known else None for key, known in counts.items()})


def _deletions(seen: list[Sighting]) -> list[Change]:
    """Where the post was deleted or restored. A source that once says ``deleted`` meant false where it said nothing."""
    heard = stream(seen, lambda s: s.deleted is not None)
    if not heard:
        return []
    saying = [s for s in seen if rank(s) == rank(heard[0])]
    found, deleted = [], bool(saying[0].snapshot.deleted)
    for before, after in itertools.pairwise(saying):
        now = after.snapshot.deleted
        if now is not None and now != deleted:
            found.append((before, after))
            deleted = now
    return found


def _text_entered(seen: list[Sighting], appeared: Interval) -> Interval:
    texts = stream(seen, lambda s: s.text is not None)
    if not texts:
        return appeared
    text = texts[-1].snapshot.text
    holders = [s for s in texts if s.snapshot.text == text]
    absent = earlier(texts, holders)
    holders += [s for s in seen if s.snapshot.text == text and s not in holders]
    return entered(appeared, holders, absent, [s for s in seen if s not in texts])


class _Media:
    """The media lists of one post over time. An item's identity is its SHA-256 where known, else its ``url_key``.

    A list that is not complete shows a part. Where a complete list of the same rank has all of it, it says nothing
    new: going from one to the other is no change.
    """

    def __init__(self, seen: list[Sighting], sha_of: Callable[[str], str | None]) -> None:
        self._seen = seen
        self._sha_of = sha_of
        self._items = {s.digest: tuple(map(self._identity, s.snapshot.media or ())) for s in seen}
        self._stream = stream(seen, lambda s: s.media is not None and (s.media_complete or s.media != ()))
        self.changes: list[Change] = []
        state: Sighting | None = None
        for sighting in self._stream:
            if state is not None and self._part_of(sighting, state):
                continue
            if state is not None and not self._part_of(state, sighting) and self._differ(state, sighting):
                self.changes.append((state, sighting))
            state = sighting
        self.refs = (state.snapshot.media or ()) if state else ()
        self.complete = state.snapshot.media_complete if state else all(s.snapshot.media_complete for s in seen)

    def former(self) -> tuple[MediaRef, ...]:
        """What stood in an earlier list of the stream and no longer does, in order of appearance."""
        gone = {self._identity(ref): ref for s in reversed(self._stream) for ref in reversed(s.snapshot.media or ())}
        for ref in self.refs:
            gone.pop(self._identity(ref), None)
        return tuple(reversed(gone.values()))

    def entered(self, ref: MediaRef, appeared: Interval) -> Interval:
        """When one item of ``refs`` or ``former()`` entered the post."""
        item = self._identity(ref)
        holders = [s for s in self._stream if item in self._items[s.digest]]
        before = [s for s in earlier(self._stream, holders) if not self._part_of(s, holders[0])]
        holders += [s for s in self._seen if s not in holders and item in self._items[s.digest]]
        seen_with = min(s.first_observed for s in holders)
        # A search result shows the first picture of a post: where it showed none, there was none. Any other part of
        # a list leaves open what else there was, so it takes exactness away and proves no more.
        bare = [s for s in self._seen if ref.type == "image" and _without_pictures(s) and s.first_observed < seen_with]
        absent = [s for s in before if s.snapshot.media_complete] + bare
        if before and not absent:
            return between(appeared.earliest, min(s.since for s in holders))
        return entered(appeared, holders, absent, [s for s in self._seen if s not in self._stream])

    def _identity(self, ref: MediaRef) -> str:
        key = url_key(ref)
        return self._sha_of(key) or key

    def _differ(self, a: Sighting, b: Sighting) -> bool:
        return self._items[a.digest] != self._items[b.digest]

    def _part_of(self, part: Sighting, whole: Sighting) -> bool:
        """Whether ``part`` is an incomplete view of the complete list ``whole``."""
        complete = whole.snapshot.media_complete and not part.snapshot.media_complete
        return complete and set(self._items[part.digest]) <= set(self._items[whole.digest])


def _without_pictures(sighting: Sighting) -> bool:
    return sighting.source == "gate_square" and sighting.snapshot.media == ()
