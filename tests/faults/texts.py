"""Generated texts of strangers through every way out: the terminal, CSV, JSON Lines and the review page.

Each text goes through the functions that make it safe; each that a post can hold also becomes part of a post, four
texts to one, which is ingested and then printed, exported and served by the real commands and the real page.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import shutil
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.campaign import load_campaign
from bot.cli.app import run
from bot.store import Store
from bot.text_safety import csv_cell, json_line, one_line, rows, shortened
from tests.faults.drill import Drill, Figures
from tests.integration.page import served

STEP = 1000
_FIELDS = 4
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ADDRESSES = ("href", "src", "action", "formaction")
_FORMULA = frozenset("=+-@|%")
_PAYLOADS = (
    "<x-evil a=1>", "</p></textarea></title><x-evil>", '" x-evil="1', "' x-evil='1", "--><x-evil>", "{{ x_evil }}",
    "<!--", "]]>", "<script>x_evil()</script>", "javascript:x_evil()", "http://a.test/\" x-evil='", "&lt;x-evil&gt;",
    "&#60;x-evil>", "<img src=x onerror=x_evil()>", "<svg/onload=x_evil()>", "=cmd|' /C calc'!A0", "@SUM(1)", "\t=1",
    "＝1", ',"', "\x1b[2J", "\x1b]8;;http://a\x07", "\x9b31m", "\u202e", "\u2066", "\r\n", "\u2028", "\u200b",
    "e" + "\u0301" * 9, "👨\u200d👩\u200d👧", "我的", "#我的Gate时刻#",
)  # fmt: skip
_ANY = st.text(st.characters(exclude_categories=()), max_size=80)
_HOSTILE = st.lists(st.sampled_from(_PAYLOADS) | st.text(max_size=4), max_size=8).map("".join)


def texts(first: int, count: int) -> list[str]:
    """So many texts. The number seeds them, though another version of hypothesis makes others: a text that gets out is
    printed."""
    made: list[str] = []

    @seed(first)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], derandomize=False,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(_ANY | _HOSTILE)
    def collect(text: str) -> None:
        made.append(text)

    while len(made) < count:  # hypothesis stops early where it believes that it has seen all there is
        collect()
    return made[:count]


def drill(trials: range, folder: Path) -> Figures:
    """The texts of these numbers."""
    figures = {"texts": 0.0, "violations": 0.0, "posts_shown": 0.0, "raised": 0.0}
    for first in range(trials.start, trials.stop, STEP):
        made = texts(first, min(STEP, trials.stop - first))
        wrong = [found for text in made for found in _through_functions(text)]
        posts = _posts(made)
        data = folder / "data"
        wrong += _through_commands(posts, data, figures)
        wrong += asyncio.run(_through_page(posts, data))
        shutil.rmtree(data)
        for line in wrong[:5]:
            print(line, flush=True)
        figures["texts"] += len(made)
        figures["posts_shown"] += len(posts)
        figures["violations"] += len(wrong)
    return figures


def _unsafe(text: str) -> bool:
    """Whether a terminal would obey, or a reader would be misled."""
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _BIDI for c in text)


def _through_functions(text: str) -> list[str]:
    """What is wrong with one text made safe."""
    line, cell = one_line(text), csv_cell(text)
    written = io.StringIO()
    csv.writer(written).writerow([cell, "next"])
    read = next(csv.reader(io.StringIO(written.getvalue())))
    return [
        f"{what}: {text!r}"
        for what, wrong in {
            "line": _unsafe(line) or len(line.splitlines()) > 1,
            "rows": any(_unsafe(row) or len(row.splitlines()) > 1 for row in rows(text)),
            "cut": cell_len(shortened(line, 17)) > 17,
            "json": _unsafe(json_line(text)) or json.loads(json_line(text)) != json.loads(json.dumps(text)),
            "cell": _is_formula(cell) or _unsafe(cell) or read != [cell, "next"],
        }.items()
        if wrong
    ]


def _is_formula(cell: str) -> bool:
    return unicodedata.normalize("NFKC", cell.lstrip()[:1])[:1] in _FORMULA and bool(cell.strip())


def _posts(made: Sequence[str]) -> list[dict[str, Any]]:
    """Posts whose every word is one of the texts, as far as a post may hold it."""
    whole = [text.encode("utf-8", "replace").decode().replace("\0", "0") for text in made]
    return [
        {
            "id": f"t{number}",
            "created_at": 1752900000,
            "title": whole[number],
            "text": f"#我的Gate时刻# {whole[number + 1]}",
            "text_format": ("plain", "html")[number // _FIELDS % 2],
            "author": {"id": f"a{number}", "nickname": whole[number + 2]},
            "url": whole[number + 3],
        }
        for number in range(0, len(whole) - _FIELDS + 1, _FIELDS)
    ]


def _through_commands(posts: Sequence[dict[str, Any]], data: Path, figures: dict[str, float]) -> list[str]:
    """What is wrong with what the commands print of these posts."""
    feed = data.with_name("feed.jsonl")
    feed.write_text("".join(json.dumps(post) + "\n" for post in posts))
    status, out = _printed("ingest", str(feed), "--json", "--data", str(data))
    wrong = [f"ingest: {out}"] if status or json.loads(out)["posts"] != len(posts) else []
    for words in (["queue", "--limit", "0"], ["stats"], *(["show", post["id"]] for post in posts[::10])):
        status, out = _printed(*words, "--data", str(data))
        if status and words[0] != "queue":
            wrong.append(f"{words}: {status}")
        figures["raised"] += status not in (0, 1, 2)
        wrong += [f"{words} printed {line!r}" for line in out.split("\n") if _unsafe(line)]
    _, out = _printed("export", "--format", "csv", "--data", str(data))
    table = list(csv.reader(io.StringIO(out)))
    wrong += [f"csv: {row}" for row in table if len(row) != len(table[0]) or any(map(_is_text_formula, row))]
    if len(table) != len(posts) + 1 or len(out.splitlines()) != len(table):
        wrong.append(f"csv: {len(table)} rows of {len(posts)} posts in {len(out.splitlines())} lines")
    _, out = _printed("export", "--data", str(data))
    if [json.loads(line)["post_id"] for line in out.splitlines()] != sorted((p["id"] for p in posts), key=_by_length):
        wrong.append("json: not every post in a line")
    return wrong + [f"json: {line!r}" for line in out.split("\n") if _unsafe(line)]


def _by_length(name: str) -> tuple[int, str]:
    return len(name), name


def _is_text_formula(cell: str) -> bool:
    """A number of ours may begin with a minus."""
    return _is_formula(cell) and not cell.lstrip("-").replace(".", "", 1).isdigit()


def _printed(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = run(list(words))
    return status, out.getvalue()


class _Page(HTMLParser):
    """Reads a page as a browser would, and notes what a stranger must not be able to put there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        if "evil" in tag:
            self.wrong.append(f"a tag <{tag}>")
        for name, value in attrs:
            if "evil" in name or name.startswith("on"):
                self.wrong.append(f"an attribute {name} of <{tag}>")
            if name in ("href", "src", "action", "formaction") and not (value or "").startswith(
                ("/", "http", "#", "data:image/")
            ):
                self.wrong.append(f"{name}={value!r}")
        if tag == "script" and not dict(attrs).get("src", "").startswith("/static/"):  # type: ignore[union-attr]
            self.wrong.append("a script of no file of ours")

    def handle_data(self, data: str) -> None:
        """Some text."""
        if _unsafe("".join(data.splitlines())):
            self.wrong.append(f"text {data!r}")


async def _through_page(posts: Sequence[dict[str, Any]], data: Path) -> list[str]:
    """What is wrong with the page of each post, and with the sheet of all."""
    square = SimpleNamespace(store=Store(data), folder=data, campaign=load_campaign("my-gate-moment"))
    wrong: list[str] = []
    async with served(cast(Any, square)) as there:
        visitor = await there.visitor()
        for path in ("/review", "/sheet", "/clusters", "/dashboard", *(f"/post?id={post['id']}" for post in posts)):
            page = _Page()
            page.feed(await visitor.page(path))
            page.close()
            wrong += [f"{path}: {line}" for line in page.wrong]
    return wrong


DRILL = Drill(
    name="texts",
    title="generated texts through terminal, CSV, JSON and page",
    trials=100_000,
    batch=5 * STEP,
    most={"violations": 0, "raised": 0},
    run=drill,
)
