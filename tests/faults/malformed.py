"""Files that are broken or meant to harm: lies in headers, bombs, loops, scripts, other formats under false colours.

Small on disk, all of them made here.
"""

from __future__ import annotations

import functools
import gzip
import io
import itertools
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.faults.mutants import mended
from tests.faults.samples import clip, picture, samples

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, data: bytes, *more: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of these parts; ``data`` is compressed already."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@functools.cache
def deflated(count: int) -> bytes:
    """That many zero bytes, compressed."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count % (1 << 20))), packer.flush()])


def box(kind: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """One ISO media box; ``size`` where it shall lie."""
    return struct.pack(">I", len(body) + 8 if size is None else size) + kind + body


FTYP = box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")


def malformed() -> Iterator[tuple[str, bytes]]:
    """Every file, after a name that says what is wrong with it; those that take long to make come last."""
    return itertools.chain(
        _cut(), _spoilt(), _headers(), _png_bombs(), _animations(), _jpegs(), _videos(), _strangers(), _costly()
    )


def _cut() -> Iterator[tuple[str, bytes]]:
    """The beginning of each sample, and nothing else."""
    for name, data in samples().items():
        for share in (0.05, 0.3, 0.9):
            yield f"{name}, cut at {share:.0%}", data[: int(len(data) * share)]
        yield f"{name}, without its last byte", data[:-1]


def _spoilt() -> Iterator[tuple[str, bytes]]:
    for name, data in samples().items():
        draw = random.Random(name)
        yield f"{name}, then rubbish", data + draw.randbytes(5000)
        yield f"{name}, its second half rubbish", data[: len(data) // 2] + draw.randbytes(len(data) // 2)
        yield f"{name}, its first 16 bytes and rubbish", data[:16] + draw.randbytes(3000)
        yield f"{name}, every 50th byte turned", bytes(b ^ 0xFF if i % 50 == 49 else b for i, b in enumerate(data))


def _headers() -> Iterator[tuple[str, bytes]]:
    """Sizes that are lies, in each format's own place."""
    sizes = {"no": 0, "one": 1, "the longest": 16_384, "too long": 65_535}
    for word, size in sizes.items():
        for other, height in (("as wide", size), ("by one", 1)):
            wide, tall = struct.pack("<H", size & 0xFFFF), struct.pack("<H", height & 0xFFFF)
            yield f"gif of {word} pixels, {other}", b"GIF89a" + wide + tall + b"\xf7\x00\x00" + samples()["gif"][13:]
            sof = samples()["jpeg"].index(b"\xff\xc0")
            jpeg = bytearray(samples()["jpeg"])
            jpeg[sof + 5 : sof + 9] = struct.pack(">HH", height, size)
            yield f"jpeg of {word} pixels, {other}", bytes(jpeg)
            yield f"png of {word} pixels, {other}", png(size, height, zlib.compress(b"\x00" * 100))
            webp = bytearray(samples()["webp"])
            at = webp.index(b"\x9d\x01\x2a") + 3
            webp[at : at + 4] = struct.pack("<HH", size & 0x3FFF, height & 0x3FFF)
            yield f"webp of {word} pixels, {other}", bytes(webp)
            for form in ("avif", "heic"):
                heif = bytearray(samples()[form])
                at = heif.index(b"ispe") + 8
                heif[at : at + 8] = struct.pack(">II", size, height)
                yield f"{form} of {word} pixels, {other}", bytes(heif)
    for depth, colour in ((1, 0), (16, 6), (3, 2), (8, 5), (8, 3)):
        yield f"png of depth {depth}, colour {colour}", png(64, 64, deflated(1 << 16), depth=depth, colour=colour)
    yield "png of 2^31 pixels a side", png(2**31 - 1, 2**31 - 1, deflated(1 << 10))


