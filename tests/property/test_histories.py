"""Whatever people do, in whatever order: projections equal their rebuild from the log, and an undo restores exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import Store
from bot.store.rebuild import differing
from tests.property.histories import World, history


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("histories"))


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_random_histories(store: Store, first: int) -> None:
    """Decide, undo, bulk, edit and recluster at random: ordered SELECTs over projections and rebuild agree, and each
    undo leads back to the very rows before."""
    for seed in range(first, first + 50):
        history(store, seed)


def test_a_row_that_no_history_explains_is_named(tmp_path: Path) -> None:
    """Who changes a status behind the log's back is found."""
    world = World(Store(tmp_path), 1)
    assert differing(world.store.connection) == []
    world.store.connection.run("UPDATE posts SET status = 'withdrawn', queued_at = NULL WHERE id = '3'")
    assert differing(world.store.connection) == ["3"]
