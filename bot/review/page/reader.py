"""For whom a page is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from bot.campaign import Campaign
from bot.reasons import Lang
from detectors.evidence import Value

Say = Callable[[str], str]
"""The words of one language for English ones."""


class Reader(Value):
    """A person's language, its words, and the campaign they work on."""

    lang: Lang
    say: Say
    campaign: Campaign

    def time(self, moment: dt.datetime | None) -> str:
        """A time as people write it, to the second, in the campaign's zone; ``?`` where it is not known."""
        return "?" if moment is None else moment.astimezone(self.campaign.tz).strftime("%Y-%m-%d %H:%M:%S")

    def span(self, span: dt.timedelta) -> str:
        """How long something has waited, in the largest unit that makes sense."""
        minutes = max(0, int(span.total_seconds() // 60))
        if minutes < 120:
            return self.say("{count} min").format(count=minutes)
        if minutes < 2880:
            return self.say("{count} h").format(count=minutes // 60)
        return self.say("{count} d").format(count=minutes // 1440)
