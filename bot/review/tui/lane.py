"""The posts at hand: the one on the screen and those read ahead of it, all claimed. Knows no widget and no key."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterable
from typing import Final, Protocol

from bot.errors import UserError
from bot.review.claims import Claim
from bot.review.filters import Filter
from bot.review.tui.backstage import Backstage
from bot.review.tui.item import Item, changed, item_of, next_items, queue_rows
from bot.review.tui.sheet import Row, row_of

AHEAD: Final = 3  # posts read ahead of the one on the screen
_LISTED: Final = 60  # posts of the queue at hand


class Stage(Protocol):
    """Where the posts are shown."""

    def show(self) -> None:
        """Another post is the one to be shown, or none is."""

    def listed(self) -> None:
        """The queue changed."""

    def came(self, item: Item) -> None:
        """A post was read ahead."""

    def changed(self, item: Item) -> None:
        """The post on the screen is no longer what it was; it is read again."""

    def taken(self, item: Item) -> None:
        """The post on the screen is somebody else's now."""

    def refused(self, error: UserError) -> None:
        """Something could not be done."""


class Lane:
    """The posts at hand, under one filter."""

    def __init__(self, backstage: Backstage, stage: Stage, wanted: Filter, lease: float) -> None:
        self.item: Item | None = None
        self.wanted = wanted
        self.total: int | None = None
        self.away = False
        self._ready: deque[Item] = deque()
        self._rows: tuple[Row, ...] = ()
        self._gone: set[str] = set()  # dealt with; a look at the queue that is under way may still list them
        self._filling = False
        self._backstage, self._stage, self._lease = backstage, stage, lease
        self._touched = time.monotonic()

    @property
    def at_hand(self) -> list[Item]:
        """All that is claimed, the one on the screen first."""
        return [*([] if self.item is None else [self.item]), *self._ready]

    def rows(self) -> list[Row]:
        """The queue as it is shown: what is at hand, then what waits."""
        mine = [row_of(item.it.record, item.it.post) for item in self.at_hand]
        names = {row.post_id for row in mine} | self._gone
        return [*mine, *(row for row in self._rows if row.post_id not in names)]

    def touch(self) -> None:
        """A person is there."""
        self._touched = time.monotonic()

    def fill(self) -> None:
        """Have the next posts claimed and read, as many as there is room for."""
        missing = AHEAD + 1 - len(self.at_hand)
        if self._filling or missing <= 0 or self.away:
            return
        self._filling = True
        wanted, beside = self.wanted, frozenset(item.post_id for item in self.at_hand)
        self._backstage.ask(
            lambda place: next_items(place, wanted, missing, beside),
            lambda items: self._came(wanted, items),
            self._failed,
        )

    def advance(self) -> None:
        """Show the next post; the one on the screen is no longer ours to show."""
        if self.item is not None:
            self._gone.add(self.item.post_id)
        self.item = self._ready.popleft() if self._ready else None
        self._stage.show()
        self.fill()

    def put_first(self, item: Item) -> None:
        """Show this post now, and then those that were at hand."""
        self._ready = deque(other for other in self._ready if other.post_id != item.post_id)
        if self.item is not None and self.item.post_id != item.post_id:
            self._ready.appendleft(self.item)
        self._gone.discard(item.post_id)
        self.item = item
        self._stage.show()

    def drop(self, post_ids: Collection[str]) -> None:
        """These are not ours any more."""
        self._ready = deque(item for item in self._ready if item.post_id not in post_ids)
        self._gone.update(post_ids)
        if self.item is not None and self.item.post_id in post_ids:
            self.advance()
        else:
            self._stage.listed()
            self.fill()

    def change(self, wanted: Filter) -> None:
        """Look at other posts."""
        self._let_go(self.at_hand)
        self.wanted, self.item, self._rows, self.total = wanted, None, (), None
        self._ready.clear()
        self._gone.clear()
        self._stage.show()
        self.fill()
        self.watch()

    def fetch(self, post_id: str) -> None:
        """Claim this post and show it."""
        if self.item is None or self.item.post_id != post_id:
            self._backstage.ask(
                lambda place: item_of(place, place.desk.claim(post_id, decided=True)),
                self.put_first,
                self._stage.refused,
            )

    def watch(self) -> None:
        """Look at what others did: the queue, and whether what is at hand still stands as it was read."""
        if self.away:
            return
        wanted, claims = self.wanted, [item.claim for item in self.at_hand]
        self._backstage.ask(
            lambda place: (queue_rows(place, wanted, _LISTED), changed(place, claims)),
            lambda seen: self._watched(wanted, *seen),
            self._stage.refused,
        )

    def hold(self) -> None:
        """Keep the claims while somebody is there; let go of them when nobody was for as long as they last."""
        if self.away:
            return
        if time.monotonic() - self._touched > self._lease:
            self._let_go(self.at_hand)
            self.away, self.item = True, None
            self._ready.clear()
            self._stage.show()
            return
        claims = [item.claim for item in self.at_hand]
        self._backstage.ask(
            lambda place: place.desk.renew(claims), lambda held: self._held(claims, held), self._stage.refused
        )

    def come_back(self) -> None:
        """Somebody is there again."""
        self.away = False
        self._stage.show()
        self.fill()
        self.watch()

    def close(self) -> None:
        """Let go of everything."""
        self._let_go(self.at_hand)

    def _came(self, wanted: Filter, items: list[Item]) -> None:
        self._filling = False
        known = {item.post_id for item in self.at_hand}
        fresh = [item for item in items if item.post_id not in known]
        if wanted != self.wanted or self.away:
            self._let_go(fresh)
            self.fill()
            return
        self._ready.extend(fresh)
        self._gone.difference_update(item.post_id for item in fresh)
        for item in fresh:
            self._stage.came(item)
        if self.item is None and self._ready:
            self.item = self._ready.popleft()
            self._stage.show()
            self.fill()
        elif fresh:
            self._stage.listed()

    def _failed(self, error: UserError) -> None:
        self._filling = False
        self._stage.refused(error)

    def _watched(
        self, wanted: Filter, queue: tuple[tuple[Row, ...], int], seen: tuple[Iterable[Claim], Iterable[Claim]]
    ) -> None:
        if wanted != self.wanted or self.away:
            return
        stale, lost = seen
        self._lose(lost)
        self._rows, self.total = queue
        self._stage.listed()
        tokens = {claim.token for claim in stale}
        for item in [item for item in self.at_hand if item.claim.token in tokens]:
            if item is self.item:
                self._stage.changed(item)
            self._renewed(item)
        self.fill()

    def _renewed(self, old: Item) -> None:
        """Read a post again that changed."""
        post_id = old.post_id

        def again(item: Item) -> None:
            self._ready = deque(item if there is old else there for there in self._ready)
            if self.item is old:
                self.item = item
                self._stage.show()
            self._stage.came(item)

        def gone(error: UserError) -> None:
            self._stage.refused(error)
            self.drop({post_id})

        self._backstage.ask(lambda place: item_of(place, place.desk.claim(post_id, decided=True)), again, gone)

    def _held(self, asked: Iterable[Claim], held: Iterable[Claim]) -> None:
        still = {claim.token for claim in held}
        self._lose(claim for claim in asked if claim.token not in still)

    def _lose(self, claims: Iterable[Claim]) -> None:
        """These went to somebody else, or were decided elsewhere."""
        lost = {claim.token for claim in claims}
        gone = {item.post_id for item in self.at_hand if item.claim.token in lost}
        if gone:
            if self.item is not None and self.item.post_id in gone:
                self._stage.taken(self.item)
            self.drop(gone)

    def _let_go(self, items: Iterable[Item]) -> None:
        claims = [item.claim for item in items]
        if claims:
            self._backstage.ask(lambda place: place.desk.release(claims), lambda _: None, self._stage.refused)
