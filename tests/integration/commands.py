"""What the tests of the command line feed it with, and how they see it end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw

TAG = "#我的Gate时刻#"
AT = "2025-07-20T12:00:00+08:00"
PEOPLE = (("1", "ann", "p1"), ("2", "bob", None), ("3", "cat", "p1"), ("4", "dan", None))
"""Post, account and person of who is eligible in ``eligible``."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Ended]


def post(ident: str, text: str, author: str, **more: object) -> dict[str, object]:
    """One post as a file delivers it."""
    person = {"id": author, "nickname": f"nick {author}"}
    return {"id": ident, "created_at": AT, "author": person, "text": text, "media": [], **more}


def picture(folder: Path, name: str, seed: int) -> Path:
    """A drawn picture without any mark: discs whose places and colours follow from the seed."""
    image = Image.new("RGB", (320, 240), (200, 190, 170))
    pen = ImageDraw.Draw(image)
    for i in range(14):
        x, y, r = (seed * 131 + i * 97) % 320, (seed * 71 + i * 53) % 240, 8 + (seed * 7 + i * 13) % 40
        pen.ellipse((x - r, y - r, x + r, y + r), fill=((seed * 40 + i * 30) % 256, (i * 17) % 256, (seed * 90) % 256))
    image.save(folder / name)
    return folder / name
