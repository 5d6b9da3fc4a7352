"""One JSON object into one post: strict, exact, and never a crash, whatever the bytes.

What is not a valid post raises ``PostError``; the source quarantines it with that reason. Unknown keys are ignored
here; they stay in the raw record that the source keeps beside the snapshot.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, cast, get_args

from bot.model import AccountType, Author, MediaRef, MediaType, Snapshot, Stats
from bot.posts.instants import parse_instant
from bot.sources.html import to_text

MAX_BYTES = 1 << 20
MAX_TEXT = 100_000
MAX_TITLE = 10_000
MAX_MEDIA = 50
MAX_URL = 4096
MAX_ID = 256
MAX_NAME = 1000
MAX_COUNT = 2**63 - 1
MAX_NUMBER = 100

_REGION = re.compile(r"[A-Za-z]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ACCOUNT_TYPES = get_args(AccountType)
_MEDIA_TYPES = get_args(MediaType)


class PostError(ValueError):
    """This is no valid post; the message is one line that says where and why, without repeating its content."""


def parse_post(post: bytes | str | Mapping[str, Any], *, zone: dt.tzinfo, base_dir: Path | None = None) -> Snapshot:
    """The post that a JSON object describes. Raises ``PostError``.

    ``zone`` is assumed for times that name none, and noted. ``base_dir`` is the folder that a media ``path`` is
    relative to and must stay below, symbolic links resolved; None: no paths are taken.
    """
    fields = post if isinstance(post, Mapping) else decode(post)
    if not isinstance(fields, Mapping):
        raise PostError("not a JSON object")
    notes: list[str] = []
    text = _text(fields, "text", MAX_TEXT)
    if _choice(fields, "text_format", ("plain", "html")) == "html" and text is not None:
        text = to_text(text)
    return Snapshot(
        id=_identifier(fields, "id") or _fail("id", "missing"),
        created_at=_time(fields, "created_at", zone, notes),
        edited_at=_time(fields, "edited_at", zone, notes),
        deleted=_flag(fields, "deleted"),
        author=_author(fields),
        title=_text(fields, "title", MAX_TITLE),
        text=text,
        media=_media(fields, base_dir),
        media_complete=_flag(fields, "media_complete") is not False,
        url=_text(fields, "url", MAX_URL) or None,
        stats=_stats(fields),
        notes=tuple(notes),
    )


def decode(document: bytes | str) -> Any:
    """JSON without loss: integers whole, other numbers as ``Decimal``. Raises ``PostError`` for what is not strict
    JSON in UTF-8: doubled keys, NaN, half surrogate pairs, NUL, too long or too deep."""
    if len(document) > MAX_BYTES:
        raise PostError(f"longer than {MAX_BYTES} bytes")
    try:
        text = document if isinstance(document, str) else document.decode("utf-8-sig")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=lambda name: _fail("number", f"{name} is no JSON"),
        )
        if "\\u" in text:  # the only way to half a surrogate pair, or to NUL
            _check_characters(value)
    except PostError:
        raise
    except UnicodeDecodeError as error:
        raise PostError(f"not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise PostError("half a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise PostError(f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise PostError("nested too deeply") from None
    return value


def _check_characters(value: Any) -> None:
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            item.encode()
            if "\0" in item:
                raise PostError("a NUL character")
        elif isinstance(item, dict):
            rest.extend((*item.keys(), *item.values()))
        elif isinstance(item, list):
            rest.extend(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise PostError("a key stands twice in one object")
    return fields


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= MAX_NUMBER else _fail("number", "too long")


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits) if len(digits) <= MAX_NUMBER else _fail("number", "too long")
    except ArithmeticError:
        _fail("number", "out of range")


def _fail(place: str, reason: str) -> NoReturn:
    raise PostError(f"{place}: {reason}")


def _text(fields: Mapping[str, Any], key: str, most: int, place: str = "") -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        _fail(place + key, "not a string")
    if len(value) > most:
        _fail(place + key, f"longer than {most} characters")
    return value


def _identifier(fields: Mapping[str, Any], key: str, place: str = "") -> str | None:
    """An id, kept as a string. An empty one is none."""
    value = fields.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        _fail(place + key, "neither a string nor an integer")
    text = _text(fields, key, MAX_ID, place)
    if text and _CONTROL.search(text):
        _fail(place + key, "holds a control character")
    return text if text and not text.isspace() else None


def _flag(fields: Mapping[str, Any], key: str, place: str = "") -> bool | None:
    value = fields.get(key)
    return value if value is None or isinstance(value, bool) else _fail(place + key, "neither true nor false")


def _choice(fields: Mapping[str, Any], key: str, choices: tuple[str, ...], place: str = "") -> str | None:
    value = fields.get(key)
    return value if value is None or value in choices else _fail(place + key, f"none of {', '.join(choices)}")


def _time(fields: Mapping[str, Any], key: str, zone: dt.tzinfo, notes: list[str]) -> dt.datetime | None:
    value = fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        _fail(key, "no time")
    try:
        moment, assumed = parse_instant(value, zone)
    except ValueError as error:
        _fail(key, f"no time: {error}")
    if assumed:
        notes.append(f"{key}.zone_assumed")
    return moment


def _part(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = fields.get(key)
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else _fail(key, "not an object")


def _author(fields: Mapping[str, Any]) -> Author:
    author = _part(fields, "author")
    if not author:
        return Author()
    region = _text(author, "region", MAX_NAME, "author.") or None
    if region is not None and _REGION.fullmatch(region) is None:
        _fail("author.region", "no ISO 3166 alpha-2 code")
    return Author(
        id=_identifier(author, "id", "author."),
        person=_identifier(author, "person", "author."),
        nickname=_text(author, "nickname", MAX_NAME, "author.") or None,
        verified=_flag(author, "verified", "author."),
        account_type=cast("AccountType | None", _choice(author, "account_type", _ACCOUNT_TYPES, "author.")),
        region=region and region.upper(),
    )


def _stats(fields: Mapping[str, Any]) -> Stats | None:
    stats = _part(fields, "stats")
    counts = {key: stats.get(key) for key in ("views", "likes", "comments", "shares")}
    for key, value in counts.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT):
            _fail(f"stats.{key}", "no count")
    return Stats(**counts) if any(value is not None for value in counts.values()) else None


def _media(fields: Mapping[str, Any], base_dir: Path | None) -> tuple[MediaRef, ...] | None:
    items = fields.get("media")
    if items is None:
        return None
    if not isinstance(items, list):
        _fail("media", "not an array")
    if len(items) > MAX_MEDIA:
        _fail("media", f"more than {MAX_MEDIA} items")
    return tuple(_media_item(item, f"media[{i}]", base_dir) for i, item in enumerate(items))


def _media_item(item: Any, place: str, base_dir: Path | None) -> MediaRef:
    if not isinstance(item, Mapping):
        _fail(place, "not an object")
    kind = _choice(item, "type", _MEDIA_TYPES, f"{place}.") or _fail(f"{place}.type", "missing")
    url = _text(item, "url", MAX_URL, f"{place}.") or None
    path = _text(item, "path", MAX_URL, f"{place}.") or None
    if base_dir is None and path is not None and url is None:
        _fail(f"{place}.path", "only posts from a file may name one")
    inside = None if path is None or base_dir is None else _inside(path, base_dir, f"{place}.path")
    if url is None and inside is None:
        _fail(place, "neither url nor path")
    return MediaRef(type=cast("MediaType", kind), url=url, path=inside)


def _inside(path: str, base_dir: Path, place: str) -> str:
    """The real path of a file below ``base_dir``. It need not exist: then it is unavailable, as a dead link is."""
    base = Path(os.path.realpath(base_dir))  # not Path.resolve, which raises where links run in a circle
    real = Path(os.path.realpath(base / path))
    if Path(path).is_absolute() or base not in real.parents:
        _fail(place, "leaves the folder of its file")
    return str(real)
