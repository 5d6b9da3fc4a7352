"""Which column of a questionnaire means what, and the answers in it. Pure.

Columns are known by their names, Chinese or English, or are named with ``--map``; none is guessed from its content.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.awards.sheet import Row, Sheet
from bot.errors import ConfigError
from detectors.evidence import Value

QUESTIONNAIRE: Final = {"post": True, "x": True, "author": True, "user": False}
"""The fields of an answer, and whether there must be a column: the link to the post on the square, the link to the post
on X, the account id of whoever answers, and their name on X."""
VIEWS: Final = {"x": True, "views": True}
"""The fields of a line that tells views."""

_YOUR: Final = "(?:您的|你的|your)?"
_NAMES: Final = {
    "post": f"{_YOUR}(?:gate)?(?:广场|参赛|作品|动态|帖子)+(?:链接|地址|网址)"
    f"|(?:linkto)?{_YOUR}(?:gate)?(?:squarepost|square|post)(?:link|url)?",
    "x": f"{_YOUR}(?:推特|推文|twitter|x)+(?:分享|帖子|推文|动态)*(?:链接|回链|地址|网址)"
    f"|(?:linkto)?{_YOUR}(?:tweet(?:link|url)?|(?:twitter|x)+(?:post(?:link|url)?|link|url)|x)",
    "author": f"{_YOUR}(?:gate)?(?:用户|账号|账户)?uid|{_YOUR}(?:gate)?(?:用户|账号|账户|user|account|author)id|gateid",
    "user": f"{_YOUR}(?:推特|twitter|x)+(?:账号|账户|用户名|昵称|id|handle|username|account)",
    "views": "浏览[量数次]?数?|阅读[量数]|展示[量数]|曝光[量数]|views?|(?:view|impression)(?:s|count)",
}
"""How columns are called, as ``plain`` gives them, whole."""

_BY_NUMBER: Final = "#[1-9][0-9]{0,3}"
_NUMBERING: Final = re.compile(r"(?:q|问题|第)?[0-9]{1,3}(?:题)?[.、:)\]]|[(\[][0-9]{1,3}[)\]]")
_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_NOISE: Final = re.compile(r"[\s_*:/.?!、,。“”\"'#-]+")


class Answer(Value):
    """One row of the questionnaire as it was filled in; a cell that is not there is empty."""

    line: int
    post: str = ""
    x: str = ""
    author: str = ""
    user: str = ""


Columns = Mapping[str, int]
"""Which column each field stands in, from 0."""


def find_columns(header: Row, fields: Mapping[str, bool], named: Mapping[str, str]) -> Columns:
    """The column of every field. ``named``: columns by the name in their header, or by ``#`` and their number; they go
    before what the names tell. Raises ConfigError where a column is missing, or two would do."""
    found = {field: _named(header, field, column) for field, column in named.items() if field in fields}
    names = [plain(cell) for cell in header.cells]
    for field, needed in fields.items():
        if field in found:
            continue
        alike = [i for i, name in enumerate(names) if re.fullmatch(_NAMES[field], name) and i not in found.values()]
        if len(alike) > 1:
            which = " and ".join(repr(header.cells[i]) for i in alike)
            raise ConfigError(
                "both {which} may be the column {field}: say which with --map {field}=COLUMN", which=which, field=field
            )
        if alike:
            found[field] = alike[0]
        elif needed:
            there = ", ".join(repr(cell) for cell in header.cells if cell)[:500]
            raise ConfigError(
                "no column is known as {field}: name it with --map {field}=COLUMN; there are {there}",
                field=field,
                there=there,
            )
    for field, column in found.items():
        if (other := next(name for name, there in found.items() if there == column)) != field:
            raise ConfigError("{field} and {other} cannot both be column #{number}: say which with --map",
                              field=field, other=other, number=column + 1)  # fmt: skip
    return found


def remembered(column: str, header: Row) -> str:
    """How a column that was named is kept for the next file: one named by its number with what its header says."""
    return f"{column}={header.cells[_number(column)]}" if re.fullmatch(_BY_NUMBER, column) else column


def recalled(kept: str, header: Row) -> str | None:
    """The column that was kept, where this file has it; None where it has not, or another stands in its place."""
    column, parted, name = kept.partition("=")
    if not parted or not re.fullmatch(_BY_NUMBER, column):
        return kept if kept in header.cells else None
    return column if header.cells[_number(column) :][:1] == (name,) else None


def _number(column: str) -> int:
    return int(column[1:]) - 1


def plain(name: str) -> str:
    """The name of a column without what forms put around it.

    >>> plain("Q2. 推特(X)链接（必填）*"), plain("1、 Gate UID："), plain("Post link")
    ('推特链接', 'gateuid', 'postlink')
    """
    name = unicodedata.normalize("NFKC", name).casefold().strip().lstrip("*")
    name = _NUMBERING.sub("", name.lstrip(), count=1) if _NUMBERING.match(name) else name
    return _NOISE.sub("", _ASIDE.sub("", name))


def answers(sheet: Sheet, columns: Columns) -> Iterator[Answer]:
    """Every row as an answer. Full-width letters and digits in names, as Chinese keyboards write them, become plain."""
    for line, fields in cells(sheet, columns):
        named = {key: unicodedata.normalize("NFKC", fields[key]) for key in ("author", "user") if key in fields}
        yield Answer(line=line, **(fields | named))


def cells(sheet: Sheet, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    """Every row as its line and its fields."""
    for row in sheet.rows:
        yield row.line, {field: _at(row.cells, column) for field, column in columns.items()}


def _named(header: Row, field: str, column: str) -> int:
    if re.fullmatch(_BY_NUMBER, column):
        if _number(column) >= len(header.cells):
            raise ConfigError(
                "--map {field}={column}: the table has {count} columns",
                field=field,
                column=column,
                count=len(header.cells),
            )
        return _number(column)
    alike = [i for i, cell in enumerate(header.cells) if cell == column.strip()]
    if len(alike) > 1:
        raise ConfigError("--map {field}: several columns are named {column}; #N names one by its number",
                          field=field, column=repr(column))  # fmt: skip
    if not alike:
        raise ConfigError("--map {field}: no column is named {column}; #N names one by its number",
                          field=field, column=repr(column))  # fmt: skip
    return alike[0]


def _at(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""
