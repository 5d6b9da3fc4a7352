"""Threshold advice: calibrated, cross-validated, careful at both ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from bot.review.advice import LEAST, Advice, Band, Budget, Floats, advise, calibrate, wilson

NOW = Band(low=0.0, high=0.8)


def decided(count: int, *, slope: float = 20.0, middle: float = 0.4) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Signals spread evenly over the band, approved by a known sigmoid."""
    dice = np.random.default_rng(3)
    signal = dice.random(count) * 0.8
    return signal, dice.random(count) < 1 / (1 + np.exp(-slope * (signal - middle)))


def told(may: Budget, *, count: int = 6000, rejects: bool = True) -> Advice:
    found = advise(*decided(count), NOW, may, rejects=rejects)
    assert found is not None
    return found


def test_the_band_narrows_to_where_people_disagree_with_themselves() -> None:
    """With clear ends and a doubtful middle, the ends leave the queue, within the errors allowed."""
    found = told(Budget(missed=0.002, wronged=0.002))
    assert 0.1 < found.then.low < 0.4 < found.then.high < 0.7
    assert found.queue.low > 0.3
    assert found.missed.low <= 0.002
    assert found.wronged.low <= 0.002
    saved = 1 - (found.then.high - found.then.low) / 0.8
    assert found.queue.low - 0.02 < saved < found.queue.high + 0.02


def test_what_may_not_be_missed_keeps_its_end() -> None:
    """A budget of nothing leaves the upper end; a signal that cannot reject keeps its lower one; more saves more."""
    assert told(Budget(missed=0.0, wronged=0.01)).then.high == NOW.high
    assert told(Budget(missed=0.01, wronged=0.01), rejects=False).then.low == NOW.low
    shares = [told(Budget(missed=m, wronged=m)).queue.value for m in (0.0005, 0.002, 0.01)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]


def test_too_few_decisions_give_no_advice() -> None:
    """Neither few in all, nor few of one kind."""
    may = Budget(missed=0.01, wronged=0.01)
    assert advise(*decided(LEAST - 1), NOW, may, rejects=True) is None
    signal, _ = decided(1000)
    assert advise(signal, np.ones(1000, np.bool_), NOW, may, rejects=True) is None
    assert calibrate(signal, np.ones(1000, np.bool_)) is None


def test_decisions_at_random_save_nothing() -> None:
    """Where the signal says nothing of what people decide, it decides nothing."""
    dice = np.random.default_rng(1)
    found = advise(
        dice.random(3000) * 0.8, dice.random(3000) < 0.5, NOW, Budget(missed=0.01, wronged=0.01), rejects=True
    )
    assert found is not None
    assert found.queue.value < 0.1


def test_the_better_calibration_is_taken() -> None:
    """A step is no sigmoid: isotonic regression knows it."""
    dice = np.random.default_rng(2)
    signal = dice.random(4000) * 0.8
    chance = np.select([signal < 0.2, signal < 0.6], [0.02, 0.5], 0.98)
    found = advise(signal, dice.random(4000) < chance, NOW, Budget(missed=0.01, wronged=0.01), rejects=True)
    assert found is not None
    assert found.method == "isotonic"
    assert told(Budget(missed=0.01, wronged=0.01)).method == "logistic"


def test_calibration_rises_and_comes_near_the_truth() -> None:
    """The chance of approval never falls with the signal, and is the sigmoid that decided."""
    calibrated = calibrate(*decided(6000))
    assert calibrated is not None
    at = np.linspace(0, 0.8, 50)
    assert (np.diff(calibrated(at)) >= 0).all()
    assert np.abs(calibrated(at) - 1 / (1 + np.exp(-20 * (at - 0.4)))).max() < 0.05


@pytest.mark.parametrize(("count", "total"), [(0, 1), (1, 1), (3, 7), (500, 1000)])
def test_intervals_hold_their_share(count: int, total: int) -> None:
    """An interval lies within 0 and 1, and around what was counted."""
    share = wilson(count, total)
    assert 0 <= share.low <= share.value <= share.high <= 1
