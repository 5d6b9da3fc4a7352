"""A questionnaire in which half of the rows are wrong, each in one of 40 ways: every row joined, or told why not.

    python -m benchmarks.questionnaire [ROWS]

Makes a store with the posts that the answers are about, imports the file and compares what came of every line with what
was meant. Prints lines, ways of being wrong, disagreements and seconds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bot.awards.shares import Imported, import_questionnaire
from bot.campaign import Campaign, load_campaign
from bot.model import Author, Delivery, Finding, Snapshot, Status, Verdict
from bot.sources import Batch
from bot.store import Store

NOW: Final = dt.datetime(2025, 7, 27, 12, tzinfo=dt.UTC)
_STARTS: Final = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
_IN: Final = dt.datetime(2025, 7, 20, 12, tzinfo=dt.UTC)
_X_EPOCH_MS: Final = 1288834974657
_HEADER: Final = ("序号", "您的 UID（必填）", "Gate广场帖子链接", "推特(X)链接", "推特用户名", "备注")
_SQUARE: Final = (
    "https://www.gate.com/post/status/{}",
    "https://www.gate.com/zh/post/status/{}?ref=AB12",
    "gate.io/post/status/{}",
    "我的帖子：https://gate.com/zh-tw/post/status/{} 求赞",
)
_X: Final = (
    "https://x.com/{1}/status/{0}",
    "https://twitter.com/{1}/status/{0}?s=20&t=Ab-1",
    "https://mobile.twitter.com/{1}/status/{0}/photo/1",
    "https://x.com/i/web/status/{0}",
    "https://fixvx.com/{1}/status/{0}",
)


class Row(NamedTuple):
    """One answer as it will be written. ``raw``: a whole line instead of cells."""

    author: str
    post: str
    x: str
    user: str = ""
    note: str = ""
    raw: str | None = None


class Planned(NamedTuple):
    """A post that the store knows: who wrote it (None: nobody says), how it was judged (None: not yet), and why."""

    id: str
    author: str | None
    status: Status | None = "eligible"
    codes: tuple[str, ...] = ()


class Plan:
    """Posts, rows and what is meant to come of each row: a code, or none."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.posts: list[Planned] = []
        self.rows: list[tuple[Row, str | None]] = []
        self._serial = 0

    def post(self, status: Status | None = "eligible", *codes: str, anonymous: bool = False) -> Planned:
        """A new post of a new author."""
        self._serial += 1
        author = None if anonymous else f"1{self._serial:07d}"
        self.posts.append(Planned(f"12{self._serial:06d}", author, status, codes))
        return self.posts[-1]

    def x(self, at: dt.datetime = _IN) -> str:
        """The number of a new post on X, made about then."""
        self._serial += 1
        return str((int(at.timestamp() * 1000) - _X_EPOCH_MS) << 22 | self._serial)

    def row(self, about: Planned, shared: str, **cells: str) -> Row:
        """An answer without fault, in one of the forms that people paste, but for ``cells``."""
        square, link = self.random.choice(_SQUARE), self.random.choice(_X)
        author = about.author or "10000000"
        good = Row(author=author, post=square.format(about.id), x=link.format(shared, "Mia_30m"))
        return good._replace(**cells)

    def add(self, code: str | None, row: Row) -> None:
        """Another row, and what is meant to come of it."""
        self.rows.append((row, code))


Way = Callable[[Plan], None]


def _cell(code: str, field: str, text: str) -> Way:
    """One cell of a good answer holds this text instead."""

    def way(plan: Plan) -> None:
        plan.add(code, plan.row(plan.post(), plan.x(), **{field: text}))

    return way


def _judged(code: str, status: Status | None, *codes: str) -> Way:
    """A good answer about a post that was judged so."""
    return lambda plan: plan.add(code, plan.row(plan.post(status, *codes), plan.x()))


def _made(code: str, at: dt.datetime) -> Way:
    """A good answer with a post on X from then."""
    return lambda plan: plan.add(code, plan.row(plan.post(), plan.x(at)))


