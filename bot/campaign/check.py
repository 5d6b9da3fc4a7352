"""What can be wrong with a campaign file: keys nobody knows, and values that make no sense together. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from bot.campaign.policies import AuthorPolicy, AwardPolicy, BrandPolicy, ContentPolicy, CopyPolicy, NoticePolicy
from bot.campaign.prizes import Prize
from bot.reasons import REASONS
from bot.toml import KeyPath

if TYPE_CHECKING:
    from bot.campaign import Campaign

HEAD: Final = (
    "name", "title", "title_zh", "zone", "starts", "ends", "hashtags", "notices", "official_authors", "questionnaire",
)  # fmt: skip
"""The keys of the table ``[campaign]``; every other field of a campaign is a table of its own."""

_TABLES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "campaign": HEAD,
    "notice": NoticePolicy.__struct_fields__,
    "brand": BrandPolicy.__struct_fields__,
    "copies": CopyPolicy.__struct_fields__,
    "authors": AuthorPolicy.__struct_fields__,
    "content": ContentPolicy.__struct_fields__,
    "stance": tuple(code for code, reason in REASONS.items() if reason.stance is not None and not reason.fixed),
    "shadow": tuple(code for code, reason in REASONS.items() if reason.stance is not None and not reason.fixed),
    "awards": AwardPolicy.__struct_fields__,
    "rubric": None,
    "prizes": Prize.__struct_fields__,
}


_STANCES: Final = ("block", "ask", "note")


def unknown_keys(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Every key that means nothing here, with what was probably meant; and every stance that is none."""
    for table, content in data.items():
        if table not in _TABLES:
            yield (table,), f"unknown key{_meant(table, tuple(_TABLES))}"
            continue
        known = _TABLES[table]
        rows = enumerate(content) if isinstance(content, list) else [(None, content)]
        for index, row in rows:
            path: KeyPath = (table,) if index is None else (table, index)
            if isinstance(row, dict) and known is not None:
                for key in row:
                    if key not in known:
                        yield (*path, key), _unknown(table, key, known)
                    elif table in ("stance", "shadow") and row[key] not in _STANCES:
                        yield (*path, key), f"expected one of {', '.join(_STANCES)}, got {row[key]!r}"


def key_of(error: str) -> tuple[KeyPath, str]:
    """Where in the file a message of msgspec points, and the message alone.

    >>> key_of("Expected `int`, got `str` - at `$.prizes[0].count`")
    (('prizes', 0, 'count'), 'Expected `int`, got `str`')
    >>> key_of("Object missing required field `name`")
    (('campaign', 'name'), 'Object missing required field `name`')
    """
    message, _, where = error.partition(" - at `$")
    where = where.replace("[...]", "")  # some key of a table: msgspec does not say which
    key: KeyPath = tuple(int(index) if index else name for name, index in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", where))
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        key = (*key, missing[1])
    return (("campaign", *key) if key and key[0] in HEAD else key), message


def senseless(campaign: Campaign) -> Iterator[tuple[KeyPath, str]]:
    """What is well-formed and still cannot be meant."""
    if not campaign.hashtags or not all(campaign.hashtags):
        yield ("campaign", "hashtags"), "a campaign needs a hashtag"
    if campaign.starts is not None and campaign.ends is not None and campaign.ends <= campaign.starts:
        yield ("campaign", "ends"), "the campaign ends before it starts"
    if not campaign.brand.counts:
        yield ("brand", "counts"), "no mark counts: every picture would be without the brand"
    if campaign.brand.absent > campaign.brand.accept:
        yield ("brand", "absent"), "absent is above accept: the bands overlap"
    if sum(campaign.rubric.values()) != 100:
        yield ("rubric",), f"the weights sum to {sum(campaign.rubric.values())}, not to 100"
    if set(campaign.authors.regions) & set(campaign.authors.excluded_regions):
        yield ("authors", "excluded_regions"), "a region is both in and out"
    for table, name, regions in (
        ("authors", "regions", campaign.authors.regions),
        ("authors", "excluded_regions", campaign.authors.excluded_regions),
        ("awards", "home", campaign.awards.home),
    ):
        for region in regions:
            if not re.fullmatch(r"[A-Z]{2}", region):
                yield (table, name), f"{region!r} is no region: write two capital letters (ISO 3166 alpha-2)"
    named = (("content", "hosts", campaign.content.hosts), ("awards", "mirrors", campaign.awards.mirrors))
    for table, key, host in ((table, key, host) for table, key, hosts in named for host in hosts):
        if not re.fullmatch(r"[a-z0-9.-]+", host):
            yield (table, key), f"{host!r} is no host name in lower case"
    moment = campaign.awards.moment
    if moment is not None and campaign.ends is not None and moment < campaign.ends:
        yield ("awards", "moment"), "views would be counted before the campaign ends"
    tiers = [prize.tier for prize in campaign.prizes]
    for number, tier in enumerate(tiers):
        if tier in tiers[:number]:
            yield ("prizes", number, "tier"), f"a second prize named {tier!r}"


def _unknown(table: str, key: str, known: tuple[str, ...]) -> str:
    if table in ("stance", "shadow") and key in REASONS:
        return "no campaign can change what this reason does"
    return f"unknown {'reason code' if table in ('stance', 'shadow') else 'key'}{_meant(key, known)}"


def _meant(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
