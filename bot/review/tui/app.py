"""The review in the terminal: what each key does. START READING HERE.

A key acts on the post that was on the screen when it was pressed. The next posts are claimed and read ahead, so that a
decision shows the next one at once, while the desk records it behind the screen, in the order of the keys. A key that
was pressed before the post was drawn decides nothing.
"""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from textual import events

from bot.errors import UserError
from bot.model import Decision
from bot.reasons import label
from bot.review.filters import parse_filter
from bot.review.keys import BY_KEY, Key
from bot.review.tui.drawing import Drawing
from bot.review.tui.gallery import Gallery
from bot.review.tui.item import Item, Place, item_of
from bot.review.tui.lane import Lane
from bot.review.tui.overlays import Overlays
from bot.review.tui.pane import Pane
from bot.review.tui.screen import PaneName, ReviewScreen
from bot.review.tui.setting import Setting
from bot.review.tui.sheet import action_name, found_reason
from bot.review.tui.stage import Stage

_WATCH: Final = 2.0  # seconds between two looks at what others did
_PASSED_ON: Final = 0.03  # seconds in which a terminal multiplexer has passed on what it has drawn itself
_SILENT: Final = 1.0  # seconds after which a terminal is not waited for
_BOUND: Final = ("skip", "note")  # act on the post that is on the screen, though they decide nothing
_MOVES: Final = frozenset({"left", "right", "up", "down", "pageup", "pagedown", "home", "end"})

Act = Callable[[Place, Item], Sequence[Decision]]


