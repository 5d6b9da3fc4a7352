"""Drawing the post on the screen, the queue and the head line."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from bot.review.tui.gallery import Gallery
from bot.review.tui.item import Item
from bot.review.tui.lane import Lane
from bot.review.tui.lines import Line, Piece, of
from bot.review.tui.screen import ReviewScreen
from bot.review.tui.setting import Setting
from bot.review.tui.sheet import finding_lines, post_lines

_RATE: Final = 600.0  # seconds over which the rate is told
_LEAST: Final = 30.0  # seconds before which there is no telling


class Drawing:
    """Draws what is at hand into the parts of the screen."""

    def __init__(self, page: ReviewScreen, setting: Setting, gallery: Gallery, whole: Callable[[Item], object]) -> None:
        """``whole`` is told when all of the post was put on the screen, its picture included."""
        self._page, self._setting, self._gallery, self._whole = page, setting, gallery, whole
        self._say = setting.reader.say
        self._began = time.monotonic()
        self._times: deque[float] = deque()
        self._done = 0
        self._shown: Item | None = None

    def count(self, decisions: int) -> None:
        """So many more decisions; fewer where some were taken back."""
        self._done = max(0, self._done + decisions)
        self._times.extend([time.monotonic()] * max(0, decisions))

    def show(self, lane: Lane) -> None:
        """The post that is now the one on the screen."""
        item, page, reader = lane.item, self._page, self._setting.reader
        self._shown = item
        if item is None:
            page.show_post([])
            page.pane("findings").show([])
        else:
            page.show_post(self._words(item))
            page.pane("findings").show(finding_lines(item.it, reader))
            self.picture(item)
        self.queue(lane)

    def resized(self, lane: Lane) -> None:
        """The same post in other room."""
        if lane.item is not None:
            self._page.show_post(self._words(lane.item))
            self._page.call_after_refresh(self.picture, lane.item)
        self.queue(lane)

    def picture(self, item: Item) -> None:
        """The picture of the post on the screen, or what stands in its place."""
        _ = self._say
        if item is not self._shown:
            return
        room = self._page.room(self._words(item))
        if item.media in item.sights:
            shown = self._gallery.shown(item, item.media, room)
            self._page.show_picture("picture", shown, _("no picture that could be shown") if shown is None else "")
            self._whole(item)
        else:
            self._page.show_picture("picture", None, _("the picture is coming …"))
            self._gallery.fetch(item, item.media, room, lambda: self.picture(item), urgent=True)

    def fetch(self, item: Item, lane: Lane) -> None:
        """Have the picture decoded ahead."""
        self._gallery.fetch(item, item.media, self._page.room(self._words(item)), lambda: self.picture(item))

    def turn(self, item: Item, by: int) -> None:
        """Another of the post's pictures."""
        count = len(item.it.looked)
        if count > 1:
            item.media = (item.media + by) % count
            self.picture(item)

    def _words(self, item: Item) -> tuple[Line, ...]:
        if item.words is None:
            item.words = tuple(post_lines(item.it, self._setting.reader))
        return item.words

    def queue(self, lane: Lane) -> None:
        """The queue and the head line; and why there is no post, where there is none."""
        _ = self._say
        if lane.item is None:
            here = _("nothing waits") if lane.total == 0 else _("looking …")
            away = _("away: the posts went back to the queue. Any key goes on")
            self._page.show_picture("picture", None, away if lane.away else here)
        self._page.show_queue(lane.rows(), None if lane.item is None else lane.item.post_id)
        self.head(lane)

    def head(self, lane: Lane) -> None:
        """Who, how much waits, how much was done, and how fast."""
        _ = self._say
        pieces: list[Piece] = [("gatewarden ", "title"), (f" {self._setting.campaign}  ", "muted")]
        if lane.item is not None:
            claim = lane.item.claim
            pieces += [(f"{claim.post_id}@{claim.revision}", "accent")]
            if len(lane.item.it.looked) > 1:
                pieces += [(f"  {lane.item.media + 1}/{len(lane.item.it.looked)}", "muted")]
            pieces += [("  ", "")]
        if lane.total is not None:
            pieces += [(_("{count} waiting").format(count=lane.total) + "  ", "title")]
        pieces += [(_("{count} decided").format(count=self._done), "muted")]
        if (rate := self._rate()) is not None:
            pieces += [("  " + _("{rate} a minute").format(rate=rate), "muted")]
        pieces += [(f"  {self._setting.who}", "muted")]
        if str(lane.wanted):
            pieces += [(f"  / {lane.wanted}", "warning")]
        self._page.pane("head").show([of(*pieces)])

    def _rate(self) -> int | None:
        now = time.monotonic()
        while self._times and now - self._times[0] > _RATE:
            self._times.popleft()
        span = min(now - self._began, _RATE)
        return None if span < _LEAST or not self._times else round(60 * len(self._times) / span)
