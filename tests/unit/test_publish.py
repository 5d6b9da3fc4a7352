"""What is published: masked, escaped, in both languages; and that awards are computed without effects."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.awards import publish
from bot.awards.publish import masked, problem_name, shown_post, tier_name

AWARDS = Path(publish.__file__).parent
PURE = (
    "allocation", "basis", "beacon", "canonical", "draw", "judging", "merkle", "permutation", "publication", "publish",
    "randomness", "verify_draw", "verify_winners",
)  # fmt: skip
EFFECTS = {"asyncio", "aiohttp", "sqlite3", "sqlite_utils", "socket", "subprocess", "threading", "time", "random"}


@pytest.mark.parametrize("name", PURE)
def test_what_decides_has_no_effects(name: str) -> None:
    """No network, database, clock or chance of its own, and nothing of the store: the same facts, the same awards."""
    tree = ast.parse((AWARDS / f"{name}.py").read_text())
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {module for module in found if module.partition(".")[0] in EFFECTS or module.startswith("bot.store")}


def test_both_languages_have_the_same_words() -> None:
    """Each word, tier and problem is there in Chinese and English, with the same places to fill in."""
    words = tomllib.loads((AWARDS / "words.toml").read_text("utf-8"))
    for en, zh in ((words["en"], words["zh"]), *((words[t]["en"], words[t]["zh"]) for t in ("tiers", "problems"))):
        assert en.keys() == zh.keys()
        for key, text in en.items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", zh[key])), key
    assert problem_name("region.unknown", "12", "zh").endswith("winners confirm 12 --region CC")
    assert tier_name("share", "zh") == "分享奖"
    assert tier_name("my own", "zh") == "my own"


@pytest.mark.parametrize(
    ("nickname", "names", "shown"),
    [
        ("satoshi", "masked", "s***i"),
        ("张三丰", "masked", "张***丰"),
        ("张三", "masked", "张***"),
        ("x", "masked", "x***"),
        ("", "masked", "***"),
        (None, "masked", "***"),
        (None, "full", "***"),
        ("🎉🎉", "masked", "***"),
        ("\u202eabc\u202c", "masked", "a***c"),
        ("=cmd()", "masked", "c***d"),
        ("a\nb", "full", "a\\nb"),
        ("satoshi", "hidden", "***"),
    ],
)
def test_nicknames_are_masked_as_chosen(nickname: str | None, names: publish.Names, shown: str) -> None:
    """The ends of a nickname at most, never a sign that could be markup, a formula or a control."""
    assert masked(nickname, "1", names) == shown


def test_a_long_nickname_is_cut() -> None:
    """Whole names too have an end."""
    assert len(masked("x" * 5000, "1", "full")) == 40


def test_an_id_is_whole_only_where_names_are() -> None:
    """Else its end, enough for its author."""
    assert shown_post("12871044", "full") == "12871044"
    assert shown_post("12871044", "masked") == shown_post("12871044", "hidden") == "…1044"