class ReviewApp(Stage):
    """One person at one terminal."""

    CSS_PATH = "review.tcss"

    def __init__(self, setting: Setting, place: Callable[[ExitStack], Place]) -> None:
        """``place`` opens the desk, in the thread that uses it. Raises UserError where media cannot be decoded."""
        super().__init__(setting, place)
        self.drawn_at = math.inf  # when the post on the screen was drawn, in the clock of events
        self._handed = False
        self._questions = self._answers = 0  # asked of the terminal, and answered by it
        self.page = ReviewScreen(setting.reader, self.palette, setting.way)
        gallery = Gallery(self._eyes, setting)
        self.lane = Lane(self._backstage, self, setting.wanted, setting.lease)
        self.drawing = Drawing(self.page, setting, gallery, self._whole)
        self.overlays = Overlays(self.page, setting, gallery, self._backstage, self)
        self._actions: dict[str, Callable[[Item, Key], None]] = {
            "approve": lambda item, key: self._decide(item, key, lambda place, it: (place.desk.approve(it.claim),)),
            "reject": self._reject,
            "flag": lambda item, key: self._decide(item, key, lambda place, it: (place.desk.flag(it.claim),)),
            "skip": self._skip,
            "note": self._note,
            "compare": lambda item, key: self.overlays.compare(item),
            "settle_cluster": self._settle_cluster,
            "view": lambda item, key: self.overlays.view(item),
        }

    # Beginning and end.

    def on_mount(self) -> None:
        """Draw the empty screen, then have the first posts fetched."""
        self.open_stage()
        self.page.resized = self._resized
        self.push_screen(self.page)
        self.page.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.show()
        self.lane.fill()
        self.lane.watch()
        self.set_interval(_WATCH, self.lane.watch)
        self.set_interval(self.setting.lease / 4, self.lane.hold)

    def on_unmount(self) -> None:
        """Record what is still under way, let go of what is held, stop."""
        self.lane.close()
        self.close_stage()

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        """Take keys here, one after another as they came; a text field has all of them while it is open."""
        if isinstance(event, events.CursorPosition):
            self._answered(event.time)
        if isinstance(event, events.Key) and not event.is_forwarded and self._takes(event):
            return
        await super().on_event(event)

    def _takes(self, event: events.Key) -> bool:
        if self.page.typing:
            if event.key == "escape":
                self.page.stop_asking()
            return event.key == "escape"
        self.lane.touch()
        if self.lane.away:
            self.lane.come_back()
        else:
            self._press(event.key, unicodedata.normalize("NFKC", event.character or ""), event.time)
        return True

    def _press(self, name: str, typed: str, at: float) -> None:
        if name in ("ctrl+c", "ctrl+q") or typed == "q":
            self.exit()
        elif name == "escape":
            self.overlays.close()
        elif name in _MOVES:
            self._move(name)
        elif (key := BY_KEY.get("space" if typed == " " else typed)) is not None:
            self._act(key, at)

    def _act(self, key: Key, at: float) -> None:
        _ = self.setting.reader.say
        item = self.lane.item
        if self.overlays.reading and not (key.action == "settle_cluster" and item is not None):
            self.overlays.close()
        elif key.action == "undo":
            self._undo()
        elif key.action == "filter":
            self.page.ask(_("filter: reason:… author:… status:… words"), str(self.lane.wanted), self._filter)
        elif key.action == "help":
            self.overlays.help()
        elif item is None:
            self.page.say(_("nothing is on the screen to decide"), "muted")
        elif at < self.drawn_at and (key.decides or key.action in _BOUND):
            self.page.say(
                _("too quick: the post was not drawn yet when you pressed {key}").format(key=key.key), "warning"
            )
            self.bell()
        else:
            self._actions[key.action](item, key)

    def _decide(self, item: Item, key: Key, act: Act) -> None:
        """Have it recorded, and show the next post meanwhile."""
        what = key.label(self.setting.reader.lang)
        self._backstage.ask(
            lambda place: act(place, item), lambda done: self._decided(done, item), lambda error: self._not(item, error)
        )
        self.overlays.close()
        self.page.say(f"{what}: {item.post_id}", "muted")
        self.lane.advance()

    def _decided(self, done: Sequence[Decision], item: Item) -> None:
        _ = self.setting.reader.say
        self.drawing.count(len(done))
        last = done[0]
        reason = "" if last.code in (None, "accepted") else f" ({label(last.code or '', self.setting.reader.lang)})"
        self.page.say(
            f"✓ {action_name(last.action, self.setting.reader)}: {item.post_id}{reason}   {_('u takes it back')}",
            "success",
        )
        self.drawing.head(self.lane)

    def _not(self, item: Item, error: UserError) -> None:
        self.refused(error)
        self.bell()

    def _reject(self, item: Item, key: Key) -> None:
        _ = self.setting.reader.say
        code = key.code or found_reason(item.it)
        if code is None:
            self.page.say(_("the rules found no reason: press the digit of one"), "warning")
            return
        self._decide(item, key, lambda place, it: (place.desk.reject(it.claim, code),))

    def _skip(self, item: Item, key: Key) -> None:
        self._backstage.ask(lambda place: place.desk.skip(item.claim), lambda _: None, self.refused)
        self.overlays.close()
        self.page.say(f"{key.label(self.setting.reader.lang)}: {item.post_id}", "muted")
        self.lane.advance()

    def _undo(self) -> None:
        _ = self.setting.reader.say

        def taken_back(place: Place) -> tuple[Sequence[tuple[Decision, Decision]], Item | UserError]:
            pairs = place.desk.undo_all()
            try:  # at once, before somebody else is given it
                return pairs, item_of(place, place.desk.claim(pairs[0][1].post_id, decided=True))
            except UserError as error:
                return pairs, error

        def then(answer: tuple[Sequence[tuple[Decision, Decision]], Item | UserError]) -> None:
            pairs, back = answer
            post_id, what = pairs[0][1].post_id, action_name(pairs[0][1].action, self.setting.reader)
            self.drawing.count(-sum(1 for _, old in pairs if old.action != "note"))
            more = "" if len(pairs) == 1 else f" (+{len(pairs) - 1})"
            self.page.say(f"↶ {_('taken back')}: {what} {post_id}{more}", "accent")
            if isinstance(back, UserError):
                self.refused(back)
            else:
                self.lane.put_first(back)

        self.overlays.close()
        self._backstage.ask(taken_back, then, self.refused)

    def _note(self, item: Item, key: Key) -> None:
        _ = self.setting.reader.say

        def keep(text: str) -> None:
            if text.strip():
                self._backstage.ask(
                    lambda place: place.desk.note(item.post_id, text),
                    lambda __: self.page.say(_("noted beside {post}").format(post=item.post_id), "success"),
                    self.refused,
                )

        self.page.ask(_("note beside {post}").format(post=item.post_id), "", keep)

    def _settle_cluster(self, item: Item, key: Key) -> None:
        """First show what would be done, then do just that."""
        drawn = self.overlays.settling(item)
        if drawn is None:
            self.overlays.settle(item)
            return
        found = found_reason(item.it)
        code = found if found is not None and found.startswith("duplicate.") else "duplicate.near"
        self._backstage.ask(
            lambda place: place.desk.settle_cluster(item.claim, code, drawn), self._settled, self.refused
        )
        self.overlays.close()

    def _settled(self, done: Sequence[Decision]) -> None:
        _ = self.setting.reader.say
        self.drawing.count(len(done))
        self.lane.drop({decision.post_id for decision in done})
        self.page.say(_("{count} copies settled; u takes all of it back").format(count=len(done)), "success")

    def _filter(self, text: str) -> None:
        try:
            self.lane.change(parse_filter(text))
        except UserError as error:
            self.refused(error)

    def _move(self, name: str) -> None:
        item = self.lane.item
        if name in ("left", "right") and item is not None:
            self.drawing.turn(item, 1 if name == "right" else -1)
            self.overlays.redraw(item)
        else:
            by = {"up": -3, "down": 3, "pageup": -8, "pagedown": 8, "home": -9999, "end": 9999}.get(name, 0)
            sheet: PaneName = (
                "sheet" if self.page.part == "sheet" else "findings" if name.startswith("page") else "post"
            )
            self.page.pane(sheet).scroll_rows(by)

    def on_pane_pressed(self, message: Pane.Pressed) -> None:
        """A post of the queue was clicked: two lines each."""
        rows = self.lane.rows()
        if message.pane.id == "queue" and message.number // 2 < len(rows):
            self.lane.touch()
            self.lane.fetch(rows[message.number // 2].post_id)

    # What the lane tells.

    def show(self) -> None:
        """Draw the post that is now the one on the screen. Until it is drawn, no key decides on it."""
        self.drawn_at, self._handed = math.inf, False
        self._calm.drawing()
        self.drawing.show(self.lane)
        self.page.call_after_refresh(self._calm.drawn)
        if self.lane.item is None:
            self.page.call_after_refresh(self._written, None)

    def _whole(self, item: Item) -> None:
        """All of the post is on the screen, but for the frames that are still to be drawn."""
        if self.drawn_at == math.inf:
            self.page.call_after_refresh(self._written, item)

    def _resized(self) -> None:
        """Draw the same in the room that there is now."""
        self.drawing.resized(self.lane)
        if self.lane.item is not None:
            self.overlays.redraw(self.lane.item)

    def post_display_hook(self) -> None:
        """Textual calls this after each frame. With every frame of a new post the terminal is asked where its cursor
        is: the answer stands in the stream of keys just where it had drawn that frame."""
        if self.drawn_at == math.inf and not self.is_headless and self._driver is not None:
            self._questions += 1
            self._driver.write("\x1b[6n")

    def _written(self, item: Item | None) -> None:
        """All frames of the post were handed to the terminal."""
        if item is self.lane.item and self.drawn_at == math.inf:
            self._handed = True
            if self.is_headless or self._answers >= self._questions:
                self.drawn_at = time.monotonic()
            else:
                self.set_timer(_SILENT, self._silent)

    def _answered(self, at: float) -> None:
        self._answers += 1
        if self._handed and self._answers >= self._questions and self.drawn_at == math.inf:
            self.drawn_at = at + _PASSED_ON

    def _silent(self) -> None:
        """A terminal that answers nothing has had the time to draw."""
        if self._answers < self._questions:
            self._answers = self._questions - 1
            self._answered(time.monotonic())

    def listed(self) -> None:
        """Draw the queue."""
        self.drawing.queue(self.lane)

    def came(self, item: Item) -> None:
        """Have its picture decoded ahead."""
        self.drawing.fetch(item, self.lane)
        self.listed()

    def changed(self, item: Item) -> None:
        """Say that the post on the screen is no longer what it was."""
        _ = self.setting.reader.say
        self._warn(_("post {post} changed while you looked: this is the newest").format(post=item.post_id))

    def taken(self, item: Item) -> None:
        """Say that the post on the screen is somebody else's now."""
        _ = self.setting.reader.say
        self._warn(_("post {post} is with somebody else now, or decided").format(post=item.post_id))

    def _warn(self, words: str) -> None:
        self.overlays.close()
        self.page.say(words, "warning")
        self.bell()

    def refused(self, error: UserError) -> None:
        """Say what could not be done."""
        self.page.say(error.said(self.setting.reader.say), "error")
