"""The reply of the public search."""

from __future__ import annotations

import json

import pytest

from bot.errors import Transient
from bot.model import Author, MediaRef, Snapshot, Stats
from bot.sources.post_json import PostError
from bot.sources.square_reply import read_item, read_page

ITEM = {"id": 12345678901234567, "content": "#我的Gate时刻# hi", "image": "https://cdn.example/a.jpg", "avatar": "https://cdn.example/me.jpg",
        "nickname": "n", "like_count": 3, "page_view": 40}  # fmt: skip


def item(**changes: object) -> Snapshot:
    return read_item(json.dumps({**ITEM, **changes}).encode())


def test_an_item() -> None:
    """The first picture only (the avatar is none), a nickname but no author, counters, and the post's page."""
    assert item() == Snapshot(
        id="12345678901234567",
        text="#我的Gate时刻# hi",
        author=Author(nickname="n"),
        media=(MediaRef(type="image", url="https://cdn.example/a.jpg"),),
        media_complete=False,
        stats=Stats(views=40, likes=3),
        url="https://www.gate.com/post/status/12345678901234567",
    )


def test_pictures() -> None:
    """No picture is told from a reply that says nothing of pictures; an address without scheme gets one."""
    assert item(image="").media == item(image=None).media == ()
    bare = {key: value for key, value in ITEM.items() if key != "image"}
    assert read_item(json.dumps(bare).encode()).media is None
    assert item(image="//cdn.example/a").media == (MediaRef(type="image", url="https://cdn.example/a"),)


def test_content_may_be_html() -> None:
    """Told by its tags; plain text stays as it is."""
    assert item(content="<p>#tag&amp;</p>").text == "#tag&"
    assert item(content="I <3 &#35;tag").text == "I <3 &#35;tag"


@pytest.mark.parametrize(
    "changes", [{"id": None}, {"id": 1.5}, {"content": 3}, {"image": {}}, {"like_count": "3"}, {"page_view": -1}]
)
def test_an_odd_item(changes: dict[str, object]) -> None:
    """An item of another form is none."""
    with pytest.raises(PostError):
        item(**changes)


@pytest.mark.parametrize("missing", ["id", "content"])
def test_an_item_without(missing: str) -> None:
    """What every item has by its documentation."""
    with pytest.raises(PostError, match="missing"):
        read_item(json.dumps({key: value for key, value in ITEM.items() if key != missing}).encode())


def test_a_page_keeps_the_items_own_bytes() -> None:
    """Digits that a float would lose are still there."""
    raw = b'{"id":123456789012345678901234567890,"content":"x","new":0.10000000000000000000001}'
    page = read_page(b'{"code":0,"label":"","msg":"","data":{"total":1,"items":[' + raw + b"]}}")
    assert (page.total, [bytes(i) for i in page.items]) == (1, [raw])
    assert read_page(b'{"code":0,"data":{"total":0,"items":null}}').items == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"code": 7, "label": "TOO_MANY", "msg": "x"}', "square_error_TOO_MANY"),
        (b'{"label": "INVALID_PARAM_VALUE", "message": "x"}', "square_error_INVALID_PARAM_VALUE"),
        (b'{"code": 7}', "square_error_7"),
        (b'{"label": "\\u001b[31m"}', "square_error_None"),
        (b'{"code": 0}', "schema_drift"),
        (b'{"code": 0, "data": {"list": []}}', "schema_drift"),
        (b'{"code": "0"}', "schema_drift"),
        (b"<html>", "schema_drift"),
        (b"[" * 100_000, "schema_drift"),
        (b"", "schema_drift"),
    ],
)
def test_errors_and_other_forms(body: bytes, reason: str) -> None:
    """Errors come with HTTP 200; their label is passed on as a word, nothing else of them."""
    with pytest.raises(Transient) as failure:
        read_page(body)
    assert failure.value.reason == reason
