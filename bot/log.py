"""What is written to standard error: one structured line an event, as JSON or for a terminal.

Values may be a stranger's text. JSON escapes all but ASCII; for a terminal every character that could move the cursor,
hide or turn text round is shown as an escape, so that one event stays one line.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

from bot.settings import Log, Secret

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MAX_TEXT: Final = 4000
# C0 and C1 controls, line and paragraph separators, zero-width and bidirectional controls, tags, lone surrogates.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def get_logger(name: str) -> Any:
    """A logger that puts ``name`` into every line as ``part``. May be made before ``configure``."""
    return structlog.get_logger(part=name)


def configure(settings: Log, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> None:
    """Have all loggers write to ``stream``, else to what is standard error at that time. ``NO_COLOR`` is honoured."""
    out = sys.stderr if stream is None else stream
    terminal = out.isatty()
    console = settings.format == "console" or (settings.format == "auto" and terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _bounded,
            *(
                [_printable, structlog.dev.ConsoleRenderer(colors=terminal and not environ.get("NO_COLOR"))]
                if console
                else [structlog.processors.JSONRenderer(ensure_ascii=True, default=repr)]
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr if stream is None else stream),
        cache_logger_on_first_use=False,
    )


def escaped(text: str) -> str:
    r"""The text with every character that a terminal would act on, or that hides, as an escape.

    >>> escaped("a\x1b[2J\u202eb")
    'a\\x1b[2J\\u202eb'
    """
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def _bounded(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut long texts, from the middle: a traceback's ends matter most."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > _MAX_TEXT:
            event[key] = f"{value[: _MAX_TEXT // 2]} … {value[-_MAX_TEXT // 2 :]}"
        elif isinstance(value, Secret):
            event[key] = repr(value)
    return event


def _printable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape all texts for a terminal; a traceback keeps its lines, each escaped by itself."""
    if "traceback" in event:
        event["exception"] = event.pop("traceback")
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n".join(escaped(line) for line in lines)
        elif not isinstance(value, int | float | bool | None):
            event[key] = escaped(str(value))
    return event


configure(Log())  # before anybody asks for something else: structlog's own default writes to standard output
