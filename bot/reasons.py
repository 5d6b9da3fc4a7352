"""What every reason code means, in words for moderators and for authors, in Chinese and English.

The words stand in ``reasons.toml`` beside this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from bot.model import Finding, Stance, Status, Verdict
from detectors.evidence import Value

Lang = Literal["zh", "en"]
Detail = str | int | float | bool | None

_LONGEST: Final = 120  # characters of a filled-in value: some are an attacker's
_TRANSLATED: Final = frozenset({"why", "value", "by", "how", "kind", "known"})


class Words(Value):
    """A reason in one language: its name, what was found (for moderators), what to tell the author."""

    label: str
    sentence: str
    message: str


class Reason(Value):
    """One reason code. ``stance`` is what it does unless a campaign says otherwise, None for codes that only people
    give; ``fixed``: no campaign may change it."""

    en: Words
    zh: Words
    stance: Stance | None = None
    fixed: bool = False


class _File(Value):
    reasons: dict[str, Reason]
    words: dict[Lang, dict[str, str]]
    lead: dict[Lang, dict[Status, str]]


def _load(path: Path) -> _File:
    data = tomllib.loads(path.read_text("utf-8"))
    words, lead = data.pop("words"), data.pop("lead")
    return msgspec.convert({"reasons": data, "words": words, "lead": lead}, _File)


_FILE: Final = _load(Path(__file__).with_name("reasons.toml"))

REASONS: Final[Mapping[str, Reason]] = _FILE.reasons
"""Every reason code."""

BY_PEOPLE: Final = tuple(code for code, reason in REASONS.items() if reason.stance is None)
"""The codes that only people give: ``accepted``, and those to reject with."""


def language(name: str | None) -> Lang:
    """The language for a locale or language name; English where it is neither.

    >>> language("zh_CN.UTF-8"), language("zh-Hant"), language("C"), language(None)
    ('zh', 'zh', 'en', 'en')
    """
    return "zh" if name is not None and name.lower().startswith("zh") else "en"


def label(code: str, lang: Lang) -> str:
    """The short name of a reason."""
    return _words(code, lang).label


def describe(finding: Finding, lang: Lang, **context: Detail) -> str:
    """What was found, in one sentence. ``context`` adds to the finding's detail. Text in it may be an attacker's:
    escape the result for where it is shown. Media count from 0, as everywhere."""
    sentence = _fill(_words(finding.code, lang).sentence, lang, {**finding.detail, **context})
    if finding.media is None:
        return sentence
    return f"{sentence}（媒体 {finding.media}）" if lang == "zh" else f"{sentence} (media {finding.media})"


def message(code: str, lang: Lang, **context: Detail) -> str:
    """What to tell the author about one reason."""
    return _fill(_words(code, lang).message, lang, context)


def message_for_author(verdict: Verdict, lang: Lang, **context: Detail) -> str:
    """A message that can be pasted to the author: how their post stands, and each reason that decides it."""
    lines = list(dict.fromkeys(_messages(verdict, lang, context)))
    lead = _FILE.lead[lang][verdict.status].format(post_id=verdict.post_id)
    if len(lines) > 1:
        lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    return "\n".join((lead, *lines))


def _messages(verdict: Verdict, lang: Lang, context: Mapping[str, Detail]) -> Iterator[str]:
    if verdict.status == "eligible":
        yield message("accepted", lang, **context)
    elif verdict.status == "withdrawn":
        yield message("post.deleted", lang, **context)
    else:
        deciding: Stance = "block" if verdict.status == "ineligible" else "ask"
        for finding in verdict.findings:
            if finding.stance == deciding:
                yield message(finding.code, lang, **{**finding.detail, **context})


def _words(code: str, lang: Lang) -> Words:
    reason = REASONS[code]
    return reason.zh if lang == "zh" else reason.en


class _Detail(dict[str, str]):
    """Detail for filling in; what is missing reads as unknown."""

    def __init__(self, lang: Lang, detail: Mapping[str, Detail]) -> None:
        super().__init__({key: _word(key, value, lang) for key, value in detail.items()})
        self._unknown = _FILE.words[lang]["unknown"]

    def __missing__(self, key: str) -> str:
        return self._unknown


def _word(key: str, value: Detail, lang: Lang) -> str:
    words = _FILE.words[lang]
    if value is None:
        return words["unknown"]
    if isinstance(value, float):
        return f"{value:.2f}"
    text = str(value)
    if key in _TRANSLATED:
        text = words.get(text, text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _fill(template: str, lang: Lang, detail: Mapping[str, Any]) -> str:
    return template.format_map(_Detail(lang, detail))
