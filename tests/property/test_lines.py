"""Bytes into lines and posts, whatever the bytes and however they are cut."""

from __future__ import annotations

import datetime as dt
import html
import itertools
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Snapshot
from bot.sources.html import to_text
from bot.sources.lines import LineSplitter
from bot.sources.post_json import PostError, parse_post

KEYS = [
    "id",
    "created_at",
    "edited_at",
    "deleted",
    "author",
    "title",
    "text",
    "text_format",
    "media",
    "media_complete",
    "url",
    "stats",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*KEYS, "type", "path", "views"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(st.binary(max_size=12)), st.integers(1, 8))
def test_lines_do_not_depend_on_the_chunks(chunks: list[bytes], most: int) -> None:
    """Cut anywhere, the same lines come out, each ending where the next begins; long ones are marked, not lost."""
    whole = LineSplitter(most)
    cut = LineSplitter(most)
    data = b"".join(chunks)
    lines = [*whole.feed(data), *whole.flush()]
    assert [*(line for chunk in chunks for line in cut.feed(chunk)), *cut.flush()] == lines
    expected = data.split(b"\n")
    expected = expected[:-1] if not expected[-1] else expected
    assert [line.number for line in lines] == list(range(1, len(expected) + 1))
    for line, text in zip(lines, expected, strict=True):
        assert line.whole == (len(text.removesuffix(b"\r")) <= most)
        assert line.data == (text.removesuffix(b"\r") if line.whole else text)[:most]
    ends = [0, *(line.end for line in lines)]
    assert [data[a:b].rstrip(b"\n") for a, b in itertools.pairwise(ends)] == [t.rstrip(b"\n") for t in expected]


@given(st.dictionaries(st.sampled_from(KEYS), values) | values)
def test_any_json_is_a_post_or_refused(value: object) -> None:
    """Never another exception; and what is taken can be stored as JSON again, losslessly."""
    try:
        post = parse_post(json.dumps(value), zone=dt.UTC)
    except PostError as error:
        assert str(error)
    else:
        assert msgspec.json.decode(msgspec.json.encode(post), type=Snapshot) == post


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: b'{"id": 1, "text": "' + tail))
def test_any_bytes_are_a_post_or_refused(data: bytes) -> None:
    """Never another exception."""
    try:
        parse_post(data, zone=dt.UTC)
    except PostError as error:
        assert "\n" not in str(error)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["<p>", "</p>", "<br>", "<blockquote>", "a", "&lt;", "&amp;", "\n", "<"])).map("".join)
)
def test_escaped_text_comes_back_from_html(text: str) -> None:
    """Escaping any text and reading it as HTML gives its words back: nothing is decoded twice, nothing lost."""
    assert to_text(html.escape(text)).split() == text.replace("\0", "").split() or not text.isprintable()
