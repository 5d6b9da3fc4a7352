"""What the review is started with."""

from __future__ import annotations

from typing import Final

from bot.review.filters import Filter
from bot.review.tui.picture import Way
from bot.review.tui.sheet import Reader
from bot.settings import Engine
from bot.store.blobs import Blobs
from detectors.evidence import Value

CELL: Final = (10, 20)


class Setting(Value):
    """Who reviews what, and what their terminal can. ``cell``: pixels of a cell, width and height; ``lease``: seconds
    that a claim is held for."""

    who: str
    campaign: str
    reader: Reader
    engine: Engine
    blobs: Blobs
    way: Way = "blocks"
    cell: tuple[int, int] = CELL
    dark: bool = True
    colour: bool = True
    wanted: Filter = Filter()
    lease: float = 120.0
