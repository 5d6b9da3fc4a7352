"""Printing: results on standard output, all else on standard error. Safe for a terminal, whole through a pipe."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

from bot.text_safety import json_line, one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.reasons import Lang


def spoken() -> Lang:
    """The language that ``--lang`` chose, else the locale's."""
    from bot.cli.options import SPOKEN, locale_language

    context = click.get_current_context(silent=True)
    chosen = None if context is None else context.meta.get(SPOKEN)
    return "zh" if (chosen or locale_language()) == "zh" else "en"


def _(message: str) -> str:
    """A message in the language that is spoken; fill in its fields afterwards."""
    from bot.i18n import translator

    return translator(spoken())(message)


def emit(value: object) -> None:
    """One JSON line."""
    click.echo(json_line(value))


def say(text: str) -> None:
    """One row of a result. ``text`` must be safe; see ``bot.text_safety``."""
    click.echo(text)


def remark(text: str) -> None:
    """One row for the person at the keyboard, on standard error."""
    click.echo(text, err=True)


def width() -> int | None:
    """Terminal cells in a row of standard output; None through a pipe: nothing is cut there, unless COLUMNS asks."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return max(20, shutil.get_terminal_size().columns)
    return None


def styled(text: str, **style: str | bool) -> str:
    """The text in colour where a terminal shows it and ``NO_COLOR`` does not forbid."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, **style)  # type: ignore[arg-type]  # click types each keyword by itself


def fitted(fixed: str, rest: str) -> str:
    """One row: ``fixed`` whole (an id is never cut), then as much of ``rest`` as there is room for."""
    room = width()
    return fixed + (rest if room is None else shortened(rest, room - cell_len(fixed)))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns that line up, also with full-width text. Cells are made safe; the last column gives way where it must."""
    first, *others = _aligned([head, *rows])
    say(styled(first, bold=True))
    for row in others:
        say(row)


def columns(rows: Sequence[Sequence[object]]) -> None:
    """The same without a head: names and what they stand for."""
    for row in _aligned(rows):
        say(row)


def _aligned(rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [[one_line("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return [
        fitted(
            "".join(cell + " " * (widths[i] - cell_len(cell) + 2) for i, cell in enumerate(row[:-1])), row[-1]
        ).rstrip()
        for row in cells
    ]


@contextlib.contextmanager
def progress(what: str, *, beside_results: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress line on standard error, where that is a terminal. Gives a function that takes how many are done.

    ``beside_results``: results are printed meanwhile; on a terminal they are progress enough.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or (beside_results and sys.stdout.isatty()):
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)
