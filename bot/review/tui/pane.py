"""A part of the screen that shows lines, wrapped to its width, and scrolls. No layout is done when they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from bot.review.tui.lines import Line, Piece, StyleName, wrapped

Palette = Mapping[StyleName, Style]


class Pane(Widget, can_focus=False):
    """Rows of text. ``cut``: a line that is too long is cut instead of wrapped."""

    ALLOW_SELECT = False

    class Pressed(Message):
        """A row was clicked: the number of its line."""

        def __init__(self, pane: Pane, number: int) -> None:
            super().__init__()
            self.pane, self.number = pane, number

    def __init__(self, palette: Palette, name: str, *, cut: bool = False) -> None:
        super().__init__(id=name)
        self.palette = palette
        self._cut = cut
        self._lines: tuple[Line, ...] = ()
        self._rows: list[tuple[int, tuple[Piece, ...]]] | None = None
        self._top = 0
        self._base: Style | None = None
        self._styles: Palette = palette

    def show(self, lines: Iterable[Line], *, from_top: bool = True) -> None:
        """Show other lines."""
        self._lines, self._rows = tuple(lines), None
        self._top = 0 if from_top else self._top
        self.refresh()

    def scroll_rows(self, by: int) -> None:
        """Scroll, no further than there is something to show."""
        most = max(0, len(self._wrapped()) - self.size.height)
        top = min(max(0, self._top + by), most)
        if top != self._top:
            self._top = top
            self.refresh()

    def _wrapped(self) -> list[tuple[int, tuple[Piece, ...]]]:
        if self._rows is None:
            width = max(1, self.size.width)
            self._rows = [
                (number, row)
                for number, it in enumerate(self._lines)
                for row in ([it.pieces] if self._cut else wrapped(it, width))
            ]
        return self._rows

    def on_resize(self) -> None:
        """Wrap anew."""
        self._rows = None
        self.scroll_rows(0)

    def on_click(self, event: events.Click) -> None:
        """Tell which line was meant."""
        rows, at = self._wrapped(), event.y + self._top
        if 0 <= at < len(rows):
            self.post_message(self.Pressed(self, rows[at][0]))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        self.scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        self.scroll_rows(-3)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows, in the styles that they have here now."""
        base = self.rich_style
        if base != self._base:
            self._base = base
            self._styles = {name: base + style for name, style in self.palette.items()}
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row; the last says how many are hidden below it."""
        rows, width = self._wrapped(), self.size.width
        at = y + self._top
        below = len(rows) - self._top - self.size.height
        if y == self.size.height - 1 and below > 0 and self.size.height > 1:
            return self._strip(((f"▾ {below + 1}", "muted"),), width)
        return self._strip(rows[at][1] if at < len(rows) else (), width)

    def _strip(self, row: tuple[Piece, ...], width: int) -> Strip:
        filled = self._styles["chosen" if any(style == "chosen" for _, style in row) else ""]
        segments = [Segment(text, self._styles[style]) for text, style in row]
        length = sum(cell_len(text) for text, _ in row)
        strip = Strip(segments, length)
        return strip.adjust_cell_length(width, filled)
