"""The parts of a campaign: one value a table of the campaign file. All thresholds live in these, none in code."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

import msgspec

from bot.model import AccountType
from detectors.evidence import Value

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Bits = Annotated[int, msgspec.Meta(ge=0, le=256)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

RUBRIC: Final = {"creativity": 40, "quality": 30, "engagement": 30}
"""How judges' criteria weigh where a campaign does not say, in hundredths."""


class BrandPolicy(Value):
    """What shows the brand. ``counts`` names marks of ``kit``. A picture shows one where the best score of a counting
    mark is at least ``accept``, none below ``absent``; between the two a person decides. ``colour``: from this colour
    score on a picture without a mark is unsure instead of absent; colour alone never shows the brand. ``elements``:
    what the operators published as counting, for the people who decide."""

    kit: Word = "gate"
    counts: tuple[Word, ...] = ("mark", "lockup", "gt", "old")
    accept: Share = 0.8
    absent: Share = 0.2
    colour: Share = 0.5
    elements: tuple[Word, ...] = ()


class CopyPolicy(Value):
    """What is a copy. ``near``: PDQ distance in bits at most. ``inliers``: points that agree, for a partial copy, and
    ``inliers_alike`` where what both pictures show looks the same; ``weight``: the least of these points, times the
    share of a picture that they span, times the share of what both show that looks the same. ``text``: similarity of
    two stories from which one is a copy, each of at least ``text_min_chars`` characters. ``official``: PDQ distance to
    a poster or bare logo of the kit from which a picture is that. ``clip_near``, ``clip_partial``: share of frames in
    both, in either, for two videos."""

    near: Bits = 31
    inliers: Count = 10
    inliers_alike: Count = 7
    weight: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    text: Share = 0.66
    text_min_chars: Count = 20
    official: Bits = 31
    clip_near: Share = 0.7
    clip_partial: Share = 0.3


class AuthorPolicy(Value):
    """Who may take part; each switch works alone, and what is not known of an author is not held against them.

    ``verified``: the author must have passed identity verification. ``unknown``: what happens where a source does not
    say so, "pass" or "ask" (the public search never says, so "ask" sends each of its posts to a person; verification
    is enforced again before a reward). ``excluded_types``, ``excluded_regions`` (ISO 3166 alpha-2), ``staff`` (author
    or person ids) are out; with ``regions`` only those are in. ``one_account``: an entry of a person who
    entered before under another account asks."""

    verified: bool = False
    unknown: Literal["pass", "ask"] = "pass"
    excluded_types: tuple[AccountType, ...] = ()
    regions: tuple[Word, ...] = ()
    excluded_regions: tuple[Word, ...] = ()
    staff: tuple[Word, ...] = ()
    one_account: bool = False


class NoticePolicy(Value):
    """How the campaign's own notice is known by its words. A text is it that holds at least ``coverage`` of one of
    ``texts`` and no more than ``own_words`` letters beside it."""

    texts: tuple[str, ...] = ()
    coverage: Share = 0.5
    own_words: Count = 12


class ContentPolicy(Value):
    """``hosts``: links to these, and to hosts below them, are not foreign."""

    hosts: tuple[Word, ...] = ()


class AwardPolicy(Value):
    """How prizes go to people. ``home``: regions (ISO 3166 alpha-2) whose winners get goods; those elsewhere get the
    voucher. ``one_prize``: a person takes one prize, the highest. ``moment``: when views on X are counted; left out,
    it is fixed once with `gatewarden shares fix-moment`, before anything is measured. ``window_minutes``: how long
    after the moment a count still stands for it. ``mirrors``: further hosts under which the same posts appear, in lower
    case, compared whole. ``panel``: how many judges score each post."""

    home: tuple[Word, ...] = ("CN",)
    one_prize: bool = True
    moment: dt.datetime | None = None
    window_minutes: Annotated[int, msgspec.Meta(ge=1, le=7 * 24 * 60)] = 360
    mirrors: tuple[Word, ...] = ()
    panel: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2
