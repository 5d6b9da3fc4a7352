"""Any answers in any files: each has one fate, nobody has what two claim, and where a file ends makes no difference."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.awards.joining import Joined, Known, Standing, join
from bot.awards.problems import PROBLEMS
from bot.awards.questionnaire import Answer
from bot.awards.sheet import MOST_ROW, read_sheet
from bot.campaign import load_campaign
from bot.errors import UserError

CAMPAIGN = load_campaign()
NOW = dt.datetime(2025, 7, 27, tzinfo=dt.UTC)
POSTS = {
    str(n): Known(author_id=f"a{n % 4}", person="p" if n % 4 < 2 else None, status="eligible") for n in range(1, 9)
}
PERSONS = {"a0": "p", "a1": "p"}
X = [str(1946900000000000000 + n) for n in range(4)]

GOOD = st.builds(
    lambda post, x: (post, x, POSTS[post].author_id or ""), st.sampled_from(sorted(POSTS)), st.sampled_from(X)
)
ODD = st.tuples(
    st.sampled_from([*sorted(POSTS), "99", ""]),
    st.sampled_from([*X, "", "7"]),
    st.sampled_from(["a0", "a2", "", "1.2E+7"]),
)
ROWS = st.lists(st.one_of(GOOD, GOOD, ODD), max_size=14)


def answered(rows: list[tuple[str, str, str]], first: int = 2) -> list[Answer]:
    return [
        Answer(
            line=line,
            post=f"https://gate.com/post/status/{post}",
            x=f"https://x.com/u/status/{x}",
            author=author,
        )
        for line, (post, x, author) in enumerate(rows, first)
    ]


def joined(rows: list[Answer], standing: dict[str, Standing]) -> Joined:
    return join(rows, POSTS, PERSONS, standing, CAMPAIGN, NOW)


def after(standing: dict[str, Standing], came: Joined) -> dict[str, Standing]:
    """What stands once this import is stored."""
    found = dict(standing)
    for share in came.shares:
        found[share.post_id] = Standing(x_id=share.x_id, owner=share.owner, state="joined")
    for post_id in came.contested:
        old = found[post_id]
        found[post_id] = Standing(x_id=old.x_id, owner=old.owner, state="contested")
    return found


@given(ROWS)
def test_each_answer_has_one_fate(rows: list[tuple[str, str, str]]) -> None:
    """Joined, known again, or told with a reason that has words; contested ones alone are entered and told."""
    came = joined(answered(rows), {})
    told = {problem.line for problem in came.problems}
    clear = {share.line for share in came.shares if share.post_id not in came.contested}
    assert came.again == ()
    assert told | clear == {answer.line for answer in answered(rows)}
    assert told & clear == set()
    assert {problem.code for problem in came.problems} <= PROBLEMS.keys()


@given(ROWS)
def test_nobody_has_what_two_claim(rows: list[tuple[str, str, str]]) -> None:
    """A post on X counts for one person, a post is shared with one post on X, and both as some answer said."""
    came = joined(answered(rows), {})
    clear = [share for share in came.shares if share.post_id not in came.contested]
    assert max(Counter(share.x_id for share in clear).values(), default=1) == 1
    assert max(Counter(share.post_id for share in came.shares).values(), default=1) == 1
    by_line = {answer.line: answer for answer in answered(rows)}
    for share in came.shares:
        answer = by_line[share.line]
        assert answer.post.endswith(f"/{share.post_id}") and answer.x.endswith(share.x_id)
        assert share.author_id == POSTS[share.post_id].author_id


@given(ROWS, st.integers(0, 14))
def test_where_a_file_ends_makes_no_difference(rows: list[tuple[str, str, str]], cut: int) -> None:
    """Two files come to what one comes to, and either of them again changes nothing."""
    whole = after({}, joined(answered(rows), {}))
    first = after({}, joined(answered(rows[:cut]), {}))
    both = after(first, joined(answered(rows[cut:]), first))
    assert both == whole
    again = joined(answered(rows), both)
    assert again.shares == () and after(both, again) == both


@given(st.binary(max_size=300) | st.text('a,";\n\r\t="\'', max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_none(raw: bytes) -> None:
    """No two rows or problems share a line, and none is longer than allowed; else one line says why it is no table."""
    try:
        sheet = read_sheet(b"h1,h2\n" + raw)
    except UserError as error:
        assert "\n" not in str(error)
        return
    lines = [row.line for row in sheet.rows] + [problem.line for problem in sheet.problems]
    assert len(set(lines)) == len(lines)
    assert all(line >= 2 for line in lines)
    assert all(sum(map(len, row.cells)) <= MOST_ROW for row in sheet.rows)


@given(st.text("a,; \t\n\r", max_size=200))
def test_no_line_is_lost(text: str) -> None:
    """Without quotes every line that says anything is a row or a problem, and no other is."""
    sheet = read_sheet(f"h1,h2\n{text}".encode())
    lines = sorted([row.line for row in sheet.rows] + [problem.line for problem in sheet.problems])
    physical = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert lines == [number for number, line in enumerate(physical, 2) if line.replace(sheet.separator, "").strip()]
