"""What is on the screen and where: the parts, and how an item, the queue and the keys are drawn into them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, get_args

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input

from bot.reasons import label
from bot.review.keys import DIGITS, KEYS
from bot.review.tui.lines import Line, Piece, StyleName, line, of, width_of, wrapped
from bot.review.tui.pane import Palette, Pane
from bot.review.tui.picture import Shown, Way, picture
from bot.review.tui.sheet import Reader, Row
from bot.text_safety import shortened

Part = Literal["body", "whole", "sheet"]
PaneName = Literal["head", "queue", "post", "findings", "caption", "sheet", "said", "keys"]
PictureName = Literal["picture", "large"]

_WIDE: Final = 104  # columns from which the queue has room beside the post
_CUT: Final = ("head", "queue", "caption", "said", "keys")  # where a line takes one row, whatever its length
_WARNING: Final = ("error", "warning")
_READ: Final = 2.0  # seconds in which nothing less takes the place of a warning
_CUTS: Final = (99, 22, 18, 15, 12, 10, 8)  # cells of a key's name, the first at which the bar is small enough
_CAPTION: Final = 2  # rows over a picture that is alone
_LEAST: Final = 3  # rows that the words of a post have at least


class ReviewScreen(Screen[None]):
    """The parts of the screen. Knows no desk."""

    ALLOW_SELECT = False

    def __init__(self, reader: Reader, palette: Palette, way: Way) -> None:
        super().__init__()
        self._reader, self._way = reader, way
        self._panes = {name: Pane(palette, name, cut=name in _CUT) for name in get_args(PaneName)}
        self._pictures = {name: picture(way, name) for name in get_args(PictureName)}
        self._field = Input(id="prompt", compact=True, select_on_focus=False)
        self._stage = ContentSwitcher(id="stage", initial="body")
        self._warned_until = 0.0
        self.resized: Callable[[], None] = lambda: None  # called when all parts have their new sizes
        self._answer: Callable[[str], None] | None = None

    def compose(self) -> ComposeResult:
        """All parts; which of them show is decided by ``part`` and by the size of the terminal."""
        panes, pictures = self._panes, self._pictures
        yield panes["head"]
        with self._stage:
            with Container(id="body"):
                yield panes["queue"]
                with Container(id="middle"):
                    yield panes["post"]
                    yield pictures["picture"]
                yield panes["findings"]
            with Container(id="whole"):
                yield panes["caption"]
                yield pictures["large"]
            yield panes["sheet"]
        yield panes["said"]
        yield self._field
        yield panes["keys"]

    def on_resize(self, event: events.Resize) -> None:
        """Give room to what matters most in so many columns and rows."""
        self.set_class(event.size.width < _WIDE, "narrow")
        rows = key_rows(self._reader, event.size.width - 2, event.size.height)
        bar = self.pane("keys")
        bar.styles.height = len(rows)
        bar.show(rows)
        self.call_after_refresh(lambda: self.resized())

    def pane(self, name: PaneName) -> Pane:
        """A part that shows lines."""
        return self._panes[name]

    @property
    def part(self) -> Part:
        """Which part fills the middle: the post, one picture, or a sheet of text."""
        current = self._stage.current
        return "whole" if current == "whole" else "sheet" if current == "sheet" else "body"

    @part.setter
    def part(self, part: Part) -> None:
        if self.part != part:
            self._stage.current = part

    def room(self, beside: Sequence[Line] | None = None) -> tuple[int, int]:
        """Columns and rows for a picture: under these lines of a post, or alone in the middle of the screen."""
        stage = self._stage.size
        if beside is None:
            return stage.width, max(0, stage.height - _CAPTION)
        width = self.pane("post").size.width
        return width, max(0, stage.height - self._share(beside, width, stage.height))

    def show_post(self, lines: Sequence[Line]) -> None:
        """The words of a post; the picture has the rows that they leave."""
        post, stage = self.pane("post"), self._stage.size
        height = self._share(lines, post.size.width, stage.height)
        if post.styles.height is None or post.styles.height.value != height:
            post.styles.height = height
        post.show(lines)

    def _share(self, lines: Sequence[Line], width: int, height: int) -> int:
        """The rows that the words of a post take: all they need, up to two fifths of the screen."""
        most = max(_LEAST, height * 2 // 5)
        needed = 0
        for it in lines:
            needed += sum(1 for _ in wrapped(it, max(1, width)))
            if needed >= most:
                return most
        return max(_LEAST, needed + 1)

    def show_picture(self, name: PictureName, shown: Shown | None, words: str = "") -> None:
        """Show a picture, or words in its place."""
        self._pictures[name].show(shown, words)

    def say(self, text: str, style: StyleName = "") -> None:
        """One line above the keys: what came of the last one. A warning stays long enough to be read."""
        now = time.monotonic()
        if style in _WARNING:
            self._warned_until = now + _READ
        elif now < self._warned_until:
            return
        self.pane("said").show([line(text, style)])

    def show_queue(self, rows: Iterable[Row], chosen: str | None) -> None:
        """The queue, with the post on the screen marked: two rows a post."""
        lang = self._reader.lang
        lines: list[Line] = []
        for row in itertools.islice(rows, self.pane("queue").size.height // 2):
            here = row.post_id == chosen
            codes = ", ".join(label(code, lang) for code in row.codes)
            head: StyleName = "chosen" if here else ""
            lines.append(of((("▸ " if here else "  ") + row.post_id, head), (f"  {row.words}", head or "muted")))
            lines.append(of(("  " + codes, "warning" if here else "muted")))
        self.pane("queue").show(lines)

    # The text field: while it is open, it has every key.

    @property
    def typing(self) -> bool:
        """Whether a text field is open."""
        return self._answer is not None

    def ask(self, words: str, text: str, answer: Callable[[str], None]) -> None:
        """Open the text field; ``answer`` gets what was typed, unless it was left with Escape."""
        field = self._field
        self._warned_until = 0.0
        self.say(words, "accent")
        field.value, field.display, self._answer = text, True, answer
        field.cursor_position = len(text)
        self.set_focus(field)

    def stop_asking(self) -> None:
        """Close the text field."""
        self._answer = None
        self.set_focus(None)
        self._field.display = False
        self.say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand on what was typed."""
        answer = self._answer
        event.stop()
        self.stop_asking()
        if answer is not None:
            answer(event.value)


