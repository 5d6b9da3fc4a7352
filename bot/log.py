"""One structured line an event, on standard error: JSON for machines, coloured columns on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import FilteringBoundLogger

Format = Literal["auto", "json", "console"]


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of one part of the bot; ``name`` stands in each of its lines."""
    logger: FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def set_up(level: str = "info", form: Format = "auto") -> None:
    """Send log lines of at least ``level`` to standard error, as JSON unless that is a terminal (or as ``form`` says)."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
