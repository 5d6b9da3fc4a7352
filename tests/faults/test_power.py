"""Power cuts: what was told to be done is done and the database is whole, whatever of the unsynced writes got there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.power import DRILL, PART, cut


@pytest.mark.parametrize("first", [0, PART], ids=["write-ahead log", "rollback journal"])
def test_power_cuts(first: int, tmp_path: Path) -> None:
    """Cuts at random points of ingest and decisions. More: ``python -m tests.faults power``."""
    figures = DRILL.run(range(first, first + 15), tmp_path)
    assert figures["told"] > 100
    assert DRILL.broken(figures) == {}


def test_a_store_that_syncs_nothing_is_found_out(tmp_path: Path) -> None:
    """The drill can fail: without syncs, decisions are lost or the file is broken."""
    assert DRILL.broken(cut(range(10), tmp_path, careless=True)) != {}
