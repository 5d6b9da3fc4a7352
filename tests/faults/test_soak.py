"""Many posts through one daemon: none is lost, and descriptors, threads and the write-ahead log stay as they are."""

from __future__ import annotations

from pathlib import Path

from tests.faults.soak import DRILL


def test_many_posts(tmp_path: Path) -> None:
    """Too few for the slope of its memory, which ``python -m tests.faults soak`` measures; enough for the rest. A
    second part goes on in the same data directory."""
    for part in (range(1_000), range(1_000, 2_000)):
        figures = DRILL.run(part, tmp_path)
        assert DRILL.broken({**figures, "max_rss_slope_mb_per_100k": 0.0}) == {}
