"""The reply of Gate Square's public search, as its published client (``gate-api``, ``square_api``) has it. Pure.

``{"code": 0, "label", "msg", "data": {"total", "items": [{"id", "content", "image", "avatar", "nickname",
"like_count", "page_view"}]}}``; errors come with HTTP 200 too, as another ``code`` or as ``{"label", "message"}``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.errors import Transient
from bot.model import Snapshot
from bot.sources.html import looks_like_html
from bot.sources.post_json import PostError, decode, parse_post

POST_PAGE = "https://www.gate.com/post/status/"

_WORD = re.compile(r"[A-Za-z0-9_]{1,40}")


class Page(msgspec.Struct, frozen=True):
    """One page as sent: the items' own bytes, and how many there are on all pages, where it says so."""

    items: tuple[msgspec.Raw, ...]
    total: int | None


class _Data(msgspec.Struct):
    items: list[msgspec.Raw] | None
    total: int | None = None


class _Reply(msgspec.Struct):
    code: int | None = None
    label: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


def read_page(body: bytes) -> Page:
    """The page in a reply. Raises ``Transient``: the square reports an error, or answers in another form."""
    try:
        reply = msgspec.json.decode(body, type=_Reply)
        if reply.code != 0:
            raise Transient(f"square_error{_label(reply.label) or f'_{reply.code}'}")
        data = msgspec.json.decode(reply.data, type=_Data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Transient("schema_drift") from None
    return Page(tuple(data.items or ()), data.total)


def error_label(body: bytes | bytearray) -> str:
    """What an error reply calls itself, after an underscore; empty where it does not say."""
    try:
        return _label(msgspec.json.decode(body, type=_Reply).label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _label(label: str | None) -> str:
    word = _WORD.match(label or "")
    return f"_{word[0]}" if word else ""


def read_item(raw: bytes) -> Snapshot:
    """One search result as a post. Raises ``PostError`` where it has not the documented form.

    The reply names a nickname but no author, and shows the first picture only: ``media_complete`` is False. Content
    is plain or HTML, which nobody documents: it is taken as HTML where it holds a tag or an escaped character.
    """
    item = decode(raw)
    if not isinstance(item, Mapping):
        raise PostError("not a JSON object")
    for key in ("id", "content"):
        if key not in item:
            raise PostError(f"{key}: missing")
    content = item["content"]
    post: dict[str, Any] = {
        "id": item["id"],
        "text": content,
        "text_format": "html" if isinstance(content, str) and looks_like_html(content) else "plain",
        "author": {"nickname": item.get("nickname")},
        "media_complete": False,
        "stats": {"views": item.get("page_view"), "likes": item.get("like_count")},
    }
    if "image" in item:
        post["media"] = _pictures(item["image"])
    snapshot = parse_post(post, zone=dt.UTC)
    return msgspec.structs.replace(snapshot, url=f"{POST_PAGE}{snapshot.id}") if snapshot.id.isdecimal() else snapshot


def _pictures(image: object) -> list[dict[str, object]]:
    if image is None or image == "":
        return []
    whole = f"https:{image}" if isinstance(image, str) and image.startswith("//") else image
    return [{"type": "image", "url": whole}]