def _png_bombs() -> Iterator[tuple[str, bytes]]:
    yield "png bomb, 40,000 squared", png(40_000, 40_000, deflated(1 << 28))
    deep = deflated(6_300 * 6_300 * 8 + 6_300)
    yield "png bomb, just permitted, 16 bits and alpha", png(6_300, 6_300, deep, depth=16, colour=6)
    yield "png whose data go on for 256 MB", png(16, 16, deflated(1 << 28))
    yield (
        "png with a text that unpacks to 64 MB",
        png(16, 16, deflated(16 * 49), chunk(b"zTXt", b"a\x00\x00" + deflated(1 << 26))),
    )
    yield (
        "png with a profile that unpacks to 64 MB",
        png(16, 16, deflated(16 * 49), chunk(b"iCCP", b"a\x00\x00" + deflated(1 << 26))),
    )
    yield "png with 100,000 chunks", png(16, 16, deflated(16 * 49), chunk(b"tEXt", b"a\x00b") * 100_000)
    yield "png with 100,000 empty data chunks", png(16, 16, deflated(16 * 49), chunk(b"IDAT", b"") * 100_000)
    yield "png with a palette of no colours", png(16, 16, deflated(16 * 17), chunk(b"PLTE", b""), colour=3)
    yield (
        "png that points past its palette",
        png(16, 16, zlib.compress((b"\x00" + b"\xff" * 16) * 16), chunk(b"PLTE", b"abc"), colour=3),
    )
    yield "png with two headers", PNG + png(16, 16, deflated(784))[8:-12] + png(9_000, 9_000, deflated(784))[8:]
    yield "png without data", PNG + png(16, 16, b"")[8:33] + chunk(b"IEND", b"")
    yield "png with a chunk of 4 GB", PNG + png(16, 16, b"")[8:33] + b"\xff\xff\xff\xffIDATx"


def _animations() -> Iterator[tuple[str, bytes]]:
    frame = b"\x21\xf9\x04\x04\x01\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    yield "gif of 200,000 frames", head + frame * 200_000 + b";"
    yield (
        "gif of 10,000 frames on a canvas of 4,000 squared",
        (b"GIF89a" + struct.pack("<HHBBB", 4_000, 4_000, 0x80, 0, 0) + bytes(6) + frame * 10_000 + b";"),
    )
    yield (
        "gif with a frame outside its canvas",
        head + frame[:8] + b"\x2c\xff\xff\xff\xff\xff\xff\xff\xff\x00" + frame[18:],
    )
    yield "gif with a comment of 5 MB", head + b"\x21\xfe" + (b"\xff" + b"a" * 255) * 20_000 + b"\x00" + frame + b";"
    yield "gif whose codes never end", head + frame[:18] + b"\x02" + (b"\xff" + b"\xff" * 255) * 10_000
    yield "gif of too wide codes", head + frame[:18] + b"\x0f\x02\xff\xff\x00;"
    control = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield "animated png that says 2^31 frames", png(16, 16, deflated(784), control)
    step = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16, 16, 0, 0, 1, 10, 0, 0))
    many = b"".join(
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * i + 1, 16, 16, 0, 0, 1, 10, 0, 0))
        + chunk(b"fdAT", struct.pack(">I", 2 * i + 2) + deflated(784))
        for i in range(40_000)
    )
    whole = png(16, 16, deflated(784), chunk(b"acTL", struct.pack(">II", 40_001, 0)), step)
    yield "animated png of 40,000 frames", whole[:-12] + many + chunk(b"IEND", b"")
    outside = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16_000, 16_000, 9, 9, 1, 10, 0, 0))
    yield "animated png with a frame larger than itself", png(16, 16, deflated(784), control, outside)
    webp = samples()["webp animated"]
    at = webp.index(b"ANMF")
    (length,) = struct.unpack_from("<I", webp, at + 4)
    body = webp[at : at + 8 + length + length % 2]
    yield "animated webp of 50,000 frames", _riff(webp[12:at] + body * 50_000)
    yield "webp that says 4 GB", b"RIFF\xff\xff\xff\xffWEBP" + webp[12:]
    extended = bytearray(webp)
    at = extended.index(b"VP8X")
    extended[at + 12 : at + 18] = b"\xff\xff\xff\xff\xff\xff"
    yield "animated webp on a canvas of 2^24 squared", bytes(extended)
    yield (
        "webp, lossless, of the greatest size",
        picture("WEBP", size=(16_383, 2_400), lossless=True, quality=0, method=0),
    )


