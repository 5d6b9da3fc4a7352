"""Media that are none: cut short, lying about their size, or something else altogether.

Bodies without end and replies that crawl are the media host's to send; see ``square.py``.
"""

from __future__ import annotations

import struct
import zlib


def broken_jpeg(whole: bytes) -> bytes:
    """The first bytes of a JPEG, then noise where its tables and its frame should be."""
    return whole[:24] + bytes(range(256)) * 40


def huge_png() -> bytes:
    """A PNG of 60,000 by 60,000 pixels, by its own word: a few hundred bytes that would decode to ten gigabytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(4096))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def page_of_html() -> bytes:
    """What a host answers that wants a login first, with status 200."""
    page = "<!doctype html><html><head><title>Log in</title></head><body><form>请登录</form></body></html>"
    return page.encode()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