def _broken(code: str, line: Callable[[Row], str]) -> Way:
    """A line that is no row."""

    def way(plan: Plan) -> None:
        row = plan.row(plan.post(), plan.x())
        plan.add(code, row._replace(raw=line(row)))

    return way


def _unknown(plan: Plan) -> None:
    plan.add("post.unknown", plan.row(Planned("99999999", "1"), plan.x()))


def _nobody(plan: Plan) -> None:
    plan.add("author.unknown", plan.row(plan.post(anonymous=True), plan.x()))


def _same(plan: Plan) -> None:
    post, x = plan.post(), plan.x()
    plan.add(None, plan.row(post, x))
    plan.add("twice.same", plan.row(post, x))


def _second(plan: Plan) -> None:
    post = plan.post()
    plan.add(None, plan.row(post, plan.x()))
    plan.add("twice.post", plan.row(post, plan.x()))


def _reused(plan: Plan) -> None:
    first, x = plan.post(), plan.x()
    second = plan.post()._replace(author=first.author)
    plan.posts[-1] = second
    plan.add(None, plan.row(first, x))
    plan.add("twice.x", plan.row(second, x))


def _contested(plan: Plan) -> None:
    x = plan.x()
    plan.add("x.contested", plan.row(plan.post(), x))
    plan.add("x.contested", plan.row(plan.post(), x))


WAYS: Final[tuple[Way, ...]] = (
    _broken("row.quotes", lambda row: f'7,{row.author},"{row.post},{row.x},,'),
    _broken("row.cells", lambda row: f"7,{row.author},{row.post},{row.x},,,,too much"),
    _broken("row.too_long", lambda row: f"7,{row.author},{row.post},{row.x},,{'祝' * 30_000}"),
    _cell("post.no_link", "post", " "),
    _cell("post.too_long", "post", "https://www.gate.com/post/status/" + "1" * 3000),
    _cell("post.not_a_link", "post", "发了,在广场"),
    _cell("post.short_link", "post", "https://bit.ly/3xYz"),
    _cell("post.other_site", "post", "https://gate.com.evil.test/post/status/12000001"),
    _cell("post.not_a_post", "post", "https://www.gate.com/zh/profile/mia"),
    _cell("post.bad_id", "post", "https://www.gate.com/post/status/1.2E+07"),
    _cell("post.two_links", "post", "https://gate.com/post/status/1 https://gate.com/post/status/2"),
    _cell("post.wrong_column", "post", "https://x.com/mia/status/1946900000000000000"),
    _unknown,
    _judged("post.waiting", None),
    _judged("post.deleted", "withdrawn", "post.deleted"),
    _judged("post.late", "ineligible", "window.late"),
    _judged("post.early", "ineligible", "window.early"),
    _cell("author.missing", "author", ""),
    _cell("author.damaged", "author", "1.23457E+07"),
    _cell("author.other", "author", "88888888"),
    _nobody,
    _cell("x.no_link", "x", ""),
    _cell("x.too_long", "x", "看" * 2500),
    _cell("x.not_a_link", "x", "https://x.com@evil.test/mia/status/1946900000000000000"),
    _cell("x.short_link", "x", "https://t.co/AbCdEf"),
    _cell("x.other_site", "x", "https://evil-twitter.com/mia/status/1946900000000000000"),
    _cell("x.not_a_post", "x", "https://x.com/mia_30m"),
    _cell("x.bad_id", "x", "https://x.com/mia/status/1.9469E+18"),
    _cell("x.two_links", "x", "https://x.com/a/status/1946900000000000000\nhttps://x.com/a/status/1946900000000000001"),
    _cell("x.wrong_column", "x", "https://www.gate.com/post/status/12000001"),
    _made("x.early", _STARTS - dt.timedelta(seconds=2)),
    _made("x.late", dt.datetime.fromtimestamp(1753459200, dt.UTC)),
    _made("x.future", NOW + dt.timedelta(days=1)),
    lambda plan: plan.add(
        "x.other_user",
        plan.row(plan.post(), plan.x(), user="@somebody_else", x=f"https://x.com/mia_30m/status/{plan.x()}"),
    ),
    _same,
    _second,
    _reused,
    _contested,
    _cell("x.not_a_link", "x", "https://x.com/mia/status/194690000000000000４"),
    _cell("post.not_a_link", "post", "12871044"),
)
"""Every way of being wrong, in one row or two."""


