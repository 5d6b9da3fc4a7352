"""Judging in the terminal: one post, blind, its picture large; digits mark, Enter keeps and shows the next.

A key acts on the post that was on the screen when it was pressed; one pressed before the post was drawn, or while an
answer is under way, is not taken.
"""

from __future__ import annotations

import datetime as dt
import math
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final, Literal, get_args

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from bot.awards.judging import MOST
from bot.awards.panel import Blind, Panel
from bot.engines.preview import Pixels
from bot.errors import UserError
from bot.review.keys import JUDGING
from bot.review.tui.item import Place, frame_of
from bot.review.tui.lines import Line, Piece, line, of
from bot.review.tui.pane import Pane
from bot.review.tui.picture import Shown, Sight, annotated, cells, picture
from bot.review.tui.setting import Setting
from bot.review.tui.stage import Stage
from bot.text_safety import rows

PaneName = Literal["head", "marks", "words", "said", "keys"]

_LONGEST: Final = 6000  # characters of a text that are shown


class Ballot:
    """One post on the screen, the marks that its judge gives, and which criterion the next digit is for."""

    def __init__(self, blind: Blind, criteria: tuple[str, ...]) -> None:
        self.blind, self.criteria = blind, criteria
        self.marks: dict[str, int] = {}
        self.lit = 0
        self.media = 0

    def mark(self, value: int) -> None:
        """Mark the criterion that is lit, and light the next."""
        self.marks[self.criteria[self.lit]] = value
        self.light(1)

    def light(self, by: int) -> None:
        """Light another criterion."""
        self.lit = min(max(self.lit + by, 0), len(self.criteria) - 1)


