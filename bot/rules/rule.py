"""What a rule is: a small function of the facts, named after its reason code, that yields what it found."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import msgspec

from bot.model import Stance
from bot.reasons import Detail
from bot.rules.facts import Facts
from detectors.evidence import Value


class Hit(Value):
    """One thing a rule found. ``detail`` holds stable facts, no prose; ``media`` numbers the media item it is about.
    ``at_most``: a stance that this finding does not exceed, whatever the campaign says of its code."""

    detail: dict[str, Detail] = msgspec.field(default_factory=dict)
    media: int | None = None
    at_most: Stance = "block"


Rule = Callable[[Facts], Iterable[Hit]]
"""Its docstring is the public description of its reason code (docs/rules.md)."""


@functools.cache
def code_of(rule: Rule) -> str:
    """The reason code that a rule gives: its name, the first underscore a full stop.

    >>> code_of(type("", (), {"__name__": "brand_only_official"}))
    'brand.only_official'
    """
    return str(getattr(rule, "__name__")).replace("_", ".", 1)  # noqa: B009 - a plain function has it; Callable does not
