"""docs/rules.md is what the rules say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.reasons import REASONS
from bot.rules import RULES, code_of
from bot.rules.__main__ import page

ROOT = Path(__file__).resolve().parents[2]


def test_docs_are_up_to_date() -> None:
    """The page equals what the code generates; on failure run ``python -m bot.rules > docs/rules.md``."""
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == "\n".join(page()) + "\n"


def test_docs_name_every_code() -> None:
    """Each code has its own heading."""
    headings = {line.lstrip("# ") for line in page() if line.startswith("##")}
    assert headings >= REASONS.keys()


@pytest.mark.parametrize("rule", RULES, ids=code_of)
def test_docs_of_a_rule_are_its_docstring(rule: object) -> None:
    """Each rule describes its code in whole sentences."""
    assert rule.__doc__ is not None
    assert rule.__doc__.rstrip().endswith(".")
