"""The pictures of the items at hand: decoded ahead, made into what the terminal shows, kept with their item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.copies.comparison import Comparison
from bot.engines.preview import Pixels
from bot.media.annotate import drawn, side_by_side
from bot.review.tui.backstage import Eyes
from bot.review.tui.item import Item, frame_of, sight_of
from bot.review.tui.look import DARK, LIGHT, ground
from bot.review.tui.picture import Shown, Sight, annotated, cells, cells_beside
from bot.review.tui.setting import Setting

Room = tuple[int, int]

_URGENT: Final = 0
_AHEAD: Final = 1


class Gallery:
    """Pictures for a terminal that shows them in one way."""

    def __init__(self, eyes: Eyes, setting: Setting) -> None:
        self._eyes, self._blobs, self._way, self._cell = eyes, setting.blobs, setting.way, setting.cell
        self._ground = ground(DARK if setting.dark else LIGHT)

    def shown(self, item: Item, media: int, room: Room) -> Shown | None:
        """What is to be shown of a medium that has arrived; None where there is none."""
        sight = item.sights.get(media)
        if sight is None:
            return None
        if (media, room) not in item.shown:
            item.shown[media, room] = self._made(sight, room)
        return item.shown[media, room]

    def fetch(self, item: Item, media: int, room: Room, then: Callable[[], None], *, urgent: bool = False) -> None:
        """Have a medium arrive; at once where it has, or where there is nothing to be had."""
        evidence = item.evidence(media)
        if evidence is None:
            item.sights[media] = None
        if media in item.sights:
            then()
            return

        def make(pixels: tuple[Pixels, float] | None) -> tuple[Sight | None, Shown | None]:
            sight = None if evidence is None else sight_of(evidence, pixels)
            return sight, None if sight is None else self._made(sight, room)

        def arrived(made: tuple[Sight | None, Shown | None]) -> None:
            item.sights[media], shown = made
            if shown is not None:
                item.shown[media, room] = shown
            then()

        assert evidence is not None
        path = self._blobs.path(evidence.sha256)
        self._eyes.look(path, frame_of(evidence), make, arrived, _URGENT if urgent else _AHEAD)

    def beside(self, item: Item, it: Comparison, room: Room, then: Callable[[Shown | None], None]) -> None:
        """Have a picture shown beside its original; None where one of them cannot be had."""

        def make(pixels: tuple[Pixels, float] | None) -> Shown | None:
            ours = item.sights.get(-1 if it.original.media is None else it.original.media)
            theirs = sight_of(it.theirs, pixels)
            if ours is None or theirs is None:
                return None
            if self._way not in ("kitty", "sixel"):
                return cells_beside(ours, theirs, it.agreeing, *room, self._way, self._ground)
            left, right = (drawn(sight.rgb, sight.scale, sight.found) for sight in (ours, theirs))
            both = side_by_side(left, right, it.agreeing)
            both.thumbnail((room[0] * self._cell[0], room[1] * self._cell[1]))
            return both

        def look() -> None:
            path = self._blobs.path(it.theirs.sha256)
            self._eyes.look(path, frame_of(it.theirs), make, then, _URGENT)

        assert it.original.media is not None
        self.fetch(item, it.original.media, room, look, urgent=True)

    def _made(self, sight: Sight, room: Room) -> Shown:
        if self._way not in ("kitty", "sixel"):
            return cells(sight, *room, self._way)
        return annotated(sight, *room, self._cell)
