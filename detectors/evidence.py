"""What the detectors say: frozen values with a lossless JSON form (``msgspec.json``).

Scores are floats in 0..1, rounded to four decimals when made, so that stored and fresh evidence are equal.
Boxes are ``(x, y, w, h)`` and quads four ``(x, y)``, floats in pixels of the upright picture (EXIF applied).
``frame`` counts from 0 and ``time`` is seconds into the video; both are None for a still picture.
"""

from __future__ import annotations

from typing import Any, Literal, dataclass_transform

import msgspec

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
MediaKind = Literal["image", "video"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _ValueMeta(msgspec.StructMeta):
    """Makes every subclass of ``Value`` frozen, keyword-only and strict, without each having to say so."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> type:
        return super().__new__(
            mcs, name, bases, namespace, **{"frozen": True, "kw_only": True, "forbid_unknown_fields": True, **options}
        )


class Value(msgspec.Struct, metaclass=_ValueMeta):
    """Base of every value: immutable, compared by content, keyword-only, no unknown fields."""


class Unreadable(Value, tag="unreadable"):
    """Bytes that are no picture or video we accept. ``reason`` is a stable word, such as ``too_many_pixels``."""

    reason: str


class Mark(Value):
    """One brand mark seen: its name in the kit, calibrated probability, place, and the stage and asset behind it.

    ``clean`` is how free of the picture's grain its plain areas are, 0..1 (``detectors.pasted``); None: cannot be told.
    """

    name: str
    score: float
    box: Box
    frame: int | None = None
    time: float | None = None
    stage: str = ""
    variant: str | None = None
    clean: float | None = None


class Colour(Value):
    """Brand colours: ``score`` 0..1 (how telling), the share of pixels in each kit colour, and of touching pairs."""

    score: float
    shares: dict[str, float]
    adjacency: float


class Resemblance(Value):
    """How near the whole picture is to one asset of the kit (poster, bare logo): PDQ Hamming distance 0..256."""

    asset: str
    distance: int


class Fingerprint(Value):
    """Whole-picture hashes in lower-case hex.

    ``pdq`` is 256 bits (64 digits) and ``orientations`` the PDQ of all 8 dihedral views, the upright one first;
    ``phash`` is imagehash's 64-bit pHash, give or take two bits; ``quality`` 0..100 is PDQ's: below 50 the picture is
    too flat to match.
    """

    pdq: str
    orientations: tuple[str, ...]
    phash: str
    quality: int
    frame: int | None = None
    time: float | None = None


class Panel(Value):
    """A picture within a picture, on a plain ground: its place, and hashes as a ``Fingerprint`` has them."""

    box: Box
    pdq: str
    orientations: tuple[str, ...]
    quality: int
    frame: int | None = None
    time: float | None = None


class LocalFeatures(Value):
    """The local features of one picture, packed (``detectors.features``): at most 20 KB."""

    packed: bytes


class Code(Value):
    """A machine-readable code (QR) with its text."""

    text: str
    quad: Quad
    frame: int | None = None
    time: float | None = None


class Stage(Value):
    """What one stage of the cascade settled (None: nothing), and what it cost. Cost is never part of a verdict."""

    name: str
    settled: str | None = None
    milliseconds: float = 0.0


class MediaEvidence(Value, tag="evidence"):
    """All that the detectors found in one image or video. ``width`` and ``height`` are of the upright picture.

    ``brand_score`` is the best calibrated mark score (0..1) over all marks and frames; which marks count, and which
    score suffices, the campaign says. ``fingerprints`` holds one entry for an image, a sequence for a video.
    ``panels`` are the pictures on plain grounds within these. ``duration`` is in seconds, None for an image.
    ``features`` are the packed local features of a still picture; a store keeps them beside the rest, and gives the
    evidence back without.
    """

    sha256: str
    kind: MediaKind
    format: str
    width: int
    height: int
    duration: float | None
    marks: tuple[Mark, ...]
    colour: Colour
    resemblances: tuple[Resemblance, ...]
    fingerprints: tuple[Fingerprint, ...]
    codes: tuple[Code, ...]
    faults: tuple[str, ...] = ()
    detectors: dict[str, str] = {}
    features: bytes = b""
    panels: tuple[Panel, ...] = ()


Examined = MediaEvidence | Unreadable
