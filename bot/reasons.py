"""What every reason code means, in words for moderators and for authors, in Chinese and English."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from bot.model import Stance
from detectors.evidence import Value


class Reason(Value):
    """One reason code. ``stance`` is what it does unless a campaign says otherwise, None for codes that only people
    give; ``fixed``: no campaign may change it."""

    stance: Stance | None = None
    fixed: bool = False


def _load(path: Path) -> dict[str, Reason]:
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Reason])


REASONS: Final = _load(Path(__file__).with_name("reasons.toml"))
"""Every reason code, the most decisive first."""
