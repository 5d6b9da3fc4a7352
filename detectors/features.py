"""Local features of a picture: what is left of it in a crop, a screenshot, a collage or a photograph of a screen.

SIFT (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004) on a small copy, the descriptors as
RootSIFT (Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval", 2012) in four
bits a number, turned so that a mirrored picture has the same ones (after Zhao and Ngo, "Flip-Invariant SIFT for Copy
and Object Detection", 2013). Each has a word and a signature, which the index holds (``words.py``).

All comparison is on the stored whole numbers: two pictures compare alike on any machine and in any order.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detectors import votes
from detectors.words import SIZE, described, repeated

__all__ = [
    "MOST",
    "THUMBNAIL",
    "VERSION",
    "Codes",
    "Features",
    "codes",
    "descriptors",
    "features",
    "parts",
    "unpack",
    "without",
]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint16]
Signatures = npt.NDArray[np.uint64]

VERSION: Final = "4"
MOST: Final = 250
"""Features kept of one picture."""
THUMBNAIL: Final = 32
"""Side of the small gray copy, in pixels, that a match is checked against."""

_AREA: Final = 90_000  # pixels of the copy that is searched; SIFT looks at it enlarged twice
_SIDE: Final = 900
_LEAST_SIDE: Final = 24
_CONTRAST: Final = 0.01  # a quarter of the usual: what is dark or plain has its share of cells, and fills them
_CORNER, _PLAIN = 12, 700  # contrast of a corner, and how many a plain picture has: some 600 candidates
_CLASSES: Final = (3.5, 6.0, 10.0)  # diameters in pixels that part the classes of size
_CELLS: Final = np.array((8, 6, 5, 4))  # a side, for each class
_LEVELS: Final = 40  # of a unit vector's 1.0; what comes above 15 is cut
_HEAD: Final = struct.Struct("<BHHH")
_REPEATED: Final = 1 << 31
_CODED: Final = 14  # bytes a feature that an index needs
_STEP: Final = 16  # positions in 1/16 px, sizes in 1/16 octave

# Seen in a mirror across its own direction, a descriptor's four rows change places and its eight directions turn
# round; the sum of the sines then changes sign, which tells the two apart (it holds for 95 of 100 features).
_MIRROR: Final = np.arange(SIZE).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].ravel()
_SINES: Final = np.tile(np.array([0, 5, 7, 5, 0, -5, -7, -5], np.int64), 16)


@dataclass(frozen=True, eq=False, slots=True)
class Codes:
    """What an index holds of n features: (n,) ``words``, (n,) ``signatures``, and (n,) ``places`` as ``votes.packed``
    makes them, their highest bit set where the feature repeats within its picture."""

    words: Words
    signatures: Signatures
    places: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.words)

    def telling(self) -> Codes:
        """Those that do not repeat."""
        return self.of(self.places < _REPEATED)

    def of(self, kept: npt.NDArray[np.bool_]) -> Codes:
        """Some of them: (n,) bool."""
        return Codes(self.words[kept], self.signatures[kept], self.places[kept])


@dataclass(frozen=True, eq=False)
class Features:
    """n features of a picture that was searched at ``width`` x ``height`` pixels.

    ``points`` (n, 2) float64 are places in these pixels, ``sizes`` (n,) float64 log2 of the diameter, ``angles`` (n,)
    float64 radians, ``flipped`` (n,) bool: whether the descriptor is that of the mirrored picture. ``vectors`` (n, 128)
    uint8 in 0..15, ``words`` (n,) uint16 and ``signatures`` (n,) uint64 are made from them. ``thumbnail`` is the whole
    picture in gray, squeezed into a square.
    """

    width: int
    height: int
    points: Floats
    sizes: Floats
    angles: Floats
    flipped: npt.NDArray[np.bool_]
    vectors: Pixels
    words: Words
    signatures: Signatures
    thumbnail: Pixels

    def __len__(self) -> int:
        return len(self.points)


def features(gray: Pixels) -> bytes:
    """The packed features of (H, W) uint8 luma, at most ``MOST``; empty where there is nothing to hold on to."""
    small = _small(gray)
    seen = None if small is None else _seen(small)
    return b"" if small is None or seen is None else _pack(*seen, small)


def without(packed: bytes, dropped: npt.NDArray[np.bool_]) -> bytes:
    """Packed features less some of them: (n,) bool."""
    index, rest = parts(packed)
    version, width, height, n = _HEAD.unpack_from(index)
    raw, kept = zlib.decompress(rest), ~dropped
    columns = (4, 1, 1, SIZE // 2)
    starts = np.cumsum((0, *columns)) * n
    tables = [
        np.frombuffer(raw, np.uint8, c * n, at).reshape(n, c)[kept] for c, at in zip(columns, starts, strict=False)
    ]
    body = b"".join(table.tobytes() for table in tables) + raw[starts[-1] :]
    head = _HEAD.pack(version, width, height, int(kept.sum()))
    return head + _coded(codes(packed).of(kept)) + zlib.compress(body, 6)


def descriptors(gray: Pixels) -> Pixels | None:
    """Only the (n, 128) vectors, from which a vocabulary is learnt."""
    small = _small(gray)
    seen = None if small is None else _seen(small)
    return None if seen is None else seen[2]


def _seen(small: Pixels) -> tuple[Floats, npt.NDArray[np.bool_], Pixels] | None:
    """Places, which of them are mirrored, and their vectors."""
    sift = cv2.SIFT.create(contrastThreshold=_CONTRAST)
    # What comes out is the same. Few are sooner described in the pass that finds them; of many, those that are kept.
    plain = len(cv2.FastFeatureDetector.create(_CORNER).detect(small)) <= _PLAIN
    if plain:
        candidates, every = sift.detectAndCompute(small, None)
    else:
        candidates, every = sift.detect(small, None), None
    if not candidates:
        return None
    kept = _spread(_places(candidates), small.shape[1], small.shape[0])
    found: Sequence[cv2.KeyPoint] = [candidates[i] for i in kept]
    if every is None:
        found, raw = sift.compute(small, found)
    else:
        raw = every[kept]
    place, counts = _places(found), raw.astype(np.int64)
    flipped = counts @ _SINES < 0
    counts[flipped] = counts[flipped][:, _MIRROR]
    total = np.maximum(1, counts.sum(axis=1, keepdims=True))
    vectors = np.minimum(15, np.sqrt(counts / total) * _LEVELS).astype(np.uint8)
    return place, flipped, vectors


def _places(found: Sequence[cv2.KeyPoint]) -> Floats:
    """(n, 5): x, y, diameter in pixels, angle in degrees, strength."""
    return np.array([(*k.pt, k.size, k.angle, k.response) for k in found])


def _pack(place: Floats, flipped: npt.NDArray[np.bool_], vectors: Pixels, small: Pixels) -> bytes:
    """As stored: a head, what the index needs (words, signatures), then places, vectors and thumbnail, compressed.

    ``place`` (n, >= 4): x, y, diameter in pixels, angle in degrees.
    """
    words, signatures = described(vectors)
    head = _HEAD.pack(int(VERSION), small.shape[1], small.shape[0], len(vectors))
    sizes = np.clip(np.rint(np.log2(np.maximum(1, place[:, 2])) * _STEP), 0, 127).astype(np.uint8)
    rest = (
        np.rint(place[:, :2] * _STEP).astype("<u2").tobytes(),
        (sizes | (flipped.astype(np.uint8) << 7)).tobytes(),
        np.rint(place[:, 3] * 256 / 360).astype(np.int64).astype(np.uint8).tobytes(),
        (vectors[:, ::2] | vectors[:, 1::2] << 4).tobytes(),
        cv2.resize(small, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).tobytes(),
    )
    places = votes.packed(
        np.rint(place[:, :2] * _STEP) / _STEP,
        sizes / _STEP,
        np.radians(place[:, 3]),
        flipped,
        np.array((small.shape[1], small.shape[0])) / 2,
    )
    places[repeated(words, signatures)] |= np.uint32(_REPEATED)
    return head + _coded(Codes(words, signatures, places)) + zlib.compress(b"".join(rest), 6)


def _coded(codes: Codes) -> bytes:
    return (
        codes.words.astype("<u2").tobytes()
        + codes.signatures.astype("<u8").tobytes()
        + codes.places.astype("<u4").tobytes()
    )


def codes(packed: bytes) -> Codes:
    """What an index needs of packed features, without unpacking the rest. None for no features, or those of another
    version."""
    version, _, _, count = _HEAD.unpack_from(packed) if packed else (0, 0, 0, 0)
    count = count if version == int(VERSION) else 0
    at = _HEAD.size if count else 0
    return Codes(
        np.frombuffer(packed, "<u2", count, at).astype(np.uint16),
        np.frombuffer(packed, "<u8", count, at + 2 * count).astype(np.uint64),
        np.frombuffer(packed, "<u4", count, at + 10 * count).astype(np.uint32),
    )


def parts(packed: bytes) -> tuple[bytes, bytes]:
    """What an index needs of packed features (for ``codes``), and the rest; joined they are ``packed`` again."""
    cut = _HEAD.size + _CODED * _HEAD.unpack_from(packed)[3] if packed else 0
    return packed[:cut], packed[cut:]


def unpack(packed: bytes) -> Features | None:
    """What ``features`` packed; None for no features, or those of another version. Raises ValueError on broken ones."""
    version, width, height, n = _HEAD.unpack_from(packed) if packed else (0, 0, 0, 0)
    if version != int(VERSION):
        return None
    coded = codes(packed)
    rest = zlib.decompress(packed[_HEAD.size + _CODED * n :])
    if len(rest) != 70 * n + THUMBNAIL**2:
        raise ValueError("features of a wrong length")
    sizes = np.frombuffer(rest, np.uint8, n, 4 * n)
    nibbles = np.frombuffer(rest, np.uint8, 64 * n, 6 * n).reshape(n, 64)
    return Features(
        width=width,
        height=height,
        points=np.frombuffer(rest, "<u2", 2 * n).reshape(n, 2) / _STEP,
        sizes=(sizes & 127) / _STEP,
        angles=np.frombuffer(rest, np.uint8, n, 5 * n) * np.float64(2 * np.pi / 256),
        flipped=sizes >= 128,
        vectors=np.stack((nibbles & 15, nibbles >> 4), axis=2).reshape(n, SIZE),
        words=coded.words,
        signatures=coded.signatures,
        thumbnail=np.frombuffer(rest, np.uint8, THUMBNAIL**2, 70 * n).reshape(THUMBNAIL, THUMBNAIL),
    )


def _small(gray: Pixels) -> Pixels | None:
    """The copy that is searched: of one area whatever the shape, never enlarged. None where it is a mere strip."""
    height, width = gray.shape
    ratio = min(1.0, (_AREA / (height * width)) ** 0.5, _SIDE / max(height, width))
    size = (round(width * ratio), round(height * ratio))
    if min(size) < _LEAST_SIDE:
        return None
    return gray if ratio == 1.0 else np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _spread(place: Floats, width: int, height: int) -> npt.NDArray[np.intp]:
    """The ``MOST`` candidates to keep: the strongest of each cell and size first, then the second of each, and so on.

    So a patch of text or leaves cannot take all, a dark part has its share, and what is seen at less than half the
    size still has features in common.
    """
    size = np.searchsorted(_CLASSES, place[:, 2])
    cells = _CELLS[size]
    column, row = (np.minimum(cells - 1, place[:, i] * cells // side) for i, side in enumerate((width, height)))
    group = (column * _CELLS.max() + row) * len(_CELLS) + size
    order = np.lexsort((place[:, 0], -place[:, 4], group))
    starts = np.r_[True, np.diff(group[order]) != 0]
    rank = np.arange(len(order)) - np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    chosen = np.lexsort((-place[order, 4], rank))[:MOST]
    return np.sort(order[chosen])
