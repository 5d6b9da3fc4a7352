"""How many pairs of features of two pictures agree on where the one lies in the other, counted for many at once.

Every pair of features says by itself how one picture would have to be turned, scaled, mirrored and moved to lie on the
other (Lowe 2004, section 7.3: a Hough transform). Pairs that say nearly the same fall into one bin; features that are
alike by chance scatter. Bins are laid four times, shifted by half in some or all of these, so that an edge seldom
parts what belongs together.

Move is measured in a frame half-way between the two pictures: seen from the other picture, turn and scale change their
sign, and the bins are the same. So the count does not depend on which of the two is asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["PIXELS", "TURN", "counted", "packed"]

Numbers = npt.NDArray[np.uint32]
Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TURN: Final = 128  # steps of a full turn
PIXELS: Final = 4.0  # of the searched copy, a step of a place, which counts from the middle of the picture
_OCTAVE: Final = 16  # steps
_TURN_BIN: Final = 8  # steps of a turn, a divisor of half a turn
_SIZE_BIN: Final = 8  # half an octave
_MOVE: Final = 64.0  # pixels, the side of a bin
_CELL: Final = 2  # bits of a place that do not tell cells apart: what repeats within 16 pixels counts once
_CELL_BITS: Final = 12
_MOST_MOVE: Final = 127
_MIXED: Final = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)
_HALF_TURNS: Final = np.arange(-TURN, TURN + 1) * np.pi / TURN
_TURNS: Final = np.cos(_HALF_TURNS), np.sin(_HALF_TURNS)  # of half of so many steps, from -``TURN`` on
_SCALES: Final = 2.0 ** (np.arange(-TURN, TURN + 1) / (2 * _OCTAVE))  # the root of a growth by so many steps


def packed(points: Floats, sizes: Floats, angles: Floats, flipped: npt.NDArray[np.bool_], middle: Floats) -> Numbers:
    """One number a feature. ``points`` (n, 2) pixels within 900, ``middle`` (2,) the picture's; ``sizes`` (n,) log2 of
    the diameter within 0..8, ``angles`` (n,) radians."""
    steps = np.clip(np.rint((points - middle) / PIXELS), -127, 127).astype(np.int64) + 128
    size = np.clip(np.rint(sizes * _OCTAVE), 0, 127).astype(np.int64)
    angle = np.rint(angles * TURN / (2 * np.pi)).astype(np.int64) % TURN
    return np.asarray(
        steps[:, 0] | steps[:, 1] << 8 | angle << 16 | flipped.astype(np.int64) << 23 | size << 24, np.uint32
    )


def counted(keys: Whole, ours: Numbers, theirs: Numbers, least: int) -> tuple[Whole, Whole]:
    """How many places agree, per picture. All arguments have one element a pair: the picture's key, and the packed
    feature of either side.

    Returns (keys, counts) of the pictures where features at ``least`` different places of either side or more fall into
    one bin, in order of key.
    """
    if not len(keys):
        return keys, keys
    often = np.bincount(keys) >= least
    enough = often[keys]
    keys, a, b = keys[enough], ours[enough].astype(np.int64), theirs[enough].astype(np.int64)
    number = np.cumsum(often) - 1
    known = np.flatnonzero(often)
    counts = np.zeros(len(known), np.int64)
    picture, cells_a, cells_b = number[keys] << 28, _cells(a), _cells(b)
    for bins in _bins(a, b):
        codes = picture | bins
        likely = _likely(codes, least)
        if not len(likely):
            continue
        found, agreeing = _different(codes[likely], cells_a[likely], cells_b[likely], least)
        np.maximum.at(counts, found >> 28, agreeing)
    kept = counts >= least
    return known[kept], counts[kept]


def _cells(places: Whole) -> Whole:
    """(n,) below 2**``_CELL_BITS``: in which cell of its picture a feature lies."""
    return (places & 255) >> _CELL | (places >> 8 & 255) >> _CELL << 6


def _likely(codes: Whole, least: int) -> Whole:
    """Where a code stands that occurs ``least`` times, and some others: told by a hash of it, for sorting takes longer
    than all else."""
    room = max(14, len(codes).bit_length() + 1)
    hashed = (codes.view(np.uint64) * _MIXED >> np.uint64(64 - room)).view(np.int64)
    return np.flatnonzero(np.bincount(hashed)[hashed] >= least)


def _different(codes: Whole, ours: Whole, theirs: Whole, least: int) -> tuple[Whole, Whole]:
    """The bins with features in at least ``least`` different cells of either picture, and the smaller of the two
    numbers."""
    found, counts = _each(_each(codes << _CELL_BITS | ours)[0] >> _CELL_BITS)
    _, others = _each(_each(codes << _CELL_BITS | theirs)[0] >> _CELL_BITS)  # the same bins, in the same order
    fewer = np.minimum(counts, others)
    return found[fewer >= least], fewer[fewer >= least]


def _each(values: Whole) -> tuple[Whole, Whole]:
    """The different values in their order, and how often each occurs. (NumPy's ``unique`` hashes, which is slower.)"""
    ordered = np.sort(values)
    starts = np.flatnonzero(np.r_[len(values) > 0, ordered[1:] != ordered[:-1]])
    return ordered[starts], np.diff(starts, append=len(ordered))


def _bins(a: Whole, b: Whole) -> list[Whole]:
    """(n,) the number of the bin of each pair, below 2**28, in each layout."""
    mirrored = ((a ^ b) >> 23 & 1).astype(np.bool_)
    angle_a, angle_b = a >> 16 & 127, b >> 16 & 127
    turn = np.where(mirrored, angle_b + angle_a + TURN // 2, angle_b - angle_a) % TURN
    turn[turn > TURN // 2] -= TURN
    grown = (b >> 24) - (a >> 24)
    half = TURN // 2 // _TURN_BIN
    near, far = _nearest(turn, _TURN_BIN), _farther(turn, _TURN_BIN)
    far[turn == TURN // 2] = half + 1  # half a turn is its own opposite
    move = _move(a, b, mirrored, turn, grown)
    # In the bin round half a turn, angles go on beyond it.
    beyond, moved = np.flatnonzero((np.abs(near) == half) & (turn < 0)), move.copy()
    moved[:, beyond] = _move(a[beyond], b[beyond], mirrored[beyond], turn[beyond] + TURN, grown[beyond])
    turns = (near, moved), (far, move)
    near[near == -half] = half
    others = (_nearest(grown, _SIZE_BIN), np.rint), (_farther(grown, _SIZE_BIN), _away)
    return [_number(mirrored, angle, size, bound(move)) for angle, move in turns for size, bound in others]


def _number(mirrored: npt.NDArray[np.bool_], turn: Whole, grown: Whole, move: Floats) -> Whole:
    x, y = np.clip(move, -_MOST_MOVE, _MOST_MOVE).astype(np.int64) + 128
    return np.asarray(mirrored | (turn + 15) << 1 | (grown + 16) << 6 | x << 12 | y << 20, np.int64)


def _move(a: Whole, b: Whole, mirrored: npt.NDArray[np.bool_], turn: Whole, grown: Whole) -> Floats:
    """(2, n) in bins: how far the features are apart once each picture is turned and scaled half the way."""
    cos, sin = (table[turn + TURN] for table in _TURNS)
    x, y = ((b >> shift & 255) - 128 for shift in (0, 8))
    u, v = ((a >> shift & 255) - 128 for shift in (0, 8))
    scale = PIXELS / _MOVE
    shrink, grow = (scale * _SCALES[sign * grown + TURN] for sign in (-1, 1))
    bent = np.where(mirrored, -sin, sin)
    hand = np.where(mirrored, -1.0, 1.0)
    return np.stack(
        (shrink * (cos * x + sin * y) - hand * (grow * (cos * u - bent * v)),
         shrink * (cos * y - sin * x) - grow * (cos * v + bent * u))
    )  # fmt: skip


def _nearest(steps: Whole, side: int) -> Whole:
    """Rounded to whole bins, halves away from zero: the opposite of a number falls into the opposite bin."""
    return np.asarray(np.sign(steps) * ((np.abs(steps) + side // 2) // side), np.int64)


def _farther(steps: Whole, side: int) -> Whole:
    """The bins between those of ``_nearest``; zero has its own."""
    return np.asarray(np.sign(steps) * ((np.abs(steps) + side - 1) // side), np.int64)


def _away(values: Floats) -> Floats:
    return np.copysign(np.ceil(np.abs(values)), values)
