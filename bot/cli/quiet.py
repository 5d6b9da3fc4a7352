"""Logs of commands that end by themselves: warnings and worse, unless the settings ask for another level."""

from __future__ import annotations

import msgspec

from bot.log import configure
from bot.settings import Settings


def quiet(settings: Settings) -> None:
    """Send warnings and errors to standard error; the settings' level where it is not the default."""
    log = settings.log
    configure(msgspec.structs.replace(log, level="warning") if log.level == "info" else log)
