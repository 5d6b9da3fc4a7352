"""A post's pictures with what was found drawn over them, and two pictures side by side: as values for SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.campaign.policies import BrandPolicy
from bot.copies.comparison import Comparison
from bot.media.annotate import best_frame
from bot.model import Looked
from bot.review.page.reader import Reader
from bot.text_safety import one_line
from detectors.evidence import MediaEvidence, Point, Quad, Value

_LETTERS: Final = 42  # heights of a letter in a picture's long side
_WORD: Final = 6  # heights of a letter that a few words are long
_HIGH: Final = 1000  # units that both pictures of a pair are high
_GAP: Final = 40


class Shape(Value):
    """An outline over a picture, in its full pixels: ``points`` as SVG writes them, words at ``x``, ``y``, where there
    is room for them."""

    kind: str
    points: str
    words: str
    x: float
    y: float | None


class Picture(Value):
    """One media item. ``src`` is None where there is nothing to show, and ``trouble`` says why. ``unit`` is a letter's
    height in pixels of the full picture."""

    number: int
    facts: str
    where: str
    src: str | None = None
    small: str | None = None
    width: int = 0
    height: int = 0
    unit: float = 0.0
    shapes: tuple[Shape, ...] = ()
    codes: tuple[str, ...] = ()
    trouble: str | None = None


class Pair(Value):
    """Two pictures beside one another, both 1000 units high. ``lines``: (x, y, x, y) from a point of ours to the same
    of theirs; ``here`` and ``there``: where each lies in the other."""

    post_id: str
    kind: str
    own: bool
    distance: int | None
    points: int
    same: bool
    label: str
    ours: str
    theirs: str
    left: int
    start: int
    right: int
    lines: tuple[tuple[int, int, int, int], ...]
    here: str | None
    there: str | None


def picture(number: int, looked: Looked, reader: Reader) -> Picture:
    """One media item of a post."""
    say, seen = reader.say, looked.result
    where = one_line(looked.ref.url or looked.ref.path or "?")
    if not isinstance(seen, MediaEvidence):
        kind, reason = type(seen).__name__.lower(), one_line(seen.reason)
        return Picture(number=number, facts=say(looked.ref.type), where=where, trouble=f"{say(kind)}: {reason}")
    frame = None if seen.kind == "image" else best_frame(seen)
    length = "" if seen.duration is None else f", {seen.duration:.0f} s"
    return Picture(
        number=number,
        facts=f"{say(seen.kind)}, {seen.format}, {seen.width}×{seen.height}{length}",
        where=where,
        src=address(seen.sha256, frame),
        small=address(seen.sha256, frame, small=True),
        width=seen.width,
        height=seen.height,
        unit=max(seen.width, seen.height) / _LETTERS,
        shapes=tuple(_shapes(seen, frame, reader.campaign.brand)),
        codes=tuple(one_line(code.text) for code in seen.codes),
    )


def address(sha256: str, frame: int | None, *, small: bool = False) -> str:
    """Where the page serves a picture."""
    query = [part for part in (f"frame={frame}" if frame else "", "small=1" if small else "") if part]
    return f"/media/{sha256}" + (f"?{'&'.join(query)}" if query else "")


def pair(comparison: Comparison, reader: Reader) -> Pair:
    """Two pictures for one drawing."""
    ours, theirs, original = comparison.ours, comparison.theirs, comparison.original
    left, right = (round(_HIGH * evidence.width / evidence.height) for evidence in (ours, theirs))
    start = left + _GAP
    return Pair(
        post_id=original.post_id,
        kind=reader.say(original.kind),
        own=original.own,
        distance=original.distance,
        points=comparison.points,
        same=ours.sha256 == theirs.sha256,
        label=reader.say("This post on the left, the earlier post {post} on the right").format(post=original.post_id),
        ours=address(ours.sha256, best_frame(ours)),
        theirs=address(theirs.sha256, best_frame(theirs)),
        left=left,
        start=start,
        right=right,
        lines=tuple(
            (round(x * left), round(y * _HIGH), round(start + u * right), round(v * _HIGH))
            for (x, y), (u, v) in comparison.agreeing
        ),
        here=_placed(comparison.here, ours, 0),
        there=_placed(comparison.there, theirs, start),
    )


def _placed(quad: Quad | None, evidence: MediaEvidence, offset: int) -> str | None:
    if quad is None:
        return None
    scale = _HIGH / evidence.height
    return _corners(tuple((offset + x * scale, y * scale) for x, y in quad))


def _shapes(seen: MediaEvidence, frame: int | None, policy: BrandPolicy) -> Iterator[Shape]:
    """The marks, the surest first, and the codes; of a video those of one frame."""
    words = _Words(max(seen.width, seen.height) / _LETTERS)
    for mark in sorted(seen.marks, key=lambda mark: -mark.score):
        if frame is None or mark.frame == frame:
            x, y, w, h = mark.box
            sure = "sure" if mark.score >= policy.accept else "unsure" if mark.score > policy.absent else "weak"
            yield Shape(
                kind=f"mark {sure}",
                points=_corners(((x, y), (x + w, y), (x + w, y + h), (x, y + h))),
                words=f"{one_line(mark.name)} {mark.score:.2f}",
                x=x,
                y=words.place(x, y, y + h),
            )
    for code in seen.codes:
        if frame is None or code.frame == frame:
            x, y, bottom = min(p[0] for p in code.quad), min(p[1] for p in code.quad), max(p[1] for p in code.quad)
            yield Shape(kind="code", points=_corners(code.quad), words="QR", x=x, y=words.place(x, y, bottom))


class _Words:
    """Finds room for words beside their boxes, so that none cover others."""

    def __init__(self, unit: float) -> None:
        self._unit = unit
        self._taken: list[tuple[float, float]] = []

    def place(self, x: float, top: float, bottom: float) -> float | None:
        """The height of a line of words over a box, else under it; None where others stand in both."""
        unit = self._unit
        for y in (top - unit * 0.35, bottom + unit * 1.05):
            if y >= unit and all(abs(y - b) >= unit or abs(x - a) >= _WORD * unit for a, b in self._taken):
                self._taken.append((x, y))
                return y
        return None


def _corners(points: tuple[Point, ...]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
