"""The dashboard: figures of the store as plots, each with its numbers as a table. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from bot.reasons import label
from bot.review.page import charts
from bot.review.page.reader import Reader
from bot.store.figures import Figures, Leader
from detectors.evidence import Value

_STATUSES: Final = ("eligible", "review", "ineligible", "withdrawn")
_ACTIONS: Final = ("approve", "reject", "flag", "reopen", "apart", "together")
_AGES: Final = (("< 15 min", 15), ("< 1 h", 60), ("< 4 h", 240), ("< 1 d", 1440), ("< 3 d", 4320))  # minutes
_OLDER: Final = "≥ 3 d"
_DAYS: Final = 45  # columns that can be told apart
_REASONS: Final = 14
_LEADERS: Final = 10


class Plot(Value):
    """One plot. ``parts``: class and name of each colour. ``rows``: the same numbers, the first cell a name."""

    name: str
    title: str
    drawn: Markup
    parts: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Dashboard(Value):
    """All of it. ``counts``: posts by status; ``oldest``: how long the longest has waited."""

    counts: tuple[tuple[str, int], ...]
    oldest: str
    plots: tuple[Plot, ...]
    leaders: tuple[Leader, ...]


def dashboard(figures: Figures, counts: Mapping[str, int], reader: Reader, now: dt.datetime) -> Dashboard:
    """Everything, from one reading of the store."""
    queued = figures.queued()
    return Dashboard(
        counts=tuple((status, counts.get(status, 0)) for status in _STATUSES),
        oldest=reader.span(now - queued[0]) if queued else "",
        plots=(_days(figures, reader), _ages(queued, reader, now), _reasons(figures, reader), _people(figures, reader)),
        leaders=tuple(figures.leaders(_LEADERS)),
    )


def _days(figures: Figures, reader: Reader) -> Plot:
    days = list(figures.days(reader.campaign.tz).items())[-_DAYS:]
    rows = [(day.strftime("%m-%d"), count) for day, count in days]
    return _plot("days", reader.say("Posts over time"), reader, _STATUSES, rows, upright=True)


def _ages(queued: Sequence[dt.datetime], reader: Reader, now: dt.datetime) -> Plot:
    rows = [(name, 0) for name, _ in _AGES] + [(_OLDER, 0)]
    found = dict(rows)
    for since in queued:
        minutes = (now - since).total_seconds() / 60
        found[next((name for name, most in _AGES if minutes < most), _OLDER)] += 1
    ages = [(name, {"review": count}) for name, count in found.items()]
    return _plot("ages", reader.say("How long posts have waited"), reader, ("review",), ages, upright=True)


def _reasons(figures: Figures, reader: Reader) -> Plot:
    found = [(label(code, reader.lang), count) for code, count in figures.reasons().items()]
    return _plot("reasons", reader.say("Posts by reason"), reader, _STATUSES, found[:_REASONS])


def _people(figures: Figures, reader: Reader) -> Plot:
    found = list(figures.decisions().items())[:_REASONS]
    return _plot("people", reader.say("Decisions per moderator"), reader, _ACTIONS, found)


def _plot(
    name: str,
    title: str,
    reader: Reader,
    kinds: Sequence[str],
    rows: Sequence[tuple[str, Mapping[str, int]]],
    *,
    upright: bool = False,
) -> Plot:
    used = [kind for kind in kinds if any(parts.get(kind) for _, parts in rows)]
    if upright:
        series = {kind: [float(parts.get(kind, 0)) for _, parts in rows] for kind in used}
        drawn = charts.columns(title, [row for row, _ in rows], series)
    else:
        drawn = charts.bars(title, [(row, {kind: float(parts.get(kind, 0)) for kind in used}) for row, parts in rows])
    return Plot(
        name=name,
        title=title,
        drawn=drawn,
        parts=tuple((kind, reader.say(kind)) for kind in used),
        head=("", *(reader.say(kind) for kind in used)),
        rows=tuple((row, *(str(parts.get(kind, 0)) for kind in used)) for row, parts in rows),
    )
