"""Every message for people is there in both languages, and what is compiled is what is written."""

from __future__ import annotations

import ast
import io
import string
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.i18n import DOMAIN, LOCALES, translator

ROOT = Path(__file__).parents[2]
FOLDER = LOCALES / "zh" / "LC_MESSAGES"
REFUSALS = {"UserError", "ConfigError", "TakenError"}


def messages() -> Iterator[tuple[str, str]]:
    """(file, message) of each literal that is handed to ``_``."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                [argument] = node.args
                assert isinstance(argument, ast.Constant), f"{path.name}:{node.lineno}: a message must be a literal"
                assert isinstance(argument.value, str)
                yield path.name, argument.value


def refusals() -> Iterator[tuple[str, str]]:
    """(file, message) of each refusal that a moderator, a judge or whoever awards prizes may meet."""
    for path in sorted([*(ROOT / "bot" / "review").glob("*.py"), *(ROOT / "bot" / "awards").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                template = node.args[0]
                assert isinstance(template, ast.Constant), f"{path.name}:{node.lineno}: a refusal is a template"
                assert isinstance(template.value, str)
                yield path.name, template.value


def catalogue() -> dict[str, str]:
    with (FOLDER / f"{DOMAIN}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, abort_invalid=True) if m.id}


def test_every_message_is_translated() -> None:
    """Each English message of the code has its Chinese, and so has each refusal that a moderator may meet."""
    known = catalogue()
    assert len(list(refusals())) > 30
    assert [(file, message) for file, message in (*messages(), *refusals()) if not known.get(message)] == []


def test_a_translation_fills_in_the_same_fields() -> None:
    """No placeholder is lost or made up in translation."""

    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [m for m, chinese in catalogue().items() if fields(m) != fields(chinese)] == []


def test_what_is_compiled_is_what_is_written() -> None:
    """The catalogue that is shipped was made from the one that people edit: else run ``make messages``."""
    with (FOLDER / f"{DOMAIN}.po").open("rb") as file:
        made = io.BytesIO()
        write_mo(made, read_po(file, abort_invalid=True))
    assert made.getvalue() == (FOLDER / f"{DOMAIN}.mo").read_bytes()


def test_translators() -> None:
    """English is the message itself, Chinese its translation; what nobody translated stays readable."""
    assert translator("en")("approve") == "approve"
    assert translator("zh")("approve") == "通过"
    assert translator("zh")("no such message") == "no such message"
