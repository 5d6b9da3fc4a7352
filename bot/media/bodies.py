"""Reading what a server sends, in bounds: size counted after content-decoding, in steps that never fill memory."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

STEP: Final = 1 << 18
"""Bytes that one step of decompression may give: a bomb is noticed after the limit, not after it has gone off."""

RETRY_AFTER: Final = (1.0, 3600.0)

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class BodyRefusedError(Exception):
    """Policy forbids this body. ``reason`` is a stable snake_case word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BodyBrokenError(Exception):
    """The body is not what its headers say: the server's failure."""


async def decoded(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body's bytes after content-decoding, in pieces of at most ``STEP`` bytes.

    We ask for none (``Accept-Encoding: identity``), but some servers compress all the same. gzip and deflate are
    undone; raises BodyRefusedError for anything else, BodyBrokenError where the compressed stream is damaged.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        async for chunk in chunks:
            for start in range(0, len(chunk), STEP):
                yield chunk[start : start + STEP]
        return
    bits = _WINDOW_BITS.get(name)
    if bits is None:
        raise BodyRefusedError("content_encoding")
    inflate = zlib.decompressobj(bits)
    async for chunk in chunks:
        for piece in _inflated(inflate, chunk):
            yield piece
            await asyncio.sleep(0)  # a bomb gives many pieces for one chunk: others run in between
    if not inflate.eof:
        raise BodyBrokenError("the compressed stream ends early")


def _inflated(inflate: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk and not inflate.eof:
        try:
            piece = inflate.decompress(chunk, STEP)
        except zlib.error as error:
            raise BodyBrokenError("the compressed stream is damaged") from error
        chunk = inflate.unconsumed_tail
        if piece:
            yield piece


def retry_after(header: str | None, now: dt.datetime) -> float | None:
    """Seconds to wait by a ``Retry-After`` header (RFC 9110, 10.2.3), within 1 second to 1 hour; None: it says nothing.

    >>> retry_after("120", dt.datetime(2025, 7, 1, tzinfo=dt.UTC)), retry_after("soon", dt.datetime.now(dt.UTC))
    (120.0, None)
    """
    if header is None or len(header) > 64:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            moment = email.utils.parsedate_to_datetime(text)
            seconds = (moment.replace(tzinfo=moment.tzinfo or dt.UTC) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, RETRY_AFTER[0]), RETRY_AFTER[1])
