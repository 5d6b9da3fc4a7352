"""Plots as SVG, drawn here: bars over days, bars by name, and when a post was made. Numbers in, markup out.

Colours are classes of the style sheet; sizes are in user units that scale with the page. Every plot has a title for
those who do not see it; the page shows the numbers as a table too.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 520
_HEIGHT: Final = 200
_LEFT, _BOTTOM, _TOP = 44, 26, 10

Series = Mapping[str, Sequence[float]]
"""Values by class name, all of one length: stacked in this order."""


def columns(title: str, names: Sequence[str], series: Series) -> Markup:
    """Stacked columns, one a name, over an axis of whole numbers."""
    totals = [sum(values) for values in zip(*series.values(), strict=True)] if series else []
    top, step = _axis(max(totals, default=0))
    inner = _HEIGHT - _BOTTOM - _TOP
    pitch = (_WIDTH - _LEFT) / max(1, len(names))
    drawn = [_grid(top, step, inner)]
    base = [0.0] * len(names)
    for kind, values in series.items():
        for number, value in enumerate(values):
            if value <= 0:
                continue
            height, below = value / top * inner, base[number] / top * inner
            base[number] += value
            drawn.append(
                Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5"/>').format(
                    f"bar {kind}", _LEFT + number * pitch + pitch * 0.12, _TOP + inner - below - height,
                    pitch * 0.76, max(height, 0.5),
                )
            )  # fmt: skip
    every = max(1, math.ceil(len(names) * 48 / (_WIDTH - _LEFT)))
    drawn += [
        Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            _LEFT + (number + 0.5) * pitch, _HEIGHT - 8, name
        )
        for number, name in enumerate(names)
        if number % every == 0
    ]
    return _svg(title, _WIDTH, _HEIGHT, drawn)


def bars(title: str, rows: Sequence[tuple[str, Mapping[str, float]]]) -> Markup:
    """Horizontal stacked bars, the name above each and the sum at its end."""
    most = max((sum(parts.values()) for _, parts in rows), default=0) or 1
    drawn, pitch, room = [], 34, _WIDTH - 60
    for number, (name, parts) in enumerate(rows):
        y, x = number * pitch, 0.0
        drawn.append(Markup('<text class="name" x="0" y="{}">{}</text>').format(y + 12, name))
        for kind, value in parts.items():
            width = value / most * room
            drawn.append(
                Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="9" rx="2"/>').format(
                    f"bar {kind}", x, y + 18, width
                )
            )
            x += width
        drawn.append(
            Markup('<text class="tick" x="{:.1f}" y="{}">{}</text>').format(x + 6, y + 27, _number(sum(parts.values())))
        )
    return _svg(title, _WIDTH, max(1, len(rows)) * pitch, drawn)


def moments(
    title: str,
    window: tuple[dt.datetime | None, dt.datetime | None],
    posted: tuple[dt.datetime | None, dt.datetime | None],
    edited: tuple[dt.datetime | None, dt.datetime | None] | None,
) -> Markup:
    """The campaign's window as a band, and on it when the post was made and last edited: points where the instant is
    known, else from the earliest to the latest, open where nothing bounds it. Nothing where no time is known at all."""
    known = [m for m in (*window, *posted, *(edited or ())) if m is not None]
    if not known:
        return Markup("")
    first, last = min(known).timestamp(), max(known).timestamp()
    margin = max(3600.0, (last - first) * 0.06)
    first, last = first - margin, last + margin

    def x(moment: dt.datetime | None, otherwise: float) -> float:
        return otherwise if moment is None else (moment.timestamp() - first) / (last - first) * _WIDTH

    start, end = x(window[0], 0), x(window[1], _WIDTH)
    drawn = [
        Markup('<line class="axis" x1="0" x2="{}" y1="16" y2="16"/>').format(_WIDTH),
        Markup('<rect class="window" x="{:.1f}" y="9" width="{:.1f}" height="14" rx="4"/>').format(start, end - start),
        _moment("posted", x(posted[0], 0), x(posted[1], _WIDTH)),
    ]
    if edited is not None:
        drawn.append(_moment("edited", x(edited[0], 0), x(edited[1], _WIDTH)))
    return _svg(title, _WIDTH, 32, drawn)


def _moment(kind: str, left: float, right: float) -> Markup:
    if right - left < 6:
        return Markup('<circle class="{}" cx="{:.1f}" cy="16" r="6"/>').format(kind, (left + right) / 2)
    return Markup('<rect class="{}" x="{:.1f}" y="12" width="{:.1f}" height="8" rx="4"/>').format(
        kind, left, right - left
    )


def _grid(top: float, step: float, inner: float) -> Markup:
    lines = []
    for number in range(round(top / step) + 1):
        y = _TOP + inner - number * step / top * inner
        lines.append(
            Markup(
                '<line class="rule" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(_LEFT, _WIDTH, y, y, _LEFT - 6, y + 4, _number(number * step))
        )
    return Markup("").join(lines)


def _axis(most: float) -> tuple[float, float]:
    """(the axis' end, its step): at most five steps of 1, 2 or 5 times a power of ten, none below 1."""
    if most <= 0:
        return 1.0, 1.0
    power = 10.0 ** max(0, math.floor(math.log10(most / 5)) if most > 5 else 0)
    step = next(s * power for s in (1, 2, 5, 10) if s * power * 5 >= most)
    return math.ceil(most / step) * step, step


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _svg(title: str, width: int, height: int, drawn: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="xMidYMid meet">{}</svg>'
    ).format(width, height, title, Markup("").join(drawn))
