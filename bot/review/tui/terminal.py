"""What a terminal can: graphics of its own, a light or a dark background. Asked once, before anything is drawn."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Mapping
from typing import Final

from bot.review.tui.picture import Way
from detectors.evidence import Value

# Background colour, kitty's graphics, the size of a cell; last what every terminal answers, so that none is waited for.
_QUESTIONS: Final = "\x1b]11;?\x1b\\\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c"
_DONE: Final = re.compile(rb"\x1b\[\?([0-9;]*)c")
_BACKGROUND: Final = re.compile(rb"\x1b\]11;rgb:([0-9a-fA-F]{2,4})/([0-9a-fA-F]{2,4})/([0-9a-fA-F]{2,4})")
_CELL: Final = re.compile(rb"\x1b\[6;([0-9]{1,4});([0-9]{1,4})t")
_WAIT: Final = 0.5  # seconds, for terminals far away
_MOST: Final = 4096


class Terminal(Value):
    """``cell``: pixels of a cell, width and height."""

    way: Way
    dark: bool
    cell: tuple[int, int] = (10, 20)


def terminal(environment: Mapping[str, str]) -> Terminal:
    """What this terminal can. Under tmux half blocks: its own screen knows no others' graphics."""
    said = _asked() if sys.stdin.isatty() and sys.stdout.isatty() else b""
    return understood(said, environment)


def understood(said: bytes, environment: Mapping[str, str]) -> Terminal:
    """What a terminal's answers mean."""
    done, cell = _DONE.search(said), _CELL.search(said)
    abilities = done[1].split(b";") if done else []
    multiplexed = bool(environment.get("TMUX") or environment.get("STY"))
    full = environment.get("TMUX") or environment.get("COLORTERM") in ("truecolor", "24bit")  # tmux knows all colours
    way: Way = "blocks" if full else "blocks256"
    if environment.get("NO_COLOR"):
        way = "dots"
    elif not multiplexed and b"\x1b_Gi=31;OK" in said and b"4" not in abilities:
        way = "kitty"
    elif not multiplexed and b"4" in abilities:
        way = "sixel"
    size = (int(cell[2]), int(cell[1])) if cell and int(cell[1]) and int(cell[2]) else (10, 20)
    return Terminal(way=way, dark=_dark(said, environment), cell=size)


def _dark(said: bytes, environment: Mapping[str, str]) -> bool:
    background = _BACKGROUND.search(said)
    if background is not None:
        red, green, blue = (int(part[:2], 16) for part in background.groups())
        return 0.299 * red + 0.587 * green + 0.114 * blue < 128
    last = environment.get("COLORFGBG", "").rpartition(";")[2]
    return last not in ("7", "15")


def _asked() -> bytes:
    """What the terminal answers. What was typed ahead is lost with it."""
    descriptor, said = sys.stdin.fileno(), b""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        os.write(sys.stdout.fileno(), _QUESTIONS.encode())
        until = time.monotonic() + _WAIT
        while len(said) < _MOST and _DONE.search(said) is None:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                break
            with contextlib.suppress(InterruptedError):
                said += os.read(descriptor, 1024)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    return said
