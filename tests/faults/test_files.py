"""Malformed files, bombs and mutants through the real sandboxed decoders: each ends with a reason, none in a bug."""

from __future__ import annotations

from pathlib import Path

from tests.faults import files, mutants


def test_malformed_files_end_with_a_reason(tmp_path: Path) -> None:
    """Every sixth of the malformed files is looked at or refused with a reason, in bounds of memory.

    All of them: ``python -m tests.faults files``."""
    figures = files.DRILL.run(range(0, 391, 6), tmp_path)
    assert figures["readable"] + figures["unreadable"] == 66
    assert figures["decoders_died"] == 0
    assert files.DRILL.broken(figures, timed=False) == {}


def test_mutants_end_with_a_reason(tmp_path: Path) -> None:
    """The first three hundred mutants, some of them readable still. More: ``python -m tests.faults mutants``."""
    figures = mutants.DRILL.run(range(300), tmp_path)
    assert figures["readable"] > 50
    assert figures["unreadable"] > 50
    assert mutants.DRILL.broken(figures, timed=False) == {}


def test_a_mutant_is_made_again_from_its_number() -> None:
    """A failure found by the long form can be looked at."""
    assert [mutants.mutant(n) for n in range(20)] == [mutants.mutant(n) for n in range(20)]
    assert len({mutants.mutant(n) for n in range(50)}) == 50