def _riff(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _jpegs() -> Iterator[tuple[str, bytes]]:
    plain = samples()["jpeg"]
    yield "jpeg of 40 Mpx", picture("JPEG", "L", size=(8_000, 5_000), quality=1)
    large = picture("JPEG", size=(6_000, 6_000), quality=1, progressive=True)
    yield "jpeg of 36 Mpx, progressive", large
    scan = large.rindex(b"\xff\xda")
    yield "jpeg of 36 Mpx with 3,000 passes", large[:-2] + large[scan:-2] * 3_000 + b"\xff\xd9"
    yield "jpeg of 36 Mpx with 99 passes", large[:-2] + large[scan:-2] * 80 + b"\xff\xd9"
    yield "jpeg with 20,000 markers", plain[:2] + b"\xff\xfe\x00\x04ab" * 20_000 + plain[2:]
    yield "jpeg with 5 MB of fill bytes", plain[:2] + b"\xff" * 5_000_000 + plain[2:]
    yield "jpeg whose marker has no length", plain[:2] + b"\xff\xfe\x00\x00" + plain[2:]
    yield (
        "jpeg of 255 components",
        plain.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x08", 1)[:-2] + b"\xff\xc0",
    )
    sof = plain.index(b"\xff\xc0")
    for factor in (0x00, 0x44, 0xFF):
        odd = bytearray(plain)
        odd[sof + 11] = factor
        yield f"jpeg with sampling factors {factor:02x}", bytes(odd)
    for kind in (0xC3, 0xC9, 0xCA, 0xCB):
        other = bytearray(plain)
        other[sof + 1] = kind
        yield f"jpeg of process {kind:02x}", bytes(other)
    yield "jpeg with an EXIF that points at itself", plain[:2] + _exif(loop=True) + plain[2:]
    yield "jpeg with an EXIF of 65,535 entries", plain[:2] + _exif(loop=False) + plain[2:]
    for turn in (0, 9, 255, 65_535):
        exif = Image.Exif()
        exif[0x0112] = turn
        yield f"jpeg turned by {turn}", picture("JPEG", exif=exif)
    yield "jpeg with a profile of rubbish", picture("JPEG", icc_profile=random.Random(1).randbytes(4_000))
    yield "jpeg with a profile of 5 MB", picture("JPEG", icc_profile=bytes(5_000_000))
    yield "jpeg inside a jpeg inside a jpeg", _nested(plain, 12)


def _exif(*, loop: bool) -> bytes:
    entries = struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) if loop else struct.pack("<H", 65_535) + bytes(12 * 1000)
    body = b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + entries + struct.pack("<I", 8)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _nested(data: bytes, depth: int) -> bytes:
    inner = data
    for _ in range(depth):
        inner = data[:2] + b"\xff\xe1" + struct.pack(">H", min(65_535, len(inner) + 2)) + inner[:65_533] + data[2:]
    return inner


def _videos() -> Iterator[tuple[str, bytes]]:
    mp4 = samples()["mp4"]
    yield "mp4 of nothing but its name", FTYP
    yield "mp4 whose box says no length", FTYP + box(b"moov", b"", 1)
    yield "mp4 of boxes in boxes, 10,000 deep", FTYP + _boxes(10_000)
    yield "mp4 of 200,000 empty boxes", FTYP + box(b"free") * 200_000 + mp4[len(FTYP) :]
    for name, word in ((b"stsz", "sizes"), (b"stts", "times"), (b"stsc", "groups"), (b"stco", "places")):
        for value in (0xFFFFFFFF, 0x0FFFFFFF):
            lying = bytearray(mp4)
            at = lying.index(name) + (12 if name == b"stsz" else 8)
            lying[at : at + 4] = struct.pack(">I", value)
            yield f"mp4 with {value:x} {word}", bytes(lying)
    for name, offset, value, word in (
        (b"mvhd", 16, 0, "no time scale"),
        (b"mdhd", 16, 0, "no time scale of its track"),
        (b"mdhd", 20, 0xFFFFFFFF, "an endless track"),
        (b"tkhd", 84, 0xFFFFFFFF, "a track of 65,535 pixels"),
        (b"avc1", 28, 0xFFFFFFFF, "a picture of 65,535 pixels"),
    ):
        lying = bytearray(mp4)
        at = lying.index(name) + offset
        lying[at : at + 4] = struct.pack(">I", value)
        yield f"mp4 with {word}", bytes(lying)
    yield "mp4 whose edit list loops", mp4.replace(b"elst", b"elst\x00\x00\x00\x00\xff\xff\xff\xff", 1)
    yield (
        "mp4 that refers to a file",
        mp4.replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00", 1) + b"/etc/passwd\x00",
    )
    yield "webm that never ends", samples()["webm"][:200] + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * 20_000
    yield "webm of unknown sizes", samples()["webm"].replace(b"\x1f\x43\xb6\x75", b"\x1f\x43\xb6\x75\xff", 1)
    ebml = b"\x1aE\xdf\xa3\x8b\x42\x82\x84webm\x42\x87\x81\x02"
    yield "webm of elements in elements", ebml + b"\x18\x53\x80\x67\xff" * 50_000
    yield "webm of 100,000 void elements", ebml + b"\x18\x53\x80\x67\xff" + b"\xec\x82ab" * 100_000
    for form in ("mp4", "mov", "webm"):
        data = bytearray(samples()[form])
        middle = len(data) // 2
        data[middle : middle + 200] = bytes(200)
        yield f"{form} with a hole", bytes(data)


