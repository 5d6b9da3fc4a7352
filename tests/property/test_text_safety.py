"""Whatever a stranger writes: one field stays one row, the terminal obeys nobody, a spreadsheet computes nothing."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.text_safety import csv_cell, json_line, one_line, rows, shortened

ANY = st.text(st.characters(exclude_categories=()), max_size=200)
HOSTILE = st.text(
    st.sampled_from("\x00\x07\x1b\x9b\r\n\t\u202e\u2066\u200b\u200d\ud800\ufeff\U000e0041👨❤️a我=+-@＝\u0301\u2028")
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY | HOSTILE)
@example("\x1b]8;;http://evil\x07link\x1b]8;;\x07")
@example("a\r\nb\u2028c")
def test_one_line_is_one_harmless_line(text: str) -> None:
    """No control, bidi, line-break or half character is left, and the result can be written as UTF-8."""
    shown = one_line(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI for c in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(ANY | HOSTILE)
def test_one_line_settles(text: str) -> None:
    """What is safe already is left as it is."""
    assert one_line(one_line(text)) == one_line(text)


@given(st.text(st.characters(categories=("L", "Nd", "P", "Zs"))))
def test_ordinary_text_is_untouched(text: str) -> None:
    """Letters of any script, digits and punctuation come out as they went in (but for letters shown as nothing)."""
    plain = "".join(c for c in text if c not in "\u115f\u1160\u3164\uffa0")
    assert one_line(plain) == plain


def test_hidden_letters_are_shown() -> None:
    """A zero-width character between letters is written out; the joiner inside one emoji is not."""
    assert one_line("Ga\u200bte") == "Ga\\u200bte"
    assert one_line("a\u200db") == "a\\u200db"
    assert one_line("❤️\u200d🔥") == "❤️\u200d🔥"
    assert one_line("e" + "\u0301" * 6).count("\u0301") == 4


@given(ANY | HOSTILE)
def test_rows_are_rows(text: str) -> None:
    """Every row is one line, and line breaks of the author stay line breaks."""
    assert all(len(row.splitlines()) <= 1 for row in rows(text))
    assert len(rows(text)) >= text.count("\n") + 1


@example("0\ufe0f0", 2)
@given(ANY | HOSTILE, st.integers(0, 40))
def test_shortened_fits(text: str, cells: int) -> None:
    """A cut text never takes more cells than it was given."""
    assert cell_len(shortened(one_line(text), cells)) <= cells


LEAVES = st.none() | st.booleans() | st.integers() | ANY | HOSTILE


@given(st.recursive(LEAVES, lambda s: st.lists(s) | st.dictionaries(ANY, s), max_leaves=8))
def test_json_says_the_same_in_one_safe_line(value: object) -> None:
    """Escaping changes nothing for a parser, and the line holds nothing a terminal would obey."""
    line = json_line(value)
    assert json.loads(line) == json.loads(json.dumps(value))
    assert not any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI for c in line)
    line.encode()


@given(ANY | HOSTILE)
def test_cells_compute_nothing(text: str) -> None:
    """No text cell begins like a formula, also in full-width letters or behind blanks, and a cell stays in its row."""
    written = io.StringIO()
    csv.writer(written).writerow([csv_cell(text), "next"])
    cell, following = next(csv.reader(io.StringIO(written.getvalue())))
    assert following == "next"
    assert unicodedata.normalize("NFKC", cell.lstrip())[:1] not in set("=+-@|%")
    assert len(written.getvalue().splitlines()) == 1


def test_numbers_stay_numbers() -> None:
    """A number of ours keeps its sign: only text is neutralised."""
    assert (csv_cell(-5), csv_cell(0.5), csv_cell("-5"), csv_cell(True)) == ("-5", "0.5", "'-5", "true")
