"""What there is to win, and in which form a winner gets it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec

from bot.campaign.policies import Count, Word
from detectors.evidence import Value

Method = Literal["judged", "draw", "views"]
Form = Literal["goods", "voucher"]


class Prize(Value):
    """One tier. The highest is the one with the greatest voucher, or where a tier has none, the first in the file.
    ``method``: how its winners are found: by "judged" (the rubric's scores), "draw", or "views" (on X). ``goods``:
    what a winner at home gets. ``voucher``: what they are worth to a winner abroad, in US dollars of trial voucher;
    none: goods for everybody."""

    tier: Word
    count: Annotated[int, msgspec.Meta(ge=1)]
    method: Method
    goods: str
    goods_zh: str | None = None
    voucher: Count | None = None


def form(prize: Prize, region: str | None, home: Collection[str]) -> Form | None:
    """Whether a winner in ``region`` (ISO 3166 alpha-2) gets the goods or the voucher. ``home``: regions that get
    goods. None: the winner's region is unknown and decides it, so they must be asked."""
    if prize.voucher is None:
        return "goods"
    if region is None:
        return None
    return "goods" if region in home else "voucher"
