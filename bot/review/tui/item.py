"""One post on the screen: its claim, all there is to say about it, its pictures; and how the desk's thread reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from bot.campaign import Campaign
from bot.copies.comparison import Comparison, comparisons
from bot.engines.preview import Pixels
from bot.media.annotate import best_frame, outlines
from bot.model import Post
from bot.reports.dossier import Dossier, dossier
from bot.review.claims import Claim
from bot.review.cluster import Cluster
from bot.review.desk import Desk
from bot.review.filters import Filter
from bot.review.tui.lines import Line
from bot.review.tui.picture import Shown, Sight
from bot.review.tui.sheet import Row, row_of, shown_media
from bot.store import Store
from bot.store.blobs import Blobs
from detectors.evidence import MediaEvidence


class Place(NamedTuple):
    """Where the desk's thread works."""

    desk: Desk
    store: Store
    campaign: Campaign
    blobs: Blobs


class Item:
    """One claimed post. ``sights`` holds the pixels of its media as they arrive, None where there are none to be had;
    ``media`` is the one on the screen."""

    def __init__(self, claim: Claim, it: Dossier) -> None:
        self.claim = claim
        self.it = it
        self.media = shown_media(it)
        self.sights: dict[int, Sight | None] = {}
        self.shown: dict[tuple[int, tuple[int, int]], Shown] = {}
        self.words: tuple[Line, ...] | None = None

    @property
    def post_id(self) -> str:
        """Which post."""
        return self.claim.post_id

    def evidence(self, media: int) -> MediaEvidence | None:
        """What was seen in one of its media; None where it could not be looked at."""
        result = self.it.looked[media].result if media < len(self.it.looked) else None
        return result if isinstance(result, MediaEvidence) else None


def frame_of(evidence: MediaEvidence) -> int:
    """Which frame a person is shown."""
    return 0 if evidence.kind == "image" else best_frame(evidence)


def sight_of(evidence: MediaEvidence, pixels: tuple[Pixels, float] | None) -> Sight | None:
    """The pixels of a medium with what was found in it."""
    if pixels is None:
        return None
    rgb, scale = pixels
    frame = None if evidence.kind == "image" else frame_of(evidence)
    return Sight(rgb=rgb, scale=scale, found=tuple(outlines(evidence, frame)))


def next_items(place: Place, wanted: Filter, count: int, beside: Collection[str]) -> list[Item]:
    """Claim the next posts and read all about them."""
    return [item_of(place, claim) for claim in place.desk.take(wanted, count, beside)]


def item_of(place: Place, claim: Claim) -> Item:
    """All about a claimed post."""
    with _one_moment(place.store):
        record = place.store.verdicts.get(claim.post_id)
        assert record is not None, "a claim is on a judged post"
        return Item(claim, dossier(place.store, place.campaign, record, claim.holder))


def compared(place: Place, item: Item, media: int) -> tuple[Comparison, Post | None] | None:
    """One of the post's pictures, this if it repeats one, beside that which it repeats; and the post that showed it."""
    with _one_moment(place.store):
        found = comparisons(place.store, place.campaign, item.it)
        chosen = next((it for it in found if it.original.media == media), found[0] if found else None)
        return None if chosen is None else (chosen, place.store.intake.post(chosen.original.post_id))


def queue_rows(place: Place, wanted: Filter, limit: int) -> tuple[tuple[Row, ...], int]:
    """The head of the queue, and how many wait in all."""
    with _one_moment(place.store):
        rows = tuple(
            row_of(record, place.store.intake.post(record.post_id)) for record in place.desk.waiting(wanted, limit)
        )
        return rows, place.desk.count(wanted)


def members(place: Place, post_id: str) -> tuple[Cluster, dict[str, Row]]:
    """The cluster of a post, and what is shown of each of its members."""
    with _one_moment(place.store):
        found = place.desk.cluster(post_id)
        records = [place.store.verdicts.get(member.post_id) for member in found.members]
        rows = (row_of(r, place.store.intake.post(r.post_id)) for r in records if r is not None)
        return found, {row.post_id: row for row in rows}


def changed(place: Place, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Which of these posts have a newer revision, or none any more; and which somebody else took over or decided."""
    stale, lost = [], []
    for claim in claims:
        record = place.store.verdicts.get(claim.post_id)
        if place.store.claims.by_token(claim.token) is None:
            lost.append(claim)
        elif record is None or record.verdict.revision != claim.revision:
            stale.append(claim)
    return stale, lost


@contextmanager
def _one_moment(store: Store) -> Iterator[None]:
    """Everything is read as of one moment, whatever others write meanwhile."""
    store.connection.run("BEGIN")
    try:
        yield
    finally:
        store.connection.run("COMMIT")
