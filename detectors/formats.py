"""Which format bytes are, by their first bytes alone: neither a file's name nor a server's word counts."""

from __future__ import annotations

from typing import Final

ANIMATED: Final = frozenset({"gif", "webp", "png", "avif"})
VIDEO: Final = frozenset({"mp4", "webm", "mov"})

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MP4_BRANDS: Final = frozenset({b"isom", b"avc1", b"mp41", b"mp42", b"MSNV", b"dash", b"mmp4", b"f4v ", b"M4V "})
_QUICKTIME_ATOMS: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})
_EBML: Final = b"\x1aE\xdf\xa3"
_DOC_TYPE: Final = b"\x42\x82"


def sniff(data: bytes) -> str | None:
    """The format: ``jpeg png webp gif avif heic mp4 webm mov``, or None. Looks at no more than 64 bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(_EBML):
        return _matroska(data[:64])
    if data[4:8] == b"ftyp":
        return _iso_media(data[:64])
    if data[4:8] in _QUICKTIME_ATOMS:
        return "mov"  # files from before the ftyp box existed begin with their first atom
    return None


def _matroska(head: bytes) -> str | None:
    """WebM, or None for any other kind of Matroska."""
    place = head.find(_DOC_TYPE)
    return "webm" if place >= 0 and head[place + 3 : place + 7] == b"webm" else None


def _iso_media(head: bytes) -> str | None:
    """Tell the formats apart that share the ISO base media container, by their brands (ISO 14496-12, 4.3)."""
    length = max(16, min(int.from_bytes(head[:4], "big"), len(head)))
    major = head[8:12]
    brands = {major} | {head[i : i + 4] for i in range(16, length - 3, 4)}
    if brands & _AVIF_BRANDS:
        return "avif"
    if brands & _HEIC_BRANDS:
        return "heic"
    if major == b"qt  ":
        return "mov"
    return "mp4" if brands & _MP4_BRANDS or major[:3] in (b"iso", b"3gp") else None
