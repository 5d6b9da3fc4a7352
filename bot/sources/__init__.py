"""Where posts come from. A source is an async iterator of batches, each with the position after it.

The contract, held by one test suite over all sources:

- When the consumer asks for the next batch, the previous one is committed durably, its position included. So a
  source may answer its own callers then (``push``), and after a crash it is opened again at the last position.
- Delivering a post twice is always allowed; losing one never is.
- What is no valid post becomes ``Quarantined`` and the rest goes on.
- The world failing ends the stream with ``Transient``: open a new one at the last committed position, later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator
from typing import Protocol

from bot.model import Delivery, Quarantined
from detectors.evidence import Value

SOURCES = ("gate_square", "jsonl", "push")
"""The sources there are: each the module of that name in this package, and held by the contract suite."""


class Poll(Value):
    """One reading of a polled feed. ``complete``: it reached posts known from earlier polls, or the feed's end, so
    whatever is first seen later was not to be found at ``started``."""

    started: dt.datetime
    finished: dt.datetime
    complete: bool


class Batch(Value):
    """What is to be committed in one transaction. ``position``: opaque, handed back to ``stream`` after a restart;
    None: unchanged. ``delivery_ids``: signed deliveries that must be refused if they come again."""

    deliveries: tuple[Delivery, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    position: str | None = None
    poll: Poll | None = None
    delivery_ids: tuple[str, ...] = ()


class Source(Protocol):
    """One place that posts come from. ``name`` stands in every delivery and keys the stored position."""

    @property
    def name(self) -> str:
        """The source's name, as in ``[sources] enabled``."""
        ...

    def stream(self, position: str | None) -> AsyncGenerator[Batch, None]:
        """Batches from after ``position`` (None: from the start) on. Raises ``Transient`` where the world failed and
        ``UserError`` where a person must mend something. Close it (``aclose``) to let go of files and sockets."""
        ...
