"""kill -9 at random moments over ingest, run, commands, page and terminal: nothing is lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import DRILL, VICTIMS


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """However often they are killed, in the end every verdict equals that of an undisturbed run, and every decision
    that was told is there once. The long form is ``python -m tests.faults kills``."""
    figures = DRILL.run(range(1, 9), tmp_path)
    assert figures["kills"] == 8
    assert all(figures[f"{victim}_killed"] for victim in VICTIMS)
    assert DRILL.broken(figures, timed=False) == {}