def _costly() -> Iterator[tuple[str, bytes]]:
    """Videos that take seconds to make."""
    yield "video of 12 minutes", clip("mp4", "libx264", frames=7_300, size=(16, 16))
    yield "video of 40,000 frames", clip("mp4", "mpeg4", frames=40_000, size=(16, 16))
    yield "video of 4,000 squared", clip("mp4", "mpeg4", frames=30, size=(4_000, 4_000))
    yield "video of 7,680 by 4,320", clip("mp4", "libx264", frames=6, size=(7_680, 4_320))


def _boxes(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"moov" if len(inner) % 16 else b"trak", inner)
    return inner


def _strangers() -> Iterator[tuple[str, bytes]]:
    """Other kinds of file, bare and under the first bytes of one that is accepted."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10_000_000))
    tiff, bmp, ico, tga, ppm = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    image = Image.fromarray(np.zeros((24, 32, 3), np.uint8))
    for kind, target in (("TIFF", tiff), ("BMP", bmp), ("ICO", ico), ("TGA", tga), ("PPM", ppm)):
        image.save(target, kind)
    yield "nothing", b""
    yield "one byte", b"\xff"
    yield "zeros", bytes(100_000)
    yield "rubbish", random.Random(2).randbytes(100_000)
    yield "zip", held.getvalue()
    yield "gzip bomb", gzip.compress(bytes(50_000_000))
    for name, target in (("tiff", tiff), ("bmp", bmp), ("ico", ico), ("tga", tga), ("ppm", ppm)):
        yield name, target.getvalue()
    scripts = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "xml of a billion laughs": b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>',
        "html": b"<html><script>alert(1)</script>",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction 2 0 R>>endobj",
        "playlist": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST",
        "concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "subtitles": b"1\n00:00:00,000 --> 00:00:10,000\n<font face=x>a</font>\n",
        "mvg": b"push graphic-context\nimage over 0,0 0,0 'ephemeral:/etc/passwd'\npop graphic-context",
        "pickle": b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
        "shell": b"#!/bin/sh\ntrue\n",
    }
    magics = {
        "jpeg": b"\xff\xd8\xff\xe0",
        "png": PNG,
        "gif": b"GIF89a",
        "mp4": FTYP,
        "webm": b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm",
    }
    for name, text in scripts.items():
        yield name, text
    for (magic, head), (name, text) in itertools.product(magics.items(), list(scripts.items())[:8]):
        yield f"{name} that begins as {magic}", head + text
    yield "png that is a jpeg after its first chunk", PNG + samples()["jpeg"]
    yield "jpeg that is a zip too", samples()["jpeg"] + held.getvalue()
    yield "heic with the name of an avif", samples()["heic"].replace(b"heic", b"avif")
    yield "avif with the name of a heic", samples()["avif"].replace(b"avif", b"heic")
    yield "mp4 with the name of an avif", samples()["mp4"].replace(b"isom", b"avif")
    yield "png mended after a flood of zeros", mended(samples()["png"][:40] + bytes(40_000) + samples()["png"][40:])
