"""A questionnaire as spreadsheets save it: encodings, separators, quotes, and which column means what."""

from __future__ import annotations

import pytest

from bot.awards.questionnaire import QUESTIONNAIRE, VIEWS, answers, find_columns
from bot.awards.sheet import MOST_ROW, Row, read_sheet
from bot.errors import ConfigError, UserError

HEADER = "序号,帖子链接,推特回链,Gate UID,备注"
LINES = f"{HEADER}\r\n1,https://gate.com/post/status/1,https://x.com/a/status/2,10001,祝福\r\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (LINES.encode(), "utf-8"),
        (LINES.encode("utf-8-sig"), "utf-8"),
        (LINES.encode("gb18030"), "gb18030"),
        (LINES.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + LINES.encode("utf-16-be"), "utf-16"),
    ],
)
def test_encodings_of_excel(raw: bytes, encoding: str) -> None:
    """UTF-8 with and without its mark, GB18030, UTF-16: the same table."""
    sheet = read_sheet(raw)
    assert sheet.encoding == encoding
    assert sheet.header.cells == tuple(HEADER.split(","))
    assert [row.cells[4] for row in sheet.rows] == ["祝福"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_damaged_byte_spoils_its_cell_alone(mark: bytes) -> None:
    """Where a header in Chinese says UTF-8, half a character in one cell neither turns all others into nonsense nor has
    the file refused."""
    sheet = read_sheet(mark + LINES.encode() + b"2,x,y,10002,\xf0\x9f\r\n3,x,y,10003,\xe4\xbd\xa0\r\n")
    assert sheet.encoding == "utf-8"
    assert sheet.header.cells == tuple(HEADER.split(","))
    assert [row.cells[4] for row in sheet.rows] == ["祝福", "\ufffd", "你"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_of_excel(separator: str) -> None:
    """The one that parts the header into most cells; ``sep=`` says it outright, and is no row of its own."""
    text = LINES.replace(",", separator)
    assert read_sheet(text.encode()).rows == read_sheet(LINES.encode()).rows
    told = read_sheet(f"sep={separator}\r\n{text}".encode())
    assert [row.line for row in told.rows] == [3]
    assert told.header.cells == tuple(HEADER.split(","))


def test_sep_wins_over_the_count() -> None:
    """A header with more commas than semicolons is still parted by what the file says."""
    sheet = read_sheet(b"sep=;\na,b,c;d\n1,2,3;4\n")
    assert sheet.rows == (Row(line=3, cells=("1,2,3", "4")),)


def test_quotes_and_line_breaks_keep_their_lines() -> None:
    """A cell may hold separators, quotes and line breaks; every row knows the line it begins on."""
    sheet = read_sheet(b'a,b\n"x, ""y""\nz",1\n\n  \n2,3\n')
    assert sheet.rows == (Row(line=2, cells=('x, "y"\nz', "1")), Row(line=6, cells=("2", "3")))
    assert sheet.problems == ()


def test_a_lost_quote_costs_its_own_row_only() -> None:
    """It neither swallows the rows after it nor goes unreported, however far its partner is."""
    rows = [f"{n},ok" for n in range(100)]
    rows[10] = '10,"lost'
    rows[20] = '"lost again,20'
    rows[30] = '30,"closed" badly'
    sheet = read_sheet("\n".join(["a,b", *rows]).encode())
    assert [(p.line, p.code) for p in sheet.problems] == [(n + 2, "row.quotes") for n in (10, 20, 30)]
    assert [row.line for row in sheet.rows] == [n + 2 for n in range(100) if n not in (10, 20, 30)]


def test_rows_of_another_length() -> None:
    """Missing cells are empty; cells beyond the header are told, unless they are empty."""
    sheet = read_sheet(b"a,b\n1\n1,2,\n1,2,3\n" + b"x" * (MOST_ROW + 1) + b"\n4,5\n")
    assert [row.line for row in sheet.rows] == [2, 3, 6]
    assert [(p.line, p.code) for p in sheet.problems] == [(4, "row.cells"), (5, "row.too_long")]


def test_numbers_kept_as_text() -> None:
    """Excel's ways of saying that a number is text are unwrapped."""
    first, second = read_sheet(b'a,b,c\n"=""12345""","\'678",\t9\n="12345",\'678,9\n').rows
    assert first.cells == second.cells == ("12345", "678", "9")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"\n \r\n", "empty"),
        (b"PK\x03\x04 and so on", "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no text"),
        ("a,b\n".encode("utf-16-le"), "no text"),
        (b"\xff" * 7, "no text"),
        (b"sep=;\n", "no header"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, message: str) -> None:
    """One line says why."""
    with pytest.raises(UserError, match=message):
        read_sheet(raw)


HEADERS = [
    ("Gate UID,帖子链接,推特回链", (1, 2, 0)),
    ("1、您的UID（必填）,2、Gate广场帖子链接（必填）,3、推特(X)链接（必填）", (1, 2, 0)),
    ("Q1. User ID *,Q2. Link to your post *,Q3. Twitter/X link *", (1, 2, 0)),
    ("答卷编号,提交时间,用户ID,X账号,参赛作品链接,X（Twitter）链接", (4, 5, 2)),
    ("ＵＩＤ,广场动态链接,Ｘ链接", (1, 2, 0)),
    ("author_id,post,x", (1, 2, 0)),
    ("gate_uid,post_url,tweet_url", (1, 2, 0)),
]


@pytest.mark.parametrize(("header", "places"), HEADERS)
def test_columns_are_known_by_their_names(header: str, places: tuple[int, int, int]) -> None:
    """Chinese and English, with the numbers, asides and asterisks that forms put around them."""
    columns = find_columns(Row(line=1, cells=tuple(header.split(","))), QUESTIONNAIRE, {})
    assert (columns["post"], columns["x"], columns["author"]) == places


def test_the_name_on_x_is_known_too() -> None:
    """Where the form asks for it."""
    header = Row(line=1, cells=("UID", "帖子链接", "推特链接", "推特用户名"))
    assert find_columns(header, QUESTIONNAIRE, {})["user"] == 3


def test_a_map_goes_before_the_names() -> None:
    """By the header's words, or by number where they say nothing."""
    header = Row(line=1, cells=("帖子链接", "帖子链接", "甲", "UID"))
    named = {"post": "#2", "x": "甲"}
    assert find_columns(header, QUESTIONNAIRE, named) == {"post": 1, "x": 2, "author": 3}


@pytest.mark.parametrize(
    ("cells", "named", "message"),
    [
        (("UID", "帖子链接"), {}, "no column is known as x.*--map x=COLUMN.*'UID'"),
        (("UID", "帖子链接", "作品链接", "X链接"), {}, "both '帖子链接' and '作品链接' may be the column post"),
        (("ID", "帖子链接", "X链接"), {}, "no column is known as author"),
        (("UID", "帖子链接", "X链接"), {"x": "推特"}, "no column is named '推特'"),
        (("甲", "甲", "X链接"), {"post": "甲"}, "several columns are named"),
        (("UID", "帖子链接", "X链接"), {"post": "#4"}, "has 3 columns"),
    ],
)
def test_no_column_is_guessed(cells: tuple[str, ...], named: dict[str, str], message: str) -> None:
    """A column that is missing, or that two names claim, is an error which says what to type."""
    with pytest.raises(ConfigError, match=message):
        find_columns(Row(line=1, cells=cells), QUESTIONNAIRE, named)


def test_answers_carry_their_lines() -> None:
    """A row that is too short has empty cells."""
    sheet = read_sheet(b"UID,post,x\n1,a,b\n2,c\n")
    found = list(answers(sheet, find_columns(sheet.header, QUESTIONNAIRE, {})))
    assert [(a.line, a.author, a.post, a.x, a.user) for a in found] == [(2, "1", "a", "b", ""), (3, "2", "c", "", "")]


def test_full_width_names_are_plain_ones() -> None:
    """As Chinese keyboards write them; links stay as they are, for there a full-width letter is another one."""
    sheet = read_sheet("UID,帖子链接,X链接,X账号\n１２３４５,ｘ,ｙ,＠mia\n".encode())
    (answer,) = answers(sheet, find_columns(sheet.header, QUESTIONNAIRE, {}))
    assert (answer.author, answer.post, answer.x, answer.user) == ("12345", "ｘ", "ｙ", "@mia")


def test_views_have_two_columns() -> None:
    """The post on X and its count."""
    for header in ("推文链接,浏览量", "x,views", "Tweet URL,Impressions"):
        assert find_columns(Row(line=1, cells=tuple(header.split(","))), VIEWS, {}) == {"x": 0, "views": 1}
