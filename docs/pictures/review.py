"""Draws ``review.png``: the review in a terminal, as tmux has it on its screen.

gatewarden demo --data .demo && python -m docs.pictures.review .demo

Needs tmux, fontconfig and fonts for Latin and Chinese (Debian: tmux, fontconfig, fonts-dejavu-core, fonts-noto-cjk).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS, ROWS = 132, 38
CELL = 10, 20
POST = "12872822"  # of the demo: a copy of another's picture, with the mark in it
THEME = TerminalTheme((15, 18, 22), (230, 233, 238), [(0, 0, 0)] * 8)

Cell = tuple[str, int, tuple[int, int, int], tuple[int, int, int]]


def tmux(*words: str) -> str:
    """What a tmux of our own, with no settings, answers."""
    found = subprocess.run(
        ["tmux", "-L", "gatewarden-picture", "-f", "/dev/null", *words], capture_output=True, text=True
    )
    return found.stdout


def cells(text: Text) -> Iterator[Cell]:
    """(character, cells, colour, background) of one row."""
    styles = [Style()] * len(text.plain)
    for span in text.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        for at in range(span.start, span.end):
            styles[at] += style
    for character, style in zip(text.plain, styles, strict=True):
        fore, back = (
            tuple(color.get_truecolor(THEME, foreground=front) if color else default)
            for color, default, front in (
                (style.color, THEME.foreground_color, True),
                (style.bgcolor, THEME.background_color, False),
            )
        )
        yield character, cell_len(character), *((back, fore) if style.reverse else (fore, back))  # type: ignore[misc]


def font(family: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of this machine."""
    path = subprocess.run(["fc-match", "-f", "%{file}", family], capture_output=True, text=True, check=True).stdout
    return ImageFont.truetype(path, size)


def painted(rows: list[str], columns: int) -> Image.Image:
    """The screen as pixels."""
    width, height = CELL
    image = Image.new("RGB", (columns * width, len(rows) * height), tuple(THEME.background_color))
    pen = ImageDraw.Draw(image)
    latin, chinese = font("DejaVu Sans Mono", 16), font("Noto Sans Mono CJK SC", 17)
    decoder = AnsiDecoder()  # of all rows: tmux lets a style run on into the next one
    for y, row in enumerate(map(decoder.decode_line, rows)):
        x = 0
        for character, wide, fore, back in cells(row):
            left, top = x * width, y * height
            pen.rectangle((left, top, left + max(wide, 1) * width - 1, top + height - 1), fill=back)
            if character == "▀":
                pen.rectangle((left, top, left + width - 1, top + height // 2 - 1), fill=fore)
            elif character.strip():
                pen.text(
                    (left, top + (0 if wide == 1 else -3)), character, fill=fore, font=latin if wide == 1 else chinese
                )
            x += wide
    return image


def screen(columns: int) -> Image.Image:
    """What tmux has on its screen now."""
    return painted(tmux("capture-pane", "-p", "-e", "-N").split("\n")[:-1], columns)


def _wait(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true() and time.monotonic() < until:
        time.sleep(0.2)


def main() -> None:
    """Review the demo's data in tmux, and draw what is seen."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(sys.argv[1], data)  # what is claimed while we draw is not claimed there
        review = f"LC_ALL=C.UTF-8 {sys.executable} -m bot review --data {data} --as lin --lang en --theme dark"
        tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), review)
        try:
            _wait(lambda: "▀" in tmux("capture-pane", "-p"))
            while f"{POST}@" not in tmux("capture-pane", "-p"):
                tmux("send-keys", "Space")
                time.sleep(0.5)
            time.sleep(3.0)
            screen(COLUMNS).save(Path(__file__).with_name("review.png"), optimize=True)
        finally:
            tmux("kill-server")


if __name__ == "__main__":
    main()
