"""The review page speaks Chinese wherever it speaks English."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import jinja2
from jinja2.ext import extract_from_ast

from bot.admission.hashtags import Kind
from bot.i18n import translator
from bot.model import AccountType, Action, MediaType, RelationKind, Status
from bot.review.page.guard import Role

PAGE = Path(__file__).parents[2] / "bot" / "review" / "page"
WHYS = ("spaces", "stylised", "script", "confusable", "hash", "quoted", "pair")


def in_templates() -> set[str]:
    environment = jinja2.Environment(autoescape=True)
    found = set()
    for path in sorted((PAGE / "templates").glob("*.html")):
        for _, _, message in extract_from_ast(environment.parse(path.read_text()), ("_",)):
            if isinstance(message, str):  # else a value of ours, listed below
                found.add(message)
    return found


def in_code() -> set[str]:
    """Literals that are handed to ``say``, and the reasons of failures, which are said too."""
    found = set()
    for path in sorted(PAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = node.args[:1] if name == "say" else [k.value for k in node.keywords if k.arg == "reason"]
            found |= {a.value for a in said if isinstance(a, ast.Constant) and isinstance(a.value, str)}
            if name == "_form":
                found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def values() -> set[str]:
    """Words that are values of ours."""
    kinds = (Status, Action, Role, Kind, AccountType, MediaType, RelationKind)
    return {word for kind in kinds for word in get_args(kind)} | set(WHYS) | {"refused", "unavailable", "unreadable"}


def test_everything_the_page_says_is_translated() -> None:
    """Each message of its templates, its code and its values has its Chinese."""
    say = translator("zh")
    found = in_templates() | in_code() | values()
    assert len(found) > 100
    assert sorted(message for message in found if say(message) == message) == []
