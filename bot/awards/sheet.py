"""A table as spreadsheets save it, from bytes to rows with their line numbers. Pure.

UTF-8 with or without a mark, UTF-16 with one, else GB18030; a damaged byte spoils its cell, not the file. Comma,
semicolon, tab or bar between cells, also by Excel's ``sep=`` line. A row whose quotes do not close is a problem of that
row alone: reading goes on with the line after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.awards.problems import Problem
from bot.errors import UserError
from detectors.evidence import Value

MOST_BYTES: Final = 64 << 20
MOST_ROW: Final = 20_000
"""Characters of one row; and how far behind an open quote its end is looked for."""
_MOST_LINES: Final = 30  # of one row: answers have line breaks, and a lost quote must not swallow the rest
_SEPARATORS: Final = (",", ";", "\t", "|")
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?')
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Row(Value):
    """The cells of one row, without the blanks around them. ``line``: where it begins, from 1."""

    line: int
    cells: tuple[str, ...]


class Sheet(Value):
    """A whole table. ``problems``: rows that could not be read."""

    encoding: str
    separator: str
    header: Row
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read_sheet(raw: bytes) -> Sheet:
    """The table in a file. Raises UserError where it is none."""
    text, encoding = _decoded(raw)
    lines = re.split("\r\n|\n|\r", text)
    first, separator = _separator(lines)
    records = _records(lines, first, separator)
    header = next(records, None)
    if header is None or isinstance(header, Problem):
        raise UserError("the file has no header row")
    rows, problems = list[Row](), list[Problem]()
    for record in records:
        if isinstance(record, Problem):
            problems.append(record)
        elif any(record.cells[len(header.cells) :]):
            problems.append(Problem(line=record.line, code="row.cells", told=record.cells[len(header.cells)][:100]))
        elif any(record.cells):
            rows.append(record)
    return Sheet(encoding=encoding, separator=separator, header=header, rows=tuple(rows), problems=tuple(problems))


def _decoded(raw: bytes) -> tuple[str, str]:
    if len(raw) > MOST_BYTES:
        raise UserError("the file is larger than {most} MiB", most=MOST_BYTES >> 20)
    if raw.startswith(b"PK\x03\x04"):
        raise UserError("this is an Excel workbook: save it as CSV first")
    plain = "utf-8" if _begins_in_utf8(raw) else None
    certain = next((name for bom, name in _BOMS if raw.startswith(bom)), plain)
    for encoding in (certain,) if certain else ("utf-8", "gb18030"):
        try:  # where the encoding is certain, a damaged byte is the affair of its cell alone
            text = raw.decode(encoding, "replace" if certain else "strict")
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding.removesuffix("-sig")
    raise UserError("the file is no text in UTF-8, UTF-16 or GB18030")


def _begins_in_utf8(raw: bytes) -> bool:
    """Whether the header is more than ASCII, and UTF-8."""
    head = re.split(rb"[\r\n]", raw.lstrip(), maxsplit=1)[0]
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return not head.isascii()


def _separator(lines: Sequence[str]) -> tuple[int, str]:
    """The index of the header's line, and what stands between cells: what the file says, else what parts the header
    into most cells."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise UserError("the file is empty")
    said = _SEP_LINE.fullmatch(lines[first].strip(" "))
    if said:
        return first + 1, said[1]

    def cells(separator: str) -> int:
        record = next(_records(lines, first, separator), None)
        return len(record.cells) if isinstance(record, Row) else 0

    return first, max(_SEPARATORS, key=cells)


def _records(lines: Sequence[str], at: int, separator: str) -> Iterator[Row | Problem]:
    """Every row that is not blank, and what is none, in the order of lines."""
    while at < len(lines):
        line, taken = lines[at], 1
        if len(line) > MOST_ROW:
            yield Problem(line=at + 1, code="row.too_long", told=line[:100])
        elif '"' not in line:
            if line.strip():
                yield Row(line=at + 1, cells=tuple(_cell(cell) for cell in line.split(separator)))
        else:
            reader = csv.reader(_from(lines, at), delimiter=separator, strict=True)
            try:
                cells = next(reader)
            except csv.Error:
                yield Problem(line=at + 1, code="row.quotes", told=line[:100])
            else:
                yield Row(line=at + 1, cells=tuple(_cell(cell) for cell in cells))
                taken = reader.line_num
        at += taken


def _from(lines: Sequence[str], at: int) -> Iterator[str]:
    """The lines that one row may span."""
    size = 0
    for line in lines[at : at + _MOST_LINES]:
        size += len(line)
        if size > MOST_ROW:
            return
        yield line + "\n"


def _cell(cell: str) -> str:
    """A cell as it was meant: without blanks around it, and without Excel's ways of keeping numbers as text."""
    cell = cell.strip()
    if len(cell) > 3 and cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1].strip()
    return cell[1:].strip() if cell.startswith("'") else cell