def key_rows(reader: Reader, width: int, height: int) -> list[Line]:
    """The bar of keys: what keys do, then the reasons that digits reject with. In a small terminal their names are cut
    so that the bar leaves room for the post; the help has them in full."""
    _ = reader.say
    actions = [*((entry.key, entry.label(reader.lang)) for entry in KEYS if entry not in DIGITS), ("q", _("quit"))]
    digits = [(entry.key, entry.label(reader.lang)) for entry in DIGITS]
    rows: list[Line] = []
    for most in _CUTS:
        rows = [row for keys in (actions, digits) for row in _flowing(keys, width, most)]
        if len(rows) <= max(4, height // 8):
            break
    return rows


def help_lines(reader: Reader) -> list[Line]:
    """Every key with what it does."""
    _ = reader.say
    moves = (
        ("← →", _("the post's other pictures")),
        ("↑ ↓", _("scroll the post")),
        ("PgUp PgDn", _("scroll the findings")),
        ("Esc", _("back")),
        ("q", _("quit; all that was decided is kept")),
    )
    rows = [(entry.key, entry.label(reader.lang), entry in DIGITS) for entry in KEYS]
    return [
        line(_("Keys"), "title"),
        line(),
        *(of((key.rjust(9) + "  ", "key"), (words, "")) for key, words, digit in rows if not digit),
        *(of((key.rjust(9) + "  ", "key"), (words, "")) for key, words in moves),
        line(),
        line(_("Reject at once, with this reason"), "title"),
        line(),
        *(of((key.rjust(9) + "  ", "key"), (words, "")) for key, words, digit in rows if digit),
        line(),
        line(_("A key acts on the post that was on the screen when you pressed it."), "muted"),
    ]


def _flowing(keys: Sequence[tuple[str, str]], width: int, most: int) -> list[Line]:
    """Keys with their names, cut to ``most`` cells, in as many rows as it takes."""
    rows: list[list[Piece]] = [[]]
    used = 0
    for key, name in keys:
        words = shortened(name, most)
        needed = width_of(key) + 1 + width_of(words)
        if used and used + 2 + needed > width:
            rows.append([])
            used = 0
        gap = "  " if used else ""
        rows[-1] += [(gap, ""), (key, "key"), (f" {words}", "muted")]
        used += len(gap) + needed
    return [Line(pieces=tuple(row)) for row in rows]