class JudgeApp(Stage):
    """One judge at one terminal."""

    CSS_PATH = "judge.tcss"

    def __init__(self, setting: Setting, rubric: dict[str, int], place: Callable[[ExitStack], Place]) -> None:
        """``place`` opens the store, in the thread that uses it. Raises UserError where media cannot be decoded."""
        super().__init__(setting, place)
        self.rubric = rubric
        self.ballot: Ballot | None = None
        self.past: list[Ballot] = []
        self.drawn_at = math.inf  # when the post on the screen was drawn; infinite while an answer is under way
        self._far = (0, 0)
        self.panes: dict[PaneName, Pane] = {
            name: Pane(self.palette, name, cut=name in ("head", "said")) for name in get_args(PaneName)
        }
        self.picture = picture(setting.way, "picture")

    def compose(self) -> ComposeResult:
        """The picture with the marks and the words beside it."""
        yield self.panes["head"]
        with Container(id="body"):
            yield self.picture
            with Container(id="side"):
                yield self.panes["marks"]
                yield self.panes["words"]
        yield self.panes["said"]
        yield self.panes["keys"]

    def on_mount(self) -> None:
        """Draw the empty screen, then have the first post fetched."""
        self.open_stage()
        self.panes["keys"].show([self._keys()])
        self._backstage.ask(self._next, self._turn, self._refused)

    def on_unmount(self) -> None:
        """Keep what is still under way, stop."""
        self.close_stage()

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        """Take keys here, one after another as they came."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._press(event.key, unicodedata.normalize("NFKC", event.character or ""), event.time)
        else:
            await super().on_event(event)

    def _press(self, name: str, typed: str, at: float) -> None:
        _ = self.setting.reader.say
        it = self.ballot
        if name in ("ctrl+c", "ctrl+q") or typed == "q":
            self.exit()
        elif typed == "v" or name == "escape":
            self.set_class(typed == "v" and not self.has_class("alone"), "alone")
            self.call_after_refresh(self._see)
        elif name in ("pageup", "pagedown"):
            self.panes["words"].scroll_rows(5 if name == "pagedown" else -5)
        elif typed == "u" and self.drawn_at < math.inf:
            self._back()
        elif it is None or at < self.drawn_at:
            self._say(_("Wait: the next post is not drawn yet. The key was not taken."), "warning")
        elif len(typed) == 1 and typed in "0123456789t":
            it.mark(MOST if typed == "t" else int(typed))
            self._marks(it)
        elif name in ("up", "down"):
            it.light(1 if name == "down" else -1)
            self._marks(it)
        elif name in ("left", "right") and it.blind.media:
            it.media = (it.media + (1 if name == "right" else -1)) % len(it.blind.media)
            self._see()
        elif name == "enter":
            self._save(it)
        elif typed == "r":
            self._send(it, None)

    def _save(self, it: Ballot) -> None:
        open_ = [number for number, name in enumerate(it.criteria) if name not in it.marks]
        if open_:
            it.lit = open_[0]
            self._marks(it)
            self._say(self.setting.reader.say("Give every criterion its mark first."), "warning")
        else:
            self._send(it, dict(it.marks))

    def _send(self, it: Ballot, marks: dict[str, int] | None) -> None:
        """Have it kept, and the next post shown."""
        _ = self.setting.reader.say
        self.drawn_at = math.inf
        said = _("{post}: you stood back") if marks is None else _("{post} saved")

        def keep(place: Place) -> tuple[Blind | None, tuple[int, int]]:
            with place.store.transaction():
                panel, now = Panel(place.store, place.campaign), dt.datetime.now(dt.UTC)
                if marks is None:
                    panel.recuse(it.blind.code, self.setting.who, now)
                else:
                    panel.score(it.blind.code, marks, self.setting.who, now)
                return self._turn_of(place)

        def kept(answer: tuple[Blind | None, tuple[int, int]]) -> None:
            if it not in self.past:
                self.past.append(it)
            self._say(f"✓ {said.format(post=it.blind.code)}", "success")
            self._turn(answer)

        self._backstage.ask(keep, kept, self._refused)

    def _back(self) -> None:
        """An earlier post again; what is then kept replaces what was."""
        at = self.past.index(self.ballot) if self.ballot in self.past else len(self.past)
        if at == 0:
            self._say(self.setting.reader.say("There is no earlier post here."), "muted")
        else:
            self.past[at - 1].lit = 0
            self._show(self.past[at - 1])

    def _next(self, place: Place) -> tuple[Blind | None, tuple[int, int]]:
        with place.store.transaction():
            return self._turn_of(place)

    def _turn_of(self, place: Place) -> tuple[Blind | None, tuple[int, int]]:
        panel = Panel(place.store, place.campaign)
        record = panel.next(self.setting.who, dt.datetime.now(dt.UTC))
        return None if record is None else panel.blind(record, self.setting.who), panel.standing(self.setting.who)

    def _turn(self, answer: tuple[Blind | None, tuple[int, int]]) -> None:
        blind, self._far = answer
        self._show(None if blind is None else Ballot(blind, tuple(self.rubric)))

    def _refused(self, error: UserError) -> None:
        self.drawn_at = time.monotonic()
        self._say(error.said(self.setting.reader.say), "error")
        self.bell()

    # Drawing.

    def _show(self, it: Ballot | None) -> None:
        """Draw a post. Until it is drawn, no key acts on it."""
        _ = self.setting.reader.say
        self.ballot, self.drawn_at = it, math.inf
        scored, left = self._far
        head: list[Piece] = [("gatewarden ", "title"), (f" {self.setting.campaign}  ", "muted")]
        head += [(it.blind.code + "  ", "accent")] if it is not None else []
        head += [(f"{scored} {_('scored')} · {left} {_('left')}", "title"), (f"  {self.setting.who}", "muted")]
        self.panes["head"].show([of(*head)])
        self.panes["words"].show([] if it is None else self._words(it.blind))
        self._marks(it)
        self._see()
        self.call_after_refresh(self._drawn, it)

    def _drawn(self, it: Ballot | None) -> None:
        if it is self.ballot:
            self.drawn_at = time.monotonic()

    def _marks(self, it: Ballot | None) -> None:
        say = self.setting.reader.say
        found: list[Line] = []
        for number, name in enumerate(() if it is None else it.criteria):
            assert it is not None
            given = it.marks.get(name)
            here = number == it.lit
            bar = "·" * MOST if given is None else "█" * given + "·" * (MOST - given)
            head: Piece = (f"{'▸' if here else ' '} {say(name)} {self.rubric[name]} %", "accent" if here else "title")
            found += [of(head), of((f"  {bar} ", "muted" if given is None else "success"),
                                   ("–" if given is None else str(given), "title")), line()]  # fmt: skip
        self.panes["marks"].styles.height = len(found)
        self.panes["marks"].show(found)

    def _words(self, blind: Blind) -> Iterator[Line]:
        say = self.setting.reader.say
        if blind.title:
            yield line(blind.title[:_LONGEST], "title")
        for row in rows((blind.text or "")[:_LONGEST]):
            yield line(row)
        counters = (("likes", blind.likes), ("comments", blind.comments), ("views", blind.views))
        counted = ", ".join(f"{count} {say(name)}" for name, count in counters if count is not None)
        if counted:
            yield line()
            yield line(counted, "muted")

    def _see(self) -> None:
        """Have the picture of the post on the screen decoded and shown, as large as there is room."""
        _ = self.setting.reader.say
        it = self.ballot
        if it is None:
            later = _("Other judges have the rest before them just now: ask again in a while.")
            self.picture.show(None, later if self._far[1] else _("Nothing is left for you to score. Thank you."))
            return
        if not it.blind.media:
            self.picture.show(None, _("No picture or video."))
            return
        media, evidence, room = it.media, it.blind.media[it.media], (self.picture.size.width, self.picture.size.height)
        self.picture.show(None, _("the picture is coming …"))

        def make(pixels: tuple[Pixels, float] | None) -> Shown | None:
            if pixels is None:
                return None
            sight = Sight(rgb=pixels[0], scale=pixels[1])
            if self.setting.way in ("kitty", "sixel"):
                return annotated(sight, *room, self.setting.cell)
            return cells(sight, *room, self.setting.way)

        def arrived(shown: Shown | None) -> None:
            if it is self.ballot and media == it.media:
                self.picture.show(shown, _("No picture or video."))

        self._eyes.look(self.setting.blobs.path(evidence.sha256), frame_of(evidence), make, arrived)

    def on_resize(self) -> None:
        """The same picture in other room."""
        self.call_after_refresh(self._see)

    def _keys(self) -> Line:
        _ = self.setting.reader.say
        named = [("0–9", _("mark")), ("t", _("ten")), ("↑ ↓", _("criterion")), ("← →", _("the post's other pictures"))]
        named += [(key.key, key.label(self.setting.reader.lang)) for key in JUDGING]
        named += [("q", _("quit"))]
        pieces: list[Piece] = []
        for key, words in named:
            pieces += [(key, "key"), (f" {words}  ", "muted")]
        return of(*pieces)

    def _say(self, text: str, style: Literal["success", "warning", "error", "muted"]) -> None:
        self.panes["said"].show([line(text, style)])
