"""A campaign: what counts, from when to when, and what each finding does.

Read from TOML (a name is a file in ``assets/campaigns``). ``version`` is a hash of the content, defaults filled in:
the same rules have the same version wherever and however they are written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.campaign.check import key_of, senseless, unknown_keys
from bot.campaign.policies import (
    RUBRIC,
    AuthorPolicy,
    AwardPolicy,
    BrandPolicy,
    ContentPolicy,
    CopyPolicy,
    Count,
    NoticePolicy,
    Word,
)
from bot.campaign.prizes import Prize
from bot.errors import ConfigError
from bot.model import Stance
from bot.reasons import REASONS
from bot.toml import Document, KeyPath, read_toml
from detectors.assets import assets_root
from detectors.evidence import Value

DEFAULT: Final = "my-gate-moment"

_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(0?\d|1[0-4])(?::?([0-5]\d))?", re.ASCII)


class Campaign(Value):
    """All that the rules may ask about a campaign. The window is half-open: ``ends`` itself is out; None is no bound.

    ``hashtags`` without their hashes, the first the main one. ``shadow``: codes that are recorded without effect, with
    the stance that they would have. ``version`` is made from the rest and cannot be given.
    Raises ValueError for times without a zone.
    """

    name: Word
    hashtags: tuple[Word, ...]
    title: str = ""
    title_zh: str = ""
    zone: Word = "UTC"
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    notices: tuple[Word, ...] = ()
    official_authors: tuple[Word, ...] = ()
    questionnaire: str | None = None
    notice: NoticePolicy = NoticePolicy()
    brand: BrandPolicy = BrandPolicy()
    copies: CopyPolicy = CopyPolicy()
    authors: AuthorPolicy = AuthorPolicy()
    content: ContentPolicy = ContentPolicy()
    stance: dict[str, Stance] = msgspec.field(default_factory=dict)
    shadow: dict[str, Stance] = msgspec.field(default_factory=dict)
    awards: AwardPolicy = AwardPolicy()
    rubric: dict[str, Count] = msgspec.field(default_factory=lambda: dict(RUBRIC))
    prizes: tuple[Prize, ...] = ()
    version: str = ""

    def __post_init__(self) -> None:
        if any(t is not None and t.tzinfo is None for t in (self.starts, self.ends, self.awards.moment)):
            raise ValueError("starts, ends and the moment of measurement must be aware datetimes")
        content = msgspec.to_builtins(self)
        del content["version"]
        if not self.shadow:  # a campaign without any is what it was before there were such
            del content["shadow"]
        digest = hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
        msgspec.structs.force_setattr(self, "version", digest[:12])

    @property
    def tz(self) -> dt.tzinfo:
        """The zone of times that come without one."""
        return time_zone(self.zone)

    def closed(self, now: dt.datetime) -> bool:
        """Whether the window is over at ``now``."""
        return self.ends is not None and now >= self.ends

    def stance_of(self, code: str) -> Stance:
        """What a finding with this code does in this campaign. Raises KeyError for a code that rules cannot give."""
        default = REASONS[code].stance
        if default is None:
            raise KeyError(f"{code} is given by people only")
        return "note" if code in self.shadow else self.stance.get(code, default)


def time_zone(name: str) -> dt.tzinfo:
    """A zone by IANA name or fixed offset. Raises ValueError.

    >>> time_zone("UTC+8").utcoffset(None), time_zone("-03:30").utcoffset(None)
    (datetime.timedelta(seconds=28800), datetime.timedelta(days=-1, seconds=73800))
    """
    if name in ("UTC", "Z"):
        return dt.UTC
    if match := _OFFSET.fullmatch(name):
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return dt.timezone(offset if match[1] == "+" else -offset)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown zone {name!r}; write an IANA name or an offset such as UTC+8") from error


def find_campaign(name_or_path: str | Path = DEFAULT) -> Path:
    """The file of a campaign: a path, or the name of a shipped one. Raises ConfigError."""
    given = str(name_or_path)
    shipped = assets_root() / "campaigns"
    if isinstance(name_or_path, str) and re.fullmatch(r"[A-Za-z0-9_-]+", given):
        path = shipped / f"{given}.toml"
        if path.is_file():
            return path
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in shipped.glob("*.toml")))
        raise ConfigError(f"no campaign {given}: neither a file nor one of the shipped ones ({names})")
    return path


def load_campaign(name_or_path: str | Path = DEFAULT) -> Campaign:
    """The campaign of that name or in that file. Raises ConfigError, which names file, line and key."""
    document = read_toml(find_campaign(name_or_path))
    campaign, problems = _read(document)
    if campaign is None or problems:
        raise ConfigError(problems[0])
    return campaign


def check_campaign(name_or_path: str | Path) -> list[str]:
    """All that is wrong with a campaign file, each with file, line and key; empty where it is sound. Unlike loading,
    this also opens the brand kit, to see whether it has the marks that count."""
    try:
        document = read_toml(find_campaign(name_or_path))
    except ConfigError as error:
        return [str(error)]
    campaign, problems = _read(document)
    if campaign is not None:
        problems += [f"{document.place(where)}: {message}" for where, message in _brand_problems(campaign)]
    return problems


def _brand_problems(campaign: Campaign) -> Iterator[tuple[KeyPath, str]]:
    from detectors.brand import KitError, load_kit  # here, not above: it brings the picture libraries

    try:
        kit = load_kit(campaign.brand.kit)
    except KitError as error:
        yield ("brand", "kit"), str(error)
        return
    for mark in campaign.brand.counts:
        if mark not in kit.marks:
            yield ("brand", "counts"), f"the kit {kit.name} has no mark {mark!r}; it has {', '.join(kit.marks)}"


def _read(document: Document) -> tuple[Campaign | None, list[str]]:
    """The campaign of a document and all that is wrong with it; None where it is too wrong to be one."""
    unknown = [f"{document.place(key)}: {message}" for key, message in unknown_keys(document.data)]
    if unknown:
        return None, unknown
    head = document.data.get("campaign")
    if not isinstance(head, dict):
        return None, [f"{document.path}:1: the table [campaign] is missing"]
    try:
        zone = time_zone(str(head.get("zone", "UTC")))
    except ValueError as error:
        return None, [f"{document.place(('campaign', 'zone'))}: {error}"]
    merged: dict[str, Any] = {key: value for key, value in document.data.items() if key != "campaign"} | head
    for key in ("starts", "ends"):
        if isinstance(moment := merged.get(key), dt.datetime) and moment.tzinfo is None:
            merged[key] = moment.replace(tzinfo=zone)
    awards = merged.get("awards")
    if isinstance(awards, dict) and isinstance(moment := awards.get("moment"), dt.datetime) and moment.tzinfo is None:
        merged["awards"] = awards | {"moment": moment.replace(tzinfo=zone)}
    if isinstance(tags := merged.get("hashtags"), list):
        merged["hashtags"] = [tag.strip().strip("#＃").strip() if isinstance(tag, str) else tag for tag in tags]
    try:
        campaign = msgspec.convert(merged, Campaign)
    except msgspec.ValidationError as error:
        where, message = key_of(str(error))
        return None, [f"{document.place(where)}: {message}"]
    return campaign, [f"{document.place(where)}: {message}" for where, message in senseless(campaign)]
