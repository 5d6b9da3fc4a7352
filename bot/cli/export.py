"""``export``: the verdict of every post, for scripts and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from bot.cli.options import Place, as_json, place
from bot.cli.output import _, progress, remark
from bot.model import Status
from bot.text_safety import json_line
from bot.whole_file import write_whole

if TYPE_CHECKING:
    from bot.store import Store

STATUSES = click.Choice(get_args(Status))


@click.command()
@click.option("-s", "--status", "statuses", multiple=True, type=STATUSES, help="Only these; may be repeated.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file."
)
@as_json
@place(campaign=True)
def export(place: Place, statuses: tuple[Status, ...], form: str, output: Path | None, as_json: bool) -> None:
    """Print the verdict of every post: one JSON object a line, or CSV with a header row.

    JSON keeps every id exactly. In CSV, text that a spreadsheet would take for a formula gets an apostrophe in front.
    With -o the file appears whole or not at all.
    """
    from bot.store.opening import reading

    if as_json and form == "csv":
        raise click.UsageError("--json and --format csv exclude each other")
    with reading(place.settings) as store:
        lines = _lines(store, place, statuses, form)
        if output is None:
            for line in lines:
                click.echo(line)
        else:
            count = write_whole(output, (f"{line}\n" for line in lines))
            remark(_("{count} posts written to {file}").format(count=count - (form == "csv"), file=output))


def _lines(store: Store, place: Place, statuses: tuple[Status, ...], form: str) -> Iterator[str]:
    from bot.reports.export import COLUMNS, Exporter, row

    with progress("posts", beside_results=True) as done:
        if form == "csv":
            yield ",".join(COLUMNS)
        for number, verdict in enumerate(Exporter(store, place.campaign).all(statuses), 1):
            yield _csv(row(verdict)) if form == "csv" else json_line(verdict)
            done(number)


def _csv(cells: list[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()
