"""What a post's pictures may be copies of is found while other posts are settled."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.campaign import Campaign
from bot.copies import prover
from bot.copies.proof import Proof, Sight, prove
from bot.copies.relate import Relater
from detectors.evidence import MediaEvidence
from tests.integration.judged import Square


def codes(square: Square, post_id: str) -> set[str]:
    record = square.store.verdicts.get(post_id)
    assert record is not None
    return {finding.code for finding in record.verdict.findings}


def test_the_step_that_writes_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies judged one after another are proved on another thread than the one that settles."""
    where: list[threading.Thread] = []

    def noted(first: Sight, second: Sight, campaign: Campaign) -> Proof | None:
        where.append(threading.current_thread())
        return prove(first, second, campaign)

    monkeypatch.setattr(prover, "prove", noted)
    square = Square(tmp_path)
    square.feed("1", "ann", ["1 0"])
    square.judge()
    square.feed("2", "bo", ["1 1"])
    square.judge()
    assert "duplicate.near" in codes(square, "2")
    assert where
    assert threading.current_thread() not in where


def test_what_fails_ahead_is_found_when_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in finding ahead costs time and nothing else: the copy is a copy, and nobody waits for a person."""

    def broken(_relater: Relater, _evidence: MediaEvidence) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Relater, "find_ahead", broken)
    square = Square(tmp_path)
    square.feed("1", "ann", ["1 0"])
    square.feed("2", "bo", ["1 1"])
    square.judge()
    assert "duplicate.near" in codes(square, "2")
    assert "detector.fault" not in codes(square, "2")
