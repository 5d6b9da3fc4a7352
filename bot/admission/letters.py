"""Letters as people read them: what a text is after its invisible characters, widths and case, and what merely looks
the same. Pure.

``fold`` is what may count as the same text; ``resemblance`` is for what only a person may accept. Normal forms of
Unicode are taken of short pieces only: over long runs of combining marks they cost quadratic time.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any, Final

# Default_Ignorable_Code_Point of Unicode, bidi controls and variation selectors among them.
_IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# Full width, half width and small forms, each as its ordinary character.
_WIDTHS: Final = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (0x3000, *range(0xFE50, 0xFE6C), *range(0xFF01, 0xFFF0))
    if unicodedata.decomposition(chr(code)).startswith(("<wide>", "<narrow>", "<small>"))
}
_LETTER_NAME: Final = re.compile(
    r"(?:(?:NEGATIVE )?(?:CIRCLED|SQUARED) )?LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .+)?"
    r"|REGIONAL INDICATOR SYMBOL LETTER ([A-Z])"
)

SAME: Final = ""
SPACES: Final = "spaces"
STYLISED: Final = "stylised"
SCRIPT: Final = "script"
CONFUSABLE: Final = "confusable"


def revealed(text: str) -> str:
    """Without default-ignorable characters. Linear time."""
    return _IGNORABLE.sub("", text)


def visible(text: str) -> str:
    """``revealed``, and in ordinary width. Linear time."""
    return revealed(text).translate(_WIDTHS)


def fold(text: str) -> str:
    """``visible`` and without case: two texts that fold alike are the same text. Linear time, idempotent.

    >>> fold("Ｇａ\\u200bTE")
    'gate'
    """
    return visible(text).casefold()


def canonical(word: str) -> str:
    """``fold`` of a short text whose accents may be composed or not."""
    return fold(unicodedata.normalize("NFC", word))


@functools.lru_cache(maxsize=64)
def _target(word: str) -> tuple[str, str, re.Pattern[str]]:
    """A word as ``resemblance`` compares it: without spaces, in Simplified script, and as a pattern of look-alikes."""
    bare = _spaceless(canonical(word))
    simplified = _simplified(bare)
    return bare, simplified, re.compile("".join(_alike(char) for char in simplified))


def resemblance(piece: str, word: str) -> str | None:
    """In what a short ``piece`` differs from ``word`` to which it looks the same; None where it looks different.

    One of SAME, SPACES, STYLISED (font variants, enclosed letters, accents), SCRIPT (Traditional for Simplified Chinese
    and the other way round), CONFUSABLE (letters of other alphabets). Lesser differences are included.
    """
    if canonical(piece) == canonical(word):
        return SAME
    bare, simplified, pattern = _target(word)
    piece = _spaceless(visible(piece))
    if canonical(piece) == bare:
        return SPACES
    plain = _plain(piece)
    if canonical(plain) == bare:
        return STYLISED
    if not len(bare) <= len(plain) <= 2 * len(bare) + 4:  # no look-alike is shorter; few are two characters for one
        return None
    plain = _simplified(plain)
    if canonical(plain) == simplified:
        return SCRIPT
    return CONFUSABLE if pattern.fullmatch(plain) else None


def _spaceless(text: str) -> str:
    return "".join(text.split())


def _plain(piece: str) -> str:
    """Font variants, enclosed and small capital letters as letters, accents dropped."""
    decomposed = unicodedata.normalize("NFKD", "".join(_letter(char) for char in piece))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@functools.lru_cache(maxsize=4096)
def _letter(char: str) -> str:
    if char < "\u0080":
        return char
    match = _LETTER_NAME.fullmatch(unicodedata.name(char, ""))
    return (match[1] or match[2]).lower() if match else char


def _simplified(text: str) -> str:
    # Half a surrogate pair is no character, and the converter takes none.
    return str(_converter().convert(text.encode("utf-8", "replace").decode()))


@functools.cache
def _converter() -> Any:
    import opencc  # here, not above: 15 ms and 20 MB that only look-alikes need

    return opencc.OpenCC("t2s")


@functools.cache
def _confusables() -> dict[str, list[dict[str, str]]]:
    # here, not above: 50 ms that only look-alikes need
    from confusable_homoglyphs import confusables  # type: ignore[import-untyped]

    table: dict[str, list[dict[str, str]]] = confusables.confusables_data
    return table


def _alike(char: str) -> str:
    """A pattern of everything that looks like ``char``, in either case."""
    cases = {char, char.upper(), char.lower()}
    found = cases | {entry["c"] for case in cases for entry in _confusables().get(case, ())}
    found |= {text.casefold() for text in found}
    return "(?:" + "|".join(re.escape(text) for text in sorted(found, key=lambda t: (-len(t), t))) + ")"
