"""Rows of the review in the terminal: they line up whatever a stranger writes, in both languages, at any width."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.i18n import translator
from bot.reasons import Lang
from bot.review.keys import KEYS
from bot.review.tui.lines import Line, centred, line, of, safe, wrapped
from bot.review.tui.look import DARK, LIGHT
from bot.review.tui.screen import help_lines, key_rows
from bot.review.tui.sheet import Reader

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=200)


def text_of(row: tuple[tuple[str, str], ...]) -> str:
    return "".join(text for text, _ in row)


def reader(lang: Lang) -> Reader:
    return Reader(lang=lang, say=translator(lang), zone=dt.UTC)


@given(ANYTHING, st.integers(2, 60), st.integers(0, 8))
def test_rows_are_as_wide_as_they_may_be_and_lose_no_letter(text: str, width: int, indent: int) -> None:
    """No row is wider than asked for, and but for blanks at breaks all of the text is there, in order."""
    rows = [text_of(row) for row in wrapped(line(text, indent=indent), width)]
    assert all(cell_len(row) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(safe(text).split())


@given(ANYTHING)
def test_no_row_holds_what_moves_a_terminal(text: str) -> None:
    """No control character, nothing that turns the line, and nothing that terminals measure differently."""
    shown = safe(text)
    assert re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200d\ufe0f\U0001f1e6-\U0001f1ff]", shown) is None


def test_breaks_are_where_a_reader_expects_them() -> None:
    """At blanks between words, between Chinese characters, before no closing mark and after no opening one."""

    def rows(text: str, width: int) -> list[str]:
        return [text_of(row).strip() for row in wrapped(line(text), width)]

    assert rows("hello wonderful world", 12) == ["hello", "wonderful", "world"]
    assert rows("我的故事，从这里开始", 8) == ["我的故", "事，从这", "里开始"]
    assert rows("得分（最高）", 6) == ["得分", "（最", "高）"]
    assert rows("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_pieces_keep_their_style_over_a_break() -> None:
    """A style goes on in the next row, which begins with the indent."""
    it = of(("✗ ", "error"), ("one two three", "muted"), indent=2)
    assert list(wrapped(it, 9)) == [
        (("✗ ", "error"), ("one two", "muted")),
        (("  ", ""), ("three", "muted")),
    ]
    assert list(wrapped(Line(), 9)) == [(("", ""),)]


def test_what_is_centred_has_its_width() -> None:
    """Full-width text too, and text that is cut."""
    assert all(cell_len(centred(text, 21)) == 21 for text in ("", "本帖 12872590", "x" * 50, "全" * 30))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 78, 130, 200])
def test_the_bar_shows_every_key_and_fits(lang: Lang, width: int) -> None:
    """Every key is there at every width, and no row is wider than the terminal."""
    rows = [text_of(it.pieces) for it in key_rows(reader(lang), width, 24)]
    assert all(cell_len(row) <= width for row in rows)
    words = " ".join(rows).split()
    assert [key.key for key in KEYS if key.key not in words] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_bar_leaves_room_in_a_small_terminal(lang: Lang) -> None:
    """In 80 columns and 24 rows the keys take four rows at most."""
    assert len(key_rows(reader(lang), 78, 24)) <= 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_help_names_every_key_in_full(lang: Lang) -> None:
    """What the bar may cut, the help does not."""
    rows = "\n".join(text_of(it.pieces) for it in help_lines(reader(lang)))
    assert [key.key for key in KEYS if f"{key.key}  {key.label(lang)}" not in rows] == []


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_text_can_be_read_on_every_ground(theme: object) -> None:
    """Contrast of 4.5 and more, by night and by day."""
    assert isinstance(theme, type(DARK))
    grounds = [theme.background, theme.surface, theme.panel]
    texts = [theme.foreground, theme.primary, theme.success, theme.warning, theme.error, theme.variables["muted"]]
    low = []
    for text in texts:
        for ground in grounds:
            assert text is not None and ground is not None
            light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
            if (light + 0.05) / (dark + 0.05) < 4.5:
                low.append((text, ground))
    assert low == []