def planned(rows: int, seed: int = 30_000_000) -> Plan:
    """A plan of so many rows, half of them wrong, every way as often as the others, in random order but for those that
    answer an earlier row."""
    plan = Plan(seed)
    while sum(code is not None for _, code in plan.rows) < rows // 2:
        for way in plan.random.sample(WAYS, len(WAYS)):
            way(plan)
    while len(plan.rows) < rows:
        note = plan.random.choice(("", '祝福,"三千万"', "第一行\n第二行", "=1+1"))
        plan.rows.insert(plan.random.randrange(len(plan.rows) + 1), (plan.row(plan.post(), plan.x(), note=note), None))
    return plan


def written(plan: Plan) -> tuple[str, dict[int, str | None]]:
    """The file, and what is meant to come of the row that begins on each line."""
    out, meant, line = io.StringIO(), dict[int, str | None](), 2
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for number, (row, code) in enumerate(plan.rows, 1):
        before = out.tell()
        if row.raw is not None:
            out.write(row.raw + "\n")
        else:
            writer.writerow((number, row.author, row.post, row.x, row.user, row.note))
        meant[line] = code
        line += out.getvalue()[before:].count("\n") if row.raw is None and "\n" in (row.note + row.x) else 1
    return out.getvalue(), meant


def filled(store: Store, plan: Plan) -> None:
    """Put the plan's posts into a store, judged as planned."""
    deliveries = tuple(
        Delivery(
            source="push",
            observed_at=_IN,
            snapshot=Snapshot(id=post.id, created_at=_IN, author=Author(id=post.author), text="#我的Gate时刻#"),
        )
        for post in plan.posts
    )
    with store.transaction():
        store.intake.take("push", Batch(deliveries=deliveries), _IN)
        for post in plan.posts:
            if post.status is not None:
                findings = tuple(Finding(code=code, stance="block") for code in post.codes)
                verdict = Verdict(
                    post_id=post.id,
                    revision=1,
                    status=post.status,
                    findings=findings,
                    campaign="c",
                    campaign_version="v",
                )
                store.verdicts.record(verdict, post.author, 0, (), 1)


def campaign() -> Campaign:
    """The shipped campaign, with a start, so that something can be early."""
    return msgspec.structs.replace(load_campaign(), starts=_STARTS)


def disagreements(imported: Imported, meant: dict[int, str | None]) -> list[tuple[int, str | None, list[str]]]:
    """Lines of which something else came than was meant, or nothing at all: line, meant, came."""
    came: dict[int, list[str]] = {}
    for problem in imported.problems:
        came.setdefault(problem.line, []).append(problem.code)
    lines = set(meant) | set(came)
    return [
        (line, meant.get(line, "no such row"), came.get(line, []))
        for line in sorted(lines)
        if came.get(line, []) != ([] if meant.get(line) is None else [meant[line]]) or line not in meant
    ]


def main(rows: int = 10_000) -> int:
    """Run it once; exit status 1 where any line came out otherwise than meant."""
    plan = planned(rows)
    text, meant = written(plan)
    ways = Counter(code for code in meant.values() if code)
    for encoding in ("utf-8-sig", "gb18030"):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            filled(store, plan)
            began = time.perf_counter()
            imported = import_questionnaire(store, campaign(), text.encode(encoding), {}, "bench", NOW)
            seconds = time.perf_counter() - began
            store.close()
        wrong = disagreements(imported, meant)
        print(
            f"{encoding}: {imported.rows} rows, {sum(ways.values())} of them wrong in {len(ways)} ways:"
            f" {imported.joined} joined, {imported.wrong} told with their reason, {len(wrong)} otherwise than meant;"
            f" {seconds:.2f} s"
        )
        if wrong or imported.joined + imported.wrong != len(meant):
            print(*wrong[:20], sep="\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
