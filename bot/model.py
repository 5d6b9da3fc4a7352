"""The values that travel through the flow. Pure: imports no asyncio, aiohttp or sqlite.

All are frozen, compared by content, and have a lossless JSON form (``msgspec.json``). Times are aware datetimes.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from detectors.evidence import MediaEvidence, Unreadable, Value

AccountType = Literal["main", "sub", "staff", "institution", "affiliate"]
Stance = Literal["supports", "note", "ask", "block"]
Status = Literal["eligible", "ineligible", "review", "withdrawn"]
MediaType = Literal["image", "video"]


class Author(Value):
    """Who posted, as far as known; ``person`` is an opaque id of one verified human. A nickname proves nothing."""

    id: str | None = None
    person: str | None = None
    nickname: str | None = None
    verified: bool | None = None
    account_type: AccountType | None = None
    region: str | None = None


class MediaRef(Value):
    """Where one picture or video is. ``path`` is absolute and was checked to lie in the file source's own folder."""

    type: MediaType
    url: str | None = None
    path: str | None = None


class Stats(Value):
    """A snapshot of counters."""

    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None


class Snapshot(Value):
    """A post as one source delivered it. None means that the source did not say; it never erases what another said.

    ``text`` is plain text: a source turns HTML into text once, before this value exists.
    """

    id: str
    created_at: dt.datetime | None = None
    edited_at: dt.datetime | None = None
    deleted: bool | None = None
    author: Author = Author()
    title: str | None = None
    text: str | None = None
    media: tuple[MediaRef, ...] | None = None
    media_complete: bool = True
    url: str | None = None
    stats: Stats | None = None
    notes: tuple[str, ...] = ()


class Delivery(Value):
    """One sighting of a post. ``observed_at``: when the source saw it; ``not_before``: a proven lower bound of the
    post's appearance (last complete poll less the index lag), None where nothing bounds it. ``raw``: the original
    JSON object, unknown keys included."""

    source: str
    observed_at: dt.datetime
    snapshot: Snapshot
    not_before: dt.datetime | None = None
    raw: msgspec.Raw = msgspec.Raw(b"{}")


class Quarantined(Value):
    """A line or item that is not a valid post: kept whole, with its place and the reason."""

    source: str
    line: int | None
    reason: str
    raw: str
    observed_at: dt.datetime


class Interval(Value):
    """When something happened, as far as proven: a closed interval; both ends equal where the time is known.
    None: unbounded on that side."""

    earliest: dt.datetime | None = None
    latest: dt.datetime | None = None

    @property
    def exact(self) -> bool:
        """Whether the instant itself is known."""
        return self.earliest is not None and self.earliest == self.latest

    def before(self, other: Interval) -> bool:
        """Whether this certainly came first: the intervals are disjoint and this one lies earlier."""
        return self.latest is not None and other.earliest is not None and self.latest < other.earliest


class Post(Value):
    """The merge of all sources' snapshots: what rules judge. ``posted`` bounds its creation; ``entered`` bounds, per
    media item and in the same order, when that item entered the post; ``text_entered`` the same for its text.
    ``edited`` bounds the last edit, None where the post was never edited. ``former``, with ``former_entered``, are
    media that stood in an earlier revision and no longer do: whoever showed a picture first keeps having done so."""

    id: str
    revision: int
    created_at: dt.datetime | None
    edited_at: dt.datetime | None
    posted: Interval
    edited: Interval | None
    deleted: bool
    author: Author
    title: str
    text: str
    text_entered: Interval
    media: tuple[MediaRef, ...]
    media_complete: bool
    entered: tuple[Interval, ...]
    url: str | None
    stats: Stats | None
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    former: tuple[MediaRef, ...] = ()
    former_entered: tuple[Interval, ...] = ()


class Refused(Value, tag="refused"):
    """Policy forbids fetching this (address, size, type). Permanent; ``reason`` is a stable snake_case word."""

    reason: str


class Unavailable(Value, tag="unavailable"):
    """The world failed after bounded retries: outage, time-out, 404. ``reason`` is a stable snake_case word."""

    reason: str


class Stored(Value, tag="stored"):
    """Bytes held by content hash."""

    sha256: str
    size: int


Fetched = Stored | Refused | Unavailable


class Looked(Value):
    """What came of one media item: evidence, or the reason why there is none. Same order as ``Post.media``."""

    ref: MediaRef
    result: MediaEvidence | Unreadable | Refused | Unavailable


RelationKind = Literal["exact", "near", "partial", "text", "common", "official"]
Order = Literal["first", "later", "unordered"]


class Relation(Value):
    """How one media item (``media`` is its index; None: the post's text) stands to the other posts that share it.

    ``kind`` tells by what; ``order`` whether another author's certainly came before (``later``), cannot be ordered
    (``unordered``), or this is the first. ``own`` is True where the earlier one is the same author's.
    ``cluster`` names the group; who heads it is looked up when shown. ``common`` and ``official``: the picture is in
    the bank (``asset`` says which), and no copy rests on it. ``distance`` is PDQ Hamming bits, 0 for exact.
    """

    kind: RelationKind
    order: Order = "first"
    own: bool = False
    media: int | None = None
    cluster: str | None = None
    asset: str | None = None
    distance: int | None = None


class Case(Value):
    """All that a rule may look at: the post, what was seen in its media, how it relates. ``looked`` is empty where
    admission already decided and nothing was downloaded. ``prior_entries``: this person's other posts with the
    hashtag that certainly came earlier (for ``author.repeat``). ``faults`` names bugs of ours met on the way."""

    post: Post
    looked: tuple[Looked, ...] = ()
    relations: tuple[Relation, ...] = ()
    prior_entries: int = 0
    faults: tuple[str, ...] = ()


class Finding(Value):
    """What one rule found: the reason code, its stance, words for ``detail`` (stable facts, no prose), which media."""

    code: str
    stance: Stance
    detail: dict[str, str | int | float | bool | None] = {}
    media: int | None = None
    rule: str = ""


class Verdict(Value):
    """What the rules make of a post. No clock inside: the same case and campaign give the same verdict, always."""

    post_id: str
    revision: int
    status: Status
    findings: tuple[Finding, ...]
    campaign: str
    campaign_version: str
    detectors: dict[str, str] = {}


Action = Literal["approve", "reject", "reopen", "flag", "note", "apart", "together", "undo"]


class Decision(Value):
    """What a person decided, bound to the revision and findings that they saw. An undo is a further decision.

    ``held``: a first or dissenting opinion, which settles nothing until others have looked. ``batch`` names what was
    decided, and is undone, as one. ``pair``: the hashes of two media that ``apart`` and ``together`` are about."""

    id: str
    post_id: str
    revision: int
    action: Action
    code: str | None
    note: str | None
    who: str
    at: dt.datetime
    saw: tuple[str, ...]
    undoes: str | None = None
    held: bool = False
    batch: str | None = None
    pair: tuple[str, str] | None = None
