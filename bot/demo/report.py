"""What came out beside what was meant, and what to type next."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.demo.awarding import FOLDER, Awarded
from bot.demo.backend import Told
from bot.demo.scenario import PlannedPost
from bot.demo.shares import Shared
from bot.model import Status
from bot.store.verdicts import Record
from detectors.evidence import Value

_COLOURS: Final[dict[Status, str]] = {
    "eligible": "green",
    "ineligible": "red",
    "review": "yellow",
    "withdrawn": "bright_black",
}
_WIDE: Final = 120  # columns from which a status and its reason stand beside each other
_PIPE: Final = 150  # columns where there is no terminal to ask


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
        if self.came is None or self.wavered:
            return False
        return self.came.status == self.post.meant and self.came.code in (self.post.code, *self.post.also)


class Report(Value):
    """The whole run. ``refusals`` of the ``searches`` were turned away; ``quarantined``: records that are no posts."""

    rows: tuple[Row, ...]
    seconds: float
    searches: int
    refusals: int
    told: Told
    quarantined: int
    shared: Shared
    awarded: Awarded
    data: str
    program: str = "gatewarden"

    @property
    def as_meant(self) -> bool:
        """Whether everything came out as meant."""
        good = all(row.as_meant for row in self.rows) and self.quarantined == self.told.refused
        return good and not self.shared.off and self.awarded.verified is not None


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
    return out if out.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=_PIPE)


def print_report(report: Report, out: Console) -> None:
    """The table, the counts, and the next commands."""
    for group in dict.fromkeys(row.post.group for row in report.rows):
        out.print(Text(f"\n{group}", "bold"))
        out.print(_table([row for row in report.rows if row.post.group == group], narrow=out.width < _WIDE))
    out.print(_summary(report))
    out.print(_shares(report.shared))
    out.print(_awards(report.awarded))
    for line in (*_limits(report), *_next(report)):
        out.print(line, soft_wrap=True)


def _table(rows: list[Row], *, narrow: bool) -> Table:
    """Four columns of the same widths for every group; status and reason stand below each other where it is narrow."""
    width = 23 if narrow else 31
    table = Table(box=None, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="bright_black")
    table.add_column("post", width=8, no_wrap=True)
    table.add_column("what it is", ratio=1)
    table.add_column("meant", width=width)
    table.add_column("came out", width=width)
    table.add_column("", width=4)
    for row in rows:
        meant = Outcome(status=row.post.meant, code=row.post.code)
        why = row.post.why + (" (known limit)" if row.post.limit else "")
        came = _words(row.came, narrow)
        if row.wavered:
            came.append(" ineligible in between", "bold red")
        mark = Text("ok", "green") if row.as_meant else Text("NOT", "bold white on red")
        table.add_row(str(row.post.id), Text(why), _words(meant, narrow), came, mark)
    return table


def _words(came: Outcome | None, narrow: bool) -> Text:
    if came is None:
        return Text("no verdict", "bold red")
    words = Text(came.status, _COLOURS[came.status])
    return words if came.code is None else words.append(("\n" if narrow else "  ") + came.code, "default")


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
        f"deliveries with {told.posts} posts taken, {told.repeated} repeated one refused, "
        f"{report.quarantined} malformed record put aside.\n"
    )
    return text


def _shares(shared: Shared) -> Text:
    came, board = shared.imported, shared.board
    codes = len({problem.code for problem in came.problems})
    text = Text("Shares on X: ", "bold")
    text.append(
        f"{came.rows} answers of the questionnaire, {came.joined} joined, {came.wrong} told why not, for {codes}"
        f" reasons. {shared.measured.counted} posts counted on a simulated X in {shared.measured.requests} requests, "
        f"${shared.measured.cost:.2f}; {len(board.places)} places, {len(board.out)} without one.\n",
        "default",
    )
    leaders = ", ".join(f"{place.rank}. {place.post_id} ({place.views})" for place in board.places[:3])
    text.append(f"Most viewed: {leaders}.\n", "default")
    for line in shared.off:
        text.append(f"NOT as meant: {line}\n", "bold red")
    return text


def _awards(awarded: Awarded) -> Text:
    tiers = ", ".join(f"{tier.tier} {len(tier.awards)} of {tier.count}" for tier in awarded.tiers)
    text = Text("Awards: ", "bold")
    text.append(
        f"{awarded.scores} scores by blind judges; {awarded.listed} posts listed for the draw, {awarded.drawn} drew, "
        f"by what two parties revealed an hour later. Winners: {tiers}; {awarded.confirmed} confirmed by a moderator;"
        f" a late disqualification moved {awarded.moved}.\n",
        "default",
    )
    if awarded.verified is None:
        text.append("NOT verified: the shipped verifier refuses the evidence\n", "bold red")
    else:
        text.append(f"The shipped verifier says: {awarded.verified}\n", "default")
    return text


def _limits(report: Report) -> Iterator[Text]:
    limits = [row.post for row in report.rows if row.post.limit]
    if limits:
        yield Text("Known limits of today's detectors, as they stand in the table:", "bold")
    for post in limits:
        yield Text(f"  {post.id}  {post.why}: {post.limit}")


def _next(report: Report) -> Iterator[Text]:
    waiting = [row.post.id for row in report.rows if row.came is not None and row.came.status == "review"]
    data = shlex.quote(report.data)
    commands = [(f"queue --data {data}", "what waits for a person, worst first")]
    if waiting:
        commands.append((f"show {waiting[0]} --data {data}", "one post and its evidence"))
        commands.append((f"approve {waiting[0]} --data {data}", "decide it; undo takes it back"))
    commands.append((f"export --data {data}", "every verdict as JSON Lines"))
    commands.append((f"winners propose --data {data}", "who won, and what came up since"))
    commands.append((f"shares list --problems --data {data}", "which answers of the questionnaire are wrong, and why"))
    commands.append((f"shares leaderboard --data {data}", "who was seen most on X"))
    width = max(len(command) for command, _ in commands)
    yield Text("\nWhat to type next:", "bold")
    for command, what in commands:
        yield Text(f"  {report.program} {command:<{width}}", "cyan").append(f"   {what}", "default")
    yield Text(f"\nThe published list: {report.data}/{FOLDER}/public/winners.en.html, winners.zh.html")
