"""What moderators' decisions say of a threshold: calibration, the narrowest band to review, and how sure that is. Pure.

A *signal* is a number between what speaks against a post and what speaks for it. Posts between the two ends of a band
are reviewed; below they are rejected, from the upper end on accepted. From decided posts the chance of approval is
calibrated as a function of the signal, by isotonic regression (pool adjacent violators: Ayer et al. 1955) or logistic
regression (Platt 1999), whichever predicts better in five-fold cross-validation. The band is then narrowed as far as
the errors that are to be expected allow. What this saves, and what it costs, is counted on the folds left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from detectors.evidence import Value

Floats = npt.NDArray[np.float64]
Calibrated = Callable[[Floats], Floats]
Method = Literal["isotonic", "logistic"]

FOLDS: Final = 5
LEAST: Final = 200  # decided posts
LEAST_EACH: Final = 20  # of them approved, and rejected
_STEPS: Final = 400  # places that an end of the band may take
_Z: Final = 1.959964  # of a 95 % interval


class Band(Value):
    """What is reviewed: ``low`` <= signal < ``high``."""

    low: float
    high: float


class Budget(Value):
    """Which share of the posts reviewed so far may be accepted, and rejected, against what a person would say. At
    ``missed`` 0 the upper end stays where it is: nothing slips through that does not now."""

    missed: float
    wronged: float


class Share(Value):
    """A share 0..1 with its 95 % interval (Wilson 1927)."""

    value: float
    low: float
    high: float


class Advice(Value):
    """A band that decisions speak for. ``queue``: the share of the posts reviewed so far that no person needs to see;
    ``missed`` and ``wronged``: of all these, the share that would be accepted against a person's decision, and rejected
    against one. All three were counted on decisions that the band in question was not made from."""

    now: Band
    then: Band
    method: Method
    decisions: int
    queue: Share
    missed: Share
    wronged: Share


def advise(signal: Floats, approved: npt.NDArray[np.bool_], now: Band, may: Budget, *, rejects: bool) -> Advice | None:
    """The band that decisions speak for; None where there are too few of them inside the band.

    ``signal`` and ``approved`` of each decided post, shape (N,); posts outside the band that a person looked at all the
    same count for the calibration. ``rejects``: whether the lower end may move.
    """
    inside = (signal >= now.low) & (signal < now.high)
    if inside.sum() < LEAST or min(approved.sum(), (~approved).sum()) < LEAST_EACH:
        return None
    fold = np.random.default_rng(0).permutation(len(signal)) % FOLDS
    methods: tuple[Method, ...] = ("isotonic", "logistic")
    method = min(methods, key=lambda name: _loss(name, signal, approved, fold))
    gone = missed = wronged = 0
    for number in range(FOLDS):
        kept = fold != number
        band = _band(_fit(method, signal[kept], approved[kept]), signal[kept], now, may, rejects=rejects)
        tested = (fold == number) & inside
        accepted, rejected = tested & (signal >= band.high), tested & (signal < band.low)
        gone += int(accepted.sum() + rejected.sum())
        missed += int((accepted & ~approved).sum())
        wronged += int((rejected & approved).sum())
    total = int(inside.sum())
    return Advice(
        now=now,
        then=_band(_fit(method, signal, approved), signal, now, may, rejects=rejects),
        method=method,
        decisions=len(signal),
        queue=wilson(gone, total),
        missed=wilson(missed, total),
        wronged=wilson(wronged, total),
    )


def calibrate(signal: Floats, approved: npt.NDArray[np.bool_]) -> Calibrated | None:
    """The chance of approval as a function of the signal; None where there are too few decisions to tell."""
    if len(signal) < LEAST or min(approved.sum(), (~approved).sum()) < LEAST_EACH:
        return None
    return _fit("logistic", signal, approved)


def wilson(count: int, total: int) -> Share:
    """A counted share with its 95 % score interval.

    >>> wilson(0, 100).value, round(wilson(0, 100).high, 4)
    (0.0, 0.037)
    """
    share = count / total
    centre = share + _Z**2 / (2 * total)
    spread = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    scale = 1 + _Z**2 / total
    return Share(value=share, low=max(0.0, (centre - spread) / scale), high=min(1.0, (centre + spread) / scale))


def _fit(method: Method, signal: Floats, approved: npt.NDArray[np.bool_]) -> Calibrated:
    return (_isotonic if method == "isotonic" else _logistic)(signal, approved.astype(np.float64))


def _isotonic(signal: Floats, approved: Floats) -> Calibrated:
    """Steps that rise with the signal, each smoothed by one decision of either kind (Laplace): never quite sure."""
    places, where = np.unique(signal, return_inverse=True)
    weights = np.bincount(where).astype(np.float64)
    sums = np.bincount(where, approved)
    pools: list[tuple[float, float, int]] = []  # sum, weight, how many places
    for total, weight in zip(sums, weights, strict=True):
        pool = (float(total), float(weight), 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    steps = np.repeat([(total + 1) / (weight + 2) for total, weight, _ in pools], [count for *_, count in pools])
    steps = np.maximum.accumulate(steps)

    def predict(at: Floats) -> Floats:
        found: Floats = steps[np.clip(np.searchsorted(places, at, side="right") - 1, 0, len(places) - 1)]
        return found

    return predict


def _logistic(signal: Floats, approved: Floats) -> Calibrated:
    """A rising sigmoid by Newton's method, with Platt's smoothed targets."""
    middle, scale = float(signal.mean()), float(signal.std()) or 1.0
    x = np.stack([(signal - middle) / scale, np.ones_like(signal)], axis=1)
    good, bad = approved.sum(), len(approved) - approved.sum()
    target = np.where(approved > 0, (good + 1) / (good + 2), 1 / (bad + 2))
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = _sigmoid(x @ weights)
        slope = x.T @ (chance - target) + 1e-3 * weights
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + 1e-3 * np.eye(2)
        move = np.linalg.solve(curve, slope)
        weights = weights - np.clip(move, -4, 4)
        if np.abs(move).max() < 1e-8:
            break
    rise, level = max(float(weights[0]), 0.0), float(weights[1])
    return lambda at: _sigmoid((at - middle) / scale * rise + level)


def _sigmoid(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(x, -40, 40)))
    return found


def _loss(method: Method, signal: Floats, approved: npt.NDArray[np.bool_], fold: npt.NDArray[np.int64]) -> float:
    """The mean surprise (log loss) at decisions of folds left out."""
    total = 0.0
    for number in range(FOLDS):
        kept = fold != number
        chance = np.clip(_fit(method, signal[kept], approved[kept])(signal[~kept]), 1e-4, 1 - 1e-4)
        total -= float(np.log(np.where(approved[~kept], chance, 1 - chance)).sum())
    return total


def _band(calibrated: Calibrated, signal: Floats, now: Band, may: Budget, *, rejects: bool) -> Band:
    """The narrowest band within the one there is, by the errors to be expected among the posts that it leaves out."""
    inside = np.sort(signal[(signal >= now.low) & (signal < now.high)])
    chance = calibrated(inside)
    ends = inside[np.linspace(0, len(inside) - 1, min(_STEPS, len(inside))).astype(int)]
    # Rejected are those below an end, accepted those from it on: expected errors on either side, for each end.
    wronged = np.concatenate([[0.0], np.cumsum(chance)])[np.searchsorted(inside, ends, side="left")]
    missed = np.concatenate([np.cumsum((1 - chance)[::-1])[::-1], [0.0]])[np.searchsorted(inside, ends, side="left")]
    low = float(ends[wronged <= may.wronged * len(inside)].max(initial=now.low)) if rejects else now.low
    high = float(ends[missed <= may.missed * len(inside)].min(initial=now.high))
    return Band(low=min(low, high), high=high)
