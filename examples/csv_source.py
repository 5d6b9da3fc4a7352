"""A source of one's own: posts from a CSV file with the columns id, created_at, author, text, image."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from bot.clock import Clock
from bot.model import Delivery, Quarantined
from bot.sources import Batch
from bot.sources.post_json import PostError, parse_post


class CsvSource:
    """Reads the file once, whole, in one batch. What is no valid post is put aside with its line."""

    name = "csv"

    def __init__(self, path: Path, zone: dt.tzinfo, clock: Clock) -> None:
        self._path, self._zone, self._clock = path, zone, clock

    async def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """One batch; its position is the number of lines, so that nothing is read twice."""
        if position is not None:
            return
        deliveries: list[Delivery] = []
        strange: list[Quarantined] = []
        now = self._clock.now()
        with self._path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            for row in reader:
                media = [{"type": "image", "url": row["image"]}] if row["image"] else []
                post = {"id": row["id"], "created_at": row["created_at"], "author": {"id": row["author"]},
                        "text": row["text"], "media": media}  # fmt: skip
                try:
                    snapshot = parse_post(post, zone=self._zone)
                except PostError as error:
                    raw = msgspec.json.encode(row).decode()
                    line = reader.line_num
                    strange.append(
                        Quarantined(source=self.name, line=line, reason=str(error), raw=raw, observed_at=now)
                    )
                else:
                    raw_post = msgspec.Raw(msgspec.json.encode(post))
                    deliveries.append(Delivery(source=self.name, observed_at=now, snapshot=snapshot, raw=raw_post))
        yield Batch(deliveries=tuple(deliveries), quarantined=tuple(strange), position=str(reader.line_num))
