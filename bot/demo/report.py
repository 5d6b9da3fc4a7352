"""What came out beside what was meant, and what to type next."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.demo.backend import Told
from bot.demo.scenario import PlannedPost
from bot.model import Status
from bot.store.verdicts import Record
from detectors.evidence import Value

_COLOURS: Final[dict[Status, str]] = {
    "eligible": "green",
    "ineligible": "red",
    "review": "yellow",
    "withdrawn": "bright_black",
}
_PIPE_WIDTH: Final = 150  # columns where there is no terminal to ask


class Outcome(Value):
    """How a post came out. ``code`` is the most decisive reason, None where nothing blocks or asks."""

    status: Status
    code: str | None


class Row(Value):
    """One post: what was meant and what came out (None: no verdict at all). ``wavered``: it was ineligible for a while
    though nothing about it ever called for that."""

    post: PlannedPost
    came: Outcome | None
    wavered: bool = False

    @property
    def as_meant(self) -> bool:
        """Whether the verdict is the one that was meant, from the first to the last."""
        return self.came == Outcome(status=self.post.meant, code=self.post.code) and not self.wavered


class Report(Value):
    """The whole run. ``searches`` of which ``refusals`` were turned away; ``quarantined``: records that are no posts."""

    rows: tuple[Row, ...]
    seconds: float
    searches: int
    refusals: int
    told: Told
    quarantined: int
    data: str

    @property
    def as_meant(self) -> bool:
        """Whether everything came out as meant."""
        return all(row.as_meant for row in self.rows) and self.quarantined == self.told.refused


def outcome(record: Record | None) -> Outcome | None:
    """What the store has of a post, as the report shows it."""
    if record is None:
        return None
    decisive = next((f.code for f in record.verdict.findings if f.stance in ("block", "ask")), None)
    return Outcome(status=record.status, code=decisive)


def wavered(post: PlannedPost, seen: frozenset[Status]) -> bool:
    """Whether a post was ineligible in between that never gave reason to: what one source does not show another may."""
    return post.meant in ("eligible", "review") and not post.edits and "ineligible" in seen


def console() -> Console:
    """A console for the report: the terminal's width, else wide enough that nothing is cut; COLUMNS is honoured."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=max(out.width, _PIPE_WIDTH))


def print_report(report: Report, out: Console) -> None:
    """The table, the counts, and the next commands."""
    for group, rows in itertools.groupby(report.rows, key=lambda row: row.post.group):
        out.print(_table(group, list(rows)))
    out.print(_summary(report))
    for line in _limits(report):
        out.print(line)
    for line in _next(report):
        out.print(line)


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(title=Text(title, "bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("post", no_wrap=True)
    table.add_column("what it is", ratio=1)
    table.add_column("meant", no_wrap=True, min_width=31)
    table.add_column("came out", no_wrap=True, min_width=31)
    table.add_column("", no_wrap=True)
    for row in rows:
        meant = Outcome(status=row.post.meant, code=row.post.code)
        mark = Text("ok", "green") if row.as_meant else Text("NOT AS MEANT", "bold white on red")
        if row.wavered:
            mark = Text("INELIGIBLE IN BETWEEN", "bold white on red")
        why = row.post.why + (" (known limit)" if row.post.limit else "")
        table.add_row(str(row.post.id), Text(why), _words(meant), _words(row.came), mark)
    return table


def _words(came: Outcome | None) -> Text:
    if came is None:
        return Text("no verdict", "bold red")
    words = Text(came.status, _COLOURS[came.status])
    return words if came.code is None else words.append(f"  {came.code}", "default")


def _summary(report: Report) -> Text:
    good = sum(row.as_meant for row in report.rows)
    counts = Counter(row.came.status for row in report.rows if row.came is not None)
    told = report.told
    statuses = ", ".join(f"{counts[status]} {status}" for status in get_args(Status))
    text = Text()
    text.append(f"\n{good} of {len(report.rows)} posts as meant", "bold green" if report.as_meant else "bold red")
    text.append(f" in {report.seconds:.1f} s: {statuses}.\n")
    text.append(
        f"{report.searches} searches, {report.refusals} of them turned away and tried again; {told.deliveries} signed "
        f"deliveries with {told.posts} posts taken, {told.repeated} repetition refused, "
        f"{report.quarantined} malformed record put aside.\n"
    )
    return text


def _limits(report: Report) -> Iterator[Text]:
    limits = [row.post for row in report.rows if row.post.limit]
    if limits:
        yield Text("Known limits of today's detectors, as they stand in the table:", "bold")
    for post in limits:
        yield Text(f"  {post.id}  {post.why}: {post.limit}")


def _next(report: Report) -> Iterator[Text]:
    data = shlex.quote(report.data)
    waiting = [row.post.id for row in report.rows if row.came is not None and row.came.status == "review"]
    yield Text("\nWhat to type next:", "bold")
    yield Text(f"  gatewarden queue --data {data}", "cyan").append("     what waits for a person", "default")
    if waiting:
        yield Text(f"  gatewarden show {waiting[0]} --data {data}", "cyan").append(
            "     one post and its evidence", "default"
        )
        yield Text(f"  gatewarden approve {waiting[0]} --data {data}", "cyan").append("     decide it", "default")
    yield Text(f"  gatewarden export --data {data}", "cyan").append("     every verdict as JSON Lines", "default")
