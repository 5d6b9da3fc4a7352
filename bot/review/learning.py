"""What was decided, as numbers to learn from: which signals have thresholds, and what each said of decided posts.

A post counts for a signal where nothing else speaks against it, so that a person's word is about the signal: approved,
or rejected for a reason of its kind. One person's slips would count as a threshold's errors, and where a threshold errs
less often than people do, no advice could say so: with enough posts that a second person decided blind, these alone
teach. They are a sample that nobody chose (``bot/review/second.py``).
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.campaign import Campaign
from bot.copies.originals import Original, Originals
from bot.decide import live, standing
from bot.model import Verdict
from bot.review.advice import Advice, Band, Budget, Calibrated, Floats, advise, calibrate
from bot.store import Store
from detectors.evidence import Value

_NEWEST: Final = 20_000  # decided posts to learn thresholds from
_LATELY: Final = 2_000  # decided posts to learn an order from, while somebody waits for it
_AGAIN: Final = 500  # decisions after which there is something new to learn


class Signal(Value):
    """One number with a threshold. ``reasons``: the codes that it asks with. ``against``: families of reasons that
    people reject with because of it. ``keys``: the campaign's keys for the lower end of the band (None: there is none)
    and the upper. Signals rise towards approval; ``scale`` and ``offset`` make of one what the campaign counts."""

    name: str
    reasons: tuple[str, ...]
    against: tuple[str, ...]
    keys: tuple[str | None, str]
    scale: float = 1.0
    offset: float = 0.0

    def shown(self, value: float) -> float:
        """A value of the signal as the campaign file counts it."""
        return self.scale * value + self.offset


SIGNALS: Final = (
    Signal(
        name="brand", reasons=("brand.absent", "brand.unsure"), against=("brand",),
        keys=("[brand] absent", "[brand] accept"),
    ),
    Signal(
        name="near copies", reasons=("duplicate.near",), against=("duplicate", "content.stolen"),
        keys=(None, "[copies] near"), offset=-1.0,
    ),
    Signal(
        name="parts", reasons=("duplicate.partial",), against=("duplicate", "content.stolen"),
        keys=(None, "[copies] inliers"), scale=-1.0, offset=1.0,
    ),
    Signal(
        name="stories", reasons=("duplicate.text",), against=("duplicate", "content.stolen"),
        keys=(None, "[copies] text"), scale=-1.0, offset=1.0,
    ),
)  # fmt: skip


class Word(NamedTuple):
    """What people said of one post that hung on a signal. ``twice``: two looked, the second one blind."""

    signal: float
    approved: bool
    twice: bool


class Told(Value):
    """Advice about one signal; None where there are too few ``decisions`` yet. ``twice``: learnt from those alone that
    two people took."""

    signal: Signal
    decisions: int
    advice: Advice | None
    twice: bool = False


def band_now(signal: Signal, campaign: Campaign) -> Band:
    """What a campaign has reviewed by this signal. Where it only asks about the lowest, these are reviewed too."""
    if signal.name == "brand":
        rejects = campaign.stance_of("brand.absent") == "block"
        return Band(low=campaign.brand.absent if rejects else 0.0, high=campaign.brand.accept)
    asks = {"near copies": campaign.copies.near, "parts": campaign.copies.inliers, "stories": campaign.copies.text}
    return Band(low=-math.inf, high=(asks[signal.name] - signal.offset) / signal.scale + 1e-9)


def samples(store: Store, newest: int = _NEWEST) -> dict[str, list[Word]]:
    """The word on each newly decided post that counts, by the name of the signal."""
    originals = Originals(store.graph)
    found: dict[str, list[Word]] = {signal.name: [] for signal in SIGNALS}
    for post_id in store.verdicts.decided(newest):
        record, decisions = store.verdicts.get(post_id), store.verdicts.decisions(post_id)
        last = standing(decisions)
        if record is None or last is None or last.action == "reopen" or last.revision != record.verdict.revision:
            continue
        read = reading(record.verdict, originals)
        if read is not None and (last.action == "approve" or _is_against(read[0], last.code)):
            twice = any(d.held and d.who != last.who and d.revision == last.revision for d in live(decisions))
            found[read[0].name].append(Word(signal=read[1], approved=last.action == "approve", twice=twice))
    return found


def reading(verdict: Verdict, originals: Originals) -> tuple[Signal, float] | None:
    """The one signal that a post hangs on, and what it says; None where it hangs on several, on none, or on none of
    these."""
    codes = {f.code for f in verdict.findings if f.stance in ("ask", "block")}
    if not codes:
        codes = {"brand.unsure"}  # accepted by the rules: how far the brand was from being doubted
    signal = next((signal for signal in SIGNALS if codes <= set(signal.reasons)), None)
    if signal is None:
        return None
    if signal.name == "brand":
        told = (f.detail.get("score") for f in verdict.findings if f.code.startswith("brand."))
        scores = [float(score) for score in told if isinstance(score, int | float)]
        return (signal, max(scores)) if scores else None
    value = _copied(signal, originals.of(verdict.post_id))
    return None if value is None else (signal, value)


def _copied(signal: Signal, found: Iterable[Original]) -> float | None:
    values = {
        "near copies": [float(o.distance) for o in found if o.kind == "near" and o.distance is not None],
        "parts": [-float(o.inliers) for o in found if o.kind == "partial" and o.inliers is not None],
        "stories": [o.distance / 1000 for o in found if o.kind == "text" and o.distance is not None],
    }[signal.name]
    return min(values, default=None)


def _is_against(signal: Signal, code: str | None) -> bool:
    return code is not None and any(code == known or code.startswith(f"{known}.") for known in signal.against)


def learn(store: Store, campaign: Campaign, may: Budget) -> list[Told]:
    """What the decisions so far say of each signal's thresholds. Changes nothing."""
    known = samples(store)
    return [_told(signal, known[signal.name], band_now(signal, campaign), may) for signal in SIGNALS]


