"""The one table of keys, and the docs that print it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.reasons import Lang
from bot.review.decisions import reject_codes
from bot.review.keys import BY_KEY, DIGITS, KEYS

DOCS = Path(__file__).parents[2] / "docs"


def test_each_key_does_one_thing_and_each_digit_rejects() -> None:
    """No key stands twice; digits carry reasons that a person may give."""
    assert len(BY_KEY) == len(KEYS)
    assert "".join(sorted(digit.key for digit in DIGITS)) == "0123456789"
    assert {digit.code for digit in DIGITS} <= set(reject_codes())


@pytest.mark.parametrize(("page", "lang"), [("moderating.md", "en"), ("moderating.zh.md", "zh")])
def test_the_docs_print_every_key(page: str, lang: Lang) -> None:
    """Moderators read of each key what it is called on screen."""
    rows = [line for line in (DOCS / page).read_text().splitlines() if line.startswith("| `")]
    assert [f"| `{key.key}` | {key.label(lang)} |" for key in KEYS] == rows[: len(KEYS)]
