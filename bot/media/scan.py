"""What the detectors see in one local file, as ``scan`` prints it."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.campaign.policies import BrandPolicy
from bot.engines import DetectorError
from bot.errors import Transient
from bot.presence import presence
from detectors.evidence import Examined, MediaEvidence, Unreadable

Outcome = Examined | DetectorError | Transient


def scanned(path: str, outcome: Outcome, policy: BrandPolicy) -> dict[str, Any]:
    """One object a file; what does not apply is null. ``brand`` is judged by the campaign's thresholds. Of a video,
    ``fingerprint`` is its first frame's."""
    evidence = outcome if isinstance(outcome, MediaEvidence) else None
    found = presence([] if evidence is None else [(0, evidence)], policy)
    first = evidence.fingerprints[0] if evidence is not None and evidence.fingerprints else None
    return {
        "path": path,
        "kind": None if evidence is None else evidence.kind,
        "width": None if evidence is None else evidence.width,
        "height": None if evidence is None else evidence.height,
        "readable": evidence is not None,
        "unreadable": why_unreadable(outcome),
        "brand": msgspec.to_builtins(found),
        "colour": None if evidence is None else evidence.colour.score,
        "fingerprint": None if first is None else {"phash": first.phash, "pdq": first.pdq, "quality": first.quality},
        "codes": [] if evidence is None else list(dict.fromkeys(code.text for code in evidence.codes)),
        "duration": None if evidence is None else evidence.duration,
        "faults": [] if evidence is None else list(evidence.faults),
    }


def why_unreadable(outcome: Outcome) -> str | None:
    """A stable word for why nothing can be said of a file; None where something can."""
    match outcome:
        case Unreadable():
            return outcome.reason
        case Transient():
            return outcome.reason
        case DetectorError():
            return "detector_fault"
        case _:
            return None
