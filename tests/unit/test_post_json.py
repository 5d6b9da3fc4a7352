"""One JSON object into one post."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from bot.model import Author, MediaRef, Snapshot, Stats
from bot.sources.post_json import MAX_BYTES, MAX_MEDIA, MAX_TEXT, PostError, parse_post

CHINA = dt.timezone(dt.timedelta(hours=8))


def parse(post: object, base_dir: Path | None = None) -> Snapshot:
    data = post if isinstance(post, bytes) else json.dumps(post).encode()
    return parse_post(data, zone=CHINA, base_dir=base_dir)


def test_every_key() -> None:
    """A full post comes through whole; unknown keys are passed over."""
    post = {
        "id": 7,
        "created_at": 1753459200123,
        "edited_at": "2025-07-26T00:00:00",
        "deleted": False,
        "author": {"id": 12, "person": "p", "nickname": "n", "verified": True, "account_type": "sub",
                   "region": "sg", "x": 1},
        "title": "t",
        "text": "words",
        "media": [{"type": "image", "url": "https://a.example/1", "alt": "x"}, {"type": "video", "url": "https://a.example/2"}],
        "media_complete": False,
        "url": "https://a.example/post/7",
        "stats": {"views": 1, "likes": 2, "comments": 3, "shares": 4},
        "future": {"deep": [1]},
    }  # fmt: skip
    assert parse(post) == Snapshot(
        id="7",
        created_at=dt.datetime(2025, 7, 25, 16, 0, 0, 123000, tzinfo=dt.UTC),
        edited_at=dt.datetime(2025, 7, 25, 16, tzinfo=dt.UTC),
        deleted=False,
        author=Author(id="12", person="p", nickname="n", verified=True, account_type="sub", region="SG"),
        title="t",
        text="words",
        media=(MediaRef(type="image", url="https://a.example/1"), MediaRef(type="video", url="https://a.example/2")),
        media_complete=False,
        url="https://a.example/post/7",
        stats=Stats(views=1, likes=2, comments=3, shares=4),
        notes=("edited_at.zone_assumed",),
    )


@pytest.mark.parametrize(
    "missing", [{}, dict.fromkeys(("created_at", "deleted", "author", "title", "text", "media", "stats"))]
)
def test_missing_and_null_are_unknown(missing: dict[str, None]) -> None:
    """Neither is an empty text nor an empty list: it must not erase what another source knows."""
    assert parse({"id": "1", **missing}) == Snapshot(id="1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1", "1"), (1, "1"), (-3, "-3"), (2**63 + 1, "9223372036854775809"), ("007", "007"), (" a", " a")],
)
def test_ids_are_kept_exactly(given: str | int, kept: str) -> None:
    """Beyond 64 bits, with leading zeros: nothing passes through a float."""
    assert parse({"id": given}).id == kept


def test_an_empty_author_id_is_none() -> None:
    """Two authors that nobody names are not the same author."""
    assert parse({"id": 1, "author": {"id": "", "person": " ", "nickname": ""}}).author == Author()


def test_numbers_are_read_exactly() -> None:
    """Digits that a float would lose decide about the deadline."""
    assert parse(b'{"id": 1, "created_at": 1753459199.99999999}').created_at == dt.datetime(
        2025, 7, 25, 15, 59, 59, 999999, tzinfo=dt.UTC
    )


def test_html_is_made_text_once() -> None:
    """Entities are decoded a single time, blocks keep words apart, quotes stay known as quotes."""
    markup = "<p>#tag<br>a &amp;lt; b</p><script>x</script><blockquote>said</blockquote>1 < 2"
    assert parse({"id": 1, "text": markup, "text_format": "html"}).text == "#tag\na &lt; b\n> said\n1 < 2"
    assert parse({"id": 1, "text": markup}).text == markup


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        ({}, "id: missing"),
        ({"id": None}, "id: missing"),
        ({"id": ""}, "id: missing"),
        ({"id": True}, "id: neither"),
        ({"id": 1.0}, "id: neither"),
        ({"id": ["1"]}, "id: neither"),
        ({"id": "a\nb"}, "id: holds a control character"),
        ({"id": "x" * 257}, "id: longer"),
        ([], "not a JSON object"),
        (3, "not a JSON object"),
        ({"id": 1, "created_at": True}, "created_at: no time"),
        ({"id": 1, "created_at": "yesterday"}, "created_at: no time"),
        ({"id": 1, "edited_at": 1e300}, "edited_at: no time"),
        ({"id": 1, "deleted": 0}, "deleted: neither"),
        ({"id": 1, "author": "me"}, "author: not an object"),
        ({"id": 1, "author": {"verified": "yes"}}, "author.verified: neither"),
        ({"id": 1, "author": {"account_type": "vip"}}, "author.account_type: none of"),
        ({"id": 1, "author": {"region": "China"}}, "author.region: no ISO"),
        ({"id": 1, "author": {"id": 1.5}}, "author.id: neither"),
        ({"id": 1, "title": 3}, "title: not a string"),
        ({"id": 1, "text": "x" * (MAX_TEXT + 1)}, "text: longer"),
        ({"id": 1, "text_format": "markdown"}, "text_format: none of"),
        ({"id": 1, "media": {}}, "media: not an array"),
        ({"id": 1, "media": ["u"]}, "media[0]: not an object"),
        ({"id": 1, "media": [{"url": "https://a.example"}]}, "media[0].type: missing"),
        ({"id": 1, "media": [{"type": "audio", "url": "https://a.example"}]}, "media[0].type: none of"),
        ({"id": 1, "media": [{"type": "image"}]}, "media[0]: neither url nor path"),
        ({"id": 1, "media": [{"type": "image", "path": "a.png"}]}, "media[0].path: only posts from a file"),
        ({"id": 1, "media": [{"type": "image", "url": "u"}] * (MAX_MEDIA + 1)}, "media: more than"),
        ({"id": 1, "media_complete": 1}, "media_complete: neither"),
        ({"id": 1, "stats": []}, "stats: not an object"),
        ({"id": 1, "stats": {"views": -1}}, "stats.views: no count"),
        ({"id": 1, "stats": {"likes": True}}, "stats.likes: no count"),
        ({"id": 1, "stats": {"views": 2**63}}, "stats.views: no count"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"id": 1} {"id": 2}', "not JSON"),
        (b'{"id": 1, "id": 2}', "stands twice"),
        (b'{"id": 1, "x": {"a": 1, "a": 1}}', "stands twice"),
        (b'{"id": 1, "x": NaN}', "NaN is no JSON"),
        (b'{"id": 1, "x": -Infinity}', "-Infinity is no JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", "number: too long"),
        (b'{"id": 1, "x": 1e99999999999999999999}', "number: out of range"),
        (b'{"id": "\\ud800"}', "half a surrogate pair"),
        (b'{"id": 1, "x": ["\\udc00"]}', "half a surrogate pair"),
        (b'{"id": 1, "\\ud83d": 1}', "half a surrogate pair"),
        (b'{"id": 1, "text": "a\\u0000b"}', "NUL"),
        (b'{"id": 1, "text": "a\x00b"}', "not JSON"),
        (b'{"id": "\xff"}', "not UTF-8 at byte 8"),
        (b'{"id": 1, "x": ' + b"[" * 100_000, "nested too deeply"),
        (b" " * (MAX_BYTES + 1), "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_post(post: object, reason: str) -> None:
    """Each is refused whole, with a reason of one line that says where."""
    with pytest.raises(PostError) as refused:
        parse(post)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_whole_surrogate_pair_is_a_letter() -> None:
    """Escaped emoji are as good as others."""
    assert parse(b'{"id": 1, "text": "\\ud83d\\ude00"}').text == "\U0001f600"


class TestPaths:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "export"
        (folder / "pictures").mkdir(parents=True)
        (folder / "pictures" / "a.png").write_bytes(b"a")
        (tmp_path / "secret").write_bytes(b"s")
        (folder / "out").symlink_to(tmp_path / "secret")
        (folder / "up").symlink_to(tmp_path)
        (folder / "loop").symlink_to(folder / "loop")
        (folder / "in").symlink_to(folder / "pictures" / "a.png")
        return folder

    @pytest.mark.parametrize(
        ("path", "real"),
        [
            ("pictures/a.png", "pictures/a.png"),
            ("pictures/../pictures/./a.png", "pictures/a.png"),
            ("in", "pictures/a.png"),
            ("not/there.png", "not/there.png"),
        ],
    )
    def test_a_path_below_the_folder(self, folder: Path, path: str, real: str) -> None:
        """Made absolute, links resolved; whether the file is there is for the one who opens it."""
        post = parse({"id": 1, "media": [{"type": "image", "path": path}]}, folder)
        assert post.media == (MediaRef(type="image", path=str(folder / real)),)

    @pytest.mark.parametrize(
        "path",
        ["../secret", "out", "up/secret", "pictures/../../secret", "/etc/passwd", ".", "pictures/..", "../export2/a"],
    )
    def test_a_path_out_of_the_folder(self, folder: Path, path: str) -> None:
        """By dots, by links, by name, or being the folder itself: refused."""
        with pytest.raises(PostError, match=r"media\[0\]\.path: leaves the folder"):
            parse({"id": 1, "media": [{"type": "image", "path": path}]}, folder)

    def test_links_in_a_circle_and_endless_names(self, folder: Path) -> None:
        """Neither is followed for ever, nor crashes; what cannot be opened is found out later."""
        for path in ("loop", "loop/x", "x" * 4096):
            (kept,) = parse({"id": 1, "media": [{"type": "image", "path": path}]}, folder).media or ()
            assert kept.path is not None and Path(kept.path).is_relative_to(folder)

    def test_an_address_beside_a_path(self, folder: Path) -> None:
        """Both are kept from a file; elsewhere only the address counts."""
        item: dict[str, Any] = {"type": "image", "url": "https://a.example/1", "path": "in"}
        assert parse({"id": 1, "media": [item]}).media == (MediaRef(type="image", url="https://a.example/1"),)
        both = parse({"id": 1, "media": [item]}, folder).media
        assert both == (MediaRef(type="image", url="https://a.example/1", path=str(folder / "pictures/a.png")),)