def _told(signal: Signal, words: list[Word], now: Band, may: Budget) -> Told:
    for twice in (True, False):
        chosen = [word for word in words if word.twice or not twice]
        values, approved = _arrays(chosen)
        advice = advise(values, approved, now, may, rejects=signal.keys[0] is not None) if chosen else None
        if advice is not None:
            return Told(signal=signal, decisions=len(chosen), advice=advice, twice=twice)
    return Told(signal=signal, decisions=len(words), advice=None)


def _arrays(words: list[Word]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    return np.array([w.signal for w in words], np.float64), np.array([w.approved for w in words], np.bool_)


class Uncertainty:
    """How much a decision on a waiting post would teach: most where approval is a coin's toss."""

    def __init__(self, store: Store) -> None:
        self._originals = Originals(store.graph)
        self._known: dict[str, Calibrated] = {}
        for name, words in samples(store, _LATELY).items():
            calibrated = calibrate(*_arrays(words))
            if calibrated is not None:
                self._known[name] = calibrated

    def of(self, verdict: Verdict) -> float:
        """0 (as good as settled) to 1 (even odds, or a signal that nobody taught yet). 0.5 where there is no signal."""
        read = reading(verdict, self._originals)
        if read is None:
            return 0.5
        calibrated = self._known.get(read[0].name)
        if calibrated is None:
            return 1.0
        chance = float(calibrated(np.array([read[1]]))[0])
        return 4 * chance * (1 - chance)

    def order(self, verdicts: Iterable[Verdict]) -> list[str]:
        """Post ids, the most informative first; of equals the one that was first."""
        return [v.post_id for v in sorted(verdicts, key=lambda verdict: -self.of(verdict))]


_LEARNT: Final[weakref.WeakKeyDictionary[Store, tuple[int, Uncertainty]]] = weakref.WeakKeyDictionary()


def uncertainty(store: Store) -> Uncertainty:
    """What the decisions so far leave open; learnt anew after every ``_AGAIN`` of them."""
    now = store.verdicts.count_decisions() // _AGAIN
    known = _LEARNT.get(store)
    if known is None or known[0] != now:
        known = _LEARNT[store] = now, Uncertainty(store)
    return known[1]
